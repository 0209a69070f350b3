"""Work beside other work."""

from __future__ import annotations

import threading

import pytest

from kubectl_arm64.beside import Beside, side_by_side
from kubectl_arm64.errors import Failure


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


def test_when_the_work_beside_is_ended_by_more_than_an_error_that_is_raised_too() -> None:
    def fail() -> None:
        raise SystemExit(141)

    with pytest.raises(SystemExit), Beside(fail):
        pass


# Side by side


def test_when_works_go_side_by_side_each_gives_what_it_found_by_its_name() -> None:
    together = threading.Barrier(3)

    def work() -> int:
        together.wait(10)  # none gets past before all have begun
        return threading.get_ident()

    found = side_by_side({"a": work, "b": work, "c": work})
    assert set(found) == {"a", "b", "c"}
    assert len(set(found.values())) == 3


def test_when_there_is_no_work_nothing_is_found() -> None:
    assert side_by_side({}) == {}


def test_when_one_of_them_fails_that_is_raised_and_nobody_waits_for_the_others() -> None:
    never = threading.Event()

    def fail() -> bool:
        raise Failure("no cluster")

    with pytest.raises(Failure, match="no cluster"):
        side_by_side({"slow": never.wait, "broken": fail})
    never.set()


def test_when_one_of_them_is_ended_by_more_than_an_error_that_is_raised_too() -> None:
    def fail() -> None:
        raise SystemExit(141)

    with pytest.raises(SystemExit):
        side_by_side({"broken": fail})
