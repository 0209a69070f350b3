"""The one state machine: observe, start what is missing, await what runs, refuse what is not ours.

Azure is the only record of progress, so to run again is to resume, and no state file exists.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from kubectl_arm64.errors import Failure, NotFinished, Refused

_LEAST_SECONDS = 1.0  # between two looks, even where the service asks for none (Retry-After: 0)
CONFLICT = "Conflict"  # Azure's word for an operation that is under way on the same resource


class State(Enum):
    """What a resource was found to be; what is not ours or does not match raises Refused instead."""

    MISSING = "missing"
    PENDING = "pending"
    READY = "ready"


class Outcome(Enum):
    """How a step came to be ready."""

    FOUND = "found"
    RESUMED = "resumed"
    CREATED = "created"
    VERIFIED = "verified"  # of what was there already, and was looked through


@dataclass(frozen=True)
class Observed:
    """One look at one resource. `note` is for people; `progress` is done and total, in the step's unit.

    `again`: it is MISSING because what was awaited is hopeless and may be started once more.
    """

    state: State
    note: str = ""
    progress: tuple[int, int] | None = None
    again: bool = False


class Operation(Protocol):
    """A long-running operation that Azure has accepted."""

    def finished(self) -> bool:
        """One poll. Raises Failure with Azure's own code and sentence when the operation failed."""

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asked to wait before the next poll, None when it did not ask."""


class Step(Protocol):
    """One resource."""

    @property
    def action(self) -> str:
        """The right that `start` needs, as role definitions spell it; "" where it is not one of Resource Manager's."""

    @property
    def title(self) -> str:
        """What it is, with its name: `storage account rhcosabc`."""

    def observe(self) -> Observed:
        """Read only. Raises Refused for what is not ours or does not match, Failure for what failed."""

    def start(self) -> Operation | None:
        """One write; returns before the work is done, None where it took effect at once."""


class Reporter(Protocol):
    """Told what happens; draws it for people or writes it down for programs."""

    def started(self, title: str, outcome: Outcome) -> None:
        """Work on a step goes on: CREATED was just started, RESUMED was running already."""

    def progress(self, title: str, observed: Observed) -> None:
        """One look at a step that is not ready."""

    def finished(self, title: str, outcome: Outcome) -> None:
        """A step is ready."""

    def note(self, text: str) -> None:
        """A sentence for people."""


@dataclass
class Pace:
    """How long to wait between two looks, and how long in all. Seconds; the clock can be replaced."""

    interval: float = 10.0
    timeout: float = 7200.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = self.clock() + self.timeout

    def wait(self, title: str, observed: Observed, asked: float | None) -> None:
        """Sleep until the next look; raise NotFinished where that would pass the deadline."""
        seconds = self.interval if asked is None else max(asked, min(self.interval, _LEAST_SECONDS))
        left = self.deadline - self.clock()
        if left <= 0:
            raise NotFinished(f"{title} is not ready yet{': ' * bool(observed.note)}{observed.note}")
        self.sleep(min(seconds, left))


@dataclass
class Begun:
    """A step that was observed, and started where it was missing."""

    step: Step
    outcome: Outcome
    operation: Operation | None
    last: Observed


def begin(step: Step, report: Reporter, observed: Observed | None = None) -> Begun:
    """Start what is missing. `observed` is a look taken a moment ago (the plan's)."""
    observed = observed or step.observe()
    if observed.state is State.READY:
        return Begun(step, Outcome.FOUND, None, observed)
    if observed.state is State.PENDING:
        report.started(step.title, Outcome.RESUMED)
        return Begun(step, Outcome.RESUMED, None, observed)
    try:
        operation = step.start()
    except Refused as refused:
        # Another run may have been a moment faster; what else conflicts does not show itself.
        if refused.code != CONFLICT or (observed := step.observe()).state is State.MISSING:
            raise
        report.started(step.title, Outcome.RESUMED)
        return Begun(step, Outcome.RESUMED, None, observed)
    if operation is None:
        return Begun(step, Outcome.CREATED, None, Observed(State.READY))
    report.started(step.title, Outcome.CREATED)
    return Begun(step, Outcome.CREATED, operation, observed)


def finish(begun: Begun, pace: Pace, report: Reporter) -> Outcome:
    """Await what was begun."""
    step, observed = begun.step, begun.last
    running = begun.operation
    while observed.state is not State.READY:
        if running is not None and running.finished():
            running = None
        observed = step.observe()
        if observed.state is State.READY and running is None:
            break
        if observed.again and running is None:
            report.note(f"{step.title}: {observed.note}")
            running = step.start()
            continue
        if observed.state is State.MISSING and running is None:
            raise Failure(
                f"{step.title} is gone or failed while it was awaited{': ' * bool(observed.note)}{observed.note}",
                "run the same command again",
            )
        report.progress(step.title, observed)
        pace.wait(step.title, observed, running.retry_after if running else None)
        observed = Observed(State.PENDING, observed.note, observed.progress)
    report.finished(step.title, begun.outcome)
    return begun.outcome


def ensure(step: Step, pace: Pace, report: Reporter, observed: Observed | None = None) -> Outcome:
    """Begin and finish one step."""
    return finish(begin(step, report, observed), pace, report)
