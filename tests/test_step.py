"""The state machine behind every resource."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from kubectl_arm64.errors import Failure, NotFinished, Refused
from kubectl_arm64.pipeline.step import Observed, Operation, Outcome, Pace, State, begin, ensure

MISSING, READY = Observed(State.MISSING), Observed(State.READY)


def pending(note: str = "") -> Observed:
    return Observed(State.PENDING, note)


@dataclass
class Running:
    """An operation that is done at the n-th poll."""

    polls: int
    retry_after: float | None = None
    fails: str = ""

    def finished(self) -> bool:
        self.polls -= 1
        if self.polls <= 0 and self.fails:
            raise Failure(self.fails)
        return self.polls <= 0


@dataclass(eq=False)
class Resource:
    """A step that shows one look after another; the last one stays."""

    looks: list[Observed]
    operation: Operation | None = None
    starts: int = 0
    title: str = "gallery g"
    action: str = ""

    def observe(self) -> Observed:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def start(self) -> Operation | None:
        self.starts += 1
        return self.operation


@dataclass
class Heard:
    """A reporter that remembers."""

    lines: list[str] = field(default_factory=list)

    def started(self, title: str, outcome: Outcome) -> None:
        self.lines.append(f"started {outcome.value}")

    def progress(self, title: str, observed: Observed) -> None:
        self.lines.append(f"progress {observed.note}")

    def finished(self, title: str, outcome: Outcome) -> None:
        self.lines.append(f"finished {outcome.value}")

    def note(self, text: str) -> None:
        self.lines.append(text)


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, *, interval: float = 10, timeout: float = 7200) -> Pace:
        return Pace(interval, timeout, self.clock, self.sleep)


def test_when_the_resource_is_ready_it_is_found_and_nothing_is_written() -> None:
    step, heard = Resource([READY]), Heard()
    assert ensure(step, Time().pace(), heard) is Outcome.FOUND
    assert (step.starts, heard.lines) == (0, ["finished found"])


def test_when_the_resource_is_missing_it_is_started_once_and_awaited() -> None:
    step, time = Resource([MISSING, pending(), READY], Running(2)), Time()
    assert ensure(step, time.pace(), Heard()) is Outcome.CREATED
    assert (step.starts, time.slept) == (1, [10])


def test_when_a_write_takes_effect_at_once_it_is_not_looked_at_again() -> None:
    step, heard = Resource([MISSING, pending()]), Heard()
    assert ensure(step, Time().pace(), heard) is Outcome.CREATED
    assert heard.lines == ["finished created"]


@dataclass(eq=False)
class Contested(Resource):
    """A step whose write conflicts with another's."""

    def start(self) -> Operation | None:
        raise Refused("cannot create gallery g: a concurrent request", code="Conflict")


def test_when_another_run_was_a_moment_faster_its_work_is_joined() -> None:
    step, heard = Contested([MISSING, pending(), READY]), Heard()
    assert ensure(step, Time().pace(), heard) is Outcome.RESUMED
    assert heard.lines[0] == "started resumed"


def test_when_something_conflicts_that_does_not_show_itself_it_is_raised() -> None:
    with pytest.raises(Refused, match="a concurrent request"):
        ensure(Contested([MISSING]), Time().pace(), Heard())


def test_when_the_work_is_running_already_it_is_joined_without_a_write() -> None:
    step, heard = Resource([pending("40 %"), pending("60 %"), READY]), Heard()
    assert ensure(step, Time().pace(), heard) is Outcome.RESUMED
    assert (step.starts, heard.lines) == (0, ["started resumed", "progress 60 %", "finished resumed"])


def test_when_the_service_asks_to_wait_its_seconds_replace_the_interval() -> None:
    time = Time()
    ensure(Resource([MISSING, pending(), READY], Running(2, retry_after=17)), time.pace(), Heard())
    assert time.slept == [17]


def test_when_the_service_asks_for_no_wait_it_is_not_asked_without_pause() -> None:
    time = Time()
    ensure(Resource([MISSING, pending(), READY], Running(2, retry_after=0)), time.pace(), Heard())
    assert time.slept == [1]


def test_when_the_operation_fails_its_own_words_are_raised() -> None:
    step = Resource([MISSING, pending()], Running(1, fails="InvalidVhd: the footer is broken"))
    with pytest.raises(Failure, match="InvalidVhd: the footer is broken"):
        ensure(step, Time().pace(), Heard())


def test_when_the_time_is_over_it_says_how_far_the_work_is() -> None:
    step = Resource([pending("Creating, westeurope 60 %")])
    with pytest.raises(NotFinished, match="gallery g is not ready yet: Creating, westeurope 60 %") as caught:
        ensure(step, Time().pace(timeout=25), Heard())
    assert caught.value.exit_code == 8


def test_when_the_resource_vanishes_while_awaited_it_fails_instead_of_waiting_for_ever() -> None:
    with pytest.raises(Failure, match="is gone or failed"):
        ensure(Resource([pending(), MISSING]), Time().pace(), Heard())


def test_when_a_look_was_just_taken_begin_does_not_look_again() -> None:
    step = Resource([READY], Running(1))
    assert begin(step, Heard(), MISSING).outcome is Outcome.CREATED
    assert step.starts == 1
