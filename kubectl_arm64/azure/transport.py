"""The one way out: connections, certificates, and how long a retry waits, the same for sign-in, ARM and blobs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter

from kubectl_arm64 import __version__, exchange
from kubectl_arm64.errors import InvalidInput

USER_AGENT = f"kubectl-arm64/{__version__}"
# requests and azure-core know the first two only; a corporate authority is often told by the third.
CA_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_POOL = 66  # 64 requests that copy (MOST_PARALLEL), the renewal of their lease, and one to spare
_CONNECT_SECONDS = 20
_READ_SECONDS = 120
_BLOCK = 256 << 10  # bytes of an answer's body at a time; the SDK's 4 KiB cost more than the decryption
# What they have to say reaches the user as a Failure; urllib3 would print URLs, SAS and all.
_TALKATIVE = ("azure", "msal", "urllib3")


def ca_bundle(environ: Mapping[str, str]) -> str | None:
    """The file of trusted authorities that the environment names; None: the built-in ones. Raises InvalidInput."""
    for variable in CA_BUNDLE_VARIABLES:
        if path := environ.get(variable):
            if not Path(path).exists():
                raise InvalidInput(
                    f"{variable} names {path}, which does not exist", "name a PEM file of trusted CA certificates"
                )
            return path
    return None


class Connection:
    """One pool of connections that any number of clients and threads share.

    `ca_bundle` as above; `sleep` is what a retry waits with. Proxies are those of the process's environment.
    """

    def __init__(self, ca_bundle: str | None, sleep: Callable[[float], None]) -> None:
        self.sleep = sleep
        self._verify: str | bool = ca_bundle or True
        self._session = requests.Session()
        adapter = _Adapter(pool_maxsize=_POOL)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)
        for name in _TALKATIVE:
            logger = logging.getLogger(name)
            logger.addHandler(logging.NullHandler())
            logger.propagate = False

    def transport(self) -> RequestsTransport:
        """For one client; closing it leaves the pool open."""
        return _Transport(
            self.sleep,
            session=self._session,
            session_owner=False,
            connection_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            connection_verify=self._verify,
            connection_data_block_size=_BLOCK,
        )


class _Adapter(HTTPAdapter):
    """Every request is one that -v shows."""

    def send(self, request: requests.PreparedRequest, *args: Any, **settings: Any) -> requests.Response:
        with exchange.shown(request.method or "", request.url or "") as shown:
            response = super().send(request, *args, **settings)
            shown.status = response.status_code
        return response


class _Transport(RequestsTransport):  # type: ignore[misc]  # loaded by name there, so untyped
    """Retry policies wait with the transport's own sleep."""

    def __init__(self, sleep: Callable[[float], None], **settings: Any) -> None:
        super().__init__(**settings)
        self._sleep = sleep

    def sleep(self, duration: float) -> None:
        self._sleep(duration)
