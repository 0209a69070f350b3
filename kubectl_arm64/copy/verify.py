"""Whether the copy is the source: what can be told without reading the disk."""

from __future__ import annotations

from kubectl_arm64.copy import footer
from kubectl_arm64.copy.listing import listed
from kubectl_arm64.copy.ports import BlobState, PageSource, PageTarget
from kubectl_arm64.copy.ranges import Span, difference
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import Failure


def verify(source: PageSource, copied: BlobState, target: PageTarget, terms: Terms) -> None:
    """Raise Unequal unless `target` has the size, the page ranges and a sound VHD footer of the source.

    The ranges are asked for on condition that the source is still `copied`, the state that the copy began with (else
    SourceChanged); so was each page, and equal ranges are equal bytes.
    """
    state = target.head()
    size = state.size if state else 0
    if size != copied.size:
        raise Unequal(target, f"it holds {size} bytes, the source {copied.size}")
    theirs = listed(lambda span, marker: source.page_ranges(span, marker, copied.etag), size, source.shown, terms)
    if found := difference(theirs, listed(target.page_ranges, size, target.url, terms)):
        raise Unequal(target, f"the source has data at {_told(found[0])} where it has data at {_told(found[1])}")
    if wrong := footer.fault(target.read(size - footer.SIZE, footer.SIZE), size):
        raise Unequal(target, wrong)


class Unequal(Failure):
    """The copy is not its source; `why` in a few words."""

    def __init__(self, target: PageTarget, why: str) -> None:
        super().__init__(f"{target.url} is not what was copied: {why}", "run the same command again to mend it")
        self.why = why


def _told(span: Span | None) -> str:
    return f"bytes {span.start}-{span.end}" if span else "no bytes"
