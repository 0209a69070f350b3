"""The copy page by page, seen as the pipeline sees it: look, and start.

Around the page copier: whether there is something to resume, who may write, what to do when the source changes, and
when to leave the work to Azure's own asynchronous copy instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from kubectl_arm64.copy.asynchronous import (
    COMPLETE,
    RELEASE,
    SOURCE,
    SOURCE_ETAG,
    WRONG_SHA256,
    AsynchronousCopy,
    CopyPhase,
    Look,
    same_blob,
)
from kubectl_arm64.copy.engine import PageCopy
from kubectl_arm64.copy.lease import SECONDS, Lease
from kubectl_arm64.copy.listing import listed
from kubectl_arm64.copy.ports import BlobState, PageBlob, PageSource
from kubectl_arm64.copy.ranges import Span
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.terms import AGAIN, STALL_SECONDS, Terms
from kubectl_arm64.copy.troubles import BlobChanged, LeaseHeld, LeaseLost, NoPageCopy, SourceChanged
from kubectl_arm64.copy.verify import verify
from kubectl_arm64.errors import Failure, NotFinished, Refused

_WAIT_SECONDS = 2.0


class RangeCopy:
    """`start` returns when the copy is complete, or when it was handed to the asynchronous copy.

    `asynchronous` judges the destination, and copies where pages cannot be copied (`may_fall_back`). `open_target`
    is called when the destination's rights have settled.
    """

    def __init__(
        self,
        asynchronous: AsynchronousCopy,
        source: PageSource,
        vhd: SourceVhd,
        open_target: Callable[[], PageBlob],
        release: str,
        terms: Terms,
        *,
        may_fall_back: bool = True,
    ) -> None:
        self._asynchronous = asynchronous
        self._source = source
        self._vhd = vhd
        self._open_target = open_target
        self._release = release
        self._terms = terms
        self._may_fall_back = may_fall_back
        self._refused: NoPageCopy | None = None

    def look(self) -> Look:
        """Read only; as AsynchronousCopy.look. What is there in part is ABSENT: `start` goes on with it."""
        with self._both_refused():
            return self._asynchronous.look()

    def start(self) -> None:
        """Copy what is missing, verify it, mark the blob as complete."""
        try:
            self._copy()
        except NoPageCopy as refused:
            if not self._may_fall_back:
                raise
            self._refused = refused
            self._terms.note(f"{refused.what}: leaving it to Azure's asynchronous copy")
            with self._both_refused():
                self._asynchronous.start()

    def _copy(self) -> None:
        try:
            self._copy_once()
        except SourceChanged as changed:
            self._terms.note(f"{changed.what}: starting over")
            self._vhd.forget()
            self._copy_once()

    def _copy_once(self) -> None:
        source = self._vhd.state
        target = self._open(source)
        if target is None:
            return
        lease = Lease(target)
        self._take_turn(target, source, lease)
        with lease:
            if not self._begun(target, source, lease):
                return
            PageCopy(self._source, source, target, lease, self._terms).run()
            verify(self._source, source, target, self._terms)
            self._mark(target, source, lease)

    def _mark(self, target: PageBlob, source: BlobState, lease: Lease) -> None:
        """As complete; the lease may have run out while the machine slept."""
        complete = {**self._metadata(source), COMPLETE: source.etag}
        try:
            target.set_metadata(complete, lease=lease.id)
        except LeaseLost:
            lease.renew()
            target.set_metadata(complete, lease=lease.id)

    def _open(self, source: BlobState) -> PageBlob | None:
        """The blob to write into, since a lease needs one; None: nothing is left to do here."""
        state = self._asynchronous.state()
        if self._asynchronous.judge(state).phase is not CopyPhase.ABSENT:
            return None
        target = self._open_target()
        if self._asynchronous.without_copy(state) is None:
            with suppress(BlobChanged):  # another run was faster
                target.create(source.size, self._metadata(source))
        return target

    def _begun(self, target: PageBlob, source: BlobState, lease: Lease) -> bool:
        """Look again, now that nobody else writes: go on with what is there, or put an empty blob in its place."""
        state = self._asynchronous.state()
        if self._asynchronous.judge(state).phase is not CopyPhase.ABSENT:
            return False
        if state is None:
            raise Failure(f"{target.url} was deleted while it was copied", AGAIN)
        if not self._goes_on(state, source):
            if state.size:
                self._terms.note(f"{target.url} {_fault(state)}: starting over")
            target.create(source.size, self._metadata(source), replace_etag=state.etag, lease=lease.id)
        return True

    def _goes_on(self, state: BlobState, source: BlobState) -> bool:
        """Whether what the destination holds is part of this very source."""
        return (
            state.copy is None
            and state.kind == "PageBlob"
            and state.size == source.size
            and state.metadata.get(SOURCE_ETAG) == source.etag
            and same_blob(state.metadata.get(SOURCE, ""), self._source.url)
            and not {COMPLETE, WRONG_SHA256} & state.metadata.keys()
        )

    def _metadata(self, source: BlobState) -> dict[str, str]:
        return {SOURCE: self._source.shown, SOURCE_ETAG: source.etag, RELEASE: self._release}

    def _take_turn(self, target: PageBlob, source: BlobState, lease: Lease) -> None:
        """Acquire the lease; while another run has it, follow that one."""
        terms, seen, gained_at = self._terms, -1, self._terms.clock()
        while not lease.acquire():
            now, done = terms.clock(), sum(span.length for span in self._written(target, source))
            if seen < 0:
                terms.note(f"another run copies into {target.url}, or was killed less than {SECONDS} s ago: waiting")
            if done > seen:
                seen, gained_at = done, now
            if now - gained_at > STALL_SECONDS:
                raise Refused(
                    f"{target.url} is leased, and nobody has written to it for {STALL_SECONDS / 60:.0f} minutes",
                    "end what holds the lease, or break it (az storage blob lease break), then run the command again",
                )
            if now > terms.deadline:
                raise NotFinished(f"another run still copies into {target.url}", AGAIN)
            terms.sleep(_WAIT_SECONDS)

    def _written(self, target: PageBlob, source: BlobState) -> Iterator[Span]:
        return listed(target.page_ranges, source.size, target.url, self._terms)

    @contextmanager
    def _both_refused(self) -> Iterator[None]:
        """When the asynchronous copy fails too, say why both did; that another run is at work is no failure of it."""
        try:
            yield
        except (NotFinished, LeaseHeld):
            raise
        except Failure as failed:
            if self._refused is None:
                raise
            raise Failure(
                f"{self._refused.what}; the asynchronous copy failed too: {failed.what}",
                self._refused.advice or failed.advice,
                code=failed.code,
            ) from failed


def _fault(state: BlobState) -> str:
    """Why the copy does not go on in it."""
    if WRONG_SHA256 in state.metadata:
        return "has another SHA-256 than the release's VHD"
    return "holds another VHD, or another state of this one"
