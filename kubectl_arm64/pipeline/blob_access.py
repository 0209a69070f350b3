"""Requests to blob storage while rights and switches settle.

A role that was given a minute ago, and shared keys that were switched on a moment ago, are refused for a while;
and an organisation's policy may forbid shared keys on an account that was made with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from kubectl_arm64.copy.ports import Blobs, BlobState, CopyState, PageBlob
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
        return self._settled(lambda: self._blobs.head(blob))

    def read(self, blob: str, offset: int, length: int) -> bytes:
        return self._settled(lambda: self._blobs.read(blob, offset, length))

    def start_copy(
        self, blob: str, source: str, *, source_etag: str, metadata: Mapping[str, str], replace_etag: str | None
    ) -> CopyState:
        return self._settled(
            lambda: self._blobs.start_copy(
                blob, source, source_etag=source_etag, metadata=metadata, replace_etag=replace_etag
            )
        )

    def abort_copy(self, blob: str, copy_id: str) -> None:
        self._settled(lambda: self._blobs.abort_copy(blob, copy_id))

    # By the access that has settled so far: a look at the blob comes first.

    def names(self) -> Iterator[str]:
        return self._blobs.names()

    def delete(self, blob: str, etag: str) -> None:
        self._blobs.delete(blob, etag)

    def page_blob(self, blob: str) -> PageBlob:
        return self._blobs.page_blob(blob)

    def _settled(self, call: Callable[[], T]) -> T:
        while True:
            try:
                return call()
            except Denied as denied:
                if denied.code in self._settling and self._waited < SETTLING_SECONDS:
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
