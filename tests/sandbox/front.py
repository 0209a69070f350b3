"""The sandbox's connections: a port that is a CONNECT proxy and every host behind it, and resets.

uvicorn's HTTP protocol speaks on both listeners. On the front's port, a connection that starts with CONNECT is
upgraded to TLS in place, and from then on is an ordinary https connection to the host that was asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

KEEP_ALIVE = 600  # seconds; uvicorn's own 5 would close a client's pooled connection under it
TLS_FAREWELL = 1  # seconds for the peer's close_notify; asyncio's own 30 hold a closed connection
RESET = "sandbox.reset"  # key in the scope's extensions: a function that resets the connection

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_FORBIDDEN = b"HTTP/1.1 403 Forbidden by the sandbox\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """uvicorn's connection, which a fault may reset."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)["extensions"] = {RESET: self.reset}

    def reset(self) -> None:
        """End the connection with RST, losing what was not sent."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Front(Connection):
    """A connection to the proxy's port; `admits` says which hosts have somebody behind them."""

    def __init__(self, tls: ssl.SSLContext, admits: Callable[[str], bool], **uvicorn_arguments: Any) -> None:
        super().__init__(**uvicorn_arguments)
        self._tls = tls
        self._admits = admits
        self._early = b""  # the CONNECT head; later, a request that rides in with the TLS Finished
        self._serving = False
        self._upgrade: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        if self._serving:
            super().data_received(data)
            return
        self._early += data
        if self._upgrade is not None:
            return
        if not self._early.startswith(b"CONNECT "[: len(self._early)]):
            self._serve()
        elif b"\r\n\r\n" in self._early:
            self._connect(self._early.split(b" ")[1].decode("latin-1"))

    def _serve(self) -> None:
        self._serving = True
        early, self._early = self._early, b""
        if early:
            super().data_received(early)

    def _connect(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._early = b""
        if port != "443" or not self._admits(host):
            self.transport.write(_FORBIDDEN)
            self.transport.close()
            return
        self.transport.write(_ESTABLISHED)
        self._upgrade = self.loop.create_task(self._upgrade_to_tls())

    async def _upgrade_to_tls(self) -> None:
        raw = self.transport
        try:
            encrypted = await self.loop.start_tls(
                raw, self, self._tls, server_side=True, ssl_shutdown_timeout=TLS_FAREWELL
            )
        except (OSError, ssl.SSLError):
            encrypted = None
        if encrypted is None:
            raw.abort()
            self.connections.discard(self)
            return
        super().connection_made(encrypted)
        self._serve()


class Listener:
    """One loopback port on the running event loop, and the connections to it."""

    def __init__(self, app: ASGIApp) -> None:
        self._config = uvicorn.Config(
            cast(Any, app),
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def open_front(self, tls: ssl.SSLContext, admits: Callable[[str], bool]) -> int:
        """Open a proxy's port; answers its number."""
        return await self._open(lambda: Front(tls, admits, **self._uvicorn_arguments()), None)

    async def open_tls(self, tls: ssl.SSLContext) -> int:
        """Open a port that speaks TLS from the first byte; answers its number."""
        return await self._open(lambda: Connection(**self._uvicorn_arguments()), tls)

    async def close(self) -> None:
        """Close the port, drop every connection and end what is still being answered."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)

    def _uvicorn_arguments(self) -> dict[str, Any]:
        return {"config": self._config, "server_state": self._state, "app_state": {}}

    async def _open(self, protocol: Callable[[], Connection], tls: ssl.SSLContext | None) -> int:
        self._server = await asyncio.get_running_loop().create_server(
            protocol, "127.0.0.1", 0, ssl=tls, ssl_shutdown_timeout=TLS_FAREWELL if tls else None
        )
        return int(self._server.sockets[0].getsockname()[1])
