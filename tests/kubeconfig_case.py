"""How the cases of tests/kubeconfigs.py are written down, and made into files, flags and an environment.

`<prod>` and the like in a case stand for a server's or proxy's URL, `<prod:port>` for its port, `<ca.pem>` for the
path of a certificate or key, `<ca.pem:data>` for its content as base64 and `<ca.pem:json>` as a JSON string, `<folder>`
for where the case's files are.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.recorder import Arrival, Recorder

TOKEN = "sha256~dGhlLXRva2Vu"
BEARER = f"Bearer {TOKEN}"
V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"


@dataclass(frozen=True)
class Case:
    """Files by name (`config` is used unless KUBECONFIG says otherwise), flags by ConnectionOptions' field names.

    `arrives` is None where nothing may arrive; then `says` is part of the plugin's refusal. `asked` is what a
    credential plugin is told, where the case has one that writes it down. `kubectl_differs` says why the plugin does
    another thing than kubectl on purpose, and `kubectl_arrives` what reaches the server then.
    """

    files: Mapping[str, Any]
    arrives: Arrival | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    fails: bool = False  # although something arrives
    asked: Mapping[str, Any] | None = None
    kubectl_differs: str = ""
    kubectl_arrives: Arrival | None = None

    def write(self, folder: Path, recorder: Recorder) -> None:
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            filled = fill(content, folder, recorder)
            path.write_text(filled if isinstance(filled, str) else yaml.safe_dump(filled, allow_unicode=True))
            if path.read_text().startswith("#!"):
                path.chmod(0o755)

    def environment(self, folder: Path, recorder: Recorder) -> dict[str, str]:
        found = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "KUBECONFIG": str(folder / "config"), **self.environ}
        return {name: fill(value, folder, recorder) for name, value in found.items()}

    def options(self, folder: Path, recorder: Recorder) -> dict[str, Any]:
        return {name: fill(value, folder, recorder) for name, value in self.flags.items()}

    def words(self, folder: Path, recorder: Recorder) -> list[str]:
        """The flags as kubectl takes them."""
        found: list[str] = []
        for name, value in self.options(folder, recorder).items():
            flag = {"as_user": "--as", "as_groups": "--as-group"}.get(name, f"--{name.replace('_', '-')}")
            values = value if isinstance(value, list) else [value]
            found += [f"{flag}={str(each).lower() if isinstance(each, bool) else each}" for each in values]
        return found


def fill(value: Any, folder: Path, recorder: Recorder) -> Any:
    """`value` with what stands for something replaced."""
    if isinstance(value, Mapping):
        return {key: fill(each, folder, recorder) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [fill(each, folder, recorder) for each in value]
    if not isinstance(value, str):
        return value

    def known(found: re.Match[str]) -> str:
        name, what = found[1], found[2]
        if name == "folder":
            return str(folder)
        if name in recorder.urls:
            return str(recorder.ports[name]) if what == ":port" else recorder.urls[name]
        path = recorder.certificates[name]
        if what == ":json":
            return json.dumps(path.read_text())
        return base64.b64encode(path.read_bytes()).decode() if what == ":data" else str(path)

    return re.sub(r"<([\w.-]+)(:\w+)?>", known, value)


def config(
    user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None, current: str = "prod", **top: Any
) -> dict[str, Any]:
    """A kubeconfig of one context, whose cluster is prod and whose user has the token; None in `cluster` omits."""
    entry = {"server": "<prod>", "certificate-authority": "<ca.pem>", **(cluster or {})}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "admin"}}],
        "clusters": [{"name": "prod", "cluster": {key: value for key, value in entry.items() if value is not None}}],
        "users": [{"name": "admin", "user": {"token": TOKEN} if user is None else user}],
        **top,
    }


def one(user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The files of a case with one kubeconfig."""
    return {"config": config(user, cluster, **more)}


def two(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The files of a case with a list of kubeconfigs: see BOTH."""
    return {"first": first, "second": second}


def prod(authorization: str = BEARER, certificate: str = "", **more: Any) -> Arrival:
    return Arrival("prod", authorization, certificate, **more)


def entry(kind: str, name: str, **values: Any) -> dict[str, Any]:
    return {"name": name, kind: values}


def exec_user(api_version: str = V1, command: str = "./login", **more: Any) -> dict[str, Any]:
    mode = {"interactiveMode": "Never"} if api_version == V1 else {}
    return {"exec": {"apiVersion": api_version, "command": command, **mode, **more}}


def login(answer: Any, *, before: str = "") -> str:
    """A credential plugin that writes down what it was told, and prints `answer`."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return f"""#!/bin/sh
printf '%s' "$KUBERNETES_EXEC_INFO" > <folder>/asked
{before}
cat <<'END'
{text}
END
"""


def issued(api_version: str = V1, **status: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": "ExecCredential", "status": status}


def with_plugin(answer: Any, user: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The files of a case whose user is a credential plugin's that prints `answer`."""
    return {"config": config(user or exec_user(**more)), "login": login(answer)}


def asking(api_version: str = V1, cluster: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The ExecCredential that a plugin is given."""
    spec = {"interactive": False, **({"cluster": cluster} if cluster else {})}
    return {"kind": "ExecCredential", "apiVersion": api_version, "spec": spec}


def jwt(expires: int) -> str:
    """An id-token whose signature nobody checks."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({"alg": "none"}, {"exp": expires})]
    return ".".join(part.decode().rstrip("=") for part in (*parts, b"c2ln"))
