"""Latency and faults: an ASGI layer between the record and the services (see knobs.Fault).

    status  the client gets this status, headers and body
    reset   the connection ends with RST, without an answer
    stall   nothing is heard for so many seconds; then the exchange goes on, if the client is still there
    kill    SIGKILL to the process at the other end of the connection (Linux)
    change  nothing goes wrong here, but the world changes, and the exchange goes on

Before (`after` false) the service never sees the request, save after a stall; with `after` the request takes effect
and its answer is replaced, lost or late.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sandbox.front import RESET
from tests.sandbox.knobs import Fault
from tests.sandbox.record import EXCHANGE, Exchange
from tests.sandbox.shared import Shared


def parse(values: dict[str, Any]) -> Fault:
    """A fault from JSON. Raises ValueError for a field or an action that there is not."""
    try:
        fault = Fault(**values)
    except TypeError as error:
        raise ValueError(f"not a fault: {error}") from error
    if fault.action not in ("status", "reset", "stall", "kill", "change"):
        raise ValueError(f"not an action: {fault.action!r} (status, reset, stall, kill or change)")
    return fault


def matches(method: str, pattern: str, exchange: Exchange) -> bool:
    """Whether `exchange` is a `method` ("" for any) whose `host/path?query` holds `pattern`."""
    if method and method.upper() != exchange["method"]:
        return False
    query = f"?{exchange['query']}" if exchange["query"] else ""
    return re.search(pattern, f"{exchange['host']}{exchange['path']}{query}", re.IGNORECASE) is not None


def due(faults: list[Fault], exchange: Exchange) -> Fault | None:
    """The first fault whose turn it is; every fault that matches counts the request."""
    matching = [fault for fault in faults if matches(fault.method, fault.path, exchange)]
    for fault in matching:
        fault.seen += 1
    return next((fault for fault in matching if fault.nth <= fault.seen < fault.nth + fault.times), None)


class Faults:
    """The layer; `shared.knobs` is read on every request."""

    def __init__(self, app: ASGIApp, shared: Shared) -> None:
        self._app = app
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope["extensions"][EXCHANGE]
        if self._shared.knobs.latency:
            await asyncio.sleep(self._shared.knobs.latency)
        fault = due(self._shared.knobs.faults, exchange)
        if fault is None:
            await self._app(scope, receive, send)
            return
        exchange["fault"] = {"action": fault.action, "after": fault.after, "answered": None}
        again = _again(await _body(receive), receive)
        held = Held()
        if fault.after:
            await self._app(scope, again, held.send)
            exchange["fault"]["answered"] = held.status
        fault.met.set()
        if fault.action == "status":
            await _answer(send, fault.status, dict(fault.headers), fault.body)
        elif fault.action == "reset":
            scope["extensions"][RESET]()
            await _gone(receive)
        elif fault.action == "kill":
            await _kill(scope, exchange["fault"], receive, send)
        elif fault.action == "change":
            if fault.happens:
                fault.happens()
            await (held.release(send) if fault.after else self._app(scope, again, send))
        elif not await _gone(receive, fault.seconds):
            await (held.release(send) if fault.after else self._app(scope, again, send))


class Held:
    """A service's answer that has not reached the client."""

    def __init__(self) -> None:
        self.status: int | None = None
        self._messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self._messages.append(message)

    async def release(self, send: Send) -> None:
        for message in self._messages:
            await send(message)


async def _body(receive: Receive) -> bytes:
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once more."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _gone(receive: Receive, seconds: float | None = None) -> bool:
    """Wait for the client to go away; False when it is still there after `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
    return False


async def _answer(send: Send, status: int, headers: dict[str, str], body: str) -> None:
    content = body.encode()
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if not any(name == b"content-length" for name, _ in raw) and status not in (204, 304):
        raw.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


async def _kill(scope: Scope, note: dict[str, Any], receive: Receive, send: Send) -> None:
    client_port, server_port = scope["client"][1], scope["server"][1]
    pid = peer(client_port, server_port)
    if pid is None or pid == os.getpid():
        note["refused"] = "the client's process was not found" if pid is None else "the client is the sandbox itself"
        await _answer(send, 500, {}, f"kill refused: {note['refused']}")
        return
    os.kill(pid, signal.SIGKILL)
    await _gone(receive)


def peer(client_port: int, server_port: int) -> int | None:
    """The process that holds the client's end of a loopback connection, from /proc; None if there is none."""
    inode = _inode(client_port, server_port)
    if inode is None:
        return None
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):  # it has ended, or is another user's
            if any(_target(fd) == f"socket:[{inode}]" for fd in (process / "fd").iterdir()):
                return int(process.name)
    return None


def _target(fd: Path) -> str:
    """What a file descriptor is; "" for one that was closed since it was listed, which says nothing of the others."""
    try:
        return os.readlink(fd)
    except OSError:
        return ""


def _inode(client_port: int, server_port: int) -> str | None:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(f":{client_port:04X}") and fields[2].endswith(f":{server_port:04X}"):
                return fields[9]
    return None
