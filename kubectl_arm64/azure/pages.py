"""Page blobs: their ranges, Put Page From URL, and leases. Each request is sent once; the copy decides what to repeat.

The service answers for two: what a copy's source refused comes back as CannotVerifyCopySource with the source's own
status, whatever the destination would have said, a 304 and a 401 without a challenge among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, DecodeError, HttpResponseError
from azure.core.pipeline import PipelineResponse
from azure.storage.blob import BlobClient, BlobLeaseClient

from kubectl_arm64.azure.answers import Answer, answer_of
from kubectl_arm64.azure.blob_client import content
from kubectl_arm64.azure.failures import failure, of_answer
from kubectl_arm64.azure.source import UrlSource, gone
from kubectl_arm64.copy.ports import Blobs, BlobState
from kubectl_arm64.copy.ranges import RangePage, Span
from kubectl_arm64.copy.terms import AGAIN
from kubectl_arm64.copy.troubles import BlobChanged, Busy, LeaseHeld, LeaseLost, NoPageCopy, SourceChanged
from kubectl_arm64.errors import Denied, Failure

if TYPE_CHECKING:
    from kubectl_arm64.azure.source_access import SourceAccess

_BUSY = (408, 429, 500, 502, 503, 504)
# At a time. The service lists up to 10,000, and the SDK makes 12 MiB of objects of those.
_RANGES = 5_000
_ONCE: dict[str, Any] = {"retry_total": 0, "read_timeout": 60}
_HELD = ("LeaseAlreadyPresent", "LeaseIdMismatchWithLeaseOperation", "LeaseIsBreakingAndCannotBeAcquired")
_LOST = (
    "LeaseIdMismatchWithBlobOperation",
    "LeaseIdMissing",
    "LeaseIsBreakingAndCannotBeChanged",
    "LeaseIsBrokenAndCannotBeRenewed",
    "LeaseLost",
    "LeaseNotPresentWithBlobOperation",
    "LeaseNotPresentWithLeaseOperation",
)
# The source's own words for who does not say who he is, or whose SAS has ended; a firewall's is AuthorizationFailure.
_NOT_LET_IN = ("AuthenticationFailed", "NoAuthenticationInformation", "PublicAccessNotPermitted")
_CHANGED = ("BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet")
# The service, or what stands in for it, has no such operation for this blob.
_NO_PAGES = (
    "FeatureNotSupported",
    "InvalidBlobType",
    "NotImplemented",
    "OperationNotAllowedOnPageBlob",
    "UnsupportedHeader",
    "UnsupportedHttpVerb",
    "UnsupportedQueryParameter",
)


class ContainerPageBlob:
    """The PageBlob port of the copy: `blob` of `blobs`. `client` gives one whose credential holds, at every call."""

    def __init__(
        self, blobs: Blobs, blob: str, client: Callable[[], BlobClient], sources: SourceAccess | None = None
    ) -> None:
        self._sources = sources
        self._blobs = blobs
        self._blob = blob
        self._client = client

    @property
    def url(self) -> str:
        return self._blobs.url(self._blob)

    def head(self) -> BlobState | None:
        return self._blobs.head(self._blob)

    def read(self, offset: int, length: int) -> bytes:
        return self._blobs.read(self._blob, offset, length)

    def create(self, size: int, metadata: Mapping[str, str], *, replace_etag: str = "", lease: str = "") -> None:
        condition: dict[str, Any] = {"match_condition": MatchConditions.IfMissing}
        if replace_etag:
            condition = {"match_condition": MatchConditions.IfNotModified, "etag": replace_etag}
        with _asked(f"create {self.url}"):
            self._client().create_page_blob(size, metadata=dict(metadata), **condition, **_holding(lease))

    def page_ranges(self, window: Span, marker: str) -> RangePage:
        with _asked(f"list the page ranges of {self.url}"):
            return _range_page(self._client(), self.url, window, marker)

    def fetch(self, cell: Span) -> bytes:
        doing = f"read {self.url}"
        with _asked(doing):
            pages = content(self._client(), cell.start, cell.length, **_ONCE)
        if len(pages) != cell.length:
            raise Busy(f"cannot {doing}: the answer ends after {len(pages)} of {cell.length} bytes", AGAIN)
        return pages

    def copy_pages(self, cell: Span, source: str, *, source_etag: str, lease: str) -> None:
        shown = source.partition("?")[0]
        with _asked(f"copy {shown} to {self.url}", source=shown):
            self._client().upload_pages_from_url(
                source,
                offset=cell.start,
                length=cell.length,
                source_offset=cell.start,
                source_etag=source_etag,
                source_match_condition=MatchConditions.IfNotModified,
                **(self._sources.authorization(source) if self._sources else {}),
                **_holding(lease),
                **_ONCE,
            )

    def set_metadata(self, metadata: Mapping[str, str], *, lease: str) -> None:
        with _asked(f"mark {self.url}"):
            self._client().set_blob_metadata(dict(metadata), **_holding(lease))

    def acquire_lease(self, lease: str, seconds: int) -> None:
        with _asked(f"lease {self.url}"):
            # The SDK may repeat this one: who proposes the id that holds gets the lease again.
            self._lease(lease).acquire(lease_duration=seconds)

    def renew_lease(self, lease: str) -> None:
        with _asked(f"renew the lease on {self.url}"):
            self._lease(lease).renew(**_ONCE)

    def release_lease(self, lease: str) -> None:
        with _asked(f"release the lease on {self.url}"):
            self._lease(lease).release(**_ONCE)

    def _lease(self, lease: str) -> BlobLeaseClient:
        return BlobLeaseClient(self._client(), lease_id=lease)


class UrlPageSource(UrlSource):
    """The PageSource port of the copy."""

    def page_ranges(self, window: Span, marker: str, etag: str) -> RangePage:
        condition = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        try:
            return _range_page(self._client, self.shown, window, marker, **condition)
        except AzureError as error:
            raise self._refusal(error) from None

    def _refusal(self, error: AzureError) -> Failure:
        doing = f"list the page ranges of {self.shown}"
        if not isinstance(error, HttpResponseError) or error.response is None:
            return _unanswered(error, doing)
        answer = answer_of(error)
        if answer.status in (304, 412):
            return SourceChanged(f"{self.shown} changed while it was copied", AGAIN, code=answer.code)
        if answer.status in _BUSY:
            return _busy(answer, doing)
        if answer.status in (401, 403, 404) or answer.code == "PublicAccessNotPermitted":
            return self._failure(error)
        return NoPageCopy(f"{self.shown} tells no page ranges ({_told(answer)})", code=answer.code)


def _range_page(client: BlobClient, shown: str, window: Span, marker: str, **condition: Any) -> RangePage:
    asked = client.list_page_ranges(
        offset=window.start,
        length=window.length,
        results_per_page=_RANGES,
        raw_response_hook=_is_page_list,
        **condition,
        **_ONCE,
    )
    pages = asked.by_page(marker or None)
    try:
        ranges = [Span(int(each.start or 0), int(each.end or 0) + 1) for each in next(pages, ()) if not each.cleared]
    except (ValueError, DecodeError) as error:  # a proxy's page, or an answer that was cut off
        raise Busy(f"cannot list the page ranges of {shown}: the answer is not Azure's", AGAIN) from error
    return RangePage(ranges, str(getattr(pages, "continuation_token", None) or ""))


def _is_page_list(response: PipelineResponse[Any, Any]) -> None:
    """Raise ValueError for a document of another kind, which the SDK would take for an empty list."""
    answer = response.http_response
    if answer.status_code == 200 and b"<PageList" not in answer.body()[:256]:
        raise ValueError("not a PageList")


@contextmanager
def _asked(doing: str, source: str = "") -> Iterator[None]:
    """What the SDK raises becomes one of the copy's troubles, or a Failure; `source`: what the service copies from."""
    try:
        yield
    except HttpResponseError as error:
        if error.response is None:
            raise _unanswered(error, doing) from None
        raise refusal(answer_of(error), doing, source) from None
    except AzureError as error:
        raise _unanswered(error, doing) from None


def refusal(answer: Answer, doing: str, source: str = "") -> Failure:
    """What a refused request means to the copy; `source` is shown where the refusal is the source's."""
    told = answer.headers.get("x-ms-copy-source-status-code", "")
    if source and (told or answer.code == "CannotVerifyCopySource"):
        return _of_source(int(told) if told.isdecimal() else answer.status, answer, doing, source)
    if answer.status in _BUSY:
        return _busy(answer, doing)
    for kind, codes in ((LeaseHeld, _HELD), (LeaseLost, _LOST), (BlobChanged, _CHANGED)):
        if answer.code in codes:
            return kind(f"cannot {doing}: {answer.message.rstrip('.')} ({answer.code})", AGAIN, code=answer.code)
    if answer.code in _NO_PAGES or answer.status in (405, 501):
        return NoPageCopy(f"cannot {doing} page by page ({_told(answer)})", code=answer.code)
    return of_answer(answer, doing)


def _of_source(status: int, answer: Answer, doing: str, source: str) -> Failure:
    """The source's refusal of what the service asked it for on our behalf."""
    if status in (304, 412):
        return SourceChanged(f"{source} changed while it was copied", AGAIN, code=answer.code)
    if status == 404:
        return gone(source, answer.code)
    reason = answer.headers.get("x-ms-copy-source-error-code", "")
    if status == 401 or reason in _NOT_LET_IN:
        return Denied(
            f"cannot {doing}: the source is not public, or its SAS has expired ({_told(answer)})",
            "make it public, or give its URL with a SAS (--source-url)",
            code=answer.code,
        )
    if status in (403, 409):
        return NoPageCopy(
            f"cannot {doing} page by page: the storage service is refused by the source ({_told(answer)})",
            "look at the network rules of both storage accounts",
            code=answer.code,
        )
    if status == 416:
        return Failure(f"cannot {doing}: the source tells pages that it does not have", "use --copy async")
    if status in _BUSY:
        return _busy(answer, doing)
    return NoPageCopy(f"cannot {doing} page by page ({_told(answer)})", code=answer.code)


def _busy(answer: Answer, doing: str) -> Busy:
    asked = answer.retry_after
    return Busy(
        f"cannot {doing}: storage answers {_told(answer)}",
        AGAIN,
        code=answer.code,
        retry_after=float(asked) if asked.replace(".", "", 1).isdecimal() else 0.0,
    )


def _unanswered(error: AzureError, doing: str) -> Busy:
    """No answer says nothing of what became of the request; all of ours may be sent again."""
    return Busy(failure(error, doing).what, AGAIN)


def _told(answer: Answer) -> str:
    """Both statuses, where there are two: `409 CannotVerifyCopySource, source: 403 AuthorizationFailure`."""
    words = f"{answer.status} {answer.code}".strip()
    source = answer.headers.get("x-ms-copy-source-status-code", "")
    reason = answer.headers.get("x-ms-copy-source-error-code", "")
    return f"{words}, source: {source} {reason}".rstrip() if source else words


def _holding(lease: str) -> dict[str, Any]:
    return {"lease": lease} if lease else {}
