"""Help, reference and man page say what the commands take, and their examples run."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperOption

from kubectl_arm64.cli import static
from kubectl_arm64.cli.argv import LIST, SWITCH
from kubectl_arm64.cli.commands import COMMANDS, Example
from kubectl_arm64.cli.typer_command import typed
from scripts.reference.__main__ import rendered
from tests.conftest import Plugin

RENDERED = rendered()


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.name)
def test_what_is_rendered_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == RENDERED[path], "run: python -m scripts.reference"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_flags_that_help_tells_are_those_that_typer_takes(name: str) -> None:
    params = typed(COMMANDS[name]().groups, lambda *values: 0).params
    options = [param for param in params if isinstance(param, TyperOption)]
    taken = {frozenset(one.opts): (one.is_flag, one.multiple) for one in options}
    told = {
        frozenset({flag.name, flag.short} - {""}): (flag.kind == SWITCH, flag.kind == LIST)
        for flag in static.COMMANDS[name].flags
    }
    assert told == taken


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_flag_is_explained(name: str) -> None:
    assert [flag.name for flag in static.COMMANDS[name].flags if not flag.help.endswith((".", ")"))] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_shows_examples_options_and_usage(name: str) -> None:
    text = static.HELP[name]
    assert f"  kubectl arm64 {name}" in text.partition("Examples:")[2]
    own = [flag for flag in static.COMMANDS[name].flags if not flag.everywhere]
    assert [flag.name for flag in own if f"    {flag.shown}=" not in text] == []
    assert max(len(line) for line in text.splitlines() if not line.startswith("  kubectl")) <= 96


# ---- every example runs


def examples() -> Iterator[tuple[str, Example]]:
    for name, load in COMMANDS.items():
        for example in load().examples:
            yield name, example


def run(plugin: Plugin, line: str) -> tuple[int, str]:
    program, subcommand, *words = shlex.split(line)
    assert (program, subcommand) == ("kubectl", "arm64")
    result = plugin(*words)
    return result.code, result.err


@pytest.mark.parametrize("example", [each for name, each in examples() if name != "machineset"], ids=lambda e: e.line)
def test_an_example_does_what_it_says(
    plugin: Plugin, example: Example, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "kubectl-arm64"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    code, err = run(plugin, example.line)
    assert code == example.code, err


def test_the_examples_of_machineset_do_what_they_say(plugin: Plugin) -> None:
    assert plugin("bootimage").code == 0
    for name, example in examples():
        if name == "machineset":
            code, err = run(plugin, example.line)
            assert code == example.code, f"{example.line}: {err}"
