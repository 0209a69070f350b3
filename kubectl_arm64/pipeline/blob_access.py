"""Requests to blob storage while rights and switches settle.

A role that was given a minute ago, and shared keys that were switched on a moment ago, are refused for a while;
and an organisation's policy may forbid shared keys on an account that was made with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from kubectl_arm64.copy.ports import Blobs, BlobState, CopyState, PageBlob
from kubectl_arm64.copy.ranges import RangePage, Span
from kubectl_arm64.copy.troubles import Busy
from kubectl_arm64.errors import Denied
from kubectl_arm64.pipeline.step import Pace, Reporter

KEYS_FORBIDDEN = "KeyBasedAuthenticationNotPermitted"
NO_DATA_ROLE = "AuthorizationPermissionMismatch"
SETTLING_SECONDS = 120.0

T = TypeVar("T")


class SettlingBlobs:
    """`Blobs` that waits, for two minutes in all, for what settles, and may turn from the account key to the token.

    `keys_just_on`: this run switched shared keys on, so their refusal settles. `fallback` makes the token's access,
    None where the user demanded the key.
    """

    def __init__(
        self,
        blobs: Blobs,
        pace: Pace,
        report: Reporter,
        *,
        keys_just_on: bool = False,
        fallback: Callable[[], Blobs] | None = None,
    ) -> None:
        self._blobs = blobs
        self._pace = pace
        self._report = report
        self._settling = {NO_DATA_ROLE} | ({KEYS_FORBIDDEN} if keys_just_on else set())
        self._fallback = fallback
        self._waited = 0.0

    def url(self, blob: str) -> str:
        return self._blobs.url(blob)

    def head(self, blob: str) -> BlobState | None:
        return self.settled(lambda: self._blobs.head(blob))

    def read(self, blob: str, offset: int, length: int) -> bytes:
        return self.settled(lambda: self._blobs.read(blob, offset, length))

    def start_copy(
        self, blob: str, source: str, *, source_etag: str, metadata: Mapping[str, str], replace_etag: str | None
    ) -> CopyState:
        return self.settled(
            lambda: self._blobs.start_copy(
                blob, source, source_etag=source_etag, metadata=metadata, replace_etag=replace_etag
            )
        )

    def abort_copy(self, blob: str, copy_id: str) -> None:
        self.settled(lambda: self._blobs.abort_copy(blob, copy_id))

    # By the access that has settled so far: a look at the blob comes first.

    def names(self) -> Iterator[str]:
        return self._blobs.names()

    def delete(self, blob: str, etag: str) -> None:
        self._blobs.delete(blob, etag)

    def page_blob(self, blob: str) -> PageBlob:
        return SettlingPageBlob(self, lambda: self._blobs.page_blob(blob))

    def is_settling(self, denied: Denied) -> bool:
        """Whether that refusal may be over in a moment."""
        return denied.code in self._settling and self._waited < SETTLING_SECONDS

    def settled(self, call: Callable[[], T]) -> T:
        while True:
            try:
                return call()
            except Denied as denied:
                if self.is_settling(denied):
                    self._wait(denied)
                elif denied.code == KEYS_FORBIDDEN and self._fallback:
                    self._report.note("the storage account forbids shared keys: going on with the sign-in's own token")
                    self._blobs, self._fallback = self._fallback(), None
                else:
                    raise

    def _wait(self, denied: Denied) -> None:
        if not self._waited:
            what = "shared keys" if denied.code == KEYS_FORBIDDEN else "the role"
            self._report.note(f"waiting for {what} to take effect on the storage account")
        seconds = max(self._pace.interval, 1.0) if self._pace.interval else 0.0
        self._pace.sleep(seconds)
        # A pace of zero is for tests: it must still come to an end.
        self._waited += seconds or SETTLING_SECONDS / 12


class SettlingPageBlob:
    """One page blob by that access: what is asked one at a time waits, and the copy itself tries its many again."""

    def __init__(self, access: SettlingBlobs, blob: Callable[[], PageBlob]) -> None:
        self._access = access
        self._blob = blob

    @property
    def url(self) -> str:
        return self._blob().url

    def head(self) -> BlobState | None:
        return self._access.settled(lambda: self._blob().head())

    def read(self, offset: int, length: int) -> bytes:
        return self._access.settled(lambda: self._blob().read(offset, length))

    def page_ranges(self, window: Span, marker: str) -> RangePage:
        return self._access.settled(lambda: self._blob().page_ranges(window, marker))

    def create(self, size: int, metadata: Mapping[str, str], *, replace_etag: str = "", lease: str = "") -> None:
        self._access.settled(lambda: self._blob().create(size, metadata, replace_etag=replace_etag, lease=lease))

    def set_metadata(self, metadata: Mapping[str, str], *, lease: str) -> None:
        self._access.settled(lambda: self._blob().set_metadata(metadata, lease=lease))

    def acquire_lease(self, lease: str, seconds: int) -> None:
        self._access.settled(lambda: self._blob().acquire_lease(lease, seconds))

    def renew_lease(self, lease: str) -> None:
        with self._busy():
            self._blob().renew_lease(lease)

    def release_lease(self, lease: str) -> None:
        self._blob().release_lease(lease)

    def fetch(self, cell: Span) -> bytes:
        with self._busy():
            return self._blob().fetch(cell)

    def copy_pages(self, cell: Span, source: str, *, source_etag: str, lease: str) -> None:
        with self._busy():
            self._blob().copy_pages(cell, source, source_etag=source_etag, lease=lease)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """What settles is for many threads what a busy service is."""
        try:
            yield
        except Denied as denied:
            if not self._access.is_settling(denied):
                raise
            raise Busy(denied.what, denied.advice, code=denied.code) from denied
