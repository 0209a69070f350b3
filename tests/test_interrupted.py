"""Ctrl-C, SIGTERM and SIGHUP leave a state from which the same command goes on, and say so."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import IMPATIENT, ROOT
from tests.plugin import COMMAND
from tests.sandbox.server import Sandbox

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 60  # seconds for a program to start on a busy machine


@pytest.fixture
def heeded() -> Iterator[None]:
    """Signals are not ignored, though children inherit that from whatever started us (nohup, `&` in a script)."""
    ignored = [each for each in ENDING if signal.getsignal(each) is signal.SIG_IGN]
    for each in ignored:
        signal.signal(each, signal.SIG_DFL)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_when_a_signal_ends_the_run_it_says_how_to_go_on_and_the_next_run_does(
    sandbox: Sandbox, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    environ = {**sandbox.environment(os.environ), **IMPATIENT}
    command = [*COMMAND, "bootimage", "--tag", "env=prod"]
    stalled = sandbox.fault("/galleries/rhcos_prod_7x2kq[?]", method="PUT", action="stall", after=True)
    with subprocess.Popen(command, env=environ, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert stalled.met.wait(PATIENCE)
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == code, said
    assert "error: interrupted; what Azure has begun goes on there" in said
    assert "go on with: kubectl arm64 bootimage --tag env=prod" in said
    assert "Traceback" not in said
    again = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert len(sandbox.asked("PUT", "/galleries/rhcos_prod_7x2kq[?]")) == 1
