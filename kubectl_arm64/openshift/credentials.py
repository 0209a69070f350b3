"""A kubeconfig's user entry -> what goes with each request. No request is sent without the credentials it names.

Rules: client-go rest/transport and plugin/pkg/client/auth/exec.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubectl_arm64.errors import InvalidInput, SignInRequired, Unsupported
from kubectl_arm64.openshift.kubeconfig import Connection

_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


@dataclass(frozen=True)
class Credentials:
    """Headers (several may bear one name), and a client certificate and its key as PEM."""

    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Finished:
    """How a credential plugin ended."""

    code: int
    out: str = field(repr=False)
    err: str = ""


Run = Callable[[Sequence[str], Mapping[str, str]], Finished]


def run_plugin(command: Sequence[str], environ: Mapping[str, str]) -> Finished:
    """Run a credential plugin. Raises OSError.

    On a terminal its stderr is shown as it comes: it may ask to open a page and wait for it.
    """
    with subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        said: list[bytes] = []
        listener = threading.Thread(target=_listen, args=(process.stderr, said), daemon=True)
        listener.start()
        out = process.stdout.read() if process.stdout else b""
        listener.join()
    return Finished(process.returncode, out.decode(errors="replace"), b"".join(said).decode(errors="replace"))


def _listen(stream: Any, said: list[bytes]) -> None:
    while part := stream.read1(4096):
        said.append(part)
        if sys.stderr.isatty():
            sys.stderr.write(part.decode(errors="replace"))
            sys.stderr.flush()


def credentials(connection: Connection, environ: Mapping[str, str], run: Run = run_plugin) -> Credentials:
    """The user's credentials, an exec plugin's included.

    Raises SignInRequired (a plugin or token file that gives none) or Unsupported (an auth-provider).
    """
    user = connection.user
    certificate, key = _pem(user, "client-certificate"), _pem(user, "client-key")
    authorization = _authorization(connection)
    if isinstance(plugin := user.get("exec"), Mapping):
        status = _from_plugin(plugin, connection, environ, run)
        token = str(status.get("token") or "").strip()
        authorization = f"Bearer {token}" if token else authorization
        certificate = str(status.get("clientCertificateData") or "").encode() or certificate
        key = str(status.get("clientKeyData") or "").encode() or key
    if "auth-provider" in user and not authorization:
        name = str((user.get("auth-provider") or {}).get("name", ""))
        raise Unsupported(
            f"the user {connection.user_name} signs in by the auth-provider {name}, which kubectl has given up too",
            f"`oc login {connection.server}` makes a user with a token",
        )
    headers = ((("Authorization", authorization),) if authorization else ()) + _impersonation(user)
    for name, value in headers:
        if not _HEADER_VALUE.fullmatch(value):
            # http.client would quote it, token and all.
            raise InvalidInput(
                f"what {connection.user_name} sends as {name} holds a line break or a character that no header takes",
                f"correct the kubeconfig, or `oc login {connection.server}`",
            )
    return Credentials(headers, certificate, key)


def _authorization(connection: Connection) -> str:
    """A token file goes before a token, as in client-go; both are free of the newline that editors add."""
    user = connection.user
    if path := user.get("tokenFile"):
        try:
            token = Path(str(path)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SignInRequired(
                f"the token file {path} of {connection.user_name} cannot be read: {reason}",
                f"`oc login {connection.server}`",
            ) from error
        if not token:
            raise SignInRequired(
                f"the token file {path} of {connection.user_name} is empty", f"`oc login {connection.server}`"
            )
        return f"Bearer {token}"
    if token := str(user.get("token") or "").strip():
        return f"Bearer {token}"
    if user.get("username"):
        pair = f"{user['username']}:{user.get('password') or ''}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    return ""


def _impersonation(user: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    headers = [("Impersonate-User", str(user["as"]))] if user.get("as") else []
    if user.get("as-uid"):
        headers.append(("Impersonate-Uid", str(user["as-uid"])))
    headers += [("Impersonate-Group", str(group)) for group in user.get("as-groups") or ()]
    for key, values in (user.get("as-user-extra") or {}).items():
        headers += [(f"Impersonate-Extra-{key}", str(value)) for value in values]
    return tuple(headers)


def _pem(user: Mapping[str, Any], key: str) -> bytes:
    if data := user.get(f"{key}-data"):
        return decoded(str(data), f"{key}-data")
    if not (path := user.get(key)):
        return b""
    try:
        return Path(str(path)).read_bytes()
    except OSError as error:
        raise SignInRequired(f"the {key} {path} cannot be read: {error.strerror}", "sign in anew") from error


def decoded(data: str, where: str) -> bytes:
    """Base64 of the kubeconfig's `*-data` fields. Raises InvalidInput naming the field, never its content."""
    try:
        return base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        raise InvalidInput(f"{where} of the kubeconfig is not base64") from None


def _from_plugin(
    plugin: Mapping[str, Any], connection: Connection, environ: Mapping[str, str], run: Run
) -> Mapping[str, Any]:
    """`status` of the ExecCredential that the plugin prints."""
    command = [str(plugin.get("command") or ""), *(str(word) for word in plugin.get("args") or ())]
    name = Path(command[0]).name
    version = str(plugin.get("apiVersion") or "")
    if version not in _API_VERSIONS:
        raise Unsupported(
            f"the credential plugin {name} speaks {version or 'no apiVersion'}",
            f"it must speak {' or '.join(_API_VERSIONS)}",
        )
    advice = str(plugin.get("installHint") or "") or f"run it by hand, or `oc login {connection.server}`"
    try:
        ended = run(command, _plugin_environ(plugin, connection, environ))
    except OSError as error:
        raise SignInRequired(f"the credential plugin {name} cannot be run: {error.strerror}", advice) from error
    if ended.code != 0:
        said = " ".join(ended.err.split())[-500:] or "it said nothing"
        raise SignInRequired(f"the credential plugin {name} failed with exit code {ended.code}: {said}", advice)
    try:
        status = json.loads(ended.out).get("status")
    except (ValueError, AttributeError):
        status = None
    # What it printed may hold a token: it is not quoted.
    if not isinstance(status, Mapping) or not (status.get("token") or status.get("clientCertificateData")):
        raise SignInRequired(f"the credential plugin {name} gave no credentials", advice)
    return status


def _plugin_environ(plugin: Mapping[str, Any], connection: Connection, environ: Mapping[str, str]) -> dict[str, str]:
    interactive = plugin.get("interactiveMode") != "Never" and sys.stdin is not None and os.isatty(0)
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = {
            "server": connection.server,
            "tls-server-name": connection.tls_server_name,
            "insecure-skip-tls-verify": connection.insecure_skip_tls_verify,
            "certificate-authority-data": connection.certificate_authority_data,
            "proxy-url": connection.proxy_url,
        }
    info = {"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": spec}
    own = {str(pair.get("name")): str(pair.get("value")) for pair in plugin.get("env") or ()}
    return {**environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(info)}
