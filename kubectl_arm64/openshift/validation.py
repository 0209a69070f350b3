"""What kubectl refuses before it asks anybody: entries that contradict themselves.

Rules: client-go tools/clientcmd/validation.go, transport/transport.go and plugin/pkg/client/auth/exec.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.openshift.connection import Connection
from kubectl_arm64.openshift.kubeconfig import Entry

IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")
INTERACTIVE_MODES = ("Never", "IfAvailable", "Always")

_PROXY_SCHEMES = ("http", "https", "socks5")
_CORRECT = "correct the kubeconfig, or `oc login` anew"
_CORRECT_FLAGS = "correct the flags, or name another context of the kubeconfig with --context"


def check_cluster(connection: Connection, entry: Connection) -> None:
    """`connection` is the kubeconfig's `entry` and what flags say over it. Raises InvalidInput."""
    for fault in _cluster_faults(connection):
        raise InvalidInput(fault, _CORRECT if fault in _cluster_faults(entry) else _CORRECT_FLAGS)


def check_user(user: Entry, name: str, entry: Entry) -> None:
    """`user` is the kubeconfig's `entry` and what flags say over it.

    Raises InvalidInput naming the user, never a value of the entry.
    """
    for fault in _user_faults(user):
        advice = _CORRECT if fault in _user_faults(entry) else _CORRECT_FLAGS
        raise InvalidInput(f"the user {name or 'without a name'} {fault}", advice)


def _cluster_faults(connection: Connection) -> Iterator[str]:
    authority = connection.certificate_authority or connection.certificate_authority_data
    if connection.certificate_authority and connection.certificate_authority_data:
        yield "the cluster has both certificate-authority and certificate-authority-data"
    if authority and connection.insecure_skip_tls_verify and connection.secure:
        yield "the cluster has a certificate-authority, and insecure-skip-tls-verify, which would not heed it"
    if connection.proxy_url and _scheme(connection.proxy_url) not in _PROXY_SCHEMES:
        yield f"the cluster's proxy-url is no URL of {', '.join(_PROXY_SCHEMES)}"
    if not connection.insecure_skip_tls_verify and not is_host_name(connection.tls_server_name):
        yield "the cluster's tls-server-name is no host name"


def is_host_name(name: str) -> bool:
    """Whether ssl takes it; "" too, which stands for none."""
    try:
        name.encode("idna")
    except UnicodeError:  # an empty label, or one that is too long
        return False
    return "\0" not in name and not name.startswith(".")


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def _user_faults(user: Entry) -> Iterator[str]:
    if user.get("token") and (user.get("username") or user.get("password")):
        yield "has both a token and a username or password"
    if user.get("client-certificate") or user.get("client-certificate-data"):
        for name in ("client-certificate", "client-key"):
            if user.get(name) and user.get(f"{name}-data"):
                yield f"has both {name} and {name}-data"
        if not (user.get("client-key") or user.get("client-key-data")):
            yield "has a client-certificate without a client-key"
    if user.get("exec") is not None:
        yield from _exec_faults(user)
    if not user.get("as") and any(user.get(field) for field in IMPERSONATION):
        yield "impersonates a uid, groups or extras (--as-group, --as-uid) without a user (--as)"


def _exec_faults(user: Entry) -> Iterator[str]:
    plugin = user["exec"]
    if user.get("auth-provider") is not None:
        yield "has both exec and an auth-provider"
    for field in ("command", "apiVersion"):
        if not plugin.get(field):
            yield f"has an exec without {field}"
    if any(not (pair or {}).get("name") for pair in plugin.get("env") or ()):
        yield "has an exec with an env variable without a name"
    mode = plugin.get("interactiveMode")
    if mode and mode not in INTERACTIVE_MODES:
        yield f"has an exec whose interactiveMode is none of {', '.join(INTERACTIVE_MODES)}"
    # v1beta1 knew no modes, v1 insists on one.
    if not mode and not str(plugin.get("apiVersion")).endswith(("/v1beta1", "/v1alpha1")):
        yield f"has an exec without interactiveMode ({', '.join(INTERACTIVE_MODES)})"
