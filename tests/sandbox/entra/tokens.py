"""Access tokens: issued by the sandbox's Entra ID, verified by the services that they are for.

They are JWTs with the claims of a real v1.0 token of an application, signed (HS256) with the world's own key, so
that a token of another world does not hold; the time is the world's clock.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import jwt

from tests.sandbox.entra.resources import names_of
from tests.sandbox.world import Principal, World, guid

LIFETIME = 3599  # seconds, as recorded
ASSERTION_AUDIENCE = "api://AzureADTokenExchange"

_ISSUERS = {"AzureChinaCloud": "https://sts.chinacloudapi.cn"}
_UNCHECKED = {
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_sub": False,
    "verify_jti": False,
}


@dataclass(frozen=True)
class Claims:
    """Who presented the token."""

    object_id: str
    tenant: str
    client_id: str


class Rejected(Exception):
    """A token that a service does not accept."""


class Malformed(Rejected):
    """Not a token, or not one of this world's Entra ID."""


class Expired(Rejected):
    """A token past its time; `expiry` in seconds since the epoch."""

    def __init__(self, expiry: float) -> None:
        super().__init__(f"expired at {expiry:.0f}")
        self.expiry = expiry


class WrongAudience(Rejected):
    """A token for another resource, `audience`."""

    def __init__(self, audience: str) -> None:
        super().__init__(f"issued for {audience}")
        self.audience = audience


class WrongTenant(Rejected):
    """A token of another tenant, `tenant`; `issuer` as the token names it."""

    def __init__(self, tenant: str, issuer: str) -> None:
        super().__init__(f"issued by {issuer}")
        self.tenant = tenant
        self.issuer = issuer


def issuer(world: World, tenant: str) -> str:
    return f"{_ISSUERS.get(world.cloud.name, 'https://sts.windows.net')}/{tenant}/"


def issue(world: World, principal: Principal, audience: str, seconds: float = LIFETIME) -> str:
    """A token for `principal` and `audience` (as asked for, with its trailing slash if it had one)."""
    now = int(world.clock.now())
    claims = {
        "aud": audience,
        "iss": issuer(world, principal.tenant),
        "iat": now - 300,
        "nbf": now - 300,
        "exp": now + int(seconds),
        "aio": "E2ZgYAAA",
        "appid": principal.client_id,
        "appidacr": "1",
        "idp": issuer(world, principal.tenant),
        "idtyp": "app",
        "oid": principal.object_id,
        "sub": principal.object_id,
        "tid": principal.tenant,
        "uti": guid(),
        "ver": "1.0",
    }
    return jwt.encode(claims, world.signing_key, algorithm="HS256", headers={"kid": _key_id(world)})


def verify(world: World, token: str, audience_prefix: str, tenant: str = "") -> Claims:
    """Who `token` stands for, at the service that `audience_prefix` names.

    `tenant`, if given, is the only one accepted (Resource Manager: the subscription's). Raises Malformed, Expired,
    WrongAudience or WrongTenant, in that order.
    """
    try:
        claims: dict[str, Any] = jwt.decode(token, world.signing_key, algorithms=["HS256"], options=_UNCHECKED)  # type: ignore[arg-type]
        found = Claims(claims["oid"], claims["tid"], claims["appid"])
        expiry, audience = float(claims["exp"]), str(claims["aud"])
    except (jwt.InvalidTokenError, KeyError, ValueError) as error:
        raise Malformed(type(error).__name__) from error
    if world.clock.now() >= expiry:
        raise Expired(expiry)
    if not audience.startswith(tuple(names_of(world.cloud, audience_prefix))):
        raise WrongAudience(audience)
    if (tenant and found.tenant.lower() != tenant.lower()) or found.tenant not in world.tenants:
        raise WrongTenant(found.tenant, str(claims["iss"]))
    return found


def assertion(world: World, subject: str, seconds: float = 3600) -> str:
    """A federated token, as a cluster projects it into AZURE_FEDERATED_TOKEN_FILE for a service account."""
    now = int(world.clock.now())
    claims = {
        "aud": [ASSERTION_AUDIENCE],
        "iss": "https://oidc.example.com/cluster",
        "sub": subject,
        "iat": now,
        "nbf": now,
        "exp": now + int(seconds),
    }
    return jwt.encode(claims, world.signing_key, algorithm="HS256", headers={"kid": _key_id(world)})


def _key_id(world: World) -> str:
    return hashlib.sha256(world.signing_key.encode()).hexdigest()[:27]
