"""The VHD on its way into a managed disk: made for an upload, written page by page, marked, closed.

The disk's state and tags are the record of how far it came, its page ranges of what is copied: whoever starts it
again goes on from there.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from kubectl_arm64.copy.engine import PageCopy, Terms
from kubectl_arm64.copy.lease import NoLease
from kubectl_arm64.copy.ports import BlobState, PageSource
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.troubles import SourceChanged
from kubectl_arm64.copy.verify import verify
from kubectl_arm64.errors import Denied, Failure
from kubectl_arm64.names import TAG_COMPLETE, TAG_SOURCE, TAG_SOURCE_ETAG, source_tag
from kubectl_arm64.pipeline.managed_disk import UPLOADING, ManagedDisk, state_of, tags_of
from kubectl_arm64.pipeline.ports import Resource
from kubectl_arm64.plan import ImagePlan

_ACCESS_SECONDS = 4 * 3600
# Azure's word for what the state of a disk forbids.
_NOT_IN_THIS_STATE = "OperationNotAllowed"


class DiskUpload:
    """Fills `disk`, which is ours or not there yet, from `pages`; `vhd` has examined the same source."""

    def __init__(self, disk: ManagedDisk, plan: ImagePlan, pages: PageSource, vhd: SourceVhd, terms: Terms) -> None:
        self._disk = disk
        self._plan = plan
        self._pages = pages
        self._vhd = vhd
        self._terms = terms

    def run(self) -> None:
        """Return when the disk is complete and at rest."""
        try:
            self._copy()
        except SourceChanged as changed:
            self._terms.note(f"{changed.what}: starting over")
            self._vhd = SourceVhd(self._pages)
            self._copy()

    def _copy(self) -> None:
        source = self._vhd.state
        disk = self._begun(source)
        if TAG_COMPLETE not in tags_of(disk):
            try:
                self._fill(source)
            except Denied:
                if not self._overtaken():
                    raise
                return
        self._close(disk, source.etag)

    def _begun(self, source: BlobState) -> Resource:
        """A disk that takes, or has taken, this very source."""
        disk = self._disk.settled()
        if disk is not None and not self._goes_on(disk, source):
            self._terms.note(f"{self._disk.title} holds another VHD, or another state of this one: starting over")
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
        takes_more = state_of(disk) in UPLOADING or TAG_COMPLETE in tags
        return same and takes_more and of_source(disk, self._plan)

    def _body(self, source: BlobState) -> dict[str, Any]:
        """As the image definition wants it. Standard_LRS: an upload is billed, and as fast, as that in any case."""
        plan = self._plan
        return {
            "location": plan.location,
            "tags": self._tags(TAG_SOURCE_ETAG, source.etag),
            "sku": {"name": "Standard_LRS"},
            "properties": {
                "osType": "Linux",
                "hyperVGeneration": "V2",
                "supportedCapabilities": {"architecture": plan.identity.architecture.azure},
                "creationData": {"createOption": "Upload", "uploadSizeBytes": source.size},
            },
        }

    def _tags(self, name: str, etag: str) -> dict[str, str]:
        return {**self._plan.tags, **self._plan.identity.tags(), TAG_SOURCE: source_tag(self._plan.source), name: etag}

    def _fill(self, source: BlobState) -> None:
        target = self._disk.open(_ACCESS_SECONDS)
        # Two runs at once do no harm without a lease: both write the same bytes to the same places.
        PageCopy(self._pages, source, target, NoLease(), self._terms).run()
        verify(self._pages, source, target, self._terms.sleep)

    def _overtaken(self) -> bool:
        """Whether another run came to the end, and ended our access with its own."""
        disk = self._disk.get()
        return disk is not None and state_of(disk) not in UPLOADING and TAG_COMPLETE in tags_of(disk)

    def _close(self, disk: Resource, etag: str) -> None:
        """Mark the disk as complete, and end the access.

        In this order, so that no run finds a closed disk and cannot tell what is in it; in the other one where Azure
        does not let the tags of an upload be changed, of which its documentation says nothing.
        """
        marked = TAG_COMPLETE in tags_of(disk) or self._mark(etag)
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

    def _remove(self, disk: Resource) -> None:
        if state_of(disk) in UPLOADING:
            # A disk with a SAS is not deleted; and half a VHD is refused, but its access ends all the same.
            with suppress(Failure):
                self._disk.close()
        self._disk.delete()


def of_source(disk: Resource, plan: ImagePlan) -> bool:
    """Whether the disk was made for this boot image from this URL."""
    tags = tags_of(disk)
    return tags.get(TAG_SOURCE) == source_tag(plan.source) and plan.identity.tags().items() <= tags.items()
