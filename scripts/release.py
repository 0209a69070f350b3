"""`make release-check`: what can be proved of a release without publishing it, one line each.

`--tag v1.2.3` is what the release workflow adds: the tag must be the version's, with a section in CHANGELOG.md.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

import kubectl_arm64
from scripts import ROOT, glibc, krew, sbom
from scripts.archive import sha256
from scripts.shipped import closure, frozen

WORKFLOWS = ROOT / ".github" / "workflows"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
VERSION = kubectl_arm64.__version__


class Unready(Exception):
    """Why this cannot be released, in one line."""


def version_and_changelog(tag: str | None) -> str:
    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if tag is None:
        if headings[:1] not in ([VERSION], ["Unreleased"]):
            raise Unready(f"CHANGELOG.md begins with {headings[:1]}, not with {VERSION} or Unreleased")
        return f"version {VERSION}; CHANGELOG.md begins with {headings[0]} (--tag v{VERSION} demands its section)"
    if tag != f"v{VERSION}":
        raise Unready(f"the tag {tag} is not v{VERSION}: set __version__ in kubectl_arm64/__init__.py")
    if VERSION not in headings:
        raise Unready(f"CHANGELOG.md has no section '## {VERSION}'")
    return f"version {VERSION} is {tag}'s, and CHANGELOG.md has its section"


def index() -> str:
    if krew.INDEX.read_text(encoding="utf-8") != krew.rendered_index():
        raise Unready("plugins/arm64.yaml is not what plugin.yaml makes: run python -m scripts.krew")
    spec = yaml.safe_load(krew.INDEX.read_text(encoding="utf-8"))["spec"]
    if len(spec["platforms"]) != len(krew.PLATFORMS):
        raise Unready("plugins/arm64.yaml lacks a platform")
    released = all(one["sha256"] != krew.UNRELEASED for one in spec["platforms"])
    return f"plugins/arm64.yaml is plugin.yaml's for {spec['version']}{'' if released else ', not released yet'}"


def workflows() -> str:
    used = [step for path in sorted(WORKFLOWS.glob("*.yml")) for step in uses(yaml.safe_load(path.read_text()))]
    if loose := [each for each in used if not PINNED.fullmatch(each)]:
        raise Unready(f"not pinned by a commit: {', '.join(loose)}")
    return f"{len(used)} uses of actions in .github/workflows are pinned by commits"


def uses(node: Any) -> Iterator[str]:
    """Every `uses:` in a workflow."""
    if isinstance(node, dict):
        if isinstance(node.get("uses"), str):
            yield node["uses"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from uses(each)


def packages(folder: Path) -> str:
    run(sys.executable, "-m", "scripts.dist", "--packages-only", "--out", str(folder))
    built = sorted(folder.glob("*.whl")) + sorted(folder.glob("*.tar.gz"))
    run(sys.executable, "-m", "twine", "check", "--strict", *map(str, built))
    if not all(VERSION in path.name for path in built):
        raise Unready(f"not of version {VERSION}: {', '.join(path.name for path in built)}")
    return f"{', '.join(path.name for path in built)}: twine finds nothing wrong"


def installed(folder: Path) -> str:
    """The wheel in an environment of its own; its dependencies are those of this one, so that nothing is fetched."""
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "--disable-pip-version-check", "--quiet"]
    run(*pip, "install", "--no-deps", "--no-index", str(wheel))
    if "bootimage" not in run(str(scripts / "kubectl-arm64"), "--help"):
        raise Unready("the installed wheel shows no help")
    if VERSION not in run(str(scripts / "oc-arm64"), "version"):
        raise Unready("the installed wheel tells another version")
    return "the wheel, alone in a new environment, runs: kubectl-arm64 --help, oc-arm64 version"


def reproducible(folder: Path) -> str:
    """Builds the archive twice, in two folders."""
    here = krew.Platform.here()
    for name in ("first", "second"):
        out, unpacked = str(folder / name), str(folder / f"{name}-unpacked")
        run(sys.executable, "-m", "scripts.dist", "--archive-only", "--out", out, "--unpacked", unpacked)
    for file in (here.archive, here.bill):
        if sha256(folder / "first" / file) != sha256(folder / "second" / file):
            raise Unready(f"{file}: two builds differ")
    archive = folder / "first" / here.archive
    return f"{here.archive}: two builds are the same bytes ({archive.stat().st_size / 2**20:.1f} MiB)"


def runs_on(folder: Path) -> str:
    here = krew.Platform.here()
    _, line = glibc.report(glibc.needs(folder / "first" / here.archive))
    return f"{here.archive} built here {line}; the release's are held to 2.28"


def bill(folder: Path) -> str:
    here = krew.Platform.here()
    text = (folder / "first" / here.bill).read_text(encoding="utf-8")
    if wrong := sbom.faults(text):
        raise Unready(f"{here.bill}: {wrong}")
    return f"{here.bill} is valid CycloneDX"


def licences(folder: Path) -> str:
    unpacked = folder / "first-unpacked"
    held = {name: one for name, one in closure().items() if name in frozen(unpacked)}
    if silent := [name for name, one in held.items() if not sbom.licence_of(one)]:
        raise Unready(f"no licence is told by {', '.join(silent)}")
    if bare := [name for name in held if not (unpacked / "licenses" / name).is_dir()]:
        raise Unready(f"no licence text is in the archive for {', '.join(bare)}")
    kinds = sorted({sbom.licence_of(one) for one in held.values()})
    return f"{len(held)} distributions in the archive, each with its licence: {'; '.join(kinds)}"


def run(*command: str) -> str:
    """Standard output. Raises Unready with the last line of what went wrong."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        raise Unready(f"{' '.join(command[:4])} ... failed with {done.returncode}: {''.join(last)}")
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description="Prove what can be proved of a release without publishing it.")
    parser.add_argument("--tag", help="the tag of the release, v1.2.3")
    tag = parser.parse_args().tag
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        checks: list[Callable[[], str]] = [
            lambda: version_and_changelog(tag),
            index,
            workflows,
            lambda: packages(folder),
            lambda: installed(folder),
            lambda: reproducible(folder),
            lambda: runs_on(folder),
            lambda: bill(folder),
            lambda: licences(folder),
        ]
        return max([told(check) for check in checks])


def told(check: Callable[[], str]) -> int:
    try:
        print(f"ok    {check()}", flush=True)
    except (Unready, OSError, subprocess.CalledProcessError) as why:
        print(f"FAIL  {why}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
