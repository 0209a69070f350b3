"""README.md's examples say what the plugin says."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tests.plugin import COMMAND

PROMPT = "    $ oc arm64 "
# How far the copy and the replication have come at a look is a matter of time, and the demo's disk is a small one.
LOOK = re.compile(r": (?:\d+ % of .*|\w+ \d+ %)$")


def examples() -> Iterator[tuple[str, list[str]]]:
    """Each command line, and the lines that README shows below it."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith(PROMPT):
            shown = []
            for following in lines[number + 1 :]:
                if not following.startswith("    ") or following.startswith("    $"):
                    break
                shown.append(following.strip())
            yield line.removeprefix(PROMPT), shown


def said(typed: str) -> list[str]:
    """What a shell would show of a call as `oc arm64`, off a terminal."""
    environ = {**os.environ, "_": "/usr/bin/oc"}
    ran = subprocess.run(
        [*COMMAND, *typed.split()], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert ran.returncode == 0, ran.stdout
    return ran.stdout.splitlines()


def steady(lines: list[str]) -> list[str]:
    """Without the looks; what is told of steps, some of which go on side by side, in the order of the alphabet."""
    steps = [line for line in lines if line.endswith((": started", ": created", ": found"))]
    rest = sorted(line for line in lines if line not in steps and not LOOK.search(line))  # of two streams
    return [*sorted(steps), *rest]


@pytest.mark.usefixtures("plugin")
def test_one_after_the_other_the_examples_say_what_readme_shows() -> None:
    shown = list(examples())
    assert [typed for typed, _ in shown] == ["bootimage", "bootimage", "machineset --apply", "machineset --apply"]
    for typed, lines in shown:
        assert steady(said(typed)) == steady(lines)
