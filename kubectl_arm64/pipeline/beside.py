"""Work that goes on in a thread of its own while the caller does something longer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType


class Beside:
    """`with Beside(work): ...` starts `work` at once, and ends when both have ended; raises what either raised.

    The thread is a daemon, and a signal does not wait for it.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if value is not None and not isinstance(value, Exception):
            return
        self._thread.join()
        if value is None and self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._work()
        except Exception as failure:
            self._failure = failure
