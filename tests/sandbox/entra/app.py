"""Entra ID: discovery and the token endpoints (v1 and v2) for client credentials."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.sandbox.entra import answers, discovery, grants, tokens
from tests.sandbox.shared import Shared
from tests.sandbox.world import Principal

ANY_TENANT = ("common", "organizations")


def app(shared: Shared) -> ASGIApp:
    """The ASGI application behind every login host."""

    async def instance(request: Request) -> JSONResponse:
        endpoint = request.query_params.get("authorization_endpoint", "")
        return answers.discovery(request, discovery.instance(_host(request), endpoint))

    async def openid_configuration(request: Request) -> JSONResponse:
        tenant = request.path_params["tenant"]
        version = "/v2.0" if "/v2.0/" in request.url.path else ""
        if tenant in ANY_TENANT:
            tenant = "{tenantid}"
        else:
            tenant = grants.known_tenant(shared.world, tenant, _host(request), "invalid_tenant")
        return answers.discovery(request, discovery.openid_configuration(_host(request), tenant, version))

    async def authenticated(request: Request) -> tuple[Principal, dict[str, str]]:
        tenant = grants.known_tenant(shared.world, request.path_params["tenant"], _host(request), "invalid_request")
        form = dict(parse_qsl((await request.body()).decode()))
        return grants.client(shared.world, tenant, form), form

    async def token_v2(request: Request) -> JSONResponse:
        principal, form = await authenticated(request)
        resource = grants.resource_of_scope(form.get("scope", ""))
        grants.check_resource(shared.world, principal.tenant, resource)
        return answers.token(
            request,
            {
                "token_type": "Bearer",
                "expires_in": tokens.LIFETIME,
                "ext_expires_in": tokens.LIFETIME,
                "access_token": tokens.issue(shared.world, principal, resource),
            },
        )

    async def token_v1(request: Request) -> JSONResponse:
        principal, form = await authenticated(request)
        grants.check_resource(shared.world, principal.tenant, form.get("resource", ""))
        now = int(shared.world.clock.now())
        return answers.token(
            request,
            {
                "token_type": "Bearer",
                "expires_in": str(tokens.LIFETIME),
                "ext_expires_in": str(tokens.LIFETIME),
                "expires_on": str(now + tokens.LIFETIME),
                "not_before": str(now - 300),
                "resource": form["resource"],
                "access_token": tokens.issue(shared.world, principal, form["resource"]),
            },
        )

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, answers.AuthenticationError)
        return answers.refusal(request, shared.world, error)

    return Starlette(
        routes=[
            Route("/common/discovery/instance", instance),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration),
            Route("/{tenant}/.well-known/openid-configuration", openid_configuration),
            Route("/{tenant}/oauth2/v2.0/token", token_v2, methods=["POST"]),
            Route("/{tenant}/oauth2/token", token_v1, methods=["POST"]),
        ],
        exception_handlers={answers.AuthenticationError: refused},
    )


def _host(request: Request) -> str:
    return request.url.hostname or ""
