"""`kubectl arm64 completion`: the programs that kubectl and oc ask, and the shells' own scripts."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kubectl_arm64.cli.completion.scripts import SCRIPTS, shims
from kubectl_arm64.cli.invocation import Invocation
from kubectl_arm64.cli.options import ConnectionFlags
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.errors import InvalidInput, Refused


class Target(StrEnum):
    """What `completion` can write."""

    bash = "bash"
    fish = "fish"
    install = "install"
    uninstall = "uninstall"
    zsh = "zsh"


@dataclass(frozen=True)
class CompletionFlags:
    """The word and the flags of `completion` alone."""

    target: Annotated[Target, typer.Argument()]
    directory: Annotated[
        str, typer.Option(help="Folder of `install` and `uninstall` (default: the one that holds kubectl-arm64).")
    ] = ""


def run(invocation: Invocation, streams: Streams, own: CompletionFlags, connection: ConnectionFlags) -> int:
    """Print a script, or write or remove the programs; the exit code."""
    if script := SCRIPTS.get(own.target.value):
        print(script, end="", file=streams.out)
        return 0
    folder = Path(own.directory) if own.directory else _home(streams.environ)
    for name, content in shims(windows=sys.platform == "win32").items():
        path = folder / name
        done = _written(path, content) if own.target is Target.install else _removed(path)
        print(f"{path} {done}", file=streams.out)
    return 0


def _home(environ: Mapping[str, str]) -> Path:
    """Where kubectl finds the plugin: it will find the programs there too. Raises InvalidInput."""
    found = shutil.which("kubectl-arm64", path=environ.get("PATH", os.defpath))
    if found is None:
        raise InvalidInput("kubectl-arm64 is not on the PATH", "name a folder of the PATH with --directory")
    return Path(found).parent


def _written(path: Path, content: str) -> str:
    """kubectl's word for what was done. Raises Refused for another's file, InvalidInput where none can be written."""
    there = _read(path)
    if there == content or _of_package(there):
        return "unchanged"
    if there is not None and not _ours(there):
        raise Refused(f"{path} is not this plugin's", "remove it, or name another folder with --directory")
    try:
        path.write_text(content, encoding="utf-8", newline="")
        path.chmod(0o755)
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror}", "name another folder with --directory") from error
    return "created" if there is None else "configured"


def _removed(path: Path) -> str:
    """What was done: what `install` did not write stays. Raises InvalidInput where it cannot be removed."""
    there = _read(path)
    if there is None:
        return "not found"
    if _of_package(there) or not _ours(there):
        return "unchanged (not written by completion install)"
    try:
        path.unlink()
    except OSError as error:
        raise InvalidInput(f"cannot remove {path}: {error.strerror}", "remove it by hand") from error
    return "deleted"


def _read(path: Path) -> str | None:
    """None where there is no such file. Raises InvalidInput."""
    try:
        return path.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", "name another folder with --directory") from error


def _of_package(content: str | None) -> bool:
    """Whether pip made the file, of the package's entry point."""
    return content is not None and "kubectl_arm64" in content


def _ours(content: str) -> bool:
    return "kubectl-arm64 __complete" in content
