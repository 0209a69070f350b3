"""The page copier: the data of one page blob into another, by Put Page From URL, and nothing else.

It keeps no record. What is copied stands in the destination's own page ranges, so whoever starts it again goes on
where the last one was, however that one ended. The bytes never pass through this machine.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from kubectl_arm64.copy.aimd import Width
from kubectl_arm64.copy.cells import cells, missing, told_apart
from kubectl_arm64.copy.lease import Lease, NoLease
from kubectl_arm64.copy.listing import listed
from kubectl_arm64.copy.ports import BlobState, PageSource, PageTarget
from kubectl_arm64.copy.ranges import RangePage, Span
from kubectl_arm64.copy.troubles import TRIES, Busy, LeaseLost, pause
from kubectl_arm64.copy.workers import Workers
from kubectl_arm64.errors import Failure, NotFinished, Refused

PARALLEL = 32
MOST_PARALLEL = 64  # what the pool of connections holds
STALL_SECONDS = 300.0
QUIET_SECONDS = 30.0  # without trouble, and a wave of troubles is over
_TICK_SECONDS = 1.0
_TOLD_SECONDS = 0.25
AGAIN = "run the same command again: it copies only what is missing"


@dataclass(frozen=True)
class Terms:
    """How the copy may go about it: requests at a time, and the clock (seconds), which tests replace.

    `progress` is told bytes of data, done and in all; `note` a sentence for people.
    """

    parallel: int = PARALLEL
    progress: Callable[[int, int], None] = lambda done, total: None
    note: Callable[[str], None] = lambda text: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    deadline: float = math.inf


@dataclass(order=True)
class Attempt:
    """One cell on its way; those that failed are due again at `due`."""

    due: float
    cell: Span
    tries: int = field(default=0, compare=False)
    generation: int = field(default=0, compare=False)


class PageCopy:
    """Copies what `target` lacks of `source`, which must stay as `state` tells it; `lease` is held on the target."""

    def __init__(
        self, source: PageSource, state: BlobState, target: PageTarget, lease: Lease | NoLease, terms: Terms
    ) -> None:
        self._source = source
        self._state = state
        self._target = target
        self._lease = lease
        self._terms = terms
        self._width = Width(terms.parallel)
        self._again: list[Attempt] = []  # a heap: what is due first comes first
        self._total = 0
        self._done = 0
        self._gained_at = terms.clock()
        self._told_at = -math.inf
        self._troubled_at = -math.inf

    def run(self) -> None:
        """Return when the target holds every cell.

        Raises SourceChanged, NoPageCopy, and Failure with the way to go on, so when a request failed 8 times or no
        byte was gained for 5 minutes.
        """
        self._survey()
        # The lists are read once more while the cells go out: nothing here grows with the disk.
        self._copy(missing(self._cells(), self._covered()))
        self._tell()

    def _survey(self) -> None:
        """How much there is to do, and whether source and target can be what they should be."""
        end = 0
        for cell, there in told_apart(self._cells(), self._covered()):
            self._total += cell.length
            self._done += cell.length if there else 0
            end = cell.end
        if end != self._state.size:
            raise Failure(
                f"{self._source.shown} tells page ranges that cannot be: its VHD footer is in none of them",
                "copy it with --copy async",
            )
        if stray := next(missing(self._covered(), self._ranges()), None):
            raise Refused(
                f"{self._target.url} has data at {stray.start}-{stray.end}, where the source has none: "
                "somebody else wrote there",
                "delete it, then run the same command again",
            )

    def _ranges(self) -> Iterator[Span]:
        def fetch(window: Span, marker: str) -> RangePage:
            return self._source.page_ranges(window, marker, self._state.etag)

        return listed(fetch, self._state.size, self._source.shown, self._terms.sleep)

    def _covered(self) -> Iterator[Span]:
        return listed(self._target.page_ranges, self._state.size, self._target.url, self._terms.sleep)

    def _cells(self) -> Iterator[Span]:
        return cells(self._ranges())

    def _copy(self, wanted: Iterator[Span]) -> None:
        with Workers(self._put, self._terms.parallel) as workers:
            while True:
                while workers.under_way < int(self._width) and (attempt := self._next(wanted)):
                    workers.give(attempt)
                if workers.under_way:
                    self._take(workers)
                elif self._again:
                    self._terms.sleep(max(0.0, self._again[0].due - self._terms.clock()))
                else:
                    return
                self._check_time()

    def _next(self, wanted: Iterator[Span]) -> Attempt | None:
        """What failed and is due again goes before what was never tried."""
        if self._again and self._again[0].due <= self._terms.clock():
            attempt = heapq.heappop(self._again)
        elif cell := next(wanted, None):
            attempt = Attempt(0.0, cell)
        else:
            return None
        attempt.tries += 1
        attempt.generation = self._width.generation
        return attempt

    def _put(self, attempt: Attempt) -> None:
        self._target.copy_pages(attempt.cell, self._source.url, source_etag=self._state.etag, lease=self._lease.id)

    def _take(self, workers: Workers[Attempt]) -> None:
        """One answer, if one comes soon."""
        done = workers.take(_TICK_SECONDS)
        if done is None:
            return
        attempt, error = done
        if error is None:
            self._gained(attempt.cell)
        else:
            self._troubled(attempt, error)

    def _gained(self, cell: Span) -> None:
        self._width.succeeded()
        self._done += cell.length
        self._gained_at = self._terms.clock()
        if self._gained_at - self._told_at >= _TOLD_SECONDS:
            self._tell()

    def _troubled(self, attempt: Attempt, error: Exception) -> None:
        """Try again what may succeed; raise the rest.

        What is under way then is left alone: it carries the lease that ends here, and lands on nothing later.
        """
        if isinstance(error, LeaseLost) and attempt.tries < TRIES:
            with suppress(Busy):  # the next try tells whether it holds now
                self._lease.renew()
            self._retry(attempt, pause(attempt.tries))
        elif isinstance(error, Busy) and attempt.tries < TRIES:
            self._width.troubled(attempt.generation)
            self._retry(attempt, pause(attempt.tries, error.retry_after))
            self._note(error)
        elif isinstance(error, Busy | LeaseLost):
            raise Failure(f"{error.what}, {TRIES} times in a row", AGAIN, code=error.code) from error
        else:
            raise error

    def _retry(self, attempt: Attempt, seconds: float) -> None:
        attempt.due = self._terms.clock() + seconds
        heapq.heappush(self._again, attempt)

    def _note(self, busy: Busy) -> None:
        """One line for a wave, however many requests it hits."""
        now = self._terms.clock()
        if now - self._troubled_at > QUIET_SECONDS:
            told = busy.code or "no answer"
            self._terms.note(f"storage has trouble ({told}): the copy goes on with fewer requests at a time")
        self._troubled_at = now

    def _check_time(self) -> None:
        now = self._terms.clock()
        if now - self._gained_at > STALL_SECONDS:
            raise Failure(
                f"the copy into {self._target.url} stands still: "
                f"no byte was gained for {STALL_SECONDS / 60:.0f} minutes",
                AGAIN,
            )
        if now > self._terms.deadline:
            share = 100 * self._done // max(1, self._total)
            raise NotFinished(f"{share} % of the data is copied into {self._target.url}", AGAIN)

    def _tell(self) -> None:
        self._told_at = self._terms.clock()
        self._terms.progress(self._done, self._total)
