"""A small world with a blob service in this process: an account with a public VHD, and one of our own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import AccessToken
from azure.storage.blob import BlobClient, BlobServiceClient
from starlette.types import ASGIApp

from tests.sandbox.blob.app import app as blob_app
from tests.sandbox.blob.in_process import transport
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.vhd import MIB, vhd
from tests.sandbox.entra import tokens
from tests.sandbox.knobs import Knobs
from tests.sandbox.world import Container, Principal, Role, StorageAccount, World

TENANT = "00000000-0000-4000-8000-0000000000aa"
SUBSCRIPTION = "00000000-0000-4000-8000-0000000000bb"
PRINCIPAL = Principal(TENANT, "00000000-0000-4000-8000-0000000000cc", "00000000-0000-4000-8000-0000000000dd")
CONTRIBUTOR_ACTIONS = [
    "Microsoft.Storage/storageAccounts/blobServices/containers/delete",
    "Microsoft.Storage/storageAccounts/blobServices/containers/read",
    "Microsoft.Storage/storageAccounts/blobServices/containers/write",
    "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
]
VERSION = "2025-01-05"
VHD = "rhcos-418.94.202501221327-0-azure.aarch64.vhd"
PUBLIC_URL = f"https://rhcos.blob.core.windows.net/imagebucket/{VHD}"


def account(name: str, **properties: Any) -> StorageAccount:
    body = {"name": name, "properties": {"supportsHttpsTrafficOnly": True, **properties}}
    return StorageAccount(SUBSCRIPTION, "images", name, body)


def new_world() -> World:
    """A public account with a VHD, and one of our own with a private container."""
    world = World(tenants=[TENANT], principals=[PRINCIPAL], subscriptions={SUBSCRIPTION: {"tenantId": TENANT}})
    public, ours = account("rhcos", allowBlobPublicAccess=True), account("arm64images", allowBlobPublicAccess=False)
    world.accounts = {public.name: public, ours.name: ours}
    source = new_blob(vhd(data_bytes=MIB, virtual_size=64 * MIB), world.clock.now())
    public.containers["imagebucket"] = Container("imagebucket", "Blob", {VHD: source})
    ours.containers["vhds"] = Container("vhds")
    return world


@dataclass
class Token:
    """A credential whose tokens come from the sandbox's Entra ID."""

    world: World
    audience: str = "https://storage.azure.com/"
    seconds: float = 3600

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        token = tokens.issue(self.world, PRINCIPAL, self.audience, self.seconds)
        return AccessToken(token, int(time.time()) + 3600)


@dataclass
class Storage:
    """A blob service on a small world, in this process."""

    world: World = field(default_factory=new_world)
    knobs: Knobs = field(default_factory=Knobs)

    def __post_init__(self) -> None:
        self.app: ASGIApp = blob_app(self)

    @property
    def ours(self) -> StorageAccount:
        return self.world.accounts["arm64images"]

    @property
    def key(self) -> str:
        return self.ours.keys[0]

    @property
    def source(self) -> PageStore:
        store: PageStore = self.world.accounts["rhcos"].containers["imagebucket"].blobs[VHD].store
        return store

    def service(self, credential: Any = None, name: str = "arm64images") -> BlobServiceClient:
        return BlobServiceClient(
            f"https://{name}.blob.core.windows.net",
            credential=credential,
            transport=transport(self.app),
            api_version=VERSION,
            retry_total=0,
        )

    def blob(self, credential: Any = "key", name: str = VHD) -> BlobClient:
        return self.service(self.key if credential == "key" else credential).get_blob_client("vhds", name)

    def public(self, credential: Any = None, name: str = VHD) -> BlobClient:
        return self.service(credential, "rhcos").get_blob_client("imagebucket", name)

    def grant(self, *data_actions: str, actions: list[str] = CONTRIBUTOR_ACTIONS) -> None:
        role = Role(PRINCIPAL.object_id, self.ours.resource_id, actions=actions, data_actions=list(data_actions))
        self.world.roles.append(role)
