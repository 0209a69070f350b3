"""Credential plugins: the kubeconfig's `exec`.

Rules: client-go plugin/pkg/client/auth/exec, and
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from kubectl_arm64.errors import InvalidInput, SignInRequired, Unsupported
from kubectl_arm64.openshift.connection import Connection
from kubectl_arm64.openshift.kubeconfig import Entry

_API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_EXTENSION = "client.authentication.k8s.io/exec"
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Finished:
    """How a credential plugin ended."""

    code: int
    out: str = field(repr=False)
    err: str = ""


class Run(Protocol):
    """Runs a program; `interactive` says whether it may read standard input. Raises OSError."""

    def __call__(self, command: Sequence[str], environ: Mapping[str, str], interactive: bool) -> Finished: ...


def run_plugin(command: Sequence[str], environ: Mapping[str, str], interactive: bool) -> Finished:
    """Run a credential plugin. Raises OSError.

    On a terminal its stderr is shown as it comes: it may ask to open a page and wait for it. Elsewhere it is shown
    when the plugin has succeeded; a failure's words are part of the error.
    """
    with subprocess.Popen(
        command,
        env=dict(environ),
        stdin=None if interactive else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        said: list[bytes] = []
        live = sys.stderr.isatty()
        listener = threading.Thread(target=_listen, args=(process.stderr, said, live), daemon=True)
        listener.start()
        out = process.stdout.read() if process.stdout else b""
        listener.join()
    err = b"".join(said).decode(errors="replace")
    if process.returncode == 0 and not live:
        sys.stderr.write(err)
    return Finished(process.returncode, out.decode(errors="replace"), err)


def _listen(stream: Any, said: list[bytes], live: bool) -> None:
    while part := stream.read1(4096):
        said.append(part)
        if live:
            sys.stderr.write(part.decode(errors="replace"))
            sys.stderr.flush()


@dataclass(frozen=True)
class Issued:
    """What a plugin gave: a token, or a client certificate and its key as PEM, or both; for how long."""

    token: str = field(repr=False)
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    expires: datetime | None = None


class ExecPlugin:
    """Runs the plugin when credentials are wanted and none are held that last; not thread-safe."""

    def __init__(
        self, connection: Connection, environ: Mapping[str, str], run: Run, now: Callable[[], datetime]
    ) -> None:
        self._connection = connection
        self._plugin: Entry = connection.user["exec"]
        self._environ = environ
        self._run = run
        self._now = now
        self._held: Issued | None = None
        self._name = Path(self._plugin["command"]).name
        self._version = str(self._plugin["apiVersion"])
        if self._version not in _API_VERSIONS:
            raise Unsupported(
                f"the credential plugin {self._name} speaks {self._version}",
                f"it must speak {' or '.join(_API_VERSIONS)}",
            )

    def issued(self) -> Issued:
        """Raises SignInRequired."""
        held = self._held
        if held is None or (held.expires is not None and self._now() > held.expires):
            self._held = held = self._ask()
        return held

    def _ask(self) -> Issued:
        interactive = self._interactive()
        command = self._command()
        try:
            ended = self._run(command, self._plugin_environ(interactive), interactive)
        except OSError as error:
            raise self._failed(f"cannot be run: {error.strerror}") from error
        if ended.code != 0:
            said = " ".join(_CONTROLS.sub("", ended.err).split())[-500:] or "it said nothing"
            raise self._failed(f"failed with exit code {ended.code}: {said}")
        return self._understood(ended.out)

    def _interactive(self) -> bool:
        mode = self._plugin.get("interactiveMode") or "IfAvailable"
        terminal = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
        if mode == "Always" and not terminal:
            raise self._failed("wants to ask something, and standard input is not a terminal")
        return terminal and mode != "Never"

    def _command(self) -> list[str]:
        """A bare name is looked up on the tool's own PATH, not on the one that `env` may give the plugin."""
        command = str(self._plugin["command"])
        if os.sep not in command:
            found = shutil.which(command, path=self._environ.get("PATH"))
            if found is None:
                raise self._failed("cannot be run: it is not on PATH")
            command = found
        return [command, *(self._plugin.get("args") or ())]

    def _plugin_environ(self, interactive: bool) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": interactive}
        if self._plugin.get("provideClusterInfo"):
            spec["cluster"] = _cluster_info(self._connection)
        info = {"kind": "ExecCredential", "apiVersion": self._version, "spec": spec}
        own = {str(pair["name"]): str(pair.get("value") or "") for pair in self._plugin.get("env") or ()}
        return {**self._environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(info)}

    def _understood(self, out: str) -> Issued:
        """What it printed may hold a token: it is never quoted."""
        document = _document(out)
        if document.get("kind") != "ExecCredential":
            raise self._failed("printed no ExecCredential")
        if document.get("apiVersion") != self._version:
            raise self._failed(f"is configured for {self._version}, and printed another version")
        status = document.get("status")
        status = status if isinstance(status, Mapping) else {}
        token, certificate, key = (
            str(status.get(name) or "") for name in ("token", "clientCertificateData", "clientKeyData")
        )
        if not (token or certificate or key):
            raise self._failed("gave no credentials")
        if bool(certificate) != bool(key):
            raise self._failed("gave only one of certificate and key")
        try:
            expires = _instant(status.get("expirationTimestamp"))
        except ValueError:
            raise self._failed("gave an expirationTimestamp that is none") from None
        return Issued(token, certificate.encode(), key.encode(), expires)

    def _failed(self, how: str) -> SignInRequired:
        hint = _CONTROLS.sub("", str(self._plugin.get("installHint") or ""))
        advice = hint or f"run it by hand, or `oc login {self._connection.server}`"
        return SignInRequired(f"the credential plugin {self._name} {how}", advice)


def _cluster_info(connection: Connection) -> dict[str, Any]:
    """`spec.cluster` of the ExecCredential; empty fields are left out, the CA file goes by its content."""
    info = {
        "server": connection.server,
        "tls-server-name": connection.tls_server_name,
        "insecure-skip-tls-verify": connection.insecure_skip_tls_verify,
        "certificate-authority-data": _authority(connection),
        "proxy-url": connection.proxy_url,
    }
    config = next((each.get("extension") for each in connection.extensions if each.get("name") == _EXTENSION), None)
    return {key: value for key, value in info.items() if value} | {"config": config}


def _authority(connection: Connection) -> str:
    if connection.certificate_authority_data or not connection.certificate_authority:
        return connection.certificate_authority_data
    try:
        return base64.b64encode(Path(connection.certificate_authority).read_bytes()).decode()
    except OSError as error:
        raise InvalidInput(
            f"the CA file {connection.certificate_authority} cannot be read: {error.strerror}",
            "name another with --certificate-authority",
        ) from error


def _document(text: str) -> Mapping[str, Any]:
    """JSON, or YAML, which client-go reads too; empty where it is neither."""
    try:
        found = json.loads(text)
    except ValueError:
        import yaml

        try:
            found = yaml.load(text, Loader=yaml.BaseLoader)
        except yaml.YAMLError:
            found = None
    return found if isinstance(found, Mapping) else {}


def _instant(text: Any) -> datetime | None:
    """RFC 3339; None where there is none. Raises ValueError."""
    if not text:
        return None
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError("no time zone")
    return found.astimezone(UTC)
