"""A storage account's body: what the provider fills in, and what each api-version shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.sandbox.arm.exchange import Resource, location_of, timestamp
from tests.sandbox.world import StorageAccount

TYPE = "Microsoft.Storage/storageAccounts"
FIRST_WITH_IPV6_RULES = "2024-01-01"
_PAIRED = {"eastus": "westus", "westus": "eastus", "eastus2": "centralus", "usgovvirginia": "usgovtexas"}


def new_body(resource_id: str, request: Resource, blob_suffix: str, now: float) -> Resource:
    """The account that a PUT of `request` makes, with the defaults of today's api-versions."""
    name, location = resource_id.rpartition("/")[2], location_of(request)
    created, kind = timestamp(now, "Z"), request.get("kind", "StorageV2")
    sent = request.get("properties") or {}
    properties = merged(_defaults(name, kind, location, blob_suffix, created), sent)
    for service in properties["encryption"]["services"].values():
        service["lastEnabledTime"] = created
    tiered = sku(request.get("sku") or {"name": "Standard_LRS"})
    if "GRS" in tiered["name"]:
        properties |= {"secondaryLocation": _PAIRED.get(location, "westus"), "statusOfSecondary": "available"}
    return {
        "sku": tiered,
        "kind": kind,
        "id": resource_id,
        "name": name,
        "type": TYPE,
        "location": location,
        "tags": dict(request.get("tags") or {}),
        "properties": {**properties, "provisioningState": "Succeeded"},
    }


def _defaults(name: str, kind: str, location: str, blob_suffix: str, created: str) -> dict[str, Any]:
    domain = blob_suffix.removeprefix("blob.")
    services = ("dfs", "web", *_CLASSIC) if kind == "StorageV2" else _CLASSIC
    endpoints = {service: f"https://{name}.{service}.{domain}/" for service in services}
    if "web" in endpoints:
        endpoints["web"] = f"https://{name}.z13.web.{domain}/"
    return {
        "keyCreationTime": {"key1": created, "key2": created},
        "allowCrossTenantReplication": False,
        "privateEndpointConnections": [],
        "minimumTlsVersion": "TLS1_0",
        "allowBlobPublicAccess": False,
        "networkAcls": {
            "ipv6Rules": [],
            "bypass": "AzureServices",
            "virtualNetworkRules": [],
            "ipRules": [],
            "defaultAction": "Allow",
        },
        "supportsHttpsTrafficOnly": True,
        "encryption": {
            "services": {
                "file": {"keyType": "Account", "enabled": True},
                "blob": {"keyType": "Account", "enabled": True},
            },
            "keySource": "Microsoft.Storage",
        },
        **({"accessTier": "Hot"} if kind == "StorageV2" else {}),
        "provisioningState": "Succeeded",
        "creationTime": created,
        "primaryEndpoints": endpoints,
        "primaryLocation": location,
        "statusOfPrimary": "available",
    }


_CLASSIC = ("blob", "queue", "table", "file")


def render(account: StorageAccount, api_version: str) -> Resource:
    """The account as `api_version` shows it."""
    if api_version >= FIRST_WITH_IPV6_RULES:
        return account.body
    properties = account.body["properties"]
    rules = {key: value for key, value in properties.get("networkAcls", {}).items() if key != "ipv6Rules"}
    return {**account.body, "properties": {**properties, "networkAcls": rules}}


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with the members of `new`; objects are merged, all else replaced."""
    both = dict(old)
    for key, value in new.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = merged(both[key], value) if nested else value
    return both


def sku(sent: Mapping[str, str]) -> dict[str, str]:
    """A SKU with the tier that its name begins with."""
    return {"name": sent["name"], "tier": sent["name"].partition("_")[0]}
