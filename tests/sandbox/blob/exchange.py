"""One request to blob storage and one answer, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from tests.sandbox.blob.errors import Refusal
from tests.sandbox.knobs import Knobs
from tests.sandbox.world import Blob, Container, StorageAccount, World

# What a request that names no version is answered with (recordings/blob/auth/02).
UNVERSIONED = "2014-02-14"
NEWEST_VERSION = "2026-10-06"
# Of accounts whose subscription is not of this world, such as the one with the public images.
_STRANGERS_TENANT = "00000000-0000-4000-8000-00000000fe11"


@dataclass(frozen=True)
class Answer:
    """`body` as chunks is sent without holding it all in memory."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""


@dataclass(frozen=True)
class Call:
    """A request, taken apart. Header and query names are in lower case, `raw_path` is as it was sent.

    `identity` is the object id of the bearer token's principal, "key" for the account's key, "sas", or "" for nobody.
    """

    world: World
    knobs: Knobs
    account: StorageAccount
    method: str
    raw_path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    scheme: str = "https"
    identity: str = ""

    @property
    def version(self) -> str:
        return self.headers.get("x-ms-version") or self.query.get("sv") or UNVERSIONED

    @property
    def container_name(self) -> str:
        return unquote(self.raw_path.lstrip("/").partition("/")[0])

    @property
    def blob_name(self) -> str:
        return unquote(self.raw_path.lstrip("/").partition("/")[2])

    @property
    def level(self) -> str:
        """What the path and `restype` address: service, container or blob."""
        if self.blob_name:
            return "blob"
        return "container" if self.container_name else "service"

    @property
    def tenant(self) -> str:
        """Whose tokens the account takes."""
        subscription = self.world.subscriptions.get(self.account.subscription, {})
        return str(subscription.get("tenantId", _STRANGERS_TENANT))

    @property
    def scope(self) -> str:
        """The resource id that a role must reach to allow the call."""
        if not self.container_name:
            return self.account.resource_id
        return f"{self.account.resource_id}/blobServices/default/containers/{self.container_name}"

    @property
    def container(self) -> Container:
        if self.container_name not in self.account.containers:
            raise Refusal("ContainerNotFound")
        return self.account.containers[self.container_name]

    @property
    def existing(self) -> Blob | None:
        return self.container.blobs.get(self.blob_name)

    @property
    def blob(self) -> Blob:
        blob = self.existing
        if blob is None:
            raise Refusal("BlobNotFound")
        return blob

    @property
    def now(self) -> float:
        return self.world.clock.now()

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def required(self, name: str) -> str:
        """The header's value; a request without it is refused."""
        if not self.headers.get(name):
            raise Refusal("MissingRequiredHeader", elements={"HeaderName": name})
        return self.headers[name]

    def metadata(self) -> dict[str, str]:
        return {name[10:]: value for name, value in self.headers.items() if name.startswith("x-ms-meta-")}

    def since(self, version: str) -> bool:
        """Whether the request speaks `version` or a later one."""
        return self.version >= version

    def known_as(self, identity: str) -> Call:
        return replace(self, identity=identity)


def account_at(world: World, host: str) -> StorageAccount | None:
    """The account whose blob endpoint `host` is."""
    account = world.accounts.get(host.partition(".")[0])
    if account is None:
        return None
    endpoints = account.body["properties"].get("primaryEndpoints", {})
    endpoint = endpoints.get("blob") or f"https://{account.name}.{world.cloud.blob_suffix}/"
    return account if urlsplit(endpoint).hostname == host else None


def parse_query(text: str) -> dict[str, str]:
    """Names in lower case; a plus sign stays one, as storage reads it."""
    pairs = (part.partition("=") for part in text.split("&") if part)
    return {unquote(name).lower(): unquote(value) for name, _, value in pairs}
