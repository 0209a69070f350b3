"""Steps as one run takes them: looked at once, begun from that look, awaited at the run's pace."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_arm64.errors import NotFinished
from kubectl_arm64.pipeline.step import Begun, Observed, Outcome, Pace, Reporter, State, Step, begin, ensure, finish

_MISSING = Observed(State.MISSING)


@dataclass(frozen=True)
class Found:
    """One step and what was seen of it."""

    step: Step
    observed: Observed


class Steps:
    """`wait`: whether what Azure does by itself is awaited."""

    def __init__(self, pace: Pace, report: Reporter, *, wait: bool) -> None:
        self._pace = pace
        self._report = report
        self._wait = wait
        self._seen: dict[Step, Observed] = {}

    def look(self, step: Step, unless: Found | None = None) -> Found:
        """One look at a step; below a parent that is missing there is nothing to look at."""
        below_nothing = unless is not None and unless.observed.state is State.MISSING
        return self.seen(step, _MISSING if below_nothing else step.observe())

    def seen(self, step: Step, observed: Observed) -> Found:
        """What `begin` and `ensure` take for the step's state, once: what they do changes it."""
        self._seen[step] = observed
        return Found(step, observed)

    def ensure(self, step: Step) -> Outcome:
        return ensure(step, self._pace, self._report, self._seen.pop(step, None))

    def begin(self, step: Step) -> Begun:
        return begin(step, self._report, self._seen.pop(step, None))

    def finish(self, begun: Begun) -> None:
        """Raises NotFinished where nobody waits."""
        if not self._wait and begun.last.state is not State.READY:
            note = f": {begun.last.note}" if begun.last.note else ""
            raise NotFinished(f"{begun.step.title} is not ready yet{note}")
        self.attend(begun)

    def attend(self, begun: Begun) -> None:
        """Await what goes on only as long as this process does."""
        finish(begun, self._pace, self._report)
