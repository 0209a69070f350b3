"""plugin.yaml -> the manifest of a build. Format: krew.googlecontainertools.github.com/v1alpha2."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "windows"}
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Platform:
    """An operating system and a CPU in Go's words."""

    os: str
    arch: str

    @classmethod
    def here(cls) -> Platform:
        return cls(_SYSTEMS[platform.system()], _MACHINES[platform.machine()])

    @property
    def archive(self) -> str:
        """The file name of this platform's archive."""
        return f"kubectl-arm64_{self.os}_{self.arch}.tar.gz"

    @property
    def executable(self) -> str:
        return "kubectl-arm64.exe" if self.os == "windows" else "kubectl-arm64"


def render(template: Mapping[str, Any], version: str, digests: Mapping[Platform, str]) -> str:
    """The manifest of `version`, with one platform for each archive in `digests` (its sha256)."""
    spec = {**template["spec"], "version": f"v{version}"}
    spec["platforms"] = [_platform(spec["homepage"], version, here, digest) for here, digest in digests.items()]
    return _text({**template, "spec": spec})


def _platform(homepage: str, version: str, here: Platform, digest: str) -> dict[str, Any]:
    return {
        "selector": {"matchLabels": {"os": here.os, "arch": here.arch}},
        "uri": f"{homepage}/releases/download/v{version}/{here.archive}",
        "sha256": digest,
        "bin": here.executable,
    }


class _Dumper(yaml.SafeDumper):
    """Keeps several lines of text readable."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)


def _text(manifest: Mapping[str, Any] | Sequence[Any]) -> str:
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=120)
