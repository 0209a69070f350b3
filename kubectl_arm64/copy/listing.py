"""A blob's page ranges, fetched piece by piece while they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubectl_arm64.copy.ranges import PAGE, RangePage, Span, disorder, merged
from kubectl_arm64.copy.terms import AGAIN, Terms
from kubectl_arm64.copy.troubles import TRIES, Busy, pause
from kubectl_arm64.errors import Failure, NotFinished

SMALLEST_WINDOW = 64 << 20
EMPTY_PAGES = 8  # in a row that a list may have before it is taken for endless

Fetch = Callable[[Span, str], RangePage]


def listed(fetch: Fetch, size: int, name: str, terms: Terms) -> Iterator[Span]:
    """All page ranges of the blob `name` of `size` bytes, ascending and merged; one page of the list in memory.

    Raises Failure for a list that cannot be true, Busy when the service stays busy, NotFinished when the time is over.
    """
    return merged(_checked(_pieces(fetch, size, name, terms), size, name))


def _pieces(fetch: Fetch, size: int, name: str, terms: Terms) -> Iterator[Span]:
    """By marker; and in ever smaller windows where the service cannot list so much in its time.

    Microsoft: Get Page Ranges can time out on a page blob with many writes; ask for a part of it then
    (learn.microsoft.com/rest/api/storageservices/get-page-ranges).
    """
    start, window, tries, empty = 0, size, 0, 0
    while start < size:
        asked, marker = Span(start, min(start + window, size)), ""
        try:
            while True:
                page = fetch(asked, marker)
                yield from page.ranges
                if page.ranges:
                    tries, empty = 0, 0
                if not page.marker:
                    break
                empty += not page.ranges
                if page.marker == marker or empty == EMPTY_PAGES:
                    raise _untrue(name, "their list does not end")
                marker = page.marker
                start = page.ranges[-1].end if page.ranges else start
            start = asked.end
        except Busy as busy:
            tries += 1
            if tries == TRIES:
                raise
            _wait(pause(tries, busy.retry_after), name, terms)
            window = max(window // 2 // PAGE * PAGE, SMALLEST_WINDOW)  # the service takes whole pages only


def _wait(seconds: float, name: str, terms: Terms) -> None:
    if terms.clock() + seconds > terms.deadline:
        raise NotFinished(f"the page ranges of {name} are not listed yet: storage is busy", AGAIN)
    terms.sleep(seconds)


def _checked(ranges: Iterator[Span], size: int, name: str) -> Iterator[Span]:
    before = 0
    for span in ranges:
        if wrong := disorder(before, span, size):
            raise _untrue(name, wrong)
        yield span
        before = span.end


def _untrue(name: str, why: str) -> Failure:
    return Failure(f"{name} tells page ranges that cannot be: {why}", "copy it with --copy async")
