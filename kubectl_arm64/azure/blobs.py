"""One container of blob storage, reached by the sign-in's token or by a SAS that is signed here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.credentials import AzureSasCredential, TokenCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.core.tools import parse_resource_id
from azure.storage.blob import BlobClient, ContainerClient

from kubectl_arm64.azure.answers import answer_of
from kubectl_arm64.azure.blob_client import content, settings, state_of
from kubectl_arm64.azure.clouds import Cloud
from kubectl_arm64.azure.failures import translated
from kubectl_arm64.azure.pages import ContainerPageBlob
from kubectl_arm64.azure.sas import container_sas
from kubectl_arm64.azure.transport import Connection
from kubectl_arm64.copy.ports import BlobState, CopyState, PageBlob
from kubectl_arm64.copy.troubles import LeaseHeld
from kubectl_arm64.errors import Refused
from kubectl_arm64.pipeline.ports import Resource

if TYPE_CHECKING:
    from kubectl_arm64.azure.credentials import Credentials
    from kubectl_arm64.azure.source_access import SourceAccess

_COPIES = "rcw"  # read, create, write
_REMOVES = "rdl"  # read, delete, list
_EVERY_BLOB = ["snapshots", "uncommittedblobs", "versions", "deleted"]
_SAS_LIFETIME = timedelta(minutes=30)
_SAS_RENEWAL = timedelta(minutes=10)  # before its end
# 409 and 412 of a Copy Blob whose destination is not as it was.
_CHANGED = ("BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet", "PendingCopyOperation")

Access = Callable[[], "AzureSasCredential | TokenCredential"]


def by_token(credentials: Credentials) -> Access:
    """The sign-in's own token; needs a data role."""
    return lambda: credentials


def by_key(
    account: Resource,
    container: str,
    key: Callable[[str, str], str],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    removes: bool = False,
) -> Access:
    """A SAS for the container, signed with the account's key and made anew before it ends.

    `key(group, account)` is asked for each, so that a rotated key does no harm. It can write but not delete, or with
    `removes` delete and list but not write.
    """
    parts = parse_resource_id(str(account["id"]))
    group, name = str(parts["resource_group"]), str(parts["name"])
    credential: AzureSasCredential | None = None
    permissions = _REMOVES if removes else _COPIES
    ends = now()
    one_at_a_time = threading.Lock()

    def access() -> AzureSasCredential:
        nonlocal credential, ends
        with one_at_a_time:
            if credential is None or now() > ends - _SAS_RENEWAL:
                new_end = now() + _SAS_LIFETIME
                signature = container_sas(name, container, key(group, name), permissions, new_end)
                if credential is None:
                    credential = AzureSasCredential(signature)
                else:
                    credential.update(signature)
                ends = new_end  # only now: whoever asks next tries again what failed
            return credential

    return access


class ContainerBlobs:
    """The Blobs port of the copy. `access` gives the credential before every call, `sources` those for private ones."""

    def __init__(
        self,
        account: Resource,
        container: str,
        access: Access,
        connection: Connection,
        cloud: Cloud,
        sources: SourceAccess | None = None,
    ) -> None:
        endpoints = (account.get("properties") or {}).get("primaryEndpoints") or {}
        self._endpoint = str(endpoints.get("blob") or cloud.blob_endpoint(str(account["name"]))).rstrip("/")
        self._container = container
        self._access = access
        self._connection = connection
        self._sources = sources
        self._client: ContainerClient | None = None

    def url(self, blob: str) -> str:
        return f"{self._endpoint}/{self._container}/{blob}"

    def head(self, blob: str) -> BlobState | None:
        client = self._blob(blob)
        with translated(f"look at {self.url(blob)}"):
            try:
                return state_of(client.get_blob_properties())
            except ResourceNotFoundError as error:
                if answer_of(error).status != 404:
                    raise
                return None

    def read(self, blob: str, offset: int, length: int) -> bytes:
        client = self._blob(blob)
        with translated(f"read {self.url(blob)}"):
            return content(client, offset, length)

    def start_copy(
        self, blob: str, source: str, *, source_etag: str, metadata: Mapping[str, str], replace_etag: str | None
    ) -> CopyState:
        """As the port says; but a pending copy with the same metadata is ours, and answers as if just started."""
        shown = source.partition("?")[0]
        doing = f"copy {shown} to {self.url(blob)}"
        client = self._blob(blob)
        unchanged: dict[str, Any] = {"match_condition": MatchConditions.IfMissing}
        if replace_etag is not None:
            unchanged = {"match_condition": MatchConditions.IfNotModified, "etag": replace_etag}
        with translated(doing):
            try:
                answer = client.start_copy_from_url(
                    self._sources.signed(source) if self._sources else source,
                    metadata=dict(metadata),
                    source_etag=source_etag,
                    source_match_condition=MatchConditions.IfNotModified,
                    **unchanged,
                )
            except HttpResponseError as error:
                code = answer_of(error).code
                if code == "LeaseIdMissing":
                    raise LeaseHeld(
                        f"cannot {doing}: another run writes there at this moment",
                        "wait for it, then run the same command again",
                        code=code,
                    ) from None
                if code not in _CHANGED:
                    raise
                return self._joined(blob, metadata, code, doing)
        return CopyState(str(answer["copy_id"]), shown, str(answer["copy_status"]))

    def abort_copy(self, blob: str, copy_id: str) -> None:
        client = self._blob(blob)
        with translated(f"abort the copy to {self.url(blob)}"):
            try:
                client.abort_copy(copy_id)
            except HttpResponseError as error:
                # It has come to its end meanwhile.
                if answer_of(error).code != "NoPendingCopyOperation":
                    raise

    def names(self) -> Iterator[str]:
        with translated(f"list the blobs of {self._endpoint}/{self._container}"):
            yield from (str(each.name) for each in self._opened().list_blobs(include=_EVERY_BLOB))

    def delete(self, blob: str, etag: str) -> None:
        with translated(f"delete {self.url(blob)}"):
            try:
                self._blob(blob).delete_blob(etag=etag, match_condition=MatchConditions.IfNotModified)
            except HttpResponseError:
                # By somebody else, or by an attempt of ours whose answer was lost: 404, of Azurite 412.
                if self.head(blob) is not None:
                    raise

    def page_blob(self, blob: str) -> PageBlob:
        return ContainerPageBlob(self, blob, lambda: self._blob(blob), self._sources)

    def _joined(self, blob: str, metadata: Mapping[str, str], code: str, doing: str) -> CopyState:
        """The copy that our own first attempt started, where its answer was lost and the SDK tried again."""
        state = self.head(blob)
        if state and state.copy and dict(metadata).items() <= state.metadata.items():
            return state.copy
        if code == "PendingCopyOperation":
            raise Refused(
                f"cannot {doing}: another copy into it is pending",
                "run the same command again to join it, or abort it with --abort-copy",
                code=code,
            )
        raise Refused(f"cannot {doing}: the destination changed meanwhile", "run the same command again", code=code)

    def _blob(self, blob: str) -> BlobClient:
        return self._opened().get_blob_client(blob)

    def _opened(self) -> ContainerClient:
        """With a credential that holds."""
        credential = self._access()
        if self._client is None:
            self._client = ContainerClient(
                self._endpoint, self._container, credential=credential, **settings(self._connection)
            )
        return self._client
