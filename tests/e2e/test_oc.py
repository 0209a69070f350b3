"""The plugin through the real oc."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import golang
from tests.sandbox.server import Sandbox

Oc = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def oc_program(obtain: Callable[..., Any]) -> Path:
    return Path(obtain("oc", golang.oc)) / "oc"


@pytest.fixture
def oc(oc_program: Path, tmp_path: Path) -> Oc:
    """`oc(words, sandbox)`: oc with the plugin on its PATH, as pip installed it."""
    (tmp_path / "kubectl-arm64").symlink_to(Path(sys.executable).parent / "kubectl-arm64")

    def run(*words: str, sandbox: Sandbox | None = None) -> subprocess.CompletedProcess[str]:
        environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.defpath}", "KUBECTL_ARM64_POLL_SECONDS": "0"}
        return subprocess.run(
            [oc_program, *words],
            env=sandbox.environment(environment) if sandbox else environment,
            capture_output=True,
            text=True,
            timeout=300,
            stdin=subprocess.DEVNULL,
        )

    return run


def test_when_oc_is_asked_for_help_the_plugin_answers(oc: Oc) -> None:
    ran = oc("arm64", "--help")
    assert ran.returncode == 0, ran.stderr
    assert "bootimage" in ran.stdout


def test_when_a_shell_runs_oc_help_says_oc(oc_program: Path, tmp_path: Path) -> None:
    """Under oc, argv[0] is kubectl-arm64 all the same; the shell's `_` tells."""
    (tmp_path / "kubectl-arm64").symlink_to(Path(sys.executable).parent / "kubectl-arm64")
    (tmp_path / "oc").symlink_to(oc_program)
    environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.defpath}"}
    ran = subprocess.run(
        ["bash", "-c", "oc arm64 machineset --help; true"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert "  oc arm64 machineset [options]" in ran.stdout
    assert "kubectl arm64" not in ran.stdout


def test_when_the_plugin_fails_oc_passes_its_exit_code_on(oc: Oc) -> None:
    ran = oc("arm64", "bootimage")
    assert ran.returncode == 4
    assert ran.stderr.startswith("error: ")


def test_when_oc_runs_both_commands_the_machineset_stands_in_the_cluster(oc: Oc, sandbox: Sandbox) -> None:
    published = oc("arm64", "bootimage", "-o", "name", sandbox=sandbox)
    assert published.returncode == 0, published.stderr
    applied = oc("arm64", "machineset", "--apply", sandbox=sandbox)
    assert applied.returncode == 0, applied.stderr
    name = applied.stdout.split()[0]
    shown = oc(
        *("get", name, "-n", "openshift-machine-api"),
        *("-o", "jsonpath={.spec.template.spec.providerSpec.value.image.resourceID}"),
        sandbox=sandbox,
    )
    assert shown.stdout == published.stdout.strip()
