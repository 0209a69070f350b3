"""The `version` command where it prints for programs; for people, front.py does."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from kubectl_arm64 import __version__
from kubectl_arm64.cli.invocation import Invocation
from kubectl_arm64.cli.output import Streams, dump
from kubectl_arm64.cli.printing import Output


class Structured(StrEnum):
    """The values of -o."""

    json = "json"
    yaml = "yaml"


@dataclass(frozen=True)
class VersionFlags:
    """The flags of `version` alone."""

    client: Annotated[bool, typer.Option("--client", help="As for kubectl; this plugin tells no other version.")] = (
        False
    )
    format: Annotated[Structured | None, typer.Option("--output", "-o", help="How it is printed.")] = None


def run(invocation: Invocation, streams: Streams, flags: VersionFlags, connection: Any) -> int:
    """Print what `kubectl version --client` does, of this plugin."""
    assert flags.format is not None
    dump({"clientVersion": {"gitVersion": f"v{__version__}", "platform": _platform()}}, Output(flags.format), streams)
    return 0


def _platform() -> str:
    """As Go names it: `linux/amd64`."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{sys.platform.replace('win32', 'windows')}/{machine}"
