"""The SDK's clients of blob storage as everybody here makes and reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure.core.pipeline import PipelineResponse
from azure.storage.blob import BlobClient, BlobProperties, ExponentialRetry

from kubectl_arm64.azure import versions
from kubectl_arm64.azure.transport import USER_AGENT, Connection
from kubectl_arm64.copy.ports import BlobState, CopyState

_LONGEST_SECONDS = 30.0


def settings(connection: Connection) -> dict[str, Any]:
    """What every client of blob storage is made with."""
    return {
        "api_version": versions.BLOB,
        "transport": connection.transport(),
        "retry_policy": _Retry(connection.sleep),
        "user_agent": USER_AGENT,
    }


class _Retry(ExponentialRetry):
    """The SDK's, which starts at 15 s; and its wrapped transports would sleep by themselves."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        super().__init__(initial_backoff=1, increment_base=2, retry_total=6, retry_status=6)
        self._sleep = sleep

    def sleep(self, settings: dict[str, Any], transport: Any) -> None:
        self._sleep(min(self.get_backoff_time(settings), _LONGEST_SECONDS))


def content(client: BlobClient, offset: int, length: int, **options: Any) -> bytes:
    """`length` bytes of the blob from `offset` on, in one request; `options` are the SDK's."""
    return bytes(client.download_blob(offset=offset, length=length, raw_response_hook=_untyped, **options).readall())


def _untyped(response: PipelineResponse[Any, Any]) -> None:
    """Of a page blob the SDK lists all page ranges at each read, to leave out zeros: not for a few hundred bytes."""
    response.http_response.headers.pop("x-ms-blob-type", None)


def state_of(properties: BlobProperties) -> BlobState:
    """A HEAD's answer."""
    copy = properties.copy
    done, _, total = (copy.progress or "").partition("/")
    return BlobState(
        size=int(properties.size or 0),
        kind=str(getattr(properties.blob_type, "value", properties.blob_type) or ""),
        etag=str(properties.etag or ""),
        metadata=dict(properties.metadata or {}),
        copy=CopyState(
            copy.id,
            str(copy.source or "").partition("?")[0],
            str(copy.status or ""),
            int(done or 0),
            int(total or 0),
            copy.status_description or "",
        )
        if copy.id
        else None,
    )
