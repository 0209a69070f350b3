"""The managed disk that takes the VHD where there is to be no storage account, no key and no data role.

An image version is made from it, and it is removed when that is ready.
"""

from __future__ import annotations

from collections.abc import Callable

from kubectl_arm64.copy.ports import PageSource
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import Failure
from kubectl_arm64.names import TAG_COMPLETE
from kubectl_arm64.pipeline.disk_upload import DiskUpload, is_complete, is_verified, made_for
from kubectl_arm64.pipeline.managed_disk import UPLOADING, ManagedDisk, provisioning_of, state_of
from kubectl_arm64.pipeline.ownership import is_ours, tags_of
from kubectl_arm64.pipeline.ports import Disks, Resource
from kubectl_arm64.pipeline.step import Observed, Operation, Pace, State
from kubectl_arm64.pipeline.verification import Verification
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
        verification: Verification | None = None,
    ) -> None:
        self._disks = disks
        self._disk = ManagedDisk(disks, plan.resource_group, plan.disk, pace)
        self._plan = plan
        self._pages = pages
        self._vhd = vhd
        self._terms = terms(self._disk.title)
        self._pace = pace
        self._verification = verification

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
        self._disk.check(disk, self._plan.location)
        if provisioning_of(disk) == "Failed":
            return Observed(State.MISSING, "it failed to be made: it is deleted and made again")
        if state_of(disk) in UPLOADING:
            return Observed(State.MISSING, "the copy into it goes on")
        if not is_complete(disk) or not made_for(disk, self._plan):
            return Observed(State.MISSING, "it holds no complete copy of this VHD: it is made again")
        if self._has_changed(disk):
            return Observed(State.MISSING, "the source changed since it was copied: it is made again")
        if not is_verified(disk, self._verification):
            return Observed(State.MISSING, "it was closed before its SHA-256 was verified: it is made again")
        return Observed(State.READY)

    def _has_changed(self, disk: Resource) -> bool:
        """Whether the source is another one than the disk was made from; no, where it does not tell."""
        try:
            etag = self._vhd.head().etag
        except Failure:
            return False
        return tags_of(disk).get(TAG_COMPLETE) != etag

    def start(self) -> Operation:
        upload = DiskUpload(self._disk, self._plan, self._pages, self._vhd, self._terms, self._verification)
        return _Copying(upload)

    def discard(self, disk_id: str) -> None:
        """Remove the disk that an image version was made from, if this tool made it here and it is still there."""
        words = disk_id.strip("/").split("/")
        if words[1].lower() != self._plan.subscription.lower():
            return
        disk = ManagedDisk(self._disks, words[3], words[-1], self._pace)
        found = disk.get()
        if found is not None and is_ours(found):
            disk.delete()
            self._terms.note(f"{disk.title} is removed: the image version does not need it any more")


class _Copying:
    """To await the copy is to do it."""

    retry_after = None

    def __init__(self, upload: DiskUpload) -> None:
        self._upload = upload

    def finished(self) -> bool:
        self._upload.run()
        return True
