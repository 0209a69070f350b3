"""Completion through the real kubectl's and oc's `__complete`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import golang
from tests.e2e.plugin import plugin
from tests.sandbox.server import Sandbox

Complete = Callable[..., list[str]]


@pytest.fixture(params=["kubectl", "oc"])
def complete(request: pytest.FixtureRequest, obtain: Callable[..., Any], go_programs: Path, tmp_path: Path) -> Complete:
    """`complete(words, sandbox)`: what the client offers for the last word, then the directive."""
    programs = go_programs if request.param == "kubectl" else Path(obtain("oc", golang.oc))
    program = tmp_path / "kubectl-arm64"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m kubectl_arm64 "$@"\n')
    program.chmod(0o755)
    assert plugin("completion", "install", "--directory", str(tmp_path)).returncode == 0

    def run(*words: str, sandbox: Sandbox | None = None) -> list[str]:
        environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.defpath}"}
        process = subprocess.run(
            [programs / request.param, "__complete", *words],
            env=sandbox.environment(environment) if sandbox else environment,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        return [line.partition("\t")[0] for line in process.stdout.splitlines()]

    return run


def test_commands_flags_and_their_values_are_offered(complete: Complete) -> None:
    assert complete("arm64", "mach") == ["machineset", ":4"]
    assert complete("arm64", "machineset", "--forc") == ["--force", "--force-conflicts", ":4"]
    assert complete("arm64", "machineset", "--dry-run", "") == ["none", "client", "server", ":4"]
    assert complete("arm64", "machineset", "--dry-run=s") == ["server", ":4"]


def test_names_of_the_cluster_are_offered(complete: Complete, sandbox: Sandbox) -> None:
    offered = complete("arm64", "machineset", "--from", "prod-7x2kq-worker-eastus", sandbox=sandbox)
    assert offered[-1] == ":4"
    assert "prod-7x2kq-worker-eastus1" in offered
