"""The VHD to copy from: whoever publishes it, read anonymously, and with the sign-in only where it is private."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import BlobClient

from kubectl_arm64.azure.answers import Answer, answer_of
from kubectl_arm64.azure.blob_client import content, settings, state_of
from kubectl_arm64.azure.failures import failure
from kubectl_arm64.azure.transport import Connection
from kubectl_arm64.copy.ports import BlobState
from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFound

if TYPE_CHECKING:
    from kubectl_arm64.azure.credentials import Credentials
    from kubectl_arm64.azure.source_access import SourceAccess

_WITH_SAS = "make it public, or give its URL with a SAS (--source-url)"
# How storage refuses who does not say who he is; before version 2019-12-12 what is private was simply not there.
_PRIVATE_STATUSES = (401, 403)
_PRIVATE_CODES = ("PublicAccessNotPermitted", "ResourceNotFound")


class UrlSource:
    """The Source port of the copy. `access` is None where the sign-in may be used for no source."""

    def __init__(self, url: str, connection: Connection, access: SourceAccess | None = None) -> None:
        self._url = url
        self._connection = connection
        self._access = access
        self._credentials: Credentials | None = None

    @property
    def url(self) -> str:
        return self._url

    @property
    def shown(self) -> str:
        return self._url.partition("?")[0]

    def head(self) -> BlobState:
        try:
            state = self._state()
        except AzureError as error:
            raise self._failure(error) from None
        if not state.kind:
            raise InvalidInput(
                f"{self.shown} is not in Azure blob storage", "upload it there as a page blob, and name that"
            )
        return state

    def read(self, offset: int, length: int) -> bytes:
        try:
            return content(self._client, offset, length)
        except AzureError as error:
            raise self._failure(error) from None

    def _state(self) -> BlobState:
        try:
            return state_of(self._client.get_blob_properties())
        except HttpResponseError as error:
            if not self._signs_in(answer_of(error)):
                raise
        state = state_of(self._client.get_blob_properties())
        if self._access:
            self._access.found_private(self._url)
        return state

    def _signs_in(self, refused: Answer) -> bool:
        """Whether from here on the sign-in reads, since nobody else may."""
        private = refused.status in _PRIVATE_STATUSES or refused.code in _PRIVATE_CODES
        if not private or self._credentials or not self._access:
            return False
        self._credentials = self._access.credentials_for(self._url)
        if self._credentials:
            del self._client
        return self._credentials is not None

    @cached_property
    def _client(self) -> BlobClient:
        try:
            return BlobClient.from_blob_url(
                self._url,
                credential=self._credentials,
                permit_redirects=self._credentials is None,  # else the token would go along
                **settings(self._connection),
            )
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
            return gone(self.shown, answer.code)
        if answer.code == "AuthorizationFailure":
            return Denied(
                f"cannot {doing}: the network rules of its storage account refuse this machine ({answer.code})",
                "let this machine in there, or name a mirror with --source-url",
                code=answer.code,
            )
        if "?" in self._url:
            return Denied(
                f"cannot {doing} with the SAS of its URL ({answer.code or answer.status})",
                "it may have expired, or lack the permission to read: make another",
                code=answer.code,
            )
        if self._credentials:
            return Denied(
                f"{self.shown} is not public, and the signed-in identity may not read it "
                f"({answer.code or answer.status})",
                f"give it the role Storage Blob Data Reader there, {_WITH_SAS}",
                code=answer.code,
            )
        return Denied(f"{self.shown} is not public ({answer.code or answer.status})", _WITH_SAS, code=answer.code)


def gone(shown: str, code: str) -> NotFound:
    """What `shown`, a URL without its query, is when the service finds no blob there."""
    return NotFound(
        f"the VHD is gone: {shown}",
        "update the cluster to a newer z-stream, or name another with --source-url",
        code=code,
    )
