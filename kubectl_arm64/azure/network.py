"""Requests that never got an answer: names, proxies, certificates, time-outs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError

from kubectl_arm64.errors import Failure

_HOST = re.compile(r"host='([^']+)'")
_TUNNEL = re.compile(r"Tunnel connection failed: (\d+[^')\"]*)")
_VERIFY = re.compile(r"certificate verify failed:? ?([^('\"]*)")


def network_failure(error: BaseException, doing: str) -> Failure:
    """What stood between this machine and Azure, by host."""
    chain = list(_chain(error))
    text = " ".join(str(each) for each in chain)
    host = _host(chain, text)
    if "CERTIFICATE_VERIFY_FAILED" in text or "SSLError" in text or "[SSL" in text:
        return _certificate(text, host, doing)
    if tunnel := _TUNNEL.search(text):
        return Failure(
            f"cannot {doing}: the proxy refused the connection to {host}: {tunnel[1].strip()}",
            "check HTTPS_PROXY and what the proxy allows",
        )
    if "ProxyError" in text or "Cannot connect to proxy" in text:
        return Failure(
            f"cannot {doing}: no connection to {host} through the proxy",
            "check HTTPS_PROXY and NO_PROXY, then run the same command again",
        )
    if "NameResolutionError" in text or "getaddrinfo failed" in text or "Name or service not known" in text:
        return Failure(f"cannot {doing}: the name {host} is not known here", "check DNS, or set HTTPS_PROXY")
    if "timed out" in text.lower() or "timeout" in text.lower():
        return Failure(f"cannot {doing}: {host} did not answer in time", "check the connection, then run it again")
    return Failure(
        f"cannot {doing}: no connection to {host}",
        "check the connection (HTTPS_PROXY where there is a proxy), then run the same command again",
    )


def _certificate(text: str, host: str, doing: str) -> Failure:
    if "Missing Authority Key Identifier" in text:
        return Failure(
            f"cannot {doing}: the certificate chain of {host} is not accepted: Missing Authority Key Identifier",
            "the CA certificate itself lacks that extension, which Python 3.13 demands: "
            "ask for a new one, or run this tool with an older Python",
        )
    match = _VERIFY.search(text)
    why = (match[1].strip() if match else "") or "the TLS connection failed"
    return Failure(
        f"cannot {doing}: the certificate of {host} is not trusted: {why}",
        "name the file of your organisation's CA certificates in REQUESTS_CA_BUNDLE",
    )


def _host(chain: list[BaseException], text: str) -> str:
    for each in chain:
        url = getattr(getattr(each, "request", None), "url", "")
        if isinstance(url, str) and (host := urlsplit(url).hostname):
            return host
    match = _HOST.search(text)
    return match[1] if match else "Azure"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in seen:
        seen.append(following)
        yield following
        inner = following.inner_exception if isinstance(following, AzureError) else None
        following = inner or following.__cause__ or following.__context__
