"""Cells: what one request copies. Pure.

A cell never reaches beyond its page range, so nothing is copied that is not data, and the same list of ranges always
gives the same cells: what one run has copied, the next recognises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubectl_arm64.copy.ranges import Span

LARGEST = 4 << 20  # the most that one Put Page From URL takes


def cells(ranges: Iterable[Span], largest: int = LARGEST) -> Iterator[Span]:
    """Merged `ranges` cut into pieces of at most `largest` bytes, each from its own start."""
    for start, end in ranges:
        for offset in range(start, end, largest):
            yield Span(offset, min(offset + largest, end))


def told_apart(wanted: Iterable[Span], covered: Iterable[Span]) -> Iterator[tuple[Span, bool]]:
    """Each of `wanted` (ascending), and whether it lies wholly in one of `covered` (merged).

    Both are read side by side, so that either may be a listing under way.
    """
    rest = iter(covered)
    cover = next(rest, None)
    for cell in wanted:
        while cover is not None and cover.end < cell.end:
            cover = next(rest, None)
        yield cell, cover is not None and cover.start <= cell.start


def missing(wanted: Iterable[Span], covered: Iterable[Span]) -> Iterator[Span]:
    """Those of `wanted` that `covered` lacks, in whole or in part."""
    return (cell for cell, there in told_apart(wanted, covered) if not there)
