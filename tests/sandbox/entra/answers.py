"""Entra ID's answers: the headers of every reply, and the error body with its AADSTS code, as recorded."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.sandbox.world import World, guid

_ALWAYS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "P3P": 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
    "x-ms-ests-server": "2.1.13315.8 - EUS ProdSlices",
    "Content-Type": "application/json; charset=utf-8",
}
_CACHED = {
    "Cache-Control": "max-age=86400, private",
    "Access-Control-Allow-Methods": "GET, OPTIONS",
    "Access-Control-Allow-Origin": "*",
}
_NOT_CACHED = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "Expires": "-1"}


class AuthenticationError(Exception):
    """What Entra ID refuses: `error` is OAuth's word for it, `code` the number after AADSTS."""

    def __init__(self, status: int, error: str, code: int, sentence: str) -> None:
        super().__init__(f"AADSTS{code}: {sentence}")
        self.status = status
        self.error = error
        self.code = code


def discovery(request: Request, body: dict[str, Any], status: int = 200) -> JSONResponse:
    """A document that clients keep for a day (errors too)."""
    return _reply(request, body, status, _CACHED, guid())


def token(request: Request, body: dict[str, Any]) -> JSONResponse:
    return _reply(request, body, 200, _NOT_CACHED, guid())


def refusal(request: Request, world: World, error: AuthenticationError) -> JSONResponse:
    """The error body of `error`; its trace id is the reply's x-ms-request-id."""
    trace = guid()
    correlation = request.headers.get("client-request-id") or guid()
    timestamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(world.clock.now()))
    body = {
        "error": error.error,
        "error_description": (
            f"{error}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {timestamp}"
        ),
        "error_codes": [error.code],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{request.url.scheme}://{request.url.hostname}/error?code={error.code}",
    }
    caching = _CACHED if request.method == "GET" else _NOT_CACHED
    return _reply(request, body, error.status, caching, trace)


def _reply(request: Request, body: dict[str, Any], status: int, caching: dict[str, str], trace: str) -> JSONResponse:
    headers = {**caching, **_ALWAYS, "x-ms-request-id": trace}
    if "client-request-id" in request.headers:
        headers["client-request-id"] = request.headers["client-request-id"]
    return JSONResponse(body, status, headers)
