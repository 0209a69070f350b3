"""Credential plugins: the kubeconfig's `exec`.

Rules: client-go plugin/pkg/client/auth/exec, and
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from kubectl_arm64 import yaml_text
from kubectl_arm64.beside import side_by_side
from kubectl_arm64.errors import InvalidInput, SignInRequired, Unsupported
from kubectl_arm64.openshift.connection import Connection
from kubectl_arm64.openshift.kubeconfig import Entry
from kubectl_arm64.yaml_text import NotYaml

_API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_EXTENSION = "client.authentication.k8s.io/exec"
_GRACE_SECONDS = 1.0
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
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
    """Run a credential plugin, for no longer than this process lives. Raises OSError.

    On a terminal its stderr is shown as it comes: it may ask to open a page and wait for it. Elsewhere it is shown
    when the plugin has succeeded; a failure's words are part of the error.
    """
    # A signal is heard where this waits, and never while the plugin is being started, of which nobody would know then.
    return side_by_side({"plugin": partial(_finished, command, environ, interactive)})["plugin"]


_beginning = threading.Lock()
_under_way: set[subprocess.Popen[bytes]] = set()


def _finished(command: Sequence[str], environ: Mapping[str, str], interactive: bool) -> Finished:
    with _beginning:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _under_way.add(process)
    said: list[bytes] = []
    live = sys.stderr.isatty()
    listener = threading.Thread(target=_listen, args=(process.stderr, said, live), daemon=True)
    listener.start()
    with cast(BinaryIO, process.stdout) as stdout:
        out = stdout.read()
    process.wait()
    _under_way.discard(process)
    listener.join(_GRACE_SECONDS)  # what the plugin has left running may hold its stderr for good
    err = b"".join(said).decode(errors="replace")
    if process.returncode == 0 and not live:
        sys.stderr.write(err)
    return Finished(process.returncode, out.decode(errors="replace"), err)


@atexit.register
def _end_all() -> None:
    """End what is still under way when a signal has ended the run."""
    _beginning.acquire()  # for good: no other thread shall ask instead
    for process in tuple(_under_way):
        process.terminate()  # it may have a terminal to put in order
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
        finally:
            process.kill()


def _listen(stream: Any, said: list[bytes], live: bool) -> None:
    with stream:
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
        except ValueError:  # which quotes it
            raise self._failed("cannot be run: an argument or variable holds a NUL, or is no text") from None
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
        """A bare name is looked up on the tool's own PATH, not on the one that `env` may give the plugin.

        What is found in a relative folder is not run, lest it be whatever lies where one stands (Go's exec.ErrDot).
        """
        command = str(self._plugin["command"])
        if os.sep not in command:
            found = shutil.which(command, path=self._environ.get("PATH", ""))
            if found is None:
                raise self._failed("cannot be run: it is not on PATH")
            if not os.path.isabs(found):
                raise self._failed("cannot be run: it is not on PATH, but for a relative folder there")
            command = found
        return [command, *(each or "" for each in self._plugin.get("args") or ())]

    def _plugin_environ(self, interactive: bool) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": interactive}
        if self._plugin.get("provideClusterInfo"):
            spec["cluster"] = _cluster_info(self._connection)
        info = {"kind": "ExecCredential", "apiVersion": self._version, "spec": spec}
        own = (f"{pair['name']}={pair.get('value') or ''}" for pair in self._plugin.get("env") or ())
        named = {name: value for name, _, value in (each.partition("=") for each in own)}
        return {**self._environ, **named, "KUBERNETES_EXEC_INFO": json.dumps(info)}

    def _understood(self, out: str) -> Issued:
        """What it printed may hold a token: it is never quoted."""
        document = _document(out)
        if document.get("kind") != "ExecCredential":
            raise self._failed("printed no ExecCredential")
        if document.get("apiVersion") != self._version:
            raise self._failed(f"is configured for {self._version}, and printed another version")
        status = document.get("status")
        status = status if isinstance(status, Mapping) else {}
        given = [status.get(name) or "" for name in ("token", "clientCertificateData", "clientKeyData")]
        if not all(isinstance(each, str) for each in given):
            raise self._failed("gave a token, certificate or key that is not a string")
        token, certificate, key = given
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
    """JSON, or YAML, which client-go reads too where no brace comes first; empty where it is neither."""
    try:
        found = _from_json(text)
    except (ValueError, RecursionError):
        if text.lstrip().startswith("{"):
            return {}
        from kubectl_arm64.openshift.go_yaml import Loader

        try:
            found = yaml_text.value(text, Loader)
        except NotYaml:
            found = None
    return found if isinstance(found, Mapping) else {}


def _from_json(text: str) -> Any:
    """Half a surrogate pair is U+FFFD, as in Go. Raises ValueError or RecursionError."""
    found = json.loads(text)
    if r"\ud" in text.lower():
        found = json.loads(re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(found, ensure_ascii=False)))
    return found


def _instant(text: Any) -> datetime | None:
    """RFC 3339, of which datetime reads more; None where there is none. Raises ValueError."""
    if text is None:
        return None
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        raise ValueError("no RFC 3339")
    return datetime.fromisoformat(text)
