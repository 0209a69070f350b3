"""Requests to one API server, carried by the kubernetes client's REST layer; JSON stays as the server wrote it."""

from __future__ import annotations

import json
import os
import re
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlencode, urlsplit

from kubectl_arm64 import __version__
from kubectl_arm64.errors import InvalidInput, Unsupported
from kubectl_arm64.openshift.credentials import Credentials, decoded
from kubectl_arm64.openshift.failures import unreachable
from kubectl_arm64.openshift.kubeconfig import Connection

APPLY_PATCH = "application/apply-patch+yaml"

_CONNECT_SECONDS = 15.0
_READ_SECONDS = 60.0
_LOOPBACK = re.compile(r"^(?:localhost|127\.\d+\.\d+\.\d+|::1)$")


@dataclass(frozen=True)
class Answer:
    """A response: its status, headers and whole body."""

    status: int
    headers: Any  # urllib3.HTTPHeaderDict
    body: bytes

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
    """Sends requests as `credentials`; thread-safe.

    `timeout` bounds one request in seconds, None or 0 leaves it at a minute without a byte.
    """

    def __init__(
        self, connection: Connection, credentials: Credentials, timeout: float | None, environ: Mapping[str, str]
    ) -> None:
        self.connection = connection
        self.credentials = credentials
        self._timeout = timeout or _READ_SECONDS
        self._rest = _rest_client(connection, credentials, environ)

    def send(self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None) -> Answer:
        """One exchange; a body is sent as server-side apply's. Raises Failure when there is no answer."""
        from kubernetes.client.exceptions import ApiException
        from urllib3 import HTTPHeaderDict
        from urllib3.exceptions import HTTPError

        url = self.connection.server + path + (f"?{urlencode(query)}" if query else "")
        headers = HTTPHeaderDict({"Accept": "application/json", "User-Agent": f"kubectl-arm64/{__version__}"})
        for name, value in self.credentials.headers:
            headers.add(name, value)
        if body is not None:
            headers.add("Content-Type", APPLY_PATCH)
        timeout = (min(_CONNECT_SECONDS, self._timeout), self._timeout)
        try:
            text = None if body is None else json.dumps(body)
            response = self._rest.request(method, url, headers=headers, body=text, _request_timeout=timeout)
            return Answer(response.status, response.getheaders(), response.read())
        except (HTTPError, ApiException) as error:
            # Chained to nothing: its text may quote the proxy's URL.
            raise unreachable(self.connection, error, self._timeout) from None

    def close(self) -> None:
        self._rest.close()


def _rest_client(connection: Connection, credentials: Credentials, environ: Mapping[str, str]) -> Any:
    from kubernetes.client import Configuration
    from kubernetes.client.rest import RESTClientObject
    from urllib3.util import Retry, make_headers, parse_url

    configuration = Configuration(host=connection.server)
    configuration.verify_ssl = not connection.insecure_skip_tls_verify
    configuration.tls_server_name = connection.tls_server_name or None
    # Set even when None: the client would ask the environment by other rules.
    configuration.proxy = proxy(connection, environ)
    configuration.no_proxy = None
    if configuration.proxy and (auth := parse_url(configuration.proxy).auth):
        configuration.proxy_headers = make_headers(proxy_basic_auth=auth)
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
    _check_socks(configuration.proxy)
    client = RESTClientObject(configuration)
    if connection.server.startswith("https://"):
        # Made here and not by the client, which would leave a client key's temporary file lying about.
        client.pool_manager.connection_pool_kw["ssl_context"] = _tls(connection, credentials)
    return client


def proxy(connection: Connection, environ: Mapping[str, str]) -> str | None:
    """As kubectl: the cluster's proxy-url, else HTTPS_PROXY or HTTP_PROXY by the server's scheme, less NO_PROXY.

    Loopback is never asked through the environment's proxy (Go, golang.org/x/net/http/httpproxy).
    """
    from kubernetes.client.rest import should_bypass_proxies

    if connection.proxy_url:
        return connection.proxy_url
    server = urlsplit(connection.server)
    name = f"{server.scheme}_proxy"
    found = environ.get(name.upper()) or environ.get(name)
    excluded = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if not found or _LOOPBACK.match(server.hostname or "") or should_bypass_proxies(connection.server, excluded):
        return None
    return found if "://" in found else f"http://{found}"


def _check_socks(url: str | None) -> None:
    scheme = urlsplit(url or "").scheme
    if scheme.startswith("socks") and find_spec("socks") is None:
        raise Unsupported(f"a {scheme} proxy needs the Python package PySocks", "install it, or use an http proxy")


def _tls(connection: Connection, credentials: Credentials) -> ssl.SSLContext:
    if connection.insecure_skip_tls_verify:
        import urllib3

        # The user has asked for it, by flag or in the kubeconfig; a warning with each request says nothing new.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context = _trusting(connection)
        # Go does not demand what newer Pythons do (an Authority Key Identifier in the CA).
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if credentials.certificate:
        _load_client_certificate(context, credentials)
    return context


def _trusting(connection: Connection) -> ssl.SSLContext:
    """The kubeconfig's own CA alone, else what the system trusts."""
    where = connection.certificate_authority or "certificate-authority-data"
    try:
        if connection.certificate_authority_data:
            pem = decoded(connection.certificate_authority_data, "certificate-authority-data").decode(
                "ascii", "replace"
            )
            return ssl.create_default_context(cadata=pem)
        return ssl.create_default_context(cafile=connection.certificate_authority or None)
    except FileNotFoundError:
        raise InvalidInput(f"the CA file {where} does not exist", "name another with --certificate-authority") from None
    except (ssl.SSLError, ValueError, OSError) as error:
        raise InvalidInput(f"the CA {where} holds no PEM certificate", "`oc login` fetches it anew") from error


def _load_client_certificate(context: ssl.SSLContext, credentials: Credentials) -> None:
    """ssl takes files only: one that nobody else may read, gone as soon as it is loaded."""
    handle, path = tempfile.mkstemp(prefix="kubectl-arm64-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(credentials.certificate + b"\n" + credentials.key)
        context.load_cert_chain(path)
    except ssl.SSLError as error:
        raise InvalidInput(f"the client certificate or key of the kubeconfig does not fit: {error.reason}") from None
    finally:
        os.unlink(path)
