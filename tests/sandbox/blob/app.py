"""Blob storage of every account in the world, as one ASGI application.

The account is the one whose endpoint the request's host is. A host of no account answers 404 ResourceNotFound; the
real service has no such name in DNS then, and so no connection at all.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement

from starlette.types import ASGIApp, Receive, Scope, Send

from tests.sandbox.blob import auth, disk_accounts, limits
from tests.sandbox.blob.errors import Refusal, bad_header
from tests.sandbox.blob.exchange import NEWEST_VERSION, UNVERSIONED, Answer, Call, account_at, parse_query
from tests.sandbox.blob.operations import operation_of
from tests.sandbox.blob.stamps import http_date, new_request_id, to_iso, to_xml
from tests.sandbox.shared import Shared
from tests.sandbox.world import World

SERVER = "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0"
FRONT_DOOR = "Microsoft-HTTPAPI/2.0"
_VERSION = re.compile(r"20\d\d-[01]\d-[0-3]\d")
_ERROR_CODE_SINCE = "2017-07-29"
_CLIENT_ID_SINCE = "2019-12-12"


def app(shared: Shared) -> ASGIApp:
    """Every account's blob endpoint; `shared` is asked anew for each request."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        request_id = new_request_id()
        try:
            call = _call(shared, scope, headers, await _body(receive))
            answer = await _answer(call)
        except Refusal as refusal:
            answer = _refused(refusal, scope["method"], _version(scope, headers), request_id, shared.world)
        every = _every(_version(scope, headers), headers, request_id, shared.world)
        await _send(send, answer, every | dict(answer.headers))

    return serve


async def _answer(call: Call) -> Answer:
    operation = operation_of(call)
    disk_accounts.check(call)
    call = call.known_as(auth.authorize(call, operation.rights))
    blob = call.existing if call.level == "blob" else None
    if blob is not None:
        way = "Egress" if call.method == "GET" else "Ingress"
        wait = limits.take(blob, limits.length_of(call, blob), call.knobs, time.monotonic(), way)
        if wait:
            await asyncio.sleep(wait)
    return operation.run(call)


def _call(shared: Shared, scope: Scope, headers: dict[str, str], body: bytes) -> Call:
    account = account_at(shared.world, headers.get("host", "").partition(":")[0].lower())
    if account is None:
        raise Refusal("ResourceNotFound")
    version = headers.get("x-ms-version", "")
    if version and (not _VERSION.fullmatch(version) or version > NEWEST_VERSION):
        raise bad_header("x-ms-version", version)
    return Call(
        world=shared.world,
        knobs=shared.knobs,
        account=account,
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1").partition("?")[0],
        query=parse_query(scope["query_string"].decode("latin-1")),
        headers=headers,
        body=body,
        scheme=scope["scheme"],
    )


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _version(scope: Scope, headers: dict[str, str]) -> str:
    query = parse_query(scope["query_string"].decode("latin-1"))
    return headers.get("x-ms-version") or query.get("sv") or UNVERSIONED


def _every(version: str, headers: dict[str, str], request_id: str, world: World) -> dict[str, str]:
    """What every answer of the service carries."""
    every = {"Server": SERVER, "Date": http_date(world.clock.now())}
    every |= {"x-ms-request-id": request_id, "x-ms-version": version}
    if version >= _CLIENT_ID_SINCE and "x-ms-client-request-id" in headers:
        every["x-ms-client-request-id"] = headers["x-ms-client-request-id"]
    return every


def _refused(refusal: Refusal, method: str, version: str, request_id: str, world: World) -> Answer:
    shown = dict(refusal.headers)
    if version >= _ERROR_CODE_SINCE or refusal.early:
        shown["x-ms-error-code"] = refusal.code
    if refusal.early:
        # Refused before the service: it does not say which version it speaks.
        shown |= {"Server": FRONT_DOOR, "x-ms-version": ""}
    if method == "HEAD" or refusal.status == 304:
        return Answer(refusal.status, shown)
    body = _error_xml(refusal, request_id, world)
    return Answer(refusal.status, {**shown, "Content-Type": "application/xml", "Content-Length": str(len(body))}, body)


def _error_xml(refusal: Refusal, request_id: str, world: World) -> bytes:
    error = Element("Error")
    SubElement(error, "Code").text = refusal.code
    message = f"{refusal.message}\nRequestId:{request_id}\nTime:{to_iso(world.clock.now())}"
    SubElement(error, "Message").text = message
    for name, value in refusal.elements.items():
        SubElement(error, name).text = value
    return to_xml(error)


async def _send(send: Send, answer: Answer, headers: dict[str, str]) -> None:
    """A header without a value is left out."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items() if value]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    for chunk in _chunks(answer):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _chunks(answer: Answer) -> Iterator[bytes]:
    if isinstance(answer.body, bytes):
        yield answer.body
    else:
        yield from answer.body
