"""An asynchronous copy that gains no byte: waited for with patience, given up with words, started anew on demand."""

from __future__ import annotations

import pytest

from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import Failure
from kubectl_arm64.pipeline.step import Outcome, ensure
from kubectl_arm64.pipeline.vhd import Copier, VhdStep
from tests.copying import BLOB, Place, copied, same_bytes, source
from tests.sandbox.server import Sandbox
from tests.test_copy_engine import Listener, place
from tests.test_step import Heard, Time

__all__ = ["place"]  # the fixture

ABORT = "comp=copy(&|$)"


def follow(copier: Copier, time: Time, heard: Heard, *, attended: bool = False) -> Outcome:
    return ensure(VhdStep(BLOB, lambda: copier, attended=attended), time.pace(), heard)


@pytest.fixture
def stuck(place: Place, sandbox: Sandbox) -> Place:
    """A copy that another run started, and that goes no further than 3 of 4 parts."""
    sandbox.knobs.copy_outcome, sandbox.knobs.polls["copy"] = "stuck", 4
    place.asynchronous().start()
    return place


def test_when_it_stands_still_for_fifteen_minutes_one_error_tells_what_and_what_to_do(
    stuck: Place, sandbox: Sandbox
) -> None:
    time = Time()
    with pytest.raises(Failure) as caught:
        follow(stuck.asynchronous(Terms(clock=time.clock)), time, Heard())
    copy_id = copied(sandbox).properties["copy"]["id"]
    assert f"for 15 minutes (copy ID {copy_id})" in caught.value.what
    assert "run the same command again to go on waiting, or with --abort-copy" in caught.value.advice
    assert 900 <= time.now < 960
    assert sandbox.asked("PUT", ABORT) == []


def test_while_it_is_awaited_nothing_but_head_is_asked(stuck: Place, sandbox: Sandbox) -> None:
    sandbox.exchanges.clear()
    time = Time()
    with pytest.raises(Failure):
        follow(stuck.asynchronous(Terms(clock=time.clock)), time, Heard())
    assert {each["method"] for each in sandbox.asked("", "rhcos4wl9m.blob")} == {"HEAD"}


def test_with_abort_copy_it_is_aborted_and_started_again(stuck: Place, sandbox: Sandbox) -> None:
    sandbox.fault(ABORT, method="PUT", nth=2, times=9)  # a second one would fail
    time, heard = Time(), Heard()

    def note(text: str) -> None:
        sandbox.knobs.copy_outcome = "success"

    copy = stuck.asynchronous(Terms(clock=time.clock, note=note), abort_foreign=True)
    follow(copy, time, heard)
    assert any("has stood still" in line and "it is started anew" in line for line in heard.lines)
    assert len(sandbox.asked("PUT", ABORT)) == 1
    assert same_bytes(source(sandbox).store, copied(sandbox).store)


def test_with_abort_copy_a_second_standstill_ends_the_run(stuck: Place, sandbox: Sandbox) -> None:
    time = Time()
    copy = stuck.asynchronous(Terms(clock=time.clock), abort_foreign=True)
    with pytest.raises(Failure, match="for 15 minutes"):
        follow(copy, time, Heard())
    assert len(sandbox.asked("PUT", ABORT)) == 1


def test_with_abort_copy_pages_go_into_the_place_of_a_stuck_copy(stuck: Place, sandbox: Sandbox) -> None:
    here = Listener()
    follow(stuck.copy(here.terms(), abort_foreign=True), here.time, Heard(), attended=True)
    assert same_bytes(source(sandbox).store, copied(sandbox).store)
    assert len(sandbox.asked("PUT", ABORT)) == 1
