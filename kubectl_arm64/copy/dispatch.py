"""Many requests at a time: as many as the service takes, and each again that may succeed later."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from kubectl_arm64.copy.aimd import Width
from kubectl_arm64.copy.lease import Lease, NoLease
from kubectl_arm64.copy.ranges import Span
from kubectl_arm64.copy.terms import AGAIN, STALL_SECONDS, Terms
from kubectl_arm64.copy.troubles import TRIES, Busy, LeaseLost, pause
from kubectl_arm64.copy.workers import Workers
from kubectl_arm64.errors import Failure, NotFinished

QUIET_SECONDS = 30.0  # without trouble, and a wave of troubles is over
_TICK_SECONDS = 1.0


@dataclass(order=True)
class Attempt:
    """One cell on its way; those that failed are due again at `due`."""

    due: float
    cell: Span
    tries: int = field(default=0, compare=False)
    generation: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Errand:
    """What is sent, and the words for it: `title` for what stands still, `so_far` for how far it came in its time."""

    send: Callable[[Span], None]
    title: str
    so_far: Callable[[], str]


class Dispatch:
    """Sends cells, one request each. `lease` is renewed when a request finds it lost."""

    def __init__(self, errand: Errand, terms: Terms, lease: Lease | NoLease | None = None) -> None:
        self._errand = errand
        self._terms = terms
        self._lease = lease or NoLease()
        self._width = Width(terms.parallel)
        self._again: list[Attempt] = []  # a heap: what is due first comes first
        self._gained_at = terms.clock()
        self._troubled_at = -math.inf

    def done(self, cells: Iterator[Span], has_room: Callable[[], bool] = lambda: True) -> Iterator[Span]:
        """Each cell when it is done, in whatever order; no new one is taken while there is no room for it.

        Raises what `send` raises beyond Busy and LeaseLost, and Failure with the way to go on when a request failed
        8 times or none was done for 5 minutes.
        """
        self._gained_at = self._terms.clock()
        with Workers(self._send, self._terms.parallel) as workers:
            while True:
                while workers.under_way < int(self._width) and (attempt := self._next(cells, has_room)):
                    workers.give(attempt)
                if not workers.under_way and not self._again:
                    return
                self._check_time()
                if cell := self._wait(workers):
                    yield cell
                    self._gained_at = self._terms.clock()  # what was done with it is no standstill

    def _wait(self, workers: Workers[Attempt]) -> Span | None:
        """For one answer, or until a cell is due again; not for long, since the time is to be checked."""
        if not workers.under_way:
            self._terms.sleep(min(max(0.0, self._again[0].due - self._terms.clock()), _TICK_SECONDS))
        elif done := workers.take(_TICK_SECONDS):
            attempt, error = done
            if error is None:
                self._width.succeeded()
                return attempt.cell
            self._troubled(attempt, error)
        return None

    def _next(self, cells: Iterator[Span], has_room: Callable[[], bool]) -> Attempt | None:
        """What failed and is due again goes before what was never tried."""
        if self._again and self._again[0].due <= self._terms.clock():
            attempt = heapq.heappop(self._again)
        elif has_room() and (cell := next(cells, None)):
            attempt = Attempt(0.0, cell)
        else:
            return None
        attempt.tries += 1
        attempt.generation = self._width.generation
        return attempt

    def _send(self, attempt: Attempt) -> None:
        self._errand.send(attempt.cell)

    def _troubled(self, attempt: Attempt, error: Exception) -> None:
        """Try again what may succeed; raise the rest.

        What is under way then is left alone: it carries the lease that ends here, and lands on nothing later.
        """
        if not isinstance(error, Busy | LeaseLost):
            raise error
        if attempt.tries == TRIES:
            raise Failure(f"{error.what}, {TRIES} times in a row", AGAIN, code=error.code) from error
        first = self._width.troubled(attempt.generation)
        if isinstance(error, Busy):
            self._note(error)
            self._retry(attempt, pause(attempt.tries, error.retry_after))
        else:
            if first:  # once for all that were under way; their next tries tell whether it holds now
                with suppress(Busy):
                    self._lease.renew()
            self._retry(attempt, pause(attempt.tries))

    def _retry(self, attempt: Attempt, seconds: float) -> None:
        attempt.due = self._terms.clock() + seconds
        heapq.heappush(self._again, attempt)

    def _note(self, busy: Busy) -> None:
        """One line for a wave, however many requests it hits."""
        now = self._terms.clock()
        if now - self._troubled_at > QUIET_SECONDS:
            told = busy.code or "no answer"
            self._terms.note(f"storage has trouble ({told}): going on with fewer requests at a time")
        self._troubled_at = now

    def _check_time(self) -> None:
        now = self._terms.clock()
        if now - self._gained_at > STALL_SECONDS:
            raise Failure(
                f"{self._errand.title} stands still: no byte was gained for {STALL_SECONDS / 60:.0f} minutes", AGAIN
            )
        if now > self._terms.deadline:
            raise NotFinished(self._errand.so_far(), AGAIN)
