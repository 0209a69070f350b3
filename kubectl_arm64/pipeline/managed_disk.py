"""One managed disk, and the patience that it needs: of two operations on a disk Azure refuses the second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from kubectl_arm64.copy.ports import PageTarget
from kubectl_arm64.errors import Refused
from kubectl_arm64.names import TAG
from kubectl_arm64.pipeline.ownership import check_location, is_ours
from kubectl_arm64.pipeline.ports import Disks, Resource
from kubectl_arm64.pipeline.step import CONFLICT, Observed, Operation, Pace, State

UPLOADING = ("ReadyToUpload", "ActiveUpload")
_SETTLED = ("Succeeded", "Failed", "Canceled")

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
        """The disk, when it is made or has failed; a run that was killed may have left it in the making."""
        while (disk := self.get()) is not None:
            state = provisioning_of(disk)
            if state in _SETTLED:
                return disk
            self._wait(state)
        return None

    def check(self, disk: Resource, location: str) -> None:
        """Raise Refused for one that is not ours to write into."""
        if not is_ours(disk):
            raise Refused(
                f"{self.title} exists and does not carry the tag {TAG}: this tool did not make it",
                "delete or rename it, or use --staging account",
            )
        check_location(self.title, disk, location, "delete it, or use --staging account")
        if state_of(disk) not in (*UPLOADING, "Unattached"):
            raise Refused(
                f"{self.title} is in use (state {state_of(disk)})",
                f"detach it, or end its access (az disk revoke-access -g {self.group} -n {self.name}), "
                "then run the same command again",
            )

    def create(self, body: Resource) -> None:
        try:
            operation = self._disks.create(self.group, self.name, body)
        except Refused as refused:
            if refused.code != CONFLICT:
                raise
            return  # another run makes it at this moment: `settled` awaits it
        self._finish(operation)

    def tag(self, tags: Mapping[str, str]) -> None:
        self._await(lambda: self._disks.tag(self.group, self.name, tags))

    def open(self, seconds: int) -> PageTarget:
        return self._undisturbed(lambda: self._disks.open(self.group, self.name, seconds))

    def close(self) -> None:
        self._await(lambda: self._disks.close(self.group, self.name))

    def delete(self) -> None:
        self._await(lambda: self._disks.delete(self.group, self.name))

    def _await(self, begin: Callable[[], Operation]) -> None:
        self._finish(self._undisturbed(begin))

    def _finish(self, operation: Operation) -> None:
        while not operation.finished():
            self._wait("", operation.retry_after)

    def _undisturbed(self, call: Callable[[], T]) -> T:
        """What `call` answers when no other operation on the disk is under way any more."""
        while True:
            try:
                return call()
            except Refused as refused:
                if refused.code != CONFLICT:
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


def provisioning_of(disk: Resource) -> str:
    """Azure's `provisioningState`."""
    return str(disk["properties"].get("provisioningState", "Succeeded"))


def architecture_of(disk: Resource) -> str:
    """Azure's word for it; x64 where a disk does not say."""
    return str((disk["properties"].get("supportedCapabilities") or {}).get("architecture", "x64"))
