"""The managed disk that takes the VHD where there is to be no storage account, no key and no data role.

Made for an upload, written page by page, closed: then an image version can be made from it. It is removed when that
is ready. Its state and tags are the record of how far it came, its page ranges of what is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from kubectl_arm64.copy.engine import PageCopy, Terms
from kubectl_arm64.copy.lease import NoLease
from kubectl_arm64.copy.ports import BlobState, PageSource
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.troubles import SourceChanged
from kubectl_arm64.copy.verify import verify
from kubectl_arm64.errors import Denied, Failure, Refused
from kubectl_arm64.names import TAG, TAG_COMPLETE, TAG_SOURCE, TAG_SOURCE_ETAG
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
_UPLOADING = ("ReadyToUpload", "ActiveUpload")
_ACCESS_SECONDS = 4 * 3600
# Another run, or one that was killed, has just asked for something else.
_CONFLICT = "Conflict"
# The word for what the state of a disk forbids.
_NOT_IN_THIS_STATE = "OperationNotAllowed"

T = TypeVar("T")


class DiskStep:
    """READY means: Unattached, and marked as complete by a run that had verified it.

    `pages` and `vhd` are the source; the copy is this process's work, and starts when it is awaited.
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
        self._plan = plan
        self._pages = pages
        self._vhd = vhd
        self._terms = terms(self.title)
        self._pace = pace

    @property
    def title(self) -> str:
        return f"managed disk {self._plan.disk}"

    def source(self) -> dict[str, str]:
        """What an image version is made from."""
        disk = self._get()
        if disk is None:
            raise Failure(f"{self.title} is gone", "run the same command again")
        return {"id": str(disk["id"])}

    def observe(self) -> Observed:
        disk = self._get()
        if disk is None:
            return Observed(State.MISSING)
        self._check(disk)
        state = _state(disk)
        if state in _UPLOADING:
            return Observed(State.MISSING, "the copy into it goes on" if state == "ActiveUpload" else "")
        if TAG_COMPLETE not in _tags(disk) or not self._of_source(disk):
            return Observed(State.MISSING, "it holds no complete copy of this VHD: it is made again")
        return Observed(State.READY)

    def start(self) -> Operation:
        return _Copying(self._copy)

    def _check(self, disk: Resource) -> None:
        if not is_ours(disk):
            raise Refused(
                f"{self.title} exists and does not carry the tag {TAG}: this tool did not make it",
                "delete or rename it, or use --staging account",
            )
        check_location(self.title, disk, self._plan.location, "delete it, or use --staging account")
        if _state(disk) not in (*_UPLOADING, "Unattached"):
            raise Refused(
                f"{self.title} is in use (state {_state(disk)})",
                f"detach it, or end its access (az disk revoke-access -g {self._plan.resource_group} "
                f"-n {self._plan.disk}), then run the same command again",
            )

    def _of_source(self, disk: Resource) -> bool:
        tags, plan = _tags(disk), self._plan
        return tags.get(TAG_SOURCE) == plan.source and plan.identity.tags().items() <= tags.items()

    # ---- the copy

    def _copy(self) -> None:
        try:
            self._copy_once()
        except SourceChanged as changed:
            self._terms.note(f"{changed.what}: starting over")
            self._vhd = SourceVhd(self._pages)
            self._copy_once()

    def _copy_once(self) -> None:
        source = self._vhd.state
        disk = self._opened(source)
        if TAG_COMPLETE not in _tags(disk):
            try:
                self._fill(source)
            except Denied:
                # Another run at the same disk may have come to the end, and ended our access with its own.
                if self.observe().state is not State.READY:
                    raise
                return
        self._close(disk, source.etag)

    def _opened(self, source: BlobState) -> Resource:
        """A disk of ours that takes, or has taken, this very source."""
        disk = self._settled()
        if disk is not None and not self._goes_on(disk, source):
            self._terms.note(f"{self.title} holds another VHD, or another state of this one: starting over")
            self._remove(disk)
            disk = None
        if disk is None:
            body = self._body(source)
            self._await(lambda: self._disks.create(self._plan.resource_group, self._plan.disk, body))
            disk = self._settled()
        if disk is None:
            raise Failure(f"{self.title} was deleted while it was made", "run the same command again")
        return disk

    def _goes_on(self, disk: Resource, source: BlobState) -> bool:
        self._check(disk)
        size = ((disk["properties"].get("creationData") or {}).get("uploadSizeBytes")) or 0
        copied = source.etag in (_tags(disk).get(TAG_SOURCE_ETAG), _tags(disk).get(TAG_COMPLETE))
        closed_early = _state(disk) not in _UPLOADING and TAG_COMPLETE not in _tags(disk)
        return copied and not closed_early and int(size) == source.size and self._of_source(disk)

    def _body(self, source: BlobState) -> dict[str, Any]:
        plan = self._plan
        return {
            "location": plan.location,
            "tags": self._own_tags(TAG_SOURCE_ETAG, source.etag),
            "sku": {"name": "Standard_LRS"},
            "properties": {
                "osType": "Linux",
                "hyperVGeneration": "V2",
                "supportedCapabilities": {"architecture": plan.identity.architecture.azure},
                "creationData": {"createOption": "Upload", "uploadSizeBytes": source.size},
            },
        }

    def _own_tags(self, name: str, etag: str) -> dict[str, str]:
        plan = self._plan
        return {**plan.tags, **plan.identity.tags(), TAG_SOURCE: plan.source, name: etag}

    def _fill(self, source: BlobState) -> None:
        plan = self._plan
        target = self._free(lambda: self._disks.open(plan.resource_group, plan.disk, _ACCESS_SECONDS))
        PageCopy(self._pages, source, target, NoLease(), self._terms).run()
        verify(self._pages, source, target, self._terms.sleep)

    def _close(self, disk: Resource, etag: str) -> None:
        """Mark it as complete, and end the access.

        In this order, so that no run finds a closed disk and cannot tell what is in it; in the other one where Azure
        does not let an upload's tags be changed, of which its documentation says nothing.
        """
        group, name = self._plan.resource_group, self._plan.disk
        tags = self._own_tags(TAG_COMPLETE, etag)
        marked = TAG_COMPLETE in _tags(disk)
        if not marked:
            marked = self._marked(tags)
        self._await(lambda: self._disks.close(group, name))
        if not marked:
            self._await(lambda: self._disks.tag(group, name, tags))

    def _marked(self, tags: Mapping[str, str]) -> bool:
        try:
            self._await(lambda: self._disks.tag(self._plan.resource_group, self._plan.disk, tags))
        except Failure as refused:
            if refused.code != _NOT_IN_THIS_STATE:
                raise
            return False
        return True

    # ---- its end

    def discard(self, disk_id: str) -> None:
        """Remove the disk that an image version was made from, if this tool made it and it is still there."""
        group, name = _place(disk_id)
        disk = self._disks.get(group, name)
        if disk is not None and is_ours(disk):
            self._await(lambda: self._disks.delete(group, name))
            self._terms.note(f"managed disk {name} is removed: the image version does not need it any more")

    def _remove(self, disk: Resource) -> None:
        group, name = self._plan.resource_group, self._plan.disk
        if _state(disk) in _UPLOADING:
            # A disk with a SAS is not deleted; and half a VHD is refused, but its access ends all the same.
            with suppress(Failure):
                self._await(lambda: self._disks.close(group, name))
        self._await(lambda: self._disks.delete(group, name))

    # ---- waiting

    def _get(self) -> Resource | None:
        return self._disks.get(self._plan.resource_group, self._plan.disk)

    def _settled(self) -> Resource | None:
        """The disk, when it is made; a run that was killed may have left it in the making."""
        while (disk := self._get()) is not None:
            state = disk["properties"].get("provisioningState", "Succeeded")
            if state == "Failed":
                raise Failure(f"{self.title} is in state Failed", "delete it, then run the same command again")
            if state == "Succeeded":
                return disk
            self._pace.wait(self.title, Observed(State.PENDING, str(state)), None)
        return None

    def _await(self, begin: Callable[[], Operation]) -> None:
        operation = self._free(begin)
        while not operation.finished():
            self._pace.wait(self.title, Observed(State.PENDING), operation.retry_after)

    def _free(self, call: Callable[[], T]) -> T:
        """What `call` answers when no other operation on the disk is under way any more."""
        while True:
            try:
                return call()
            except Refused as refused:
                if refused.code != _CONFLICT:
                    raise
            self._get()
            self._pace.wait(self.title, Observed(State.PENDING, "another operation on it is under way"), None)


class _Copying:
    """To await the copy is to do it."""

    retry_after = None

    def __init__(self, copy: Callable[[], None]) -> None:
        self._copy = copy

    def finished(self) -> bool:
        self._copy()
        return True


def is_disk(resource_id: str) -> bool:
    """Whether a resource ID is a managed disk's."""
    return "/providers/microsoft.compute/disks/" in resource_id.lower()


def _place(disk_id: str) -> tuple[str, str]:
    """Resource group and name."""
    words = disk_id.strip("/").split("/")
    return words[3], words[-1]


def _state(disk: Resource) -> str:
    return str(disk["properties"].get("diskState", ""))


def _tags(disk: Resource) -> Mapping[str, str]:
    return disk.get("tags") or {}
