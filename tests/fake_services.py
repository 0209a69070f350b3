"""Tiny stand-ins for the sandbox's services: tests of the front need somebody behind it, not Azure."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.sandbox.entra.app import app as entra
from tests.sandbox.entra.imds import app as imds
from tests.sandbox.services import Services
from tests.sandbox.shared import Shared
from tests.sandbox.world import Cloud, Principal, World

TENANT = "00000000-0000-4000-8000-0000000000a1"
APPLICATION = Principal(
    TENANT, "00000000-0000-4000-8000-0000000000c1", "00000000-0000-4000-8000-0000000000d1", "right-secret"
)
MACHINE = Principal(TENANT, "00000000-0000-4000-8000-0000000000c2", "00000000-0000-4000-8000-0000000000d2")
SUBSCRIPTION = "00000000-0000-4000-8000-0000000000b1"
GOVERNMENT = Cloud(
    "AzureUSGovernmentCloud",
    "login.microsoftonline.us",
    "management.usgovcloudapi.net",
    "https://management.usgovcloudapi.net",
    "blob.core.usgovcloudapi.net",
)


def world(cloud: Cloud | None = None) -> World:
    return World(
        cloud=cloud or Cloud(),
        tenants=[TENANT],
        principals=[APPLICATION, MACHINE],
        subscriptions={SUBSCRIPTION: {"tenantId": TENANT, "displayName": "Production"}},
        kube_users={"sha256~token-of-the-admin": {"name": "kube:admin", "groups": ["system:cluster-admins"]}},
    )


SEEDS: dict[str, Callable[[], World]] = {"4.18": world, "usgov": lambda: world(GOVERNMENT)}


def resources(shared: Shared) -> ASGIApp:
    """Keeps what is PUT, by path, in the world."""

    async def put(request: Request) -> Response:
        existed = request.url.path in shared.world.resources
        shared.world.resources[request.url.path] = await request.json()
        return JSONResponse(shared.world.resources[request.url.path], 200 if existed else 201)

    async def get(request: Request) -> Response:
        found = shared.world.resources.get(request.url.path)
        return JSONResponse(found) if found is not None else JSONResponse({"error": {"code": "NotFound"}}, 404)

    return Starlette(routes=[Route("/{path:path}", put, methods=["PUT"]), Route("/{path:path}", get, methods=["GET"])])


def echo(shared: Shared) -> ASGIApp:
    """Tells which host, path and scheme it was asked for, and gives the body back."""

    async def answer(request: Request) -> Response:
        body = await request.body()
        asked = {"x-host": request.url.hostname or "", "x-path": request.scope["raw_path"].decode()}
        asked["x-scheme"] = request.url.scheme
        return Response(body, 200, asked, media_type=request.headers.get("content-type", "application/octet-stream"))

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "PUT", "POST"])])


SERVICES = Services(entra=entra, imds=imds, arm=resources, blob=echo, kubernetes=resources)
