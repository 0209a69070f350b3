"""Hashing a disk in Azure: in order, ahead by so much and no more, and clear when it cannot go on."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_arm64.copy import digest
from kubectl_arm64.copy.cells import LARGEST, cells
from kubectl_arm64.copy.digest import DiskDigest
from kubectl_arm64.copy.ports import BlobState
from kubectl_arm64.copy.ranges import PAGE, RangePage, Span
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.copy.troubles import Busy
from kubectl_arm64.errors import Failure, NotFinished
from tests.test_step import Time

MIB = 1 << 20
DISK = 64 * MIB + PAGE


@dataclass
class Disk:
    """A page blob that can only be read. `troubles`: how often the cell at an offset is busy before it is had."""

    spans: Sequence[Span]
    size: int = DISK
    troubles: dict[int, int] = field(default_factory=dict)
    time: Time = field(default_factory=Time)
    asked: list[Span] = field(default_factory=list)
    had: set[Span] = field(default_factory=set)
    farthest: int = 0  # cells ahead of the first that was not had
    url: str = "https://rhcos4wl9m.blob.core.windows.net/vhd/rhcos-418.94.202602022246-0-azure.aarch64.vhd"

    def __post_init__(self) -> None:
        self._order = list(cells(self.spans))
        self._lock = threading.Lock()

    def head(self) -> BlobState | None:
        return BlobState(self.size, "PageBlob", '"d1"') if self.size else None

    def read(self, offset: int, length: int) -> bytes:
        raise NotImplementedError

    def page_ranges(self, window: Span, marker: str) -> RangePage:
        return RangePage(self.spans)

    def copy_pages(self, cell: Span, source: str, *, source_etag: str, lease: str) -> None:
        raise NotImplementedError

    def fetch(self, cell: Span) -> bytes:
        with self._lock:
            first = next(index for index, each in enumerate(self._order) if each not in self.had)
            self.farthest = max(self.farthest, self._order.index(cell) - first)
            self.asked.append(cell)
            if self.troubles.get(cell.start, 0):
                self.troubles[cell.start] -= 1
                raise Busy("cannot read: storage answers 503 ServerBusy", code="ServerBusy")
        pages = content(cell)
        with self._lock:
            self.had.add(cell)
        return pages

    def hashed(self, parallel: int = 8, **terms: object) -> digest.Digest:
        times = {"clock": self.time.clock, "sleep": self.time.sleep, **terms}
        return DiskDigest(self, Terms(parallel=parallel, **times)).take()  # type: ignore[arg-type]


def content(span: Span) -> bytes:
    """What lies there: each page tells its own number."""
    return b"".join((page + 1).to_bytes(8, "big") * (PAGE // 8) for page in range(span.start // PAGE, span.end // PAGE))


def flat(disk: Disk) -> str:
    """The digest of the same bytes, all at once."""
    whole = bytearray(disk.size)
    for start, end in disk.spans:
        whole[start:end] = content(Span(start, end))
    return hashlib.sha256(whole).hexdigest()


def pages(*edges: int) -> list[Span]:
    return [Span(start * PAGE, end * PAGE) for start, end in zip(edges[::2], edges[1::2], strict=True)]


@given(st.lists(st.integers(0, 4 * MIB // PAGE), max_size=12, unique=True), st.integers(1, 8))
def test_whatever_the_layout_it_is_the_digest_of_the_whole_disk(edges: list[int], parallel: int) -> None:
    edges = sorted(edges[: len(edges) // 2 * 2])
    disk = Disk(pages(*edges), 4 * MIB)
    found = disk.hashed(parallel)
    assert found.sha256 == flat(disk)
    assert (found.size, found.fetched) == (4 * MIB, sum(span.length for span in disk.spans))


LONG = [Span(PAGE, PAGE + 50 * MIB), Span(DISK - PAGE, DISK)]


def test_data_is_fetched_in_pieces_of_4_mib_and_zeros_are_not() -> None:
    disk = Disk(LONG)
    assert disk.hashed().sha256 == flat(disk)
    assert sorted(disk.asked) == list(cells(LONG))
    assert max(cell.length for cell in disk.asked) == LARGEST


def test_no_more_is_fetched_ahead_than_requests_are_allowed() -> None:
    disk = Disk(LONG, troubles={PAGE: 5})
    assert disk.hashed(parallel=4).sha256 == flat(disk)
    assert disk.farthest < 4


def test_whatever_is_allowed_64_mib_are_the_most_in_memory() -> None:
    spans = [Span(0, 256 * MIB)]
    disk = Disk(spans, 256 * MIB, troubles={0: 7})
    disk.hashed(parallel=64)
    assert disk.farthest < digest.AHEAD // LARGEST == 16


def test_progress_is_in_bytes_of_data_and_ends_with_all_of_them() -> None:
    told: list[tuple[int, int]] = []
    Disk(LONG).hashed(progress=lambda done, total: told.append((done, total)))
    total = 50 * MIB + PAGE
    assert told == sorted(told)
    assert told[-1] == (total, total)


def test_when_it_stays_busy_it_ends_after_eight_tries_with_the_way_to_go_on() -> None:
    disk = Disk(LONG, troubles={PAGE: 99})
    with pytest.raises(Failure, match=r"ServerBusy, 8 times in a row; run the same command again"):
        disk.hashed()
    assert disk.asked.count(Span(PAGE, PAGE + LARGEST)) == 8


def test_when_the_time_is_over_it_says_how_far_it_is() -> None:
    disk = Disk(LONG)
    with pytest.raises(NotFinished, match=r"\d+ % of the data in .* is verified"):
        disk.hashed(deadline=60.0, progress=lambda done, total: disk.time.sleep(99))


def test_when_the_disk_is_gone_it_says_so() -> None:
    with pytest.raises(Failure, match=r"is gone; run the same command again to copy it anew"):
        Disk(LONG, 0).hashed()
