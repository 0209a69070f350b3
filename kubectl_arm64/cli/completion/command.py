"""`kubectl arm64 completion`: the programs that kubectl and oc ask, and the shells' own scripts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kubectl_arm64.cli.completion.scripts import SCRIPTS, SHIMS, shim
from kubectl_arm64.cli.invocation import Invocation
from kubectl_arm64.cli.options import ConnectionFlags
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.errors import InvalidInput, Refused


class Target(StrEnum):
    """What `completion` can write."""

    bash = "bash"
    fish = "fish"
    install = "install"
    zsh = "zsh"


@dataclass(frozen=True)
class CompletionFlags:
    """The word and the flags of `completion` alone."""

    target: Annotated[Target, typer.Argument()]
    directory: Annotated[
        str, typer.Option(help="Folder on the PATH for `install` (default: the one that holds kubectl-arm64).")
    ] = ""


def run(invocation: Invocation, streams: Streams, own: CompletionFlags, connection: ConnectionFlags) -> int:
    """Print a script, or write the programs; the exit code."""
    if own.target is not Target.install:
        print(SCRIPTS[own.target.value], end="", file=streams.out)
        return 0
    folder = Path(own.directory) if own.directory else _home(streams.environ)
    for name in SHIMS:
        print(f"{folder / name} {_write(folder / name)}", file=streams.out)
    return 0


def _home(environ: Mapping[str, str]) -> Path:
    """Where kubectl finds the plugin: it will find the programs there too. Raises InvalidInput."""
    found = shutil.which("kubectl-arm64", path=environ.get("PATH", os.defpath))
    if found is None:
        raise InvalidInput("kubectl-arm64 is not on the PATH", "name a folder of the PATH with --directory")
    return Path(found).parent


def _write(path: Path) -> str:
    """kubectl's word for what was done. Raises Refused for another's file, InvalidInput where none can be written."""
    try:
        if path.exists():
            return "unchanged" if _answers(path) else _replaced(path)
        path.write_text(shim(), encoding="utf-8")
        path.chmod(0o755)
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror}", "name another folder with --directory") from error
    return "created"


def _answers(path: Path) -> bool:
    """Whether the file is ours: this shim, or what pip made of the entry point."""
    content = path.read_bytes()
    return content == shim().encode() or b"kubectl_arm64" in content


def _replaced(path: Path) -> str:
    if b"kubectl-arm64" not in path.read_bytes():
        raise Refused(f"{path} is not this plugin's", "remove it, or name another folder with --directory")
    path.write_text(shim(), encoding="utf-8")
    return "configured"
