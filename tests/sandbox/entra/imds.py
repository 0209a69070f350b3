"""The managed identity endpoint of a virtual machine (instance metadata service).

The machine's own identity is the world's first principal without a secret; none means a machine without identity.
Parameters, answers and errors as in "How to use managed identities on a VM to acquire an access token"
(learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token).
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.sandbox.entra import resources, tokens
from tests.sandbox.shared import Shared
from tests.sandbox.world import Principal, World

LIFETIME = 86399  # seconds; a machine's tokens live a day


def app(shared: Shared) -> ASGIApp:
    """The ASGI application behind 169.254.169.254."""

    async def token(request: Request) -> JSONResponse:
        if request.headers.get("Metadata", "").lower() != "true":
            return _bad("bad_request_102", "Required metadata header not specified")
        if not request.query_params.get("api-version"):
            return _bad("bad_request", "Required query variable 'api-version' is missing")
        resource = request.query_params.get("resource", "")
        if not resources.known(shared.world.cloud, resource):
            return _bad(
                "invalid_resource",
                f"AADSTS500011: The resource principal named {resource} was not found in the tenant.",
            )
        identity = _identity(shared.world, request)
        if identity is None:
            return _bad("invalid_request", "Identity not found")
        return _answer(shared.world, identity, resource)

    return Starlette(routes=[Route("/metadata/identity/oauth2/token", token)])


def _identity(world: World, request: Request) -> Principal | None:
    client_id = request.query_params.get("client_id")
    object_id = request.query_params.get("object_id") or request.query_params.get("principal_id")
    for principal in world.principals:
        if (
            not principal.secret
            and client_id in (None, principal.client_id)
            and object_id in (None, principal.object_id)
        ):
            return principal
    return None


def _answer(world: World, identity: Principal, resource: str) -> JSONResponse:
    now = int(world.clock.now())
    return JSONResponse(
        {
            "access_token": tokens.issue(world, identity, resource, LIFETIME),
            "client_id": identity.client_id,
            "expires_in": str(LIFETIME),
            "expires_on": str(now + LIFETIME),
            "ext_expires_in": str(LIFETIME),
            "not_before": str(now - 300),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def _bad(error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, 400)
