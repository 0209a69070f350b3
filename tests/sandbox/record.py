"""The record of every exchange: who asked what, and what the client saw.

One exchange is a dictionary that can be written as JSON:

    n                 from 1, in the order in which requests arrived
    method, host, path, query
                      as sent (path and query not decoded); host without port, `kubernetes` for the API server
    headers           lower-case names; a repeated header's values joined with ", "
    request           the body: JSON and forms parsed (a watch is a list of events), other text as text, else
                      {"bytes": length}; None without body
    status            None when the client got no answer
    response_headers, response
                      as for the request
    fault             None, else {"action", "after", "answered"}: what was done to the exchange, and with which status
                      the service had answered before (None when the request took no effect)

Secrets are blanked (see redact.py).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sandbox import redact

Exchange = dict[str, Any]

EXCHANGE = "sandbox.exchange"  # key in the scope's extensions: the exchange under way
TEXT_LIMIT = 64 * 1024
JSON_LIMIT = 4 * 1024 * 1024


class Recording:
    """The exchanges so far, in memory and, with `file`, one JSON line each as they end; and the services' crashes."""

    def __init__(self, file: Path | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self.crashes: list[Exception] = []
        self._file: TextIO | None = file.open("w", encoding="utf-8") if file else None
        self._count = 0

    def begin(self, method: str, host: str, path: str = "", query: str = "") -> Exchange:
        self._count += 1
        exchange: Exchange = {
            "n": self._count,
            "method": method,
            "host": host,
            "path": path,
            "query": redact.text(query),
            "headers": {},
            "request": None,
            "status": None,
            "response_headers": {},
            "response": None,
            "fault": None,
        }
        self.exchanges.append(exchange)
        return exchange

    def end(self, exchange: Exchange) -> None:
        if self._file is not None:
            self._file.write(json.dumps(exchange) + "\n")
            self._file.flush()

    def refused(self, host: str) -> None:
        """A CONNECT to a host that the sandbox has not."""
        exchange = self.begin("CONNECT", host)
        exchange["status"] = 403
        self.end(exchange)

    def clear(self) -> None:
        self.exchanges.clear()
        self.crashes.clear()
        self._count = 0

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class Recorder:
    """The ASGI layer that fills `recording`; `host` stands for the Host header, if given."""

    def __init__(self, app: ASGIApp, recording: Recording, host: str = "") -> None:
        self._app = app
        self._recording = recording
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._recording.begin(
            scope["method"],
            self._host or host_of(scope),
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
        )
        exchange["headers"] = _headers(scope["headers"])
        scope["extensions"][EXCHANGE] = exchange
        sent = Body(exchange["headers"])
        answered = Body({})

        async def receiving() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                sent.add(message.get("body", b""))
                if not message.get("more_body", False):
                    exchange["request"] = sent.value()
            return message

        async def sending(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                exchange["response_headers"] = _headers(message.get("headers", ()))
                exchange["status"] = message["status"]
                answered = Body(exchange["response_headers"])
            elif message["type"] == "http.response.body":
                answered.add(message.get("body", b""))
                if not message.get("more_body", False):
                    exchange["response"] = answered.value()
            await send(message)

        try:
            with suppress(asyncio.CancelledError):  # the sandbox ends
                await self._app(scope, receiving, sending)
        except Exception as error:
            self._recording.crashes.append(error)
            raise
        finally:
            if exchange["response"] is None:
                exchange["response"] = answered.value()
            self._recording.end(exchange)


class Body:
    """A body as it goes by; kept only where the record shows it."""

    def __init__(self, headers: dict[str, str]) -> None:
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        self._json = "json" in kind or "yaml" in kind
        self._form = kind == "application/x-www-form-urlencoded"
        self._text = self._form or "xml" in kind or kind.startswith("text/")
        self._limit = JSON_LIMIT if self._json else TEXT_LIMIT if self._text else 0
        self._kept = bytearray()
        self._length = 0

    def add(self, part: bytes) -> None:
        self._length += len(part)
        self._kept += part[: max(0, self._limit - len(self._kept))]

    def value(self) -> Any:
        """JSON or a form parsed, text, or {"bytes": length}; None for an empty body."""
        if not self._length:
            return None
        if not self._limit:
            return {"bytes": self._length}
        content = self._kept.decode("utf-8", "replace")
        if self._form:
            return redact.form(content)
        if self._json:
            with suppress(ValueError):
                return redact.document(json.loads(content))
            with suppress(ValueError):
                return [redact.document(json.loads(line)) for line in content.splitlines()]
        return redact.text(content[:TEXT_LIMIT])


def host_of(scope: Scope) -> str:
    """The Host header without its port."""
    for name, value in scope["headers"]:
        if name == b"host":
            return str(value.decode("latin-1")).rpartition(":")[0] or str(value.decode("latin-1"))
    return ""


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1").lower()
        value = redact.header(name, raw_value.decode("latin-1"))
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
