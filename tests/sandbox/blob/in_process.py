"""The storage SDK on the blob service without any network: a transport that calls the application itself."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter
from starlette.types import ASGIApp, Message
from urllib3 import HTTPResponse


def transport(app: ASGIApp) -> RequestsTransport:
    """To give the SDK's clients as `transport=`."""
    session = requests.Session()
    session.mount("https://", _Adapter(app))
    return RequestsTransport(session=session, session_owner=False)


def exchange(
    app: ASGIApp, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    """One request: status, headers (as spelled) and body of the answer."""
    parts = urlsplit(url)
    given = {"host": parts.netloc, **{name.lower(): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": method,
        "scheme": parts.scheme,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    return asyncio.run(_run(app, scope, body))


async def _run(app: ASGIApp, scope: dict[str, Any], body: bytes) -> tuple[int, dict[str, str], bytes]:
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], headers, b"".join(message.get("body", b"") for message in messages)


class _Adapter(BaseAdapter):
    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self._app = app

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        headers = {name: str(value) for name, value in request.headers.items()}
        status, headers, answer = exchange(
            self._app, str(request.method), str(request.url), headers, _content(request.body)
        )
        raw = HTTPResponse(
            io.BytesIO(answer),
            headers=headers,
            status=status,
            preload_content=False,
            request_method=str(request.method),
        )
        response = requests.Response()
        response.status_code, response.raw, response.request = status, raw, request
        response.headers.update(headers)
        response.url = str(request.url)
        return response

    def close(self) -> None:
        """Nothing is held open."""


def _content(body: Any) -> bytes:
    """The SDK sends bytes, text (XML) or a file."""
    if hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body or b"")
