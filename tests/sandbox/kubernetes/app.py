"""The cluster's API server."""

from __future__ import annotations

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.sandbox.kubernetes import access, discovery, machine_api, reading, status, target, writing
from tests.sandbox.kubernetes.store import Store
from tests.sandbox.kubernetes.target import Target
from tests.sandbox.shared import Shared

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
PROTOBUF = "application/vnd.kubernetes.protobuf"


def app(shared: Shared) -> ASGIApp:
    """The ASGI application of the API server, at any host and over any scheme."""
    server = _Server(shared)
    return Starlette(
        routes=[Route("/{path:path}", server.answer, methods=METHODS)],
        exception_handlers={status.Refused: _refused, status.NoSuchPath: _no_such_path},
    )


def _refused(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, status.Refused)
    return JSONResponse(problem.body, problem.code)


def _no_such_path(_: Request, __: Exception) -> Response:
    return PlainTextResponse("404 page not found\n", 404)


class _Server:
    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._store = Store(shared)
        self._writes = writing.Writes(self._store)

    async def answer(self, request: Request) -> Response:
        self._store.notice()
        path, world = request.url.path, self._store.world
        if request.method == "GET" and path.rstrip("/") in discovery.PUBLIC:
            return _document(discovery.answer(world, path))
        user = access.authenticate(world, request.headers.get("authorization", ""))
        if request.method == "POST":
            reviewed = access.review(user, path, await _json(request)) if _is_review(path) else None
            if reviewed is not None:
                return JSONResponse(reviewed, 201)
        document = discovery.answer(world, path) if request.method == "GET" else None
        if document is not None:
            access.authorize_path(user, path)
            return _document(document)
        wanted = target.parse(request.method, path, request.query_params.get("watch", ""))
        if wanted.kind.group in world.unserved_groups:
            raise status.NoSuchPath
        access.authorize(user, wanted)
        looked = wanted.kind.plural == "machines" and wanted.verb in ("get", "list", "watch")
        machine_api.reconcile(world, self._shared.knobs, looked=looked)
        return await self._on_resource(request, user, wanted)

    async def _on_resource(self, request: Request, user: access.User, wanted: Target) -> Response:
        parameters, accept = request.query_params, request.headers.get("accept", "")
        if wanted.verb == "get":
            return JSONResponse(reading.get(self._store, wanted, accept))
        if wanted.verb == "list":
            return JSONResponse(reading.list_objects(self._store, wanted, parameters, accept))
        if wanted.verb == "watch":
            reading.check_selectors(wanted, parameters)
            lines = reading.watch(self._store, wanted, parameters, accept)
            return StreamingResponse(lines, media_type="application/json")
        return await self._write(request, user, wanted)

    async def _write(self, request: Request, user: access.User, wanted: Target) -> Response:
        options = writing.Options.read(wanted.verb, request.query_params, request.headers.get("user-agent", ""))
        media_type = request.headers.get("content-type", "application/json").split(";")[0].strip()
        if wanted.verb == "delete":
            return JSONResponse(self._writes.delete(wanted, options))
        if wanted.verb == "create" and not wanted.name:
            return _written(self._writes.create(wanted, await _json(request), options))
        if wanted.verb == "update" and wanted.name:
            return _written(self._writes.replace(wanted, await _json(request), options))
        if wanted.verb == "patch" and wanted.name:
            if media_type == writing.APPLY and not self._writes.exists(wanted):
                access.authorize(user, Target(wanted.kind, "create", wanted.namespace, wanted.name))
            return _written(self._writes.patch(wanted, media_type, await request.body(), options))
        raise status.method_not_allowed()


def _is_review(path: str) -> bool:
    return path.startswith((f"/apis/{access.AUTHENTICATION}/", f"/apis/{access.AUTHORIZATION}/"))


async def _json(request: Request) -> Any:
    if request.headers.get("content-type", "").startswith(PROTOBUF):
        raise status.unsupported_media_type("application/json", "application/yaml")
    try:
        return json.loads(await request.body())
    except ValueError as problem:
        raise status.bad_request(f"couldn't get version/kind; json parse error: {problem}") from problem


def _document(document: Any) -> Response:
    return PlainTextResponse(document) if isinstance(document, str) else JSONResponse(document)


def _written(written: writing.Written) -> Response:
    response = JSONResponse(written.object, 201 if written.created else 200)
    for warning in written.warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.append("Warning", f'299 - "{quoted}"')
    return response
