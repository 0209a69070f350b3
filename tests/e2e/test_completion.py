"""Completion through the real kubectl's and oc's `__complete`."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_arm64.cli import static
from tests.e2e import golang
from tests.e2e.plugin import plugin
from tests.plugin import install
from tests.sandbox.server import Sandbox

Complete = Callable[..., list[str]]


@pytest.fixture(params=["kubectl", "oc"])
def complete(request: pytest.FixtureRequest, obtain: Callable[..., Any], go_programs: Path, tmp_path: Path) -> Complete:
    """`complete(words, sandbox)`: what the client offers for the last word, then the directive."""
    programs = go_programs if request.param == "kubectl" else Path(obtain("oc", golang.oc))
    install(tmp_path)
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


def test_every_enumeration_is_offered_with_its_values(complete: Complete) -> None:
    for command in ("bootimage", "machineset"):
        for flag in static.COMMANDS[command].flags:
            if flag.choices:
                offered = complete("arm64", command, f"{flag.name}=")
                assert offered == [*flag.choices, *flag.prefixes, ":4"]


def test_sizes_and_images_of_azure_are_offered_at_the_first_tab_or_a_later_one(
    complete: Complete, sandbox: Sandbox
) -> None:
    published = plugin("bootimage", "-o", "name", sandbox=sandbox).stdout.strip()
    wanted = {
        ("--vm-size", "Standard_D4ps_"): "Standard_D4ps_v5",
        ("--image-version", ""): published.rpartition("/")[2],
        ("--image", "/resourceGroups/"): published,
    }
    for (flag, start), name in wanted.items():
        until = time.monotonic() + 60
        while (offered := complete("arm64", "machineset", flag, start, sandbox=sandbox)) == [":4"]:
            assert time.monotonic() < until  # the lookup goes on; meanwhile there is nothing
        assert name in offered


def test_without_a_cluster_or_azure_nothing_is_offered_nor_said(complete: Complete) -> None:
    for flag in ("--from", "--vm-size", "--image-version", "--namespace"):
        assert complete("arm64", "machineset", flag, "") == [":4"]


def test_names_of_the_cluster_are_offered(complete: Complete, sandbox: Sandbox) -> None:
    offered = complete("arm64", "machineset", "--from", "prod-7x2kq-worker-eastus", sandbox=sandbox)
    assert offered[-1] == ":4"
    assert "prod-7x2kq-worker-eastus1" in offered
