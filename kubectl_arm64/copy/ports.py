"""What copying a VHD needs of blob storage, stated by the copy; azure/ implements it.

Every method raises kubectl_arm64.errors.Failure, with advice, for what Azure answers beyond its docstring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


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
