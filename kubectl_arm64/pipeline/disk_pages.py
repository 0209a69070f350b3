"""The blob behind a managed disk, reached by a SAS that ends, and is asked for anew when it does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from kubectl_arm64.copy.ports import BlobState, PageTarget
from kubectl_arm64.copy.ranges import RangePage, Span
from kubectl_arm64.errors import Failure

_REFUSED = "AuthenticationFailed"  # blob storage's word for a SAS that ran out, or was taken back

T = TypeVar("T")


class RenewedPages:
    """The PageTarget port of the copy; `access` gives the blob with a new SAS, or raises where there is none to have.

    A SAS that worked and is refused now is renewed, once for all requests that it fails. One that never worked is
    not: time is not what is wrong with it.
    """

    def __init__(self, access: Callable[[], PageTarget]) -> None:
        self._access = access
        self._pages = access()
        self._worked: PageTarget | None = None
        self._renewing = threading.Lock()

    @property
    def url(self) -> str:
        return self._pages.url

    def head(self) -> BlobState | None:
        return self._asked(lambda pages: pages.head())

    def read(self, offset: int, length: int) -> bytes:
        return self._asked(lambda pages: pages.read(offset, length))

    def page_ranges(self, window: Span, marker: str) -> RangePage:
        return self._asked(lambda pages: pages.page_ranges(window, marker))

    def fetch(self, cell: Span) -> bytes:
        return self._asked(lambda pages: pages.fetch(cell))

    def copy_pages(self, cell: Span, source: str, *, source_etag: str, lease: str) -> None:
        self._asked(lambda pages: pages.copy_pages(cell, source, source_etag=source_etag, lease=lease))

    def _asked(self, request: Callable[[PageTarget], T]) -> T:
        pages = self._pages
        try:
            answer = request(pages)
        except Failure as refused:
            if refused.code != _REFUSED:
                raise
            pages = self._renewed(pages, refused)
            answer = request(pages)
        self._worked = pages
        return answer

    def _renewed(self, stale: PageTarget, refused: Failure) -> PageTarget:
        with self._renewing:
            if self._pages is stale:
                if self._worked is not stale:
                    raise refused
                self._pages = self._access()
            return self._pages
