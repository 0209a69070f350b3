"""The VHD in our own account: whatever engine copies it, seen as a step."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import ClassVar, Protocol

from kubectl_arm64.copy.asynchronous import CopyPhase, Look
from kubectl_arm64.pipeline.step import Observed, Operation, State


class Copier(Protocol):
    """An engine that brings the VHD into its page blob."""

    def look(self) -> Look: ...

    def start(self) -> None: ...


class VhdStep:
    """The page blob that holds the VHD; progress in bytes.

    The copier is made at the first look, since it needs the account. `attended`: this process copies, not Azure.
    """

    action = ""

    _STATES: ClassVar = {
        CopyPhase.ABSENT: State.MISSING,
        CopyPhase.COPYING: State.PENDING,
        CopyPhase.COMPLETE: State.READY,
    }

    def __init__(self, blob: str, make_copier: Callable[[], Copier], *, attended: bool = False) -> None:
        self._blob = blob
        self._make_copier = make_copier
        self._attended = attended

    @property
    def title(self) -> str:
        return f"VHD {self._blob}"

    @cached_property
    def _copier(self) -> Copier:
        return self._make_copier()

    def observe(self) -> Observed:
        look = self._copier.look()
        progress = (look.done, look.total) if look.total else None
        return Observed(self._STATES[look.phase], look.note, progress, again=look.stuck)

    def start(self) -> Operation:
        if self._attended:
            return _Attended(self._copier)
        self._copier.start()
        return _Underway()


class _Attended:
    """A copy that goes on only while somebody attends to it: to await it is to do it."""

    retry_after = None

    def __init__(self, copier: Copier) -> None:
        self._copier = copier

    def finished(self) -> bool:
        self._copier.start()
        return True


class _Underway:
    """A copy has no operation to poll: looking at the blob is all."""

    retry_after = None

    def finished(self) -> bool:
        return True
