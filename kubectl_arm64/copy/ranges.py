"""Page ranges as half-open spans of bytes. Pure, and lazy where it can be: a list may be longer than memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap, zip_longest
from typing import NamedTuple

PAGE = 512


class Span(NamedTuple):
    """The bytes from `start` up to, not including, `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


class Kept:
    """Spans in the order in which they were added, 16 bytes each."""

    def __init__(self) -> None:
        self._edges = array("Q")

    def add(self, span: Span) -> None:
        self._edges.extend(span)

    def __iter__(self) -> Iterator[Span]:
        edges = iter(self._edges)
        return starmap(Span, zip(edges, edges, strict=True))


@dataclass(frozen=True)
class RangePage:
    """One part of a blob's list of page ranges, in ascending order; `marker` names the next part, "" says: the last."""

    ranges: Sequence[Span]
    marker: str = ""


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """`spans` (ascending) with neighbours that touch made one: services differ in that, even from call to call."""
    held: Span | None = None
    for span in spans:
        if held is None:
            held = span
        elif span.start <= held.end:
            held = Span(held.start, max(held.end, span.end))
        else:
            yield held
            held = span
    if held is not None:
        yield held


def disorder(before: int, span: Span, size: int) -> str:
    """What is wrong with `span` in the list of a blob of `size` bytes, after one that ends at `before`; else ""."""
    if span.end <= span.start or span.start % PAGE or span.end % PAGE:
        return f"{span.start}-{span.end} are no whole pages"
    if span.start < before:
        return f"{span.start}-{span.end} is told after a range that ends at {before}"
    if span.end > size:
        return f"{span.start}-{span.end} lies beyond its end at {size}"
    return ""


def difference(one: Iterable[Span], other: Iterable[Span]) -> tuple[Span | None, Span | None] | None:
    """The first place where two merged lists differ; None when they are equal."""
    return next((pair for pair in zip_longest(one, other) if pair[0] != pair[1]), None)
