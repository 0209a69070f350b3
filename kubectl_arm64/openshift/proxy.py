"""Through which proxy, if any, the API server is asked.

Rules: client-go transport/cache.go, and golang.org/x/net/http/httpproxy for the environment.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from importlib.util import find_spec
from urllib.parse import SplitResult, urlsplit

from kubectl_arm64.errors import InvalidInput, Unsupported
from kubectl_arm64.openshift.connection import Connection

_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_PORTS = {"http": "80", "https": "443"}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def proxy(connection: Connection, environ: Mapping[str, str]) -> str | None:
    """As kubectl: the cluster's proxy-url, else HTTPS_PROXY or HTTP_PROXY by the server's scheme, less NO_PROXY.

    Raises Unsupported (a SOCKS proxy without the library for it) or InvalidInput (a stray % in its URL).
    """
    found = connection.proxy_url or _from_environment(urlsplit(connection.server), environ)
    if found and _STRAY_PERCENT.search(found):
        raise InvalidInput("the URL of the proxy has a % that is no escape", "write %25 for a % of the password")
    if found and found.startswith("socks"):
        if find_spec("socks") is None:
            scheme = found.partition(":")[0]
            raise Unsupported(f"a {scheme} proxy needs the Python package PySocks", "install it, or use an http proxy")
        # Go leaves the resolving of names to the proxy; in urllib3 that is another scheme.
        return found.replace("socks5://", "socks5h://", 1)
    return found


def _from_environment(server: SplitResult, environ: Mapping[str, str]) -> str | None:
    name = f"{server.scheme}_proxy"
    found = environ.get(name.upper()) or environ.get(name)
    excluded = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if not found or not _asked_through_proxy(server, excluded):
        return None
    return found if "://" in found else f"http://{found}"


def _asked_through_proxy(server: SplitResult, excluded: str) -> bool:
    host, port = server.hostname or "", str(server.port or _PORTS[server.scheme])
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return False
    return not any(_matches(entry.strip().lower(), host, port, address) for entry in excluded.split(","))


def _matches(entry: str, host: str, port: str, address: Address | None) -> bool:
    """`*`, a network, an address, or a domain: `example.com` with what is below it, `.example.com` only the latter."""
    if entry in ("", "*"):
        return entry == "*"
    if "/" in entry:
        return address is not None and _in_network(address, entry)
    name, only_port = _split_port(entry)
    if only_port and only_port != port:
        return False
    if (excluded := _address(name)) is not None:
        return excluded == address
    name = name.removeprefix("*") if name.startswith("*.") else name
    return bool(name) and (host == name or host.endswith(name if name.startswith(".") else f".{name}"))


def _split_port(entry: str) -> tuple[str, str]:
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, colon, port = entry.partition(":")
    return (name, port) if colon and ":" not in port else (entry, "")


def _in_network(address: Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
