"""The VHD to copy from: whoever publishes it, read without our own credentials."""

from __future__ import annotations

from functools import cached_property

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import BlobClient

from kubectl_arm64.azure.answers import answer_of
from kubectl_arm64.azure.blobs import settings, state_of
from kubectl_arm64.azure.failures import failure
from kubectl_arm64.azure.transport import Connection
from kubectl_arm64.copy.ports import BlobState
from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFound

_WITH_SAS = "make it public, or give its URL with a SAS (--source-url)"


class UrlSource:
    """The Source port of the copy."""

    def __init__(self, url: str, connection: Connection) -> None:
        self._url = url
        self._connection = connection

    @property
    def url(self) -> str:
        return self._url

    @property
    def shown(self) -> str:
        return self._url.partition("?")[0]

    def head(self) -> BlobState:
        try:
            state = state_of(self._client.get_blob_properties())
        except AzureError as error:
            raise self._failure(error) from None
        if not state.kind:
            raise InvalidInput(
                f"{self.shown} is not in Azure blob storage", "upload it there as a page blob, and name that"
            )
        return state

    def read(self, offset: int, length: int) -> bytes:
        try:
            return bytes(self._client.download_blob(offset=offset, length=length).readall())
        except AzureError as error:
            raise self._failure(error) from None

    @cached_property
    def _client(self) -> BlobClient:
        try:
            return BlobClient.from_blob_url(self._url, **settings(self._connection))
        except ValueError as error:
            raise InvalidInput(
                f"{self.shown} is not the URL of a blob",
                "it looks like https://ACCOUNT.blob.core.windows.net/CONTAINER/BLOB",
            ) from error

    def _failure(self, error: AzureError) -> Failure:
        doing = f"read the VHD {self.shown}"
        answer = answer_of(error) if isinstance(error, HttpResponseError) else None
        if answer is None or answer.status not in (401, 403, 404, 409):
            return failure(error, doing)
        if answer.status == 404:
            return NotFound(
                f"the VHD is gone: {self.shown}",
                "update the cluster to a newer z-stream, or name another with --source-url",
                code=answer.code,
            )
        if "?" in self._url:
            return Denied(
                f"cannot {doing} with the SAS of its URL ({answer.code or answer.status})",
                "it may have expired, or lack the permission to read: make another",
                code=answer.code,
            )
        return Denied(f"{self.shown} is not public ({answer.code or answer.status})", _WITH_SAS, code=answer.code)
