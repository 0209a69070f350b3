"""Work beside other work."""

from __future__ import annotations

import threading

import pytest

from kubectl_arm64.errors import Failure
from kubectl_arm64.pipeline.beside import Beside


def test_when_both_are_done_it_ends() -> None:
    done = []
    with Beside(lambda: done.append("beside")):
        done.append("main")
    assert sorted(done) == ["beside", "main"]


def test_when_the_work_beside_fails_its_failure_is_raised_at_the_end() -> None:
    def fail() -> None:
        raise Failure("no gallery")

    with pytest.raises(Failure, match="no gallery"), Beside(fail):
        pass


def test_when_the_caller_fails_the_work_beside_still_ends_first() -> None:
    started, done = threading.Event(), []

    def work() -> None:
        started.wait()
        done.append("beside")

    def copy() -> None:
        started.set()
        raise Failure("no copy")

    with pytest.raises(Failure, match="no copy"), Beside(work):
        copy()
    assert done == ["beside"]


def test_when_a_signal_ends_the_caller_nobody_waits() -> None:
    never = threading.Event()
    with pytest.raises(KeyboardInterrupt), Beside(never.wait):
        raise KeyboardInterrupt
    never.set()
