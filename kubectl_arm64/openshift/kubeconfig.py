"""Kubeconfig files -> one merged kubeconfig. Pure but for reading the files.

Rules: client-go tools/clientcmd (loader.go, api/v1/types.go), as `kubectl config view` shows them.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubectl_arm64 import yaml_text
from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.yaml_text import NotYaml

Entry = Mapping[str, Any]

_DATA = bytes  # stands for a string of base64
# What client-go refuses to read as anything else, in entries that nobody uses too.
_CLUSTER = {
    "server": str,
    "tls-server-name": str,
    "insecure-skip-tls-verify": bool,
    "certificate-authority": str,
    "certificate-authority-data": _DATA,
    "proxy-url": str,
}
_CONTEXT = {"cluster": str, "user": str, "namespace": str}
_EXEC = {
    "command": str,
    "args": [str],
    "env": [{"name": str, "value": str}],
    "apiVersion": str,
    "installHint": str,
    "provideClusterInfo": bool,
    "interactiveMode": str,
}
_USER = {
    "client-certificate": str,
    "client-certificate-data": _DATA,
    "client-key": str,
    "client-key-data": _DATA,
    "token": str,
    "tokenFile": str,
    "username": str,
    "password": str,
    "as": str,
    "as-uid": str,
    "as-groups": [str],
    "as-user-extra": {"*": [str]},
    "exec": _EXEC,
    "auth-provider": {"name": str, "config": {"*": str}},
}
_DOCUMENT = {
    "apiVersion": str,
    "kind": str,
    "current-context": str,
    "clusters": [{"name": str, "cluster": _CLUSTER}],
    "contexts": [{"name": str, "context": _CONTEXT}],
    "users": [{"name": str, "user": _USER}],
}
# What holds a path that is relative to the file that it stands in.
_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_NAMES = {str: "a string", bool: "true or false", _DATA: "base64"}
_VIEW = "`oc config view` must read it too"
_OTHER = "name another with --kubeconfig"


@dataclass(frozen=True)
class Kubeconfig:
    """The files, merged: the first that names an entry wins, whole; `where` names the files."""

    where: str
    current_context: str = ""
    contexts: Mapping[str, Entry] = field(default_factory=dict)
    clusters: Mapping[str, Entry] = field(default_factory=dict)
    users: Mapping[str, Entry] = field(default_factory=dict, repr=False)

    @property
    def empty(self) -> bool:
        return not (self.contexts or self.clusters or self.users)


def load(path: str, environ: Mapping[str, str]) -> Kubeconfig:
    """The kubeconfig at `path`, which must exist, else the files of KUBECONFIG, else ~/.kube/config.

    Raises InvalidInput.
    """
    if path:
        if _absent(path):
            raise InvalidInput(f"the kubeconfig {path} does not exist", _OTHER)
        return _merged([Path(path)])
    if listed := environ.get("KUBECONFIG", ""):
        return _merged([Path(part) for part in dict.fromkeys(listed.split(os.pathsep)) if part])
    home = environ.get("HOME") or environ.get("USERPROFILE") or os.path.expanduser("~")
    return _merged([Path(home) / ".kube" / "config"])


def decoded(data: str) -> bytes:
    """A `*-data` field as Go reads it: base64 with line breaks, and nothing else. Raises ValueError."""
    try:
        return base64.b64decode(data.replace("\n", "").replace("\r", ""), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


def _absent(path: str) -> bool:
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        pass  # reading it says what is wrong
    return False


def _merged(files: Sequence[Path]) -> Kubeconfig:
    documents = [(file, document) for file in files if (document := _read(file)) is not None]
    return Kubeconfig(
        os.pathsep.join(map(str, files)) or "what KUBECONFIG names",
        next((found for _, each in documents if (found := str(each.get("current-context") or ""))), ""),
        *(_first_named(documents, kind) for kind in ("context", "cluster", "user")),
    )


def _first_named(documents: Sequence[tuple[Path, Entry]], kind: str) -> dict[str, Entry]:
    merged: dict[str, Entry] = {}
    for file, document in reversed(documents):
        merged |= _named(document, kind, file)
    return merged


def _read(file: Path) -> Entry | None:
    """The document, None where there is no such file. Raises InvalidInput, never quoting what may be a secret."""
    try:
        document = _parsed(file.read_text(encoding="utf-8"), file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidInput(f"the kubeconfig {file} cannot be read: {error.strerror}", _OTHER) from error
    except UnicodeDecodeError:
        raise InvalidInput(f"the kubeconfig {file} is not UTF-8 text", _VIEW) from None
    if document is None:
        return {}
    if not isinstance(document, Mapping):
        raise InvalidInput(f"the kubeconfig {file} is not a mapping", _VIEW)
    for key, expected in (("apiVersion", "v1"), ("kind", "Config")):
        if (document.get(key) or expected) != expected:
            raise InvalidInput(f"the kubeconfig {file} has another {key} than {expected}", _VIEW)
    for misfit in _misfits(document, _DOCUMENT, ""):
        raise InvalidInput(f"the kubeconfig {file} cannot be used: {misfit}", _VIEW)
    return document


def _parsed(text: str, file: Path) -> Any:
    if text.lstrip().startswith("{") and r"\ud" not in text.lower():  # surrogates are not for YAML, which kubectl reads
        try:
            return json.loads(text)  # JSON may be indented by tabs, which YAML does not allow
        except (ValueError, RecursionError):
            pass
    from kubectl_arm64.openshift.go_yaml import Loader

    try:
        return yaml_text.value(text, Loader)
    except NotYaml as fault:
        # What is wrong may quote the text around it, which may be a token.
        at = f" at line {fault.line}" if fault.line else ""
        raise InvalidInput(f"the kubeconfig {file} is broken YAML{at}", _VIEW) from None


def _misfits(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Where `value` is not of `shape`; nothing (null) is of any shape."""
    if value is None:
        return
    if isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{where} is not a list"
            return
        for index, each in enumerate(value):
            yield from _misfits(each, shape[0], f"{where}[{index}]")
    elif isinstance(shape, dict):
        if not isinstance(value, Mapping):
            yield f"{where} is not a mapping"
            return
        for key, each in value.items():
            yield from _misfits(each, shape.get(key, shape.get("*", object)), f"{where}.{key}".lstrip("."))
    elif not isinstance(value, str if shape is _DATA else shape) or (shape is _DATA and not _is_data(value)):
        yield f"{where} is not {_NAMES[shape]}"


def _is_data(value: str) -> bool:
    try:
        decoded(value)
    except ValueError:
        return False
    return True


def _named(document: Entry, kind: str, file: Path) -> dict[str, Entry]:
    """Entries of one kind by name, their paths made absolute."""
    found: dict[str, Entry] = {}
    for entry in document.get(f"{kind}s") or ():
        name = str((entry or {}).get("name") or "")
        if name in found:
            raise InvalidInput(f"the kubeconfig {file} names the {kind} {name!r} twice", _VIEW)
        found[name] = _absolute((entry or {}).get(kind) or {}, file.absolute().parent)
    return found


def _absolute(entry: Entry, folder: Path) -> Entry:
    given = {key: value for key, value in entry.items() if value is not None}
    given |= {key: _joined(folder, given[key]) for key in _PATHS if given.get(key)}
    plugin = given.get("exec")
    if plugin and os.sep in str(plugin.get("command") or ""):
        given["exec"] = {**plugin, "command": _joined(folder, plugin["command"])}
    return given


def _joined(folder: Path, path: str) -> str:
    """By its words alone, as Go's filepath.Join: `gone/../token` needs no folder `gone`."""
    return path if os.path.isabs(path) else os.path.normpath(folder / path)
