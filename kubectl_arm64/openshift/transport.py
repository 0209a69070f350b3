"""Requests to one API server, carried by the kubernetes client's REST layer; JSON stays as the server wrote it."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

from kubectl_arm64 import __version__, exchange
from kubectl_arm64.openshift import tls
from kubectl_arm64.openshift.connection import Connection
from kubectl_arm64.openshift.credentials import Credentials, Identity
from kubectl_arm64.openshift.failures import unreachable
from kubectl_arm64.openshift.proxy import proxy
from kubectl_arm64.openshift.validation import is_host_name

APPLY_PATCH = "application/apply-patch+yaml"

_CONNECT_SECONDS = 15.0
_READ_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """A response: its status, headers and whole body, and the credentials that were `shown` for it."""

    status: int
    headers: Any  # urllib3.HTTPHeaderDict
    body: bytes
    shown: Credentials = field(default_factory=Credentials, repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Raises ValueError."""
        return json.loads(self.body)

    @property
    def warnings(self) -> list[str]:
        """The texts of its Warning headers (RFC 7234, as the API server writes them)."""
        found = self.headers.getlist("Warning")
        texts = (re.search(r'^299 \S+ "((?:[^"\\]|\\.)*)"', each) for each in found)
        return [re.sub(r"\\(.)", r"\1", text[1]) for text in texts if text]


class Transport:
    """Sends requests as `identity`; thread-safe.

    `timeout` bounds one request in seconds, None or 0 leaves it at a minute without a byte.
    """

    def __init__(
        self, connection: Connection, identity: Identity, timeout: float | None, environ: Mapping[str, str]
    ) -> None:
        self.connection = connection
        self._identity = identity
        self._timeout = timeout or _READ_SECONDS
        self._proxy = proxy(connection, environ)
        self._lock = threading.Lock()
        self._shown = identity.credentials()
        self._rest = _rest_client(connection, self._shown, self._proxy)

    @property
    def credentials(self) -> Credentials:
        """What the next request would show. Raises SignInRequired."""
        return self._identity.credentials()

    def send(self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None) -> Answer:
        """One exchange; a body is sent as server-side apply's.

        Raises Failure when there is no answer, SignInRequired when credentials have run out.
        """
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        credentials = self._identity.credentials()
        url = self.connection.server + path + (f"?{urlencode(query)}" if query else "")
        timeout = (min(_CONNECT_SECONDS, self._timeout), self._timeout)
        headers = _headers(credentials, body)
        text = None if body is None else json.dumps(body)
        try:
            with exchange.shown(method, url) as shown:
                response = self._client(credentials).request(
                    method, url, headers=headers, body=text, _request_timeout=timeout
                )
                shown.status = response.status
            return Answer(response.status, response.getheaders(), response.read(), credentials)
        except (HTTPError, ApiException) as error:
            # Chained to nothing: its text may quote the proxy's URL.
            raise unreachable(self.connection, error, self._timeout) from None

    def close(self) -> None:
        self._rest.close()

    def _client(self, credentials: Credentials) -> Any:
        """The connections; new ones when the client certificate has changed."""
        with self._lock:
            held, wanted = (each.certificate + each.key for each in (self._shown, credentials))
            if held != wanted:
                self._rest.close()
                self._rest = _rest_client(self.connection, credentials, self._proxy)
            self._shown = credentials
            return self._rest


def _headers(credentials: Credentials, body: Any) -> Any:
    from urllib3 import HTTPHeaderDict

    headers = HTTPHeaderDict({"Accept": "application/json", "User-Agent": f"kubectl-arm64/{__version__}"})
    for name, value in credentials.headers:
        # http.client writes Latin-1; UTF-8 is what Go writes and the API server reads, and a file's bytes as they are.
        headers.add(name, value.encode(errors="surrogateescape").decode("latin-1"))
    if body is not None:
        headers.add("Content-Type", APPLY_PATCH)
    return headers


def _rest_client(connection: Connection, credentials: Credentials, through: str | None) -> Any:
    from kubernetes.client import Configuration
    from kubernetes.client.rest import RESTClientObject
    from urllib3.util import Retry, parse_url

    configuration = Configuration(host=connection.server)
    configuration.verify_ssl = not connection.insecure_skip_tls_verify
    if is_host_name(connection.tls_server_name):  # else nobody checks it
        configuration.tls_server_name = connection.tls_server_name or None
    # Set even when None: the client would ask the environment by other rules.
    configuration.proxy = through
    configuration.no_proxy = None
    if through and (auth := parse_url(through).auth):
        user, _, password = auth.partition(":")
        pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
        configuration.proxy_headers = {"proxy-authorization": f"Basic {base64.b64encode(pair).decode()}"}
    # A repeated server-side apply ends in the same state, so it may be sent again like a read.
    configuration.retries = Retry(
        connect=1,
        read=2,
        redirect=0,
        status=2,
        other=0,
        backoff_factor=0.1,
        allowed_methods={"GET", "PATCH"},
        raise_on_redirect=False,
        raise_on_status=False,
    )
    # Made here and not by the client, which would leave a client key's temporary file lying about.
    context = tls.context(connection, credentials) if connection.secure else None
    # As Go, which holds an https proxy to the cluster's CA too.
    configuration.proxy_ssl_context = context
    client = RESTClientObject(configuration)
    if context:
        client.pool_manager.connection_pool_kw["ssl_context"] = context
    return client
