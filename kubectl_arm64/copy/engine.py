"""The page copier: the data of one page blob into another, by Put Page From URL, and nothing else.

It keeps no record. What is copied stands in the destination's own page ranges, so whoever starts it again goes on
where the last one was, however that one ended. The bytes never pass through this machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from kubectl_arm64.copy.cells import Part, compared
from kubectl_arm64.copy.dispatch import Dispatch, Errand
from kubectl_arm64.copy.lease import Lease, NoLease
from kubectl_arm64.copy.listing import listed
from kubectl_arm64.copy.ports import BlobState, PageSource, PageTarget
from kubectl_arm64.copy.ranges import Kept, RangePage, Span
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import Failure, Refused

_TOLD_SECONDS = 0.25


class PageCopy:
    """Copies what `target` lacks of `source`, which must stay as `state` tells it; `lease` is held on the target."""

    def __init__(
        self, source: PageSource, state: BlobState, target: PageTarget, lease: Lease | NoLease, terms: Terms
    ) -> None:
        self._source = source
        self._state = state
        self._target = target
        self._lease = lease
        self._terms = terms
        self._total = 0
        self._done = 0
        self._told_at = -math.inf

    def run(self) -> None:
        """Return when the target holds every cell.

        Raises SourceChanged, NoPageCopy, and Failure with the way to go on, so when a request failed 8 times or no
        byte was gained for 5 minutes.
        """
        missing = self._survey()
        errand = Errand(self._put, f"the copy into {self._target.url}", self._so_far)
        for cell in Dispatch(errand, self._terms, self._lease).done(iter(missing)):
            self._gained(cell)
        self._tell()

    def _survey(self) -> Kept:
        """The cells that are missing; and whether source and target can be what they should be."""
        missing, end = Kept(), 0
        for span, part in compared(self._ranges(), self._covered()):
            if part is Part.STRAY:
                raise Refused(
                    f"{self._target.url} has data at {span.start}-{span.end}, where the source has none: "
                    "somebody else wrote there",
                    "delete it, then run the same command again",
                )
            if part is Part.MISSING:
                missing.add(span)
            else:
                self._done += span.length
            self._total += span.length
            end = span.end
        if end != self._state.size:
            raise Failure(
                f"{self._source.shown} tells page ranges that cannot be: its VHD footer is in none of them",
                "copy it with --copy async",
            )
        return missing

    def _ranges(self) -> Iterator[Span]:
        def fetch(window: Span, marker: str) -> RangePage:
            return self._source.page_ranges(window, marker, self._state.etag)

        return listed(fetch, self._state.size, self._source.shown, self._terms)

    def _covered(self) -> Iterator[Span]:
        return listed(self._target.page_ranges, self._state.size, self._target.url, self._terms)

    def _put(self, cell: Span) -> None:
        self._target.copy_pages(cell, self._source.url, source_etag=self._state.etag, lease=self._lease.id)

    def _gained(self, cell: Span) -> None:
        self._done += cell.length
        if self._terms.clock() - self._told_at >= _TOLD_SECONDS:
            self._tell()

    def _so_far(self) -> str:
        return f"{100 * self._done // max(1, self._total)} % of the data is copied into {self._target.url}"

    def _tell(self) -> None:
        self._told_at = self._terms.clock()
        self._terms.progress(self._done, self._total)
