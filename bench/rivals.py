"""How others copy pages from a URL, request for request, over this tool's own connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from kubectl_arm64.copy.listing import listed
from kubectl_arm64.copy.ports import PageBlob, PageSource
from kubectl_arm64.copy.ranges import Span
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.copy.troubles import Busy

CHUNK = 4 << 20


def every_page(source: PageSource, target: PageBlob) -> None:
    """openshift-install: all chunks of 4 MiB, zeros too, in groups of 64 that wait for each other; 3 tries each."""
    state = source.head()
    target.create(state.size, {})

    def put(chunk: Span) -> None:
        for tries in range(12):
            try:
                return target.copy_pages(chunk, source.url, source_etag=state.etag, lease="")
            except Busy:
                # Go's SDK tries each of the three four times, 0.8, 2.4 and 5.6 s apart.
                time.sleep(0.8 * (2 ** (tries % 4 + 1) - 1) if tries % 4 < 3 else 0.0)
        raise Busy(f"gave up at {chunk}")

    with ThreadPoolExecutor(64) as pool:
        chunks = _chunks(state.size)
        while group := list(islice(chunks, 64)):
            list(pool.map(put, group))


def chunks_with_data(source: PageSource, target: PageBlob) -> None:
    """AzCopy: those chunks of 4 MiB that have any data, whole; its pacer is left out, since 28 at a time fit."""
    state = source.head()
    target.create(state.size, {})
    terms = Terms(sleep=_no_sleep)
    ranges = list(listed(lambda span, mark: source.page_ranges(span, mark, state.etag), state.size, "", terms))
    wanted = [chunk for chunk in _chunks(state.size) if any(_overlap(chunk, span) for span in ranges)]

    def put(chunk: Span) -> None:
        target.copy_pages(chunk, source.url, source_etag=state.etag, lease="")

    with ThreadPoolExecutor(28) as pool:
        list(pool.map(put, wanted))


def _chunks(size: int) -> Iterator[Span]:
    return (Span(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _no_sleep(seconds: float) -> None:
    """The bench's service lists at once."""
