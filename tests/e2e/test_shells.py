"""The scripts of `completion bash|zsh|fish` in their shells, on a terminal where somebody presses Tab."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.installing import from_debian
from tests.e2e.terminal import Terminal
from tests.plugin import install

Obtain = Callable[..., Any]
Offered = Callable[[str], dict[str, str]]

_QUIET = {"bash": ("--norc", "--noprofile", "-i"), "zsh": ("-f", "-i")}
_SETUP = {
    "bash": "bind 'set show-all-if-ambiguous on'; source <(kubectl-arm64 completion bash); PS1='> '",
    "zsh": "autoload -U compinit; compinit -u -D; source <(kubectl-arm64 completion zsh); LISTMAX=999; PS1='> '",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of its own, and the plugin on the PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    install(programs)
    (tmp_path / "config").write_text("contexts: [{name: prod}, {name: 'test:6443/admin'}]\n")
    return {"HOME": str(tmp_path), "PATH": f"{programs}:{os.defpath}", "KUBECONFIG": str(tmp_path / "config")}


@pytest.fixture(params=["bash", "zsh"])
def terminal(request: pytest.FixtureRequest, obtain: Obtain, environment: dict[str, str]) -> Iterator[Terminal]:
    """A shell that has read the script."""
    shell = obtain(request.param, lambda: from_debian(request.param))
    with Terminal([shell, *_QUIET[request.param]], environment) as terminal:
        terminal.type(f"{_SETUP[request.param]}; echo re''ad\n")
        terminal.expect("read")
        yield terminal


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("kubectl-arm64 mach\t", "machineset "),
        ("kubectl-arm64 machineset --repl\t", "--replicas"),
        ("kubectl-arm64 machineset --dry-run=s\t", "--dry-run=server"),
        ("kubectl-arm64 --context test\t", "admin"),
        ("kubectl-arm64 bootimage --storage-auth l\t", "login"),
    ],
)
def test_what_can_be_one_word_alone_is_completed(terminal: Terminal, typed: str, completed: str) -> None:
    terminal.type(typed)
    terminal.expect(completed)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("kubectl-arm64 \t\t", ["bootimage", "completion", "machineset", "version"]),
        ("kubectl-arm64 machineset --forc\t\t", ["--force", "--force-conflicts"]),
        ("kubectl-arm64 machineset --dry-run \t\t", ["none", "client", "server"]),
        ("kubectl-arm64 bootimage --copy=\t\t", ["auto", "ranges", "async"]),
    ],
)
def test_what_can_be_several_is_offered(terminal: Terminal, typed: str, offered: Sequence[str]) -> None:
    terminal.type(typed)
    terminal.expect(*offered)


@pytest.mark.parametrize("terminal", ["zsh"], indirect=True)
def test_zsh_shows_what_each_means(terminal: Terminal) -> None:
    terminal.type("kubectl-arm64 machineset --forc\t\t")
    terminal.expect("--force-conflicts  -- Take over fields that another manager owns.")


@pytest.fixture
def fish(obtain: Obtain, environment: dict[str, str]) -> Offered:
    """What fish offers for a command line, and what each means."""
    shell = obtain("fish", lambda: from_debian("fish"))

    def offered(typed: str) -> dict[str, str]:
        ran = subprocess.run(
            [shell, "--no-config", "-c", "kubectl-arm64 completion fish | source; complete -C $argv[1]", typed],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        lines = (line.partition("\t") for line in ran.stdout.splitlines())
        return {name: about for name, _, about in lines}

    return offered


def test_fish_offers_commands_flags_and_values_with_what_they_mean(fish: Offered) -> None:
    assert fish("kubectl-arm64 vers") == {"version": "Print the version"}
    assert list(fish("kubectl-arm64 machineset --forc")) == ["--force", "--force-conflicts"]
    assert set(fish("kubectl-arm64 machineset --dry-run ")) == {"none", "client", "server"}
    assert fish("kubectl-arm64 machineset --dry-run=s") == {"--dry-run=server": ""}
    assert set(fish("kubectl-arm64 --context ")) == {"prod", "test:6443/admin"}


def test_fish_offers_files_where_a_file_is_wanted(fish: Offered, environment: dict[str, str]) -> None:
    assert list(fish(f"kubectl-arm64 machineset -f {environment['HOME']}/conf")) == [f"{environment['HOME']}/config"]
