"""A small API server for the client's tests, and the kubeconfig that leads to it."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

SECRET = "sha256~c2VjcmV0LXRva2Vu"
AUTHORITY = trustme.CA()
TRUST = {"certificate-authority-data": base64.b64encode(AUTHORITY.cert_pem.bytes()).decode()}


@dataclass
class Request:
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    certificate: str = ""  # the common name of the client's

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class ApiServer:
    """`answers` by method and path without query, 404 for the rest; a list is used up to its last.

    Whose Authorization is among `refused` is answered 401.
    """

    url: str
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def answer(self, path: str, body: Any, status: int = 200, method: str = "GET", **headers: str) -> None:
        self.answers.setdefault((method, path), []).append((status, body, headers))


def status(code: int, message: str, reason: str = "", **details: Any) -> dict[str, Any]:
    return {
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
        "details": details,
    }


class _Server(ThreadingHTTPServer):
    request_queue_size = 32  # what is read side by side arrives at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away during the handshake."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[ApiServer]:
    """A server of `tls`, else of plain http, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body, certificate = self.rfile.read(size), common_name(self.connection)
            request = Request(self.command, self.path, self.headers.items(), body, certificate)
            known.requests.append(request)
            given = known.answers.get((self.command, self.path.partition("?")[0])) or [(404, status(404, "gone"), {})]
            if known.refused.intersection(request.values("Authorization")):
                given = [(401, status(401, "Unauthorized", "Unauthorized"), {})]
            code, body, headers = given.pop(0) if len(given) > 1 else given[0]
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(code)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PATCH = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    known = ApiServer(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def common_name(connection: Any) -> str:
    """Of the client's certificate, "" where it has shown none."""
    shown: Any = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    names = [pair for part in (shown or {}).get("subject", ()) for pair in part]
    return str(dict(names).get("commonName", ""))


def trusted() -> ssl.SSLContext:
    """TLS of a server on this machine that AUTHORITY vouches for, and whose clients it knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    AUTHORITY.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def kubeconfig(
    server: str, user: Mapping[str, Any] | None = None, cluster: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """One context, whose cluster trusts AUTHORITY and whose user has a token."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "kube:admin/prod"}}],
        "clusters": [{"name": "prod", "cluster": {"server": server, **TRUST, **(cluster or {})}}],
        "users": [{"name": "kube:admin/prod", "user": {"token": SECRET} if user is None else user}],
    }
