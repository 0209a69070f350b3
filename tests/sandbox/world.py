"""The state that the sandbox's services share: who exists, what they may do, and what is stored.

One `World` is one seeded situation; the admin endpoint replaces it as a whole.
"""

from __future__ import annotations

import base64
import fnmatch
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Clock:
    """Seconds since the epoch; tests move it forward instead of sleeping."""

    offset: float = 0.0

    def now(self) -> float:
        return time.time() + self.offset


@dataclass
class Cloud:
    """The host names of one Azure cloud."""

    name: str = "AzurePublicCloud"
    login: str = "login.microsoftonline.com"
    management: str = "management.azure.com"
    audience: str = "https://management.azure.com"  # what tokens for ARM are issued for
    blob_suffix: str = "blob.core.windows.net"


@dataclass
class Principal:
    """A service principal, a user signed in with az, or a managed identity."""

    tenant: str
    client_id: str
    object_id: str
    secret: str = ""
    secret_expired: bool = False


@dataclass
class Role:
    """A role assignment: what `object_id` may do at `scope` and below (Azure's role definition permissions)."""

    object_id: str
    scope: str
    actions: list[str] = field(default_factory=list)
    not_actions: list[str] = field(default_factory=list)
    data_actions: list[str] = field(default_factory=list)
    not_data_actions: list[str] = field(default_factory=list)


def _matches(patterns: list[str], action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


@dataclass
class Blob:
    """One blob; page blobs keep their bytes in `store` (see tests/sandbox/blob)."""

    store: Any
    properties: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Container:
    name: str
    public_access: str = "None"  # None, Blob or Container
    blobs: dict[str, Blob] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    etag: str = ""  # quoted; "" until it is first asked for
    metadata: dict[str, str] = field(default_factory=dict)
    policies: dict[str, dict[str, str]] = field(default_factory=dict)  # stored access policies: id -> {sp, st, se}


def new_key() -> str:
    return base64.b64encode(os.urandom(64)).decode()


@dataclass
class StorageAccount:
    """One account: ARM's resource body, and the data behind it. Names are unique in the world."""

    subscription: str
    resource_group: str
    name: str
    body: dict[str, Any]  # the whole ARM resource as GET answers it
    keys: list[str] = field(default_factory=lambda: [new_key(), new_key()])
    containers: dict[str, Container] = field(default_factory=dict)
    beside_blobs: dict[str, list[str]] = field(default_factory=dict)  # shares, queues, tables -> their names
    deleting: dict[str, int] = field(default_factory=dict)  # deleted container -> how often creating it is refused yet

    @property
    def resource_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Storage/storageAccounts/{self.name}"
        )

    @property
    def shared_keys(self) -> bool:
        return self.body["properties"].get("allowSharedKeyAccess") is not False

    @property
    def public_access(self) -> bool:
        return self.body["properties"].get("allowBlobPublicAccess") is True


@dataclass
class World:
    """Everything that exists."""

    cloud: Cloud = field(default_factory=Cloud)
    clock: Clock = field(default_factory=Clock)
    tenants: list[str] = field(default_factory=list)
    principals: list[Principal] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # id -> {tenantId, displayName, providers: {namespace: state}}
    accounts: dict[str, StorageAccount] = field(default_factory=dict)  # by name, in every subscription
    resources: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # lower-case resource id -> ARM body (groups, galleries, ...)
    objects: dict[tuple[str, str, str, str], dict[str, Any]] = field(
        default_factory=dict
    )  # (group/version, plural, namespace, name) -> Kubernetes object
    kube_users: dict[str, dict[str, Any]] = field(default_factory=dict)  # bearer token -> {name, groups, rules}
    unserved_groups: set[str] = field(
        default_factory=lambda: {"aro.openshift.io"}
    )  # API groups that the cluster does not have (add machine.openshift.io for a hosted cluster)
    signing_key: str = field(default_factory=new_key, repr=False)  # what Entra ID signs this world's tokens with
    operations: dict[str, Any] = field(default_factory=dict)  # id -> long-running operation (tests/sandbox/arm)
    uploads: dict[str, Any] = field(default_factory=dict)  # lower-case disk id -> its bytes (arm/disks.py)
    policies: list[Any] = field(default_factory=list)  # deny policies that are assigned (tests/sandbox/arm/policy.py)
    skus: list[dict[str, Any]] = field(default_factory=list)  # what Microsoft.Compute/skus lists
    usages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # location -> what its usages list
    marketplace: list[dict[str, Any]] = field(default_factory=list)  # images: publisher, offer, sku, version, ...

    def may(self, object_id: str, action: str, scope: str, *, data: bool = False) -> bool:
        """Whether a role assignment of `object_id` at `scope` or above allows `action`."""
        for role in self.roles:
            at = role.scope.rstrip("/").lower()
            if role.object_id != object_id or not f"{scope.lower()}/".startswith(f"{at}/"):
                continue
            allowed, denied = (role.data_actions, role.not_data_actions) if data else (role.actions, role.not_actions)
            if _matches(allowed, action) and not _matches(denied, action):
                return True
        return False


def guid() -> str:
    return str(uuid.uuid4())
