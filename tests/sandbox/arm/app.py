"""The gateway of Azure Resource Manager.

In the real one's order: api-version, token, subscription, role, resource group, registration of the provider; then
the service's handler.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp

from tests.sandbox.arm import (
    account_contents,
    containers,
    disks,
    errors,
    galleries,
    image_definitions,
    image_versions,
    marketplace,
    operations,
    permissions,
    providers,
    resource_groups,
    sign_in,
    skus,
    storage,
    subscriptions,
    tags,
    usages,
)
from tests.sandbox.arm.exchange import Answer, Call, Route, find_group
from tests.sandbox.shared import Shared
from tests.sandbox.world import World, guid

_SERVICES = (
    subscriptions,
    permissions,
    operations,
    skus,
    usages,
    marketplace,
    resource_groups,
    storage,
    containers,
    account_contents,
    galleries,
    image_definitions,
    image_versions,
    disks,
    providers,
)
_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_HEADERS = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


def app(shared: Shared) -> ASGIApp:
    """The ASGI application; world and knobs are read from `shared` on every request."""
    routes = [_AnyCase(route.path, _endpoint(shared, route), methods=[route.method]) for route in all_routes()]
    application = Starlette(
        routes=routes,
        exception_handlers={404: _no_route, 405: _no_route},
    )
    application.router.redirect_slashes = False
    return application


def all_routes() -> list[Route]:
    return [route for service in _SERVICES for route in service.ROUTES]


class _AnyCase(StarletteRoute):
    """Resource ids are case-insensitive, and a GET is not a HEAD."""

    def __init__(self, path: str, endpoint: Callable[..., Any], methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.methods = set(methods)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)


def _endpoint(shared: Shared, route: Route) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        content = await request.body()
        try:
            return _response(route.handler(_admit(shared, route, request, content)))
        except errors.Refusal as refusal:
            return _response(Answer(refusal.status, {"error": refusal.error}, refusal.headers))

    return endpoint


def _admit(shared: Shared, route: Route, request: Request, content: bytes) -> Call:
    world, names = shared.world, dict(request.path_params)
    query = {key.lower(): value for key, value in request.query_params.items()}
    _check_api_version(query)
    subscription = names.get("subscription", "")
    claims = sign_in.caller(world, request.headers.get("authorization"), subscription)
    call = Call(world, shared.knobs, request.method, request.url.path, names, query, None, claims)
    if subscription and subscription.lower() not in map(str.lower, world.subscriptions):
        raise errors.subscription_not_found(subscription)
    _check_role(call, route.action.format(**names))
    if "group" in names and not _is_group(route):
        find_group(world, subscription, names["group"])
    if request.method in ("PUT", "PATCH"):
        _check_registration(world, subscription, route.action.partition("/")[0])
    body = _parsed(content)
    tags.check(body, route.action)
    return Call(world, shared.knobs, request.method, request.url.path, names, query, body, claims)


def _check_api_version(query: Mapping[str, str]) -> None:
    if not query.get("api-version"):
        raise errors.missing_api_version()
    if not _API_VERSION.fullmatch(query["api-version"]):
        raise errors.invalid_api_version(query["api-version"])


def _check_role(call: Call, action: str) -> None:
    scope = _scope(call.path)
    if action and not call.may(action, scope):
        raise errors.not_authorized(call.claims.client_id, call.claims.object_id, action, scope)


def _scope(path: str) -> str:
    """The id that a role must cover: the resource itself, or what a collection or an action belongs to."""
    before, marker, resource = path.rstrip("/").rpartition("/providers/")
    parts = resource.split("/")
    if not marker:
        return path
    if len(parts) % 2 == 0:
        parts.pop()
    if parts[0].lower() == "microsoft.authorization":
        return before
    return f"{before}/providers/{'/'.join(parts)}"


def _is_group(route: Route) -> bool:
    return route.path.endswith("/{group}")


def _check_registration(world: World, subscription: str, namespace: str) -> None:
    if not providers.registered(world, subscription, namespace):
        raise errors.not_registered(namespace)


def _parsed(content: bytes) -> Any:
    """The JSON object that was sent, {} for none."""
    if not content:
        return {}
    try:
        body = json.loads(content)
    except ValueError as error:
        raise errors.invalid_content(str(error)) from error
    if not isinstance(body, dict):
        raise errors.invalid_content("the request body is not an object")
    return body


def _response(answer: Answer) -> Response:
    request_id = guid()
    headers = {
        **_HEADERS,
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": request_id,
        "x-ms-routing-request-id": f"SANDBOX:{request_id}",
        **({} if answer.body is None else {"Content-Type": "application/json; charset=utf-8"}),
        **answer.headers,
    }
    content = b"" if answer.body is None else json.dumps(answer.body, separators=(",", ":")).encode()
    return Response(content, answer.status, headers)


async def _no_route(request: Request, _: Exception) -> Response:
    refusal = errors.no_such_route(request.url.path)
    return _response(Answer(refusal.status, {"error": refusal.error}, refusal.headers))
