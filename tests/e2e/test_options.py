"""Every global flag of the real kubectl and oc is one of ours, of the same kind."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_arm64.cli import static
from kubectl_arm64.cli.argv import LIST, NUMBER, SWITCH, TEXT, Flag
from tests.e2e import golang

_TOLD = re.compile(r"^ +(?:(-\w), )?(--[\w-]+)=(.*):$", re.MULTILINE)
OURS = {flag.name: flag for flag in static.COMMANDS["version"].flags}


def told(client: Path) -> dict[str, tuple[str, str]]:
    """What `options` lists: name -> the short name and the default."""
    shown = subprocess.run(
        [client, "options"], env={"HOME": "/nonexistent"}, capture_output=True, text=True, check=True, timeout=60
    )
    return {name: (short, default) for short, name, default in _TOLD.findall(shown.stdout + shown.stderr)}  # oc: stderr


def kind(flag: Flag) -> str:
    """The form of a default, which is all that `options` tells of a kind."""
    return {SWITCH: "false", LIST: "[]", NUMBER: "0", TEXT: "text"}[flag.kind]


@pytest.mark.parametrize("client", ["kubectl", "oc"])
def test_each_global_flag_is_taken(obtain: Callable[..., Any], go_programs: Path, client: str) -> None:
    programs = go_programs if client == "kubectl" else Path(obtain("oc", golang.oc))
    theirs = told(programs / client)
    assert len(theirs) > 20
    assert {name: short for name, (short, _) in theirs.items()} == {
        name: OURS[name].short if name in OURS else "a flag that is not there" for name in theirs
    }
    form = {name: default if default in ("false", "[]", "0") else "text" for name, (_, default) in theirs.items()}
    assert form == {name: kind(OURS[name]) for name in theirs}
