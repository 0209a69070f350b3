"""Blob containers through Resource Manager: no data-plane role is needed, and a policy on keys does not matter."""

from __future__ import annotations

import re
from typing import Any

from tests.sandbox.arm import errors, storage
from tests.sandbox.arm.account_body import TYPE as ACCOUNTS
from tests.sandbox.arm.exchange import Answer, Call, Route, find_group, timestamp
from tests.sandbox.blob.stamps import new_etag
from tests.sandbox.world import Container, StorageAccount, guid

TYPE = "Microsoft.Storage/storageAccounts/blobServices/containers"
_NAME = re.compile(r"[a-z0-9](-?[a-z0-9]){2,62}")


def put(call: Call) -> Answer:
    """201 for a new container, 200 for an updated one; fewer properties than a GET shows."""
    account, name = _account(call, "write"), call.names["container"]
    if not _NAME.fullmatch(name):
        raise errors.Refusal(400, "InvalidResourceName", _stamped(call, "The specified resource name is invalid."))
    access = call.properties.get("publicAccess", "None")
    if access != "None" and not account.public_access:
        message = "Public access is not permitted on this storage account."
        raise errors.Refusal(409, "PublicAccessNotPermitted", _stamped(call, message))
    existing = account.containers.get(name)
    container = existing or Container(name, created=call.world.clock.now())
    container.public_access = access
    container.metadata.update(call.properties.get("metadata") or {})
    account.containers[name] = container
    properties = {
        "deleted": False,
        "remainingRetentionDays": 0,
        "publicAccess": access,
        "hasImmutabilityPolicy": False,
        "hasLegalHold": False,
    }
    body = {**_head(account, container), "properties": properties}
    return Answer(200 if existing else 201, body, {"ETag": _etag(container), "Content-Type": "application/json"})


def get(call: Call) -> Answer:
    account = _account(call, "read")
    container = account.containers.get(call.names["container"])
    if container is None:
        raise errors.Refusal(404, "ContainerNotFound", _stamped(call, "The specified container does not exist."))
    return Answer(200, _full(account, container), {"ETag": _etag(container), "Content-Type": "application/json"})


def listing(call: Call) -> Answer:
    account = _account(call, "read")
    return Answer(200, {"value": [_full(account, container) for container in account.containers.values()]})


def delete(call: Call) -> Answer:
    account = _account(call, "delete")
    return Answer(200 if account.containers.pop(call.names["container"], None) else 204)


def _account(call: Call, verb: str) -> StorageAccount:
    group = find_group(call.world, call.subscription, call.names["group"])
    try:
        return storage.find(call)
    except errors.Refusal:
        parent = f"{group['id']}/providers/{ACCOUNTS}/{call.names['account']}"
        if verb == "write":
            raise errors.write_below_missing("storageAccounts/blobServices/containers", parent) from None
        raise


def _full(account: StorageAccount, container: Container) -> dict[str, Any]:
    properties = {
        "deleted": False,
        "remainingRetentionDays": 0,
        "defaultEncryptionScope": "$account-encryption-key",
        "denyEncryptionScopeOverride": False,
        "publicAccess": container.public_access,
        "leaseStatus": "Unlocked",
        "leaseState": "Available",
        "lastModifiedTime": timestamp(container.created, "Z"),
        **({"metadata": dict(container.metadata)} if container.metadata else {}),
        "legalHold": {"hasLegalHold": False, "tags": []},
        "hasImmutabilityPolicy": False,
        "hasLegalHold": False,
    }
    return {**_head(account, container), "etag": _etag(container), "properties": properties}


def _head(account: StorageAccount, container: Container) -> dict[str, Any]:
    service = f"{account.resource_id}/blobServices/default"
    return {"id": f"{service}/containers/{container.name}", "name": container.name, "type": TYPE}


def _etag(container: Container) -> str:
    container.etag = container.etag or new_etag(container.created)
    return container.etag


def _stamped(call: Call, message: str) -> str:
    return f"{message}\nRequestId:{guid()}\nTime:{timestamp(call.world.clock.now(), 'Z')}"


_CONTAINERS = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{account}"
    "/blobServices/default/containers"
)
_CONTAINER = f"{_CONTAINERS}/{{container}}"

ROUTES = [
    Route("GET", _CONTAINERS, f"{TYPE}/read", listing),
    Route("PUT", _CONTAINER, f"{TYPE}/write", put),
    Route("GET", _CONTAINER, f"{TYPE}/read", get),
    Route("DELETE", _CONTAINER, f"{TYPE}/delete", delete),
]
