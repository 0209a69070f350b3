"""Work in threads of its own, beside the caller or side by side.

Daemons, unlike those of concurrent.futures: a signal ends the run at once, whatever is under way.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

Result = TypeVar("Result")
_Ended = tuple[str, Any, BaseException | None]  # which work, what it gave, what it raised

_HEARING_SECONDS = 0.2  # between two waits, which is when Windows hears of a signal


def side_by_side(works: Mapping[str, Callable[[], Result]]) -> dict[str, Result]:
    """What each of `works` gives, by its name; each has a thread of its own. Raises what the first to fail raised."""
    ended: queue.SimpleQueue[_Ended] = queue.SimpleQueue()
    for name, work in works.items():
        _start(name, work, ended)
    found: dict[str, Result] = {}
    while len(found) < len(works):
        name, result = _next(ended)
        found[name] = result
    return found


class Beside:
    """`with Beside(work): ...` starts `work` at once, and ends when both have ended; raises what either raised.

    A signal does not wait for it.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._ended: queue.SimpleQueue[_Ended] = queue.SimpleQueue()

    def __enter__(self) -> None:
        _start("", self._work, self._ended)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if value is not None and not isinstance(value, Exception):
            return
        try:
            _next(self._ended)
        except Exception:
            if value is None:
                raise


def _start(name: str, work: Callable[[], object], ended: queue.SimpleQueue[_Ended]) -> None:
    def run() -> None:
        try:
            ended.put((name, work(), None))
        except BaseException as failure:  # whatever it is, it is raised where the work comes from
            ended.put((name, None, failure))

    threading.Thread(target=run, name=f"beside-{name}", daemon=True).start()


def _next(ended: queue.SimpleQueue[_Ended]) -> tuple[str, Any]:
    """The next work that has ended, and what it gave. Raises what it raised."""
    while True:
        try:
            name, result, failure = ended.get(timeout=_HEARING_SECONDS)
        except queue.Empty:
            continue
        if failure is not None:
            raise failure
        return name, result
