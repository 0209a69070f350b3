"""Who asks, and may they: one door for every kind of credential."""

from __future__ import annotations

from tests.sandbox.blob import sas, shared_key
from tests.sandbox.blob.errors import Refusal, sign_in_required
from tests.sandbox.blob.exchange import Call
from tests.sandbox.blob.rights import Rights
from tests.sandbox.entra import tokens
from tests.sandbox.entra.resources import STORAGE

_CHALLENGED_SINCE = "2019-12-12"


def authorize(call: Call, rights: Rights) -> str:
    """The caller's identity (see Call), or Refusal."""
    header = call.header("authorization")
    if call.scheme != "https" and call.account.body["properties"].get("supportsHttpsTrafficOnly") is not False:
        raise Refusal("AccountRequiresHttps", early=True)
    if "sig" in call.query:
        sas.check(call, rights)
        return "sas"
    if header.startswith("SharedKey "):
        _check_version(call)
        shared_key.check(call)
        return "key"
    if header.startswith("Bearer "):
        _check_version(call)
        return _check_bearer(call, rights)
    if header:
        raise Refusal("InvalidAuthenticationInfo", early=True)
    _check_anonymous(call, rights)
    return ""


def may(call: Call, object_id: str, rights: Rights) -> bool:
    """Whether a role lets the principal do this to what the call addresses."""
    return call.world.may(object_id, rights.action, call.scope, data=rights.data)


def _check_version(call: Call) -> None:
    call.required("x-ms-version")


def _check_bearer(call: Call, rights: Rights) -> str:
    if call.scheme != "https":
        raise Refusal("AuthorizationProtocolMismatch")
    token = call.header("authorization").removeprefix("Bearer ")
    try:
        claims = tokens.verify(call.world, token, STORAGE, call.tenant)
    except tokens.Malformed:
        raise Refusal("InvalidAuthenticationInfo", early=True) from None
    except tokens.Expired:
        raise _invalid(call, "Lifetime validation failed. The token is expired.") from None
    except tokens.WrongAudience:
        raise _invalid(call, "Audience validation failed. Audience did not match.") from None
    except tokens.WrongTenant:
        raise _invalid(call, "Issuer validation failed. Issuer did not match.") from None
    if not may(call, claims.object_id, rights):
        raise Refusal("AuthorizationPermissionMismatch")
    return claims.object_id


def _check_anonymous(call: Call, rights: Rights) -> None:
    if not call.account.public_access:
        raise Refusal("PublicAccessNotPermitted")
    container = call.account.containers.get(call.container_name)
    enough = {"Blob": ("Blob", "Container"), "Container": ("Container",)}.get(rights.public, ())
    if container is not None and container.public_access in enough:
        return
    # A challenge to sign in since the version that can be signed in to; before, what is hidden is simply not there.
    if call.since(_CHALLENGED_SINCE):
        raise sign_in_required(_challenge(call))
    raise Refusal("ResourceNotFound")


def _invalid(call: Call, detail: str) -> Refusal:
    return sign_in_required(_challenge(call), code="InvalidAuthenticationInfo", detail=detail)


def _challenge(call: Call) -> str:
    authority = f"https://{call.world.cloud.login}/{call.tenant}/oauth2/authorize"
    return f"Bearer authorization_uri={authority} resource_id={STORAGE}"
