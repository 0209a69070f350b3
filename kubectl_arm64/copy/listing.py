"""A blob's page ranges, fetched piece by piece while they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubectl_arm64.copy.ranges import RangePage, Span, disorder, merged
from kubectl_arm64.copy.troubles import TRIES, Busy, pause
from kubectl_arm64.errors import Failure

SMALLEST_WINDOW = 64 << 20

Fetch = Callable[[Span, str], RangePage]


def listed(fetch: Fetch, size: int, name: str, sleep: Callable[[float], None]) -> Iterator[Span]:
    """All page ranges of the blob `name` of `size` bytes, ascending and merged; one page of the list in memory.

    Raises Failure for a list that cannot be true, Busy when the service stays busy.
    """
    return merged(_checked(_pieces(fetch, size, sleep), size, name))


def _pieces(fetch: Fetch, size: int, sleep: Callable[[float], None]) -> Iterator[Span]:
    """By marker; and in ever smaller windows where the service cannot list so much in its time.

    Microsoft: Get Page Ranges can time out on a page blob with many writes; ask for a part of it then
    (learn.microsoft.com/rest/api/storageservices/get-page-ranges).
    """
    start, window, tries = 0, size, 0
    while start < size:
        asked, marker = Span(start, min(start + window, size)), ""
        try:
            while True:
                page = fetch(asked, marker)
                yield from page.ranges
                tries, marker = 0, page.marker
                if not marker:
                    break
                start = page.ranges[-1].end if page.ranges else start
            start = asked.end
        except Busy as busy:
            tries += 1
            if tries == TRIES:
                raise
            sleep(pause(tries, busy.retry_after))
            window = max(window // 2, SMALLEST_WINDOW)


def _checked(ranges: Iterator[Span], size: int, name: str) -> Iterator[Span]:
    before = 0
    for span in ranges:
        if wrong := disorder(before, span, size):
            raise Failure(f"{name} tells page ranges that cannot be: {wrong}", "copy it with --copy async")
        yield span
        before = span.end
