"""The client credentials grant: who asks, with what proof, for which resource.

Sentences and statuses of 7000215, 7000222 and 90002 are recorded ones; the others are the documented sentences
(learn.microsoft.com/entra/identity-platform/reference-error-codes).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping

import jwt

from tests.sandbox.entra.answers import AuthenticationError
from tests.sandbox.entra.resources import known
from tests.sandbox.hosts import LOGIN_HOSTS
from tests.sandbox.world import Principal, World

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def known_tenant(world: World, tenant: str, host: str, error: str) -> str:
    """`tenant` as the world spells it; a tenant lives in one cloud only, so `host` must be that cloud's."""
    for known_name in world.tenants:
        if known_name.lower() == tenant.lower() and host in (world.cloud.login, *LOGIN_HOSTS.get(world.cloud.name, ())):
            return known_name
    raise AuthenticationError(
        400,
        error,
        90002,
        f"Tenant '{tenant}' not found. This may happen if there are no active subscriptions for the tenant. Check to "
        "make sure you have the correct tenant ID. Check with your subscription administrator.",
    )


def client(world: World, tenant: str, form: Mapping[str, str]) -> Principal:
    """The principal that `form` proves to be, by secret or by federated assertion."""
    for parameter in ("grant_type", "client_id"):
        if not form.get(parameter):
            raise AuthenticationError(
                400,
                "invalid_request",
                900144,
                f"The request body must contain the following parameter: '{parameter}'.",
            )
    if form["grant_type"] != "client_credentials":
        raise AuthenticationError(
            400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{form['grant_type']}'."
        )
    principal = _application(world, tenant, form["client_id"])
    if "client_secret" in form:
        _check_secret(principal, form["client_secret"])
    elif "client_assertion" in form and form.get("client_assertion_type") == JWT_BEARER:
        _check_assertion(world, form["client_assertion"])
    else:
        raise AuthenticationError(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    return principal


def resource_of_scope(scope: str) -> str:
    """The resource in a v2 scope; `https://x//.default` asks for `https://x/`."""
    for part in scope.split():
        if part.endswith("/.default"):
            return part.removesuffix("/.default")
    raise AuthenticationError(
        400,
        "invalid_scope",
        1002012,
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    )


def check_resource(world: World, tenant: str, resource: str) -> None:
    if not known(world.cloud, resource):
        raise AuthenticationError(
            400,
            "invalid_resource",
            500011,
            f"The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if "
            "the application has not been installed by the administrator of the tenant or consented to by any user in "
            "the tenant. You might have sent your authentication request to the wrong tenant.",
        )


def _application(world: World, tenant: str, client_id: str) -> Principal:
    for principal in world.principals:
        if principal.client_id.lower() == client_id.lower() and principal.tenant == tenant:
            return principal
    raise AuthenticationError(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    )


def _check_secret(principal: Principal, secret: str) -> None:
    if not principal.secret or not hmac.compare_digest(secret.encode(), principal.secret.encode()):
        raise AuthenticationError(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{principal.client_id}'.",
        )
    if principal.secret_expired:
        raise AuthenticationError(
            401,
            "invalid_client",
            7000222,
            f"The provided client secret keys for app '{principal.client_id}' are expired. Visit the Azure portal to "
            "create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials "
            "for added security: https://aka.ms/certCreds.",
        )


def _check_assertion(world: World, assertion: str) -> None:
    """Any JWT within its time range proves a federated identity: the issuer is not part of this world."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
        start, expiry = float(claims.get("nbf", claims.get("iat", 0))), float(claims["exp"])
    except (jwt.InvalidTokenError, KeyError, ValueError) as error:
        raise AuthenticationError(400, "invalid_request", 50027, "JWT token is invalid or malformed.") from error
    now = world.clock.now()
    if now >= expiry or now < start - 300:
        raise AuthenticationError(
            401,
            "invalid_client",
            700024,
            f"Client assertion is not within its valid time range. Current time: {_utc(now)}, assertion valid from "
            f"{_utc(start)}, expiry time of assertion {_utc(expiry)}. Review the documentation at "
            "https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
        )


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.0000000Z", time.gmtime(seconds))
