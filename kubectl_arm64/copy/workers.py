"""Threads that each carry out one request at a time.

Daemons, unlike those of concurrent.futures: a run that is interrupted ends at once, whatever is under way.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

Job = TypeVar("Job")


class Workers(Generic[Job]):
    """Up to `most` threads that call `work`; each is started when there is a job for it."""

    def __init__(self, work: Callable[[Job], None], most: int) -> None:
        self._work = work
        self._most = most
        self._started = 0
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[Job, Exception | None]] = queue.SimpleQueue()
        self.under_way = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(self._started):
            self._jobs.put(None)

    def give(self, job: Job) -> None:
        """Have the next free thread do `job`."""
        self.under_way += 1
        if self._started < min(self.under_way, self._most):
            self._started += 1
            threading.Thread(target=self._run, name=f"copy-{self._started}", daemon=True).start()
        self._jobs.put(job)

    def take(self, seconds: float) -> tuple[Job, Exception | None] | None:
        """The next job that is done, and what it raised; None when there is none within `seconds`."""
        try:
            done = self._done.get(timeout=seconds)
        except queue.Empty:
            return None
        self.under_way -= 1
        return done

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._work(job)
            except Exception as error:  # whatever it is, it is raised where the jobs come from
                self._done.put((job, error))
            else:
                self._done.put((job, None))
