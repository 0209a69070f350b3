"""Cells: what one request copies. Pure.

A cell never reaches beyond its page range, so nothing is copied that is not data, and the same list of ranges always
gives the same cells: what one run has copied, the next recognises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from kubectl_arm64.copy.ranges import Span

LARGEST = 4 << 20  # the most that one Put Page From URL takes


def cells(ranges: Iterable[Span], largest: int = LARGEST) -> Iterator[Span]:
    """Merged `ranges` cut into pieces of at most `largest` bytes, each from its own start."""
    for start, end in ranges:
        for offset in range(start, end, largest):
            yield Span(offset, min(offset + largest, end))


class Part(Enum):
    """What a span is to a copy under way."""

    THERE = "there"
    MISSING = "missing"  # in whole or in part
    STRAY = "stray"  # data of the destination's own, which no range of the source holds


def compared(ranges: Iterable[Span], covered: Iterable[Span], largest: int = LARGEST) -> Iterator[tuple[Span, Part]]:
    """Each cell of the source's `ranges`, THERE or MISSING by what the destination has `covered`; and what is STRAY.

    Both are merged, and read side by side, so that either may be a listing under way.
    """
    rest = iter(covered)
    cover = next(rest, None)
    for span in ranges:
        for cell in cells([span], largest):
            while cover is not None and cover.end < cell.end:
                if cover.start < span.start:
                    yield cover, Part.STRAY
                cover = next(rest, None)
            yield cell, Part.THERE if cover is not None and cover.start <= cell.start else Part.MISSING
        if cover is not None and cover.end == span.end:
            if cover.start < span.start:
                yield cover, Part.STRAY
            cover = next(rest, None)
    while cover is not None:
        yield cover, Part.STRAY
        cover = next(rest, None)
