"""plugin.yaml -> the manifest of a build, and plugins/arm64.yaml, which makes this repository a krew index.

`python -m scripts.krew` renders plugins/arm64.yaml anew for the version and digests that stand in it;
`--release FOLDER` takes both from the manifest that `make dist` left there.
Format: krew.googlecontainertools.github.com/v1alpha2.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts import ROOT

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "windows"}
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
TEMPLATE = ROOT / "plugin.yaml"
INDEX = ROOT / "plugins" / "arm64.yaml"
UNRELEASED = "0" * 64
_HEAD = """\
# Written by `python -m scripts.krew` from plugin.yaml: this repository is a krew index. `make dist` and the release
# workflow know the digests; zeros are those of a version that is not released yet, which krew refuses to install.
"""


@dataclass(frozen=True, order=True)
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
    def bill(self) -> str:
        """The file name of the CycloneDX bill of materials of this platform's archive."""
        return f"kubectl-arm64_{self.os}_{self.arch}.cdx.json"

    @property
    def executable(self) -> str:
        return "kubectl-arm64.exe" if self.os == "windows" else "kubectl-arm64"


PLATFORMS = (
    Platform("darwin", "amd64"),
    Platform("darwin", "arm64"),
    Platform("linux", "amd64"),
    Platform("linux", "arm64"),
    Platform("windows", "amd64"),
)


def template() -> Any:
    """plugin.yaml: a manifest without version and platforms."""
    return yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))


def render(template: Mapping[str, Any], version: str, digests: Mapping[Platform, str]) -> str:
    """The manifest of `version`, with one platform for each archive in `digests` (its sha256)."""
    spec = {"version": f"v{version}", **template["spec"]}
    spec["platforms"] = [_platform(spec["homepage"], version, here, digest) for here, digest in sorted(digests.items())]
    return yaml.dump({**template, "spec": spec}, Dumper=_Dumper, sort_keys=False, width=120)


def rendered_index(manifest: Path = INDEX) -> str:
    """What plugins/arm64.yaml has to be, for the version and digests of `manifest`."""
    spec = yaml.safe_load(manifest.read_text(encoding="utf-8"))["spec"]
    digests = {Platform(**one["selector"]["matchLabels"]): one["sha256"] for one in spec["platforms"]}
    return _HEAD + render(template(), spec["version"].removeprefix("v"), digests)


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


def main() -> None:
    parser = argparse.ArgumentParser(description="Write plugins/arm64.yaml.")
    parser.add_argument("--release", type=Path, metavar="FOLDER", help="dist/ with every platform's archive")
    parser.add_argument("--complete", action="store_true", help="fail if a platform is missing")
    options = parser.parse_args()
    source = options.release / "plugin.yaml" if options.release else INDEX
    text = rendered_index(source)
    if options.complete and text.count("sha256:") < len(PLATFORMS):
        parser.exit(1, f"error: {source} lacks platforms; there are to be {len(PLATFORMS)}\n")
    INDEX.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
