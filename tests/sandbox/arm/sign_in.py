"""Who asks: the bearer token, and what is answered where it does not hold."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.sandbox.arm.errors import Refusal
from tests.sandbox.entra import tokens
from tests.sandbox.entra.resources import names_of
from tests.sandbox.entra.tokens import Claims
from tests.sandbox.world import World

_OLD_LOGIN = {"login.microsoftonline.com": "login.windows.net"}  # the name by which ARM still knows it


def caller(world: World, authorization: str | None, subscription: str) -> Claims:
    """The claims of the request's token. Refused with 401, as recorded for an expired token.

    The other sentences are those that users report.
    """
    tenant = _tenant(world, subscription)
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        reason = "The authentication failed because of missing 'Authorization' header."
        message = "Authentication failed. The 'Authorization' header is missing."
        raise _refusal(world, tenant, "AuthenticationFailed", message, reason)
    try:
        return tokens.verify(world, token.strip(), world.cloud.audience, tenant)
    except tokens.Expired as error:
        message = (
            f"The access token expiry UTC time '{_clock(error.expiry)}' is earlier than "
            f"current UTC time '{_clock(world.clock.now())}'."
        )
        raise _refusal(world, tenant, "ExpiredAuthenticationToken", message, "The access token has expired.") from error
    except tokens.WrongAudience as error:
        allowed = ",".join(f"'{name}'" for name in sorted(names_of(world.cloud, world.cloud.audience)))
        message = (
            f"The access token has been obtained for wrong audience or resource '{error.audience}'. "
            f"It should exactly match with one of the allowed audiences {allowed}."
        )
        raise _refusal(world, tenant, "InvalidAuthenticationTokenAudience", message, message) from error
    except tokens.WrongTenant as error:
        raise _wrong_tenant(world, tenant, error) from error
    except tokens.Rejected as error:
        message = "The access token is invalid."
        raise _refusal(world, tenant, "InvalidAuthenticationToken", message, message) from error


def _wrong_tenant(world: World, tenant: str, error: tokens.WrongTenant) -> Refusal:
    own = f"{tokens.issuer(world, tenant)}"
    message = (
        f"The access token is from the wrong issuer '{error.issuer}'. It must match the tenant '{own}' associated "
        f"with this subscription. Please use the authority (URL) '{_authority(world, tenant)}' to get the token. "
        "Note, if the subscription is transferred to another tenant there is no impact to the services, but "
        "information about new tenant could take time to propagate (up to an hour). If you just transferred your "
        "subscription and see this error message, please try back later."
    )
    reason = (
        "The access token is from the wrong issuer. It must match the tenant associated with this subscription. "
        "Please use correct authority to get the token."
    )
    return _refusal(world, tenant, "InvalidAuthenticationTokenTenant", message, reason)


def _refusal(world: World, tenant: str, code: str, message: str, reason: str) -> Refusal:
    challenge = (
        f'Bearer authorization_uri="{_authority(world, tenant)}", error="invalid_token", error_description="{reason}"'
    )
    return Refusal(401, code, message, gateway=True, headers={"WWW-Authenticate": challenge})


def _authority(world: World, tenant: str) -> str:
    return f"https://{_OLD_LOGIN.get(world.cloud.login, world.cloud.login)}/{tenant}"


def _tenant(world: World, subscription: str) -> str:
    """The subscription's; "" where the path names none, or one that there is not."""
    for name, body in world.subscriptions.items():
        if name.lower() == subscription.lower():
            return str(body["tenantId"])
    return ""


def _clock(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.month}/{moment.day}/{moment.year} {moment.strftime('%I').lstrip('0')}:{moment:%M:%S %p}"
