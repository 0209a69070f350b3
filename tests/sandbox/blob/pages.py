"""The bytes of a blob, kept sparse: what was never written costs neither memory nor disk."""

from __future__ import annotations

import bisect
import os
import tempfile
import weakref
from collections.abc import Iterator

PAGE = 512
_CHUNK = 1024 * 1024


class PageRanges:
    """Sorted, disjoint, half-open intervals; neighbours that touch are one."""

    def __init__(self) -> None:
        self._edges: list[int] = []  # start, end, start, end, ...

    def add(self, start: int, end: int) -> None:
        self._splice(start, end, inside=True)

    def discard(self, start: int, end: int) -> None:
        self._splice(start, end, inside=False)

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The intervals that overlap [start, end), cut to it."""
        first = bisect.bisect_right(self._edges, start) // 2 * 2
        for index in range(first, len(self._edges), 2):
            if self._edges[index] >= end:
                return
            yield max(start, self._edges[index]), min(end, self._edges[index + 1])

    def _splice(self, start: int, end: int, *, inside: bool) -> None:
        if start >= end:
            return
        left, right = bisect.bisect_left(self._edges, start), bisect.bisect_right(self._edges, end)
        # An even index lies outside every interval: there an added interval needs its own edge, a removed one none.
        kept = [start] * ((left % 2 == 0) == inside) + [end] * ((right % 2 == 0) == inside)
        self._edges[left:right] = kept


class PageStore:
    """A fixed number of bytes, all zero at first. Positions and lengths are in bytes.

    Page blobs write whole pages of 512 bytes; a block blob's content is one write at 0.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._written = PageRanges()
        self._file, path = tempfile.mkstemp(prefix="sandbox-blob-")
        os.unlink(path)
        weakref.finalize(self, os.close, self._file)

    def read(self, offset: int, length: int) -> bytes:
        """What lies in [offset, offset + length), cut at the end of the store."""
        end = min(offset + length, self.size)
        if offset >= end:
            return b""
        content = bytearray(end - offset)
        view = memoryview(content)
        for start, stop in self._written.within(offset, end):
            _fill(self._file, view[start - offset : stop - offset], start)
        return bytes(content)

    def write(self, offset: int, data: bytes) -> None:
        if offset < 0 or offset + len(data) > self.size:
            raise ValueError(f"{len(data)} bytes at {offset} do not fit in {self.size}")
        _write(self._file, data, offset)
        self._written.add(offset, offset + len(data))

    def clear(self, offset: int, length: int) -> None:
        """Back to zeros, and out of the ranges."""
        self._written.discard(offset, min(offset + length, self.size))

    def ranges(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        """What was written, as half-open [start, end) pairs; neighbours are merged."""
        return self._written.within(start, self.size if end is None else min(end, self.size))

    def copy(self) -> PageStore:
        """The same bytes and the same ranges, independent of this store from now on."""
        twin = PageStore(self.size)
        for start, end in self.ranges():
            for offset in range(start, end, _CHUNK):
                twin.write(offset, self.read(offset, min(_CHUNK, end - offset)))
        return twin


def _fill(file: int, view: memoryview, offset: int) -> None:
    while view:
        count = os.preadv(file, [view], offset)
        if not count:
            raise OSError(f"nothing to read at {offset}")
        view, offset = view[count:], offset + count


def _write(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(file, view, offset)
        view, offset = view[count:], offset + count
