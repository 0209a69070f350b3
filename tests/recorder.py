"""API servers and proxies that write down who asked them for what, for the table of kubeconfigs."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.api_server import common_name
from tests.certificates import Certificates

PROD = "api.prod.invalid"  # only a proxy knows where it is
EXPIRED = "sha256~expired"  # the token that is answered by 401

_UNAUTHORIZED = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "message": "Unauthorized",
    "reason": "Unauthorized",
    "code": 401,
}


@dataclass(frozen=True)
class Arrival:
    """A request as a server saw it: at which server, as whom, on behalf of whom, and through which proxy.

    `authorization` is `Bearer TOKEN` or `Basic NAME:PASSWORD`; `certificate` the common name of the client's.
    """

    server: str = "prod"
    authorization: str = ""
    certificate: str = ""
    impersonation: Mapping[str, list[str]] = field(default_factory=dict)
    via: str = ""
    method: str = "GET"
    path: str = "/apis/machine.openshift.io/v1beta1/namespaces/openshift-machine-api/machinesets?limit=500"


class Recorder:
    """What arrived. `urls` are the servers' and proxies' by name, `files` the certificates' by name."""

    def __init__(self, certificates: Certificates) -> None:
        self.arrivals: list[Arrival] = []
        self.certificates = certificates
        self.ports: dict[str, int] = {}
        self.urls: dict[str, str] = {}
        self._via: dict[int, str] = {}

    def add(self, arrival: Arrival) -> None:
        if arrival not in self.arrivals:  # sent again after an answer that invites to it: still the same request
            self.arrivals.append(arrival)

    def forwarded(self, local_port: int, proxy: str) -> None:
        """A proxy has a connection from `local_port` to one of the servers."""
        self._via[local_port] = proxy

    def via(self, peer_port: int) -> str:
        return self._via.get(peer_port, "")

    def port_behind(self, host: str, port: int) -> int | None:
        """Where a proxy leads to for `host`; None where it knows nobody."""
        if host == PROD:
            return self.ports["prod"]
        return port if host == "127.0.0.1" else None


@contextmanager
def recording(folder: Path) -> Iterator[Recorder]:
    """The servers and proxies, on free ports of this machine, until the block ends."""
    recorder = Recorder(Certificates(folder))
    with ExitStack() as until_the_end:
        for name, tls in recorder.certificates.servers().items():
            until_the_end.enter_context(_listening(recorder, name, _ApiServer, tls))
        until_the_end.enter_context(_listening(recorder, "plain", _ApiServer, None))
        until_the_end.enter_context(_listening(recorder, "proxy", _Proxy, None))
        until_the_end.enter_context(_listening(recorder, "secure-proxy", _Proxy, recorder.certificates.proxy()))
        until_the_end.enter_context(_listening(recorder, "socks", _SocksProxy, None))
        recorder.urls["socks"] = recorder.urls["socks"].replace("http", "socks5")
        yield recorder


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, recorder: Recorder, name: str, handler: type[_Handler], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.recorder = recorder
        self.name = name
        if tls:
            # The handshake is the connection's own thread's, so that a client that gives up holds nobody.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not like the certificate goes away: nothing arrives, which is what is recorded."""


@contextmanager
def _listening(recorder: Recorder, name: str, handler: type[_Handler], tls: ssl.SSLContext | None) -> Iterator[None]:
    server = _Server(recorder, name, handler, tls)
    recorder.ports[name] = server.server_port
    recorder.urls[name] = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def record(self, path: str, via: str) -> str:
        """The Authorization that it came with."""
        authorization = self.headers.get("Authorization") or ""
        impersonation: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            if name.lower().startswith("impersonate-"):
                impersonation.setdefault(name.lower(), []).append(value.encode("latin-1").decode())
        self.server.recorder.add(
            Arrival(
                self.server.name,
                _readable(authorization),
                common_name(self.connection),
                impersonation,
                via,
                self.command,
                path,
            )
        )
        return authorization

    def answer(self, code: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def forward(self, target: int, name: str) -> None:
        """Carry bytes to a server and back until either side has had enough."""
        with socket.create_connection(("127.0.0.1", target)) as upstream:
            self.server.recorder.forwarded(upstream.getsockname()[1], name)
            back = threading.Thread(target=_pump, args=(upstream, self.connection))
            back.start()
            _pump(self.connection, upstream)
            back.join()


class _ApiServer(_Handler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.record(self.path, self.server.recorder.via(self.client_address[1])) == f"Bearer {EXPIRED}":
            self.answer(401, _UNAUTHORIZED)
        else:
            self.answer(200, {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []})


class _Proxy(_Handler):
    @property
    def _name(self) -> str:
        credentials = _readable(self.headers.get("Proxy-Authorization") or "")
        return f"{self.server.name} as {credentials}" if credentials else self.server.name

    def do_GET(self) -> None:
        """A plain http request goes no further: it is recorded as if it had."""
        self.record(self.path, self._name)
        self.answer(200, {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []})

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        target = self.server.recorder.port_behind(host, int(port))
        self.close_connection = True
        if target is None:
            self.answer(502, {})
            return
        self.send_response(200)
        self.end_headers()
        self.forward(target, self._name)


class _SocksProxy(_Handler):
    def handle(self) -> None:
        """SOCKS 5 (RFC 1928): no authentication, CONNECT to a name or an IPv4 address."""
        methods = self.rfile.read(2)[1]
        self.rfile.read(methods)
        self.wfile.write(b"\x05\x00")
        kind = self.rfile.read(4)[3]
        host = self.rfile.read(self.rfile.read(1)[0]).decode() if kind == 3 else socket.inet_ntoa(self.rfile.read(4))
        port = int.from_bytes(self.rfile.read(2))
        target = self.server.recorder.port_behind(host, port)
        self.wfile.write(bytes([5, 0 if target else 4, 0, 1]) + bytes(6))
        if target:
            self.forward(target, self.server.name)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _readable(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    return f"Basic {base64.b64decode(value).decode()}" if scheme == "Basic" else authorization
