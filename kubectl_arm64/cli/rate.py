"""How fast something goes, told so that neither the speed nor the time left jumps. Pure."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

WINDOW_SECONDS = 10.0  # what was seen so long ago counts a third of what is seen now
SETTLED_SECONDS = 2.0  # before that the first answers of a burst would pass for the speed


class Rate:
    """Units per second, weighted exponentially over time (not over looks, which come as they like).

    What was there at the first look counts for nothing: an earlier run did it. Nor does what is undone: where `done`
    falls, a start over begins anew.

    A constant speed is told exactly. A burst of n units adds no more than n / WINDOW_SECONDS, and while less than that
    has been seen, its share of the time since the first look.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: float | None = None
        self._at = 0.0
        self._done = 0
        self._weighted = 0.0

    def __call__(self, done: int) -> float:
        """The speed with this look; 0.0 while it is not known."""
        now = self._clock()
        if self._begun is None or done < self._done:
            self._begun, self._at, self._done, self._weighted = now, now, done, 0.0
        elif now > self._at:
            kept = math.exp(-(now - self._at) / WINDOW_SECONDS)
            speed = (done - self._done) / (now - self._at)
            self._weighted = self._weighted * kept + speed * (1 - kept)
            self._at, self._done = now, done
        seen = self._at - self._begun
        return self._weighted / -math.expm1(-seen / WINDOW_SECONDS) if seen >= SETTLED_SECONDS else 0.0
