"""The asynchronous Copy Blob of the documentation: Azure copies on its own, the client only looks.

The blob is the only record: its x-ms-copy-* headers tell what was copied from where, its metadata
whose copy it is, so a run that was killed is joined by the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote, urlsplit

from kubectl_arm64.copy import footer
from kubectl_arm64.copy.lease import SECONDS as LEASE_LASTS
from kubectl_arm64.copy.ports import Blobs, BlobState, CopyState, PageSource
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.copy.troubles import LeaseHeld
from kubectl_arm64.copy.verify import Unequal, verify
from kubectl_arm64.errors import Failure, NotFinished, Refused

# Metadata names are C# identifiers (Azure's rule), so tags' names do not serve.
SOURCE = "kubectl_arm64_source"
SOURCE_ETAG = "kubectl_arm64_source_etag"
RELEASE = "kubectl_arm64_release"
# Written last, by whoever copied page by page and verified it: a blob of ours without it is half a VHD.
COMPLETE = "kubectl_arm64_complete"
# In its place on a blob of ours whose SHA-256 was found to be another than the release's: no run takes it for a VHD.
WRONG_SHA256 = "kubectl_arm64_wrong_sha256"
# Recorded: 30 s without a byte, then all in seconds. Users report 20 minutes for 40 GB as slow, all in all. Who says
# --abort-copy has seen the copy stand still already.
STUCK_SECONDS = 900.0
STUCK_SECONDS_TO_ABORT = 120.0
# Twice a lease: that of a killed run is over by then, and who still holds one is alive.
_LEASE_SECONDS = 2.0 * LEASE_LASTS
_LOOK_SECONDS = 2.0


class CopyPhase(Enum):
    """Where the destination stands."""

    ABSENT = "absent"  # nothing usable is there, and nothing of anybody else's would be lost
    COPYING = "copying"
    COMPLETE = "complete"


@dataclass(frozen=True)
class Look:
    """One look at the destination; bytes. `stuck`: a pending copy that stands still and may be aborted."""

    phase: CopyPhase
    done: int = 0
    total: int = 0
    note: str = ""
    stuck: bool = False


def same_blob(one: str, other: str) -> bool:
    """Whether two URLs name the same blob, whatever their queries and escapes."""
    a, b = urlsplit(one), urlsplit(other)
    return (a.hostname or "").lower() == (b.hostname or "").lower() and unquote(a.path) == unquote(b.path)


class AsynchronousCopy:
    """Copy `source` to `blob`; the source is examined when the copy is started, not before.

    What is there is compared with the source's page ranges too, where `pages` tells them.
    """

    def __init__(
        self,
        blobs: Blobs,
        blob: str,
        source: SourceVhd,
        release: str,
        terms: Terms,
        *,
        pages: PageSource | None = None,
        abort_foreign: bool = False,
    ) -> None:
        self._blobs = blobs
        self._blob = blob
        self._source = source
        self._release = release
        self._terms = terms
        self._pages = pages
        self._abort_foreign = abort_foreign
        self._gained: tuple[str, int, float] = ("", 0, 0.0)  # a pending copy, its bytes, and since when so many
        self._aborted_stuck = False
        self._started = ""
        self._verified = ""  # the ETag of a state that was found to be the source

    @property
    def url(self) -> str:
        """The destination, without any query."""
        return self._blobs.url(self._blob)

    def look(self) -> Look:
        """Read only. Raises Refused for what is not ours, Failure for a copy that this run started and that failed."""
        return self.judge(self.state())

    def start(self) -> None:
        """Start the copy, unless somebody did since the last look; abort first what is in the way and ours to abort."""
        source = self._source.state
        state = self.state()
        if self.judge(state).phase is not CopyPhase.ABSENT:
            return
        self._start(self.without_copy(state), source.etag)

    def _start(self, state: BlobState | None, etag: str) -> None:
        """In the place of `state`; while a killed run's lease lasts, or another run's, wait for that."""
        ends = self._terms.clock() + _LEASE_SECONDS
        while True:
            try:
                copy = self._blobs.start_copy(
                    self._blob,
                    self._source.url,
                    source_etag=etag,
                    metadata={SOURCE: self._source.shown, SOURCE_ETAG: etag, RELEASE: self._release},
                    replace_etag=state.etag if state else None,
                )
            except LeaseHeld:
                if self._terms.clock() >= ends:
                    raise
                self._terms.sleep(_LOOK_SECONDS)
                state = self.state()
                if self.judge(state).phase is not CopyPhase.ABSENT:
                    return
            else:
                self._started = copy.id
                return

    def state(self) -> BlobState | None:
        """The destination as it is now."""
        return self._blobs.head(self._blob)

    def without_copy(self, state: BlobState | None) -> BlobState | None:
        """Abort a pending copy that `judge` found to be ours to abort; the destination after that."""
        if state is None or state.copy is None or state.copy.status != "pending":
            return state
        self._terms.note(f"copy {state.copy.id} of {state.copy.source} into {self.url} is aborted")
        self._aborted_stuck |= same_blob(state.copy.source, self._source.url)
        self._blobs.abort_copy(self._blob, state.copy.id)
        return self.state()

    def judge(self, state: BlobState | None) -> Look:
        """What `state` of the destination means. Raises as `look`."""
        if state is None:
            return Look(CopyPhase.ABSENT)
        if same_blob(self.url, self._source.url):
            return self._itself(state)
        # While a copy is pending nothing but HEAD is answered (409 PendingCopyOperation).
        status = state.copy.status if state.copy else ""
        if status == "pending":
            return self._pending(state)
        if status in ("failed", "aborted"):
            return self._broken(state)
        return self._finished(state)

    def _itself(self, state: BlobState) -> Look:
        """The blob is to be copied onto itself: it is what it is, and nothing is ever written to it."""
        half = state.copy is None and self._is_ours(state) and COMPLETE not in state.metadata
        pending = state.copy is not None and state.copy.status != "success"
        why = "it is no complete VHD" if half or pending or WRONG_SHA256 in state.metadata else ""
        if wrong := why or footer.fault(self._tail(state), state.size):
            raise Refused(
                f"{self.url} would be copied onto itself, and cannot be published as it is: {wrong}",
                "name the VHD that it was copied from with --source-url, or leave that out",
            )
        return Look(CopyPhase.COMPLETE, state.size, state.size)

    def _pending(self, state: BlobState) -> Look:
        assert state.copy is not None
        copy = state.copy
        if same_blob(copy.source, self._source.url):
            return self._advancing(copy, copy.total or state.size)
        if self._may_abort(state):
            return Look(CopyPhase.ABSENT, note=f"copy {copy.id} of {copy.source} will be aborted")
        raise Refused(
            f"a copy of {copy.source} into {self.url} is pending (copy ID {copy.id}), and this tool did not start it",
            "wait for it, choose another --container, or abort it with --abort-copy",
        )

    def _advancing(self, copy: CopyState, total: int) -> Look:
        """A copy of our source, or the end of all patience with it."""
        now = self._terms.clock()
        if self._gained[:2] != (copy.id, copy.done):
            self._gained = (copy.id, copy.done, now)
        still = now - self._gained[2]
        may_abort = self._abort_foreign and not self._aborted_stuck
        if still < (STUCK_SECONDS_TO_ABORT if may_abort else STUCK_SECONDS):
            return Look(CopyPhase.COPYING, copy.done, total)
        stands = f"has stood still at {copy.done} of {total} bytes for {still / 60:.0f} minutes (copy ID {copy.id})"
        if may_abort:
            return Look(CopyPhase.ABSENT, note=f"the copy {stands}: it is started anew", stuck=True)
        raise Failure(
            f"the asynchronous copy of {self._source.shown} into {self.url} {stands}",
            "run the same command again to go on waiting, or with --abort-copy to abort it and start it anew",
        )

    def _broken(self, state: BlobState) -> Look:
        assert state.copy is not None
        copy = state.copy
        if copy.id == self._started:
            reason = copy.description or "Azure gave no reason"
            raise Failure(
                f"the copy of {self._source.shown} into {self.url} {copy.status}: {reason}",
                "run the same command again to start it anew",
            )
        # A failed or aborted copy leaves an empty blob: nothing is lost by starting over.
        if state.size == 0 or same_blob(copy.source, self._source.url) or self._is_ours(state):
            return Look(CopyPhase.ABSENT, note=f"an earlier copy {copy.status}")
        raise Refused(
            f"{self.url} holds a copy of {copy.source} that {copy.status}, and this tool did not start it",
            "delete it, or choose another --container",
        )

    def _finished(self, state: BlobState) -> Look:
        origin = state.copy.source if state.copy else state.metadata.get(SOURCE, "")
        if self._is_ours(state) and WRONG_SHA256 in state.metadata:
            return Look(CopyPhase.ABSENT, note="its SHA-256 is not the release's: it is copied anew")
        if state.kind == "PageBlob" and origin and same_blob(origin, self._source.url):
            if state.copy is None and COMPLETE not in state.metadata:
                return Look(CopyPhase.ABSENT, note="it is there in part; the copy goes on")
            if wrong := self._fault(state):
                if self._is_ours(state):
                    return Look(CopyPhase.ABSENT, note=f"{wrong}: it is copied anew")
                raise self._foreign(wrong)
            return Look(CopyPhase.COMPLETE, state.size, state.size)
        if self._is_ours(state):
            return Look(CopyPhase.ABSENT, note=f"the blob holds {origin or 'something else'}")
        raise self._foreign(
            f"it was copied from {origin}"
            if origin
            else f"it is a {state.kind} of {state.size} bytes of unknown origin"
        )

    def _fault(self, state: BlobState) -> str:
        """Why a blob that was copied from our source is not that source, "" where it is."""
        if not state.size:
            return "it is empty"
        if state.etag == self._verified:
            return ""
        wrong = footer.fault(self._tail(state), state.size) or self._difference(state)
        if not wrong:
            self._verified = state.etag
        return wrong

    def _tail(self, state: BlobState) -> bytes:
        return self._blobs.read(self._blob, state.size - footer.SIZE, footer.SIZE) if state.size else b""

    def _difference(self, state: BlobState) -> str:
        """From the source as it is now, "" where that cannot be told: it may be gone, and the footer has to do."""
        try:
            source = self._source.head()
            then = {state.metadata.get(name) for name in (COMPLETE, SOURCE_ETAG)}
            if self._is_ours(state) and source.etag not in then:
                return "the source changed since it was copied"
            if state.copy is not None and self._pages is not None:
                verify(self._pages, source, self._blobs.page_blob(self._blob), self._terms)
        except Unequal as unequal:
            return unequal.why
        except NotFinished:
            raise
        except Failure:
            return ""
        return ""

    def _foreign(self, why: str) -> Refused:
        return Refused(
            f"{self.url} exists, this tool did not make it, and it is not the VHD to publish: {why}",
            "delete it, or choose another --container or --storage-account",
        )

    def _may_abort(self, state: BlobState) -> bool:
        return self._abort_foreign or self._is_ours(state)

    def _is_ours(self, state: BlobState) -> bool:
        return is_ours(state.metadata)


def is_ours(metadata: Mapping[str, str]) -> bool:
    """Whether this tool wrote the blob; services keep the case of metadata names, clients do not always."""
    return RELEASE in {name.lower() for name in metadata}
