"""The VHD on its way into a managed disk: made for an upload, written page by page, marked, closed.

The disk's state and tags are the record of how far it came, its page ranges of what is copied: whoever starts it
again goes on from there.
"""

from __future__ import annotations

from typing import Any

from kubectl_arm64.copy.engine import PageCopy
from kubectl_arm64.copy.lease import NoLease
from kubectl_arm64.copy.ports import BlobState, PageSource, PageTarget
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.copy.troubles import SourceChanged
from kubectl_arm64.copy.verify import verify
from kubectl_arm64.errors import Failure, NotFinished, Refused
from kubectl_arm64.names import TAG_COMPLETE, TAG_SHA256, TAG_SOURCE, TAG_SOURCE_ETAG, source_tag
from kubectl_arm64.pipeline.disk_pages import RenewedPages
from kubectl_arm64.pipeline.managed_disk import (
    UPLOADING,
    ManagedDisk,
    architecture_of,
    provisioning_of,
    state_of,
)
from kubectl_arm64.pipeline.ownership import tags_of
from kubectl_arm64.pipeline.ports import Resource
from kubectl_arm64.pipeline.verification import Verification, WrongDigest
from kubectl_arm64.plan import ImagePlan

_ACCESS_SECONDS = 4 * 3600
_OS_TYPE, _GENERATION = "Linux", "V2"
# Azure's word for what the state of a disk forbids.
_NOT_IN_THIS_STATE = "OperationNotAllowed"


class DiskUpload:
    """Fills `disk`, which is ours or not there yet, from `pages`; `vhd` has examined the same source."""

    def __init__(
        self,
        disk: ManagedDisk,
        plan: ImagePlan,
        pages: PageSource,
        vhd: SourceVhd,
        terms: Terms,
        verification: Verification | None = None,
    ) -> None:
        self._disk = disk
        self._plan = plan
        self._pages = pages
        self._vhd = vhd
        self._terms = terms
        self._verification = verification

    def run(self) -> None:
        """Return when the disk is complete and at rest."""
        try:
            self._copy()
        except SourceChanged as changed:
            self._terms.note(f"{changed.what}: starting over")
            self._vhd.forget()
            self._copy()

    def _copy(self) -> None:
        source = self._vhd.state
        disk = self._begun(source)
        try:
            if not self._is_done(disk):
                self._fill(source)
        except (SourceChanged, NotFinished):
            raise
        except WrongDigest:
            self._discard()
            raise
        except Failure:
            if not self._overtaken():
                raise
        self._close(source.etag)

    def _begun(self, source: BlobState) -> Resource:
        """A disk that takes, or has taken, this very source."""
        disk = self._disk.settled()
        if disk is not None and not self._goes_on(disk, source):
            self._disk.check(disk, self._plan.location)
            self._terms.note(f"{self._disk.title} {_fault(disk, self._verification)}: starting over")
            self._remove(disk)
            disk = None
        if disk is None:
            self._disk.create(self._body(source))
            disk = self._disk.settled()
        if disk is None:
            raise Failure(f"{self._disk.title} was deleted while it was made", "run the same command again")
        return disk

    def _goes_on(self, disk: Resource, source: BlobState) -> bool:
        tags = tags_of(disk)
        size = (disk["properties"].get("creationData") or {}).get("uploadSizeBytes") or 0
        same = source.etag in (tags.get(TAG_SOURCE_ETAG), tags.get(TAG_COMPLETE)) and int(size) == source.size
        takes_more = state_of(disk) in UPLOADING or self._is_done(disk)
        return same and takes_more and provisioning_of(disk) == "Succeeded" and made_for(disk, self._plan)

    def _body(self, source: BlobState) -> dict[str, Any]:
        """As the image definition wants it. Standard_LRS: an upload is billed, and as fast, as that in any case."""
        plan = self._plan
        return {
            "location": plan.location,
            "tags": self._tags(TAG_SOURCE_ETAG, source.etag),
            "sku": {"name": "Standard_LRS"},
            "properties": {
                "osType": _OS_TYPE,
                "hyperVGeneration": _GENERATION,
                "supportedCapabilities": {
                    "architecture": plan.identity.architecture.azure,
                    "diskControllerTypes": "SCSI, NVME",
                },
                "creationData": {"createOption": "Upload", "uploadSizeBytes": source.size},
            },
        }

    def _tags(self, name: str, etag: str) -> dict[str, str]:
        tags = {**self._plan.tags, **self._plan.identity.tags(), TAG_SOURCE: source_tag(self._plan.source), name: etag}
        if name == TAG_COMPLETE and self._verification:
            tags[TAG_SHA256] = self._verification.sha256
        return tags

    def _is_done(self, disk: Resource) -> bool:
        return is_complete(disk) and is_verified(disk, self._verification)

    def _fill(self, source: BlobState) -> None:
        target = RenewedPages(lambda: self._access(source))
        # Two runs at once do no harm without a lease: both write the same bytes to the same places.
        PageCopy(self._pages, source, target, NoLease(), self._terms).run()
        verify(self._pages, source, target, self._terms)
        if self._verification:
            self._verification.check(self._disk.title, target)

    def _access(self, source: BlobState) -> PageTarget:
        """Write access, asked for at the start, and anew when it has run out while the disk still takes this source.

        Microsoft: "If your SAS expires during upload, and you haven't called revoke-access yet, you can get a new SAS"
        (learn.microsoft.com/azure/virtual-machines/linux/disks-upload-vhd-to-managed-disk-cli).
        """
        disk = self._disk.settled()
        if disk is None or self._is_done(disk) or not self._goes_on(disk, source):
            raise Refused(
                f"another run has closed, replaced or removed {self._disk.title} meanwhile",
                "run the same command again",
            )
        return self._disk.open(_ACCESS_SECONDS)

    def _overtaken(self) -> bool:
        """Whether another run came to the end, and ended our access with its own; it may have removed the disk too."""
        disk = self._disk.settled()
        return disk is None or self._is_done(disk)

    def _close(self, etag: str) -> None:
        """Mark the disk as complete, and end the access; what another run has done already is left as it is.

        In this order, so that no run finds a closed disk and cannot tell what is in it; in the other one where Azure
        does not let the tags of an upload be changed, of which its documentation says nothing.
        """
        disk = self._disk.settled()
        if disk is None:
            return
        marked = self._is_done(disk) or self._mark(etag)
        if state_of(disk) in UPLOADING:
            self._disk.close()
        if not marked:
            self._disk.tag(self._tags(TAG_COMPLETE, etag))

    def _mark(self, etag: str) -> bool:
        try:
            self._disk.tag(self._tags(TAG_COMPLETE, etag))
        except Failure as refused:
            if refused.code != _NOT_IN_THIS_STATE:
                raise
            return False
        return True

    def _discard(self) -> None:
        """So that no later run goes on with what is wrong."""
        disk = self._disk.settled()
        if disk is not None:
            self._remove(disk)
            self._terms.note(f"{self._disk.title} is removed")

    def _remove(self, disk: Resource) -> None:
        if state_of(disk) in UPLOADING:
            # A disk with a SAS is not deleted; and half a VHD is refused, but its access ends all the same.
            try:
                self._disk.close()
            except NotFinished:
                raise
            except Failure as refused:
                self._terms.note(f"{refused.what}: that was to be expected of half a VHD")
        self._disk.delete()


def is_complete(disk: Resource) -> bool:
    """Whether a run that had verified it marked it so."""
    return TAG_COMPLETE in tags_of(disk)


def is_verified(disk: Resource, verification: Verification | None) -> bool:
    """Whether the disk has the SHA-256 that is asked for, where one is."""
    return verification is None or tags_of(disk).get(TAG_SHA256) == verification.sha256


def made_for(disk: Resource, plan: ImagePlan) -> bool:
    """Whether the disk was made for this boot image from this URL, and is of the image definition's kind."""
    tags, properties = tags_of(disk), disk["properties"]
    kind = (properties.get("osType"), properties.get("hyperVGeneration"), architecture_of(disk))
    return (
        kind == (_OS_TYPE, _GENERATION, plan.identity.architecture.azure)
        and tags.get(TAG_SOURCE) == source_tag(plan.source)
        and plan.identity.tags().items() <= tags.items()
    )


def _fault(disk: Resource, verification: Verification | None) -> str:
    """Why the copy does not go on in it."""
    if provisioning_of(disk) != "Succeeded":
        return "failed to be made"
    if state_of(disk) not in UPLOADING and not is_complete(disk):
        return "was closed before it was complete"
    if is_complete(disk) and not is_verified(disk, verification):
        return "was closed before its SHA-256 was verified"
    return "holds another VHD, or another state of this one"
