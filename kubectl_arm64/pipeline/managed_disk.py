"""One managed disk, and the patience that it needs: of two operations on a disk Azure refuses the second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from kubectl_arm64.copy.ports import PageTarget
from kubectl_arm64.errors import Failure, Refused
from kubectl_arm64.pipeline.ports import Disks, Resource
from kubectl_arm64.pipeline.step import Observed, Operation, Pace, State

UPLOADING = ("ReadyToUpload", "ActiveUpload")
_CONFLICT = "Conflict"  # Azure's word for an operation that is under way

T = TypeVar("T")


class ManagedDisk:
    """Every method returns when Azure is done; NotFinished where that passes the deadline of `pace`."""

    def __init__(self, disks: Disks, group: str, name: str, pace: Pace) -> None:
        self._disks = disks
        self._pace = pace
        self.group = group
        self.name = name

    @property
    def title(self) -> str:
        return f"managed disk {self.name}"

    def get(self) -> Resource | None:
        return self._disks.get(self.group, self.name)

    def settled(self) -> Resource | None:
        """The disk, when it is made; a run that was killed may have left it in the making."""
        while (disk := self.get()) is not None:
            state = disk["properties"].get("provisioningState", "Succeeded")
            if state == "Failed":
                raise Failure(f"{self.title} is in state Failed", "delete it, then run the same command again")
            if state == "Succeeded":
                return disk
            self._wait(str(state))
        return None

    def create(self, body: Resource) -> None:
        self._await(lambda: self._disks.create(self.group, self.name, body))

    def tag(self, tags: Mapping[str, str]) -> None:
        self._await(lambda: self._disks.tag(self.group, self.name, tags))

    def open(self, seconds: int) -> PageTarget:
        return self._undisturbed(lambda: self._disks.open(self.group, self.name, seconds))

    def close(self) -> None:
        self._await(lambda: self._disks.close(self.group, self.name))

    def delete(self) -> None:
        self._await(lambda: self._disks.delete(self.group, self.name))

    def _await(self, begin: Callable[[], Operation]) -> None:
        operation = self._undisturbed(begin)
        while not operation.finished():
            self._wait("", operation.retry_after)

    def _undisturbed(self, call: Callable[[], T]) -> T:
        """What `call` answers when no other operation on the disk is under way any more."""
        while True:
            try:
                return call()
            except Refused as refused:
                if refused.code != _CONFLICT:
                    raise
            self.get()
            self._wait("another operation on it is under way")

    def _wait(self, note: str, asked: float | None = None) -> None:
        self._pace.wait(self.title, Observed(State.PENDING, note), asked)


def is_disk(resource_id: str) -> bool:
    """Whether a resource ID is a managed disk's."""
    return "/providers/microsoft.compute/disks/" in resource_id.lower()


def state_of(disk: Resource) -> str:
    """Azure's `diskState`."""
    return str(disk["properties"].get("diskState", ""))


def tags_of(disk: Resource) -> Mapping[str, str]:
    return disk.get("tags") or {}
