"""`make demo`: what it shows is what the README promises, and what it asks of Azure is what Azure describes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.conftest import IMPATIENT, ROOT
from tests.plugin import install
from tests.sandbox.server import Sandbox


def test_the_demo_publishes_applies_and_then_finds_nothing_left_to_do(sandbox: Sandbox, tmp_path: Path) -> None:
    environ = {**sandbox.environment(os.environ), **IMPATIENT}
    environ["PATH"] = f"{install(tmp_path).parent}{os.pathsep}{os.environ['PATH']}"
    demo = subprocess.run([ROOT / "scripts/demo"], env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert demo.returncode == 0, demo.stderr
    first, again = demo.stdout.split("== Again")
    assert "machineset.machine.openshift.io/prod-7x2kq-worker-arm64-eastus1 created" in first
    assert "machineset.machine.openshift.io/prod-7x2kq-worker-arm64-eastus1 unchanged" in again
