"""The SHA-256 of a whole disk as it lies in a page blob: its data is fetched, the zeros in between are not."""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from kubectl_arm64.copy.cells import LARGEST, cells
from kubectl_arm64.copy.dispatch import Dispatch, Errand
from kubectl_arm64.copy.listing import listed
from kubectl_arm64.copy.ports import PageTarget
from kubectl_arm64.copy.ranges import Kept, Span
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import Failure

AHEAD = 64 << 20  # bytes that may be in memory, fetched or on their way
_ZEROS = memoryview(bytes(LARGEST))
_TOLD_SECONDS = 0.25


@dataclass(frozen=True)
class Digest:
    """In lower-case hexadecimal, and what it cost: bytes that came here, of a disk of `size`, and seconds."""

    sha256: str
    size: int
    fetched: int
    seconds: float


class DiskDigest:
    """Reads `target`, as it is when this is made; `terms.progress` is told bytes of data."""

    def __init__(self, target: PageTarget, terms: Terms) -> None:
        state = target.head()
        if state is None:
            raise Failure(f"{target.url} is gone", "run the same command again to copy it anew")
        self._target = target
        self._terms = terms
        self._size = state.size
        self._ranges = Kept()
        self.data = 0
        for span in listed(target.page_ranges, state.size, target.url, terms):
            self._ranges.add(span)
            self.data += span.length
        self._order: deque[Span] = deque()  # asked for and not hashed yet
        self._pages: dict[Span, bytes] = {}  # those of them that are here
        self._sha = hashlib.sha256()
        self._at = 0
        self._fetched = 0
        self._told_at = -math.inf

    def take(self) -> Digest:
        """Fetch ahead, hash in order. Raises Failure with the way to go on, as the copy does."""
        began = self._terms.clock()
        errand = Errand(self._fetch, f"the verification of {self._target.url}", self._so_far)
        for _ in Dispatch(errand, self._terms).done(self._asked_for(), self._has_room):
            self._hash()
        self._hash_zeros(self._size)
        self._tell()
        return Digest(self._sha.hexdigest(), self._size, self._fetched, self._terms.clock() - began)

    def _asked_for(self) -> Iterator[Span]:
        for cell in cells(self._ranges):
            self._order.append(cell)
            yield cell

    def _has_room(self) -> bool:
        return len(self._order) < min(self._terms.parallel, AHEAD // LARGEST)

    def _fetch(self, cell: Span) -> None:
        self._pages[cell] = self._target.fetch(cell)

    def _hash(self) -> None:
        """All that is next."""
        while self._order and (pages := self._pages.pop(self._order[0], None)) is not None:
            cell = self._order.popleft()
            self._hash_zeros(cell.start)
            self._sha.update(pages)
            self._at = cell.end
            self._fetched += cell.length
            if self._terms.clock() - self._told_at >= _TOLD_SECONDS:
                self._tell()

    def _hash_zeros(self, end: int) -> None:
        """Up to `end`, from one buffer; hashlib lets the other threads run meanwhile."""
        for start in range(self._at, end, LARGEST):
            self._sha.update(_ZEROS[: end - start])
        self._at = end

    def _so_far(self) -> str:
        return f"{100 * self._fetched // max(1, self.data)} % of the data in {self._target.url} is verified"

    def _tell(self) -> None:
        self._told_at = self._terms.clock()
        self._terms.progress(self._fetched, self.data)
