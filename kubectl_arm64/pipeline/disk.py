"""The managed disk that takes the VHD where there is to be no storage account, no key and no data role.

An image version is made from it, and it is removed when that is ready.
"""

from __future__ import annotations

from collections.abc import Callable

from kubectl_arm64.copy.engine import Terms
from kubectl_arm64.copy.ports import PageSource
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.errors import Failure, Refused
from kubectl_arm64.names import TAG, TAG_COMPLETE
from kubectl_arm64.pipeline.disk_upload import DiskUpload, of_source
from kubectl_arm64.pipeline.managed_disk import UPLOADING, ManagedDisk, state_of, tags_of
from kubectl_arm64.pipeline.ownership import check_location, is_ours
from kubectl_arm64.pipeline.ports import Disks, Resource
from kubectl_arm64.pipeline.step import Observed, Operation, Pace, State
from kubectl_arm64.plan import ImagePlan

RIGHTS = (
    "Microsoft.Compute/disks/read",
    "Microsoft.Compute/disks/write",
    "Microsoft.Compute/disks/beginGetAccess/action",
    "Microsoft.Compute/disks/endGetAccess/action",
    "Microsoft.Compute/disks/delete",
)


class DiskStep:
    """READY means: at rest (Unattached), and marked as complete by a run that had verified it.

    `pages` and `vhd` are the source. The copy is this process's work, and starts when it is awaited.
    """

    action = "Microsoft.Compute/disks/write"

    def __init__(
        self,
        disks: Disks,
        plan: ImagePlan,
        pages: PageSource,
        vhd: SourceVhd,
        terms: Callable[[str], Terms],
        pace: Pace,
    ) -> None:
        self._disks = disks
        self._disk = ManagedDisk(disks, plan.resource_group, plan.disk, pace)
        self._plan = plan
        self._pages = pages
        self._vhd = vhd
        self._terms = terms(self._disk.title)
        self._pace = pace

    @property
    def title(self) -> str:
        return self._disk.title

    def source(self) -> dict[str, str]:
        """What an image version is made from."""
        disk = self._disk.get()
        if disk is None:
            raise Failure(f"{self.title} is gone", "run the same command again")
        return {"id": str(disk["id"])}

    def observe(self) -> Observed:
        disk = self._disk.get()
        if disk is None:
            return Observed(State.MISSING)
        self._check(disk)
        if state_of(disk) in UPLOADING:
            return Observed(State.MISSING, "the copy into it goes on")
        if TAG_COMPLETE not in tags_of(disk) or not of_source(disk, self._plan):
            return Observed(State.MISSING, "it holds no complete copy of this VHD: it is made again")
        return Observed(State.READY)

    def start(self) -> Operation:
        return _Copying(DiskUpload(self._disk, self._plan, self._pages, self._vhd, self._terms))

    def discard(self, disk_id: str) -> None:
        """Remove the disk that an image version was made from, if this tool made it and it is still there."""
        words = disk_id.strip("/").split("/")
        disk = ManagedDisk(self._disks, words[3], words[-1], self._pace)
        found = disk.get()
        if found is not None and is_ours(found):
            disk.delete()
            self._terms.note(f"{disk.title} is removed: the image version does not need it any more")

    def _check(self, disk: Resource) -> None:
        if not is_ours(disk):
            raise Refused(
                f"{self.title} exists and does not carry the tag {TAG}: this tool did not make it",
                "delete or rename it, or use --staging account",
            )
        check_location(self.title, disk, self._plan.location, "delete it, or use --staging account")
        if state_of(disk) not in (*UPLOADING, "Unattached"):
            raise Refused(
                f"{self.title} is in use (state {state_of(disk)})",
                f"detach it, or end its access (az disk revoke-access -g {self._disk.group} -n {self._disk.name}), "
                "then run the same command again",
            )


class _Copying:
    """To await the copy is to do it."""

    retry_after = None

    def __init__(self, upload: DiskUpload) -> None:
        self._upload = upload

    def finished(self) -> bool:
        self._upload.run()
        return True
