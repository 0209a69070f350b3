"""How a private VHD is read with the sign-in, and who is sent its token for that: this cloud's blob storage alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from azure.storage.blob import BlobServiceClient

from kubectl_arm64.azure.blob_client import settings
from kubectl_arm64.azure.clouds import STORAGE_SCOPE, Cloud
from kubectl_arm64.azure.failures import translated
from kubectl_arm64.azure.sas import delegated_sas
from kubectl_arm64.azure.transport import Connection

if TYPE_CHECKING:
    from kubectl_arm64.azure.credentials import Credentials

# As long as the whole run may take by default: Azure reads the source until its copy is done.
_COPY_LIFETIME = timedelta(hours=2)
_CLOCK_SKEW = timedelta(minutes=15)


class SourceAccess:
    """Knows which URLs were found to be private and readable with the sign-in; every other one gets nothing of it."""

    def __init__(self, cloud: Cloud, credentials: Callable[[], Credentials], connection: Connection) -> None:
        self._cloud = cloud
        self._credentials = credentials
        self._connection = connection
        self._private: set[str] = set()

    def credentials_for(self, url: str) -> Credentials | None:
        """The sign-in's, None for a URL that must not see it, or that carries a SAS."""
        return self._credentials() if takes_token(url, self._cloud) else None

    def found_private(self, url: str) -> None:
        """The sign-in could read what nobody else can."""
        self._private.add(url)

    def authorization(self, url: str) -> Mapping[str, Any]:
        """What the SDK's copy of pages from `url` is given besides."""
        if url not in self._private:
            return {}
        return {"source_authorization": f"Bearer {self._credentials().get_token(STORAGE_SCOPE).token}"}

    def signed(self, url: str) -> str:
        """The URL for Copy Blob, which takes no token for its source: with a SAS of the sign-in's own, to read alone.

        The header x-ms-copy-source-authorization is one of the synchronous copies
        (learn.microsoft.com/rest/api/storageservices/copy-blob, put-page-from-url).
        """
        if url not in self._private:
            return url
        parts = urlsplit(url)
        now = datetime.now(UTC)
        ends = now + _COPY_LIFETIME
        client = BlobServiceClient(
            f"https://{parts.netloc}",
            credential=self._credentials(),
            permit_redirects=False,
            **settings(self._connection),
        )
        with translated(f"get a key to sign for reading {url}"):
            key = client.get_user_delegation_key(now - _CLOCK_SKEW, ends)
        container, _, blob = unquote(parts.path).lstrip("/").partition("/")
        account = parts.netloc.partition(".")[0].lower()
        return f"{url}?{delegated_sas(account, container, blob, key, ends)}"


def takes_token(url: str, cloud: Cloud) -> bool:
    """Whether `url` is https://ACCOUNT.blob.SUFFIX/... of this very cloud, without a query."""
    parts = urlsplit(url)
    ours = rf"[a-z0-9]{{3,24}}\.blob\.{re.escape(cloud.storage_suffix)}(:443)?"
    return parts.scheme == "https" and not parts.query and bool(re.fullmatch(ours, parts.netloc.lower()))
