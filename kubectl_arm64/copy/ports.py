"""What copying a VHD needs of blob storage, stated by the copy; azure/ implements it.

Every method raises kubectl_arm64.errors.Failure, with advice, for what Azure answers beyond its docstring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from kubectl_arm64.copy.ranges import RangePage, Span


@dataclass(frozen=True)
class CopyState:
    """The last server-side copy into a blob (the x-ms-copy-* headers). `source` has no query."""

    id: str
    source: str
    status: str  # pending, success, failed or aborted
    done: int = 0
    total: int = 0
    description: str = ""


@dataclass(frozen=True)
class BlobState:
    """A blob as HEAD tells it. `size` in bytes."""

    size: int
    kind: str  # PageBlob, BlockBlob or AppendBlob
    etag: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    copy: CopyState | None = None


class Blobs(Protocol):
    """One container of one account, with a credential that the adapter keeps to itself.

    Entra ID token, or a SAS that is signed locally, https only, valid for minutes, and made anew when it ends.
    """

    def url(self, blob: str) -> str:
        """Without any query."""

    def head(self, blob: str) -> BlobState | None: ...

    def read(self, blob: str, offset: int, length: int) -> bytes: ...

    def start_copy(
        self, blob: str, source: str, *, source_etag: str, metadata: Mapping[str, str], replace_etag: str | None
    ) -> CopyState:
        """Asynchronous Copy Blob. The source must still have `source_etag`; the destination must not exist,
        or still have `replace_etag`. A copy that is pending already answers Refused (attach by `head`).
        """

    def abort_copy(self, blob: str, copy_id: str) -> None: ...

    def names(self) -> Iterator[str]:
        """Of every blob in the container: of snapshots, versions and blobs in the recycle bin too."""

    def delete(self, blob: str, etag: str) -> None:
        """The blob, which must still have `etag`, and no lease."""

    def page_blob(self, blob: str) -> PageBlob:
        """The blob, to be written page by page; nothing is asked of the service yet."""


class Source(Protocol):
    """The VHD to copy from, read anonymously or by the SAS that its URL carries."""

    @property
    def url(self) -> str:
        """As given, query and all: for the service only, never for people."""

    @property
    def shown(self) -> str:
        """Without its query."""

    def head(self) -> BlobState:
        """Raises NotFound, Denied or Failure in words about the source."""

    def read(self, offset: int, length: int) -> bytes: ...


class PageSource(Source, Protocol):
    """A source that tells where its data lies. Raises Busy, SourceChanged and NoPageCopy (copy/troubles.py) too."""

    def page_ranges(self, window: Span, marker: str, etag: str) -> RangePage:
        """Those that overlap `window`, cut to it, while the source still has `etag`; `marker` goes on from a page."""


class PageTarget(Protocol):
    """Where pages are copied to: a blob that is there; safe to use from many threads.

    What may succeed later raises Busy, and the copy itself tries again; a lease that does not hold raises LeaseLost.
    """

    @property
    def url(self) -> str:
        """Without any query."""

    def head(self) -> BlobState | None: ...

    def read(self, offset: int, length: int) -> bytes: ...

    def page_ranges(self, window: Span, marker: str) -> RangePage: ...

    def fetch(self, cell: Span) -> bytes:
        """Its bytes, at most 4 MiB, in one request; where `read` is patient by itself, this raises Busy."""

    def copy_pages(self, cell: Span, source: str, *, source_etag: str, lease: str) -> None:
        """Put Page From URL: at most 4 MiB, from the same place of the source, which must still have `source_etag`.

        `lease` "" where there is none. Raises SourceChanged, NoPageCopy, NotFound or Denied for what is wrong with
        the source.
        """


class PageBlob(PageTarget, Protocol):
    """One blob of ours, in a container of ours: it can be made anew, described and leased.

    A lease that another holds raises LeaseHeld, a blob that is not as the condition wants it BlobChanged.
    """

    def create(self, size: int, metadata: Mapping[str, str], *, replace_etag: str = "", lease: str = "") -> None:
        """Make an empty page blob of `size` bytes where there is none, or where one still has `replace_etag`."""

    def set_metadata(self, metadata: Mapping[str, str], *, lease: str) -> None: ...

    def acquire_lease(self, lease: str, seconds: int) -> None: ...

    def renew_lease(self, lease: str) -> None: ...

    def release_lease(self, lease: str) -> None: ...
