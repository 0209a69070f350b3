"""Subscriptions, tenants and locations."""

from __future__ import annotations

from typing import Any

from tests.sandbox.arm.exchange import Answer, Call, Route
from tests.sandbox.arm.regions import WITHOUT_ZONES, regions


def tenants(call: Call) -> Answer:
    tenant = call.claims.tenant
    return Answer(200, {"value": [{"id": f"/tenants/{tenant}", "tenantId": tenant, "tenantCategory": "Home"}]})


def listing(call: Call) -> Answer:
    """The subscriptions of the caller's tenant in which the caller has a role."""
    held = [role.scope.lower() for role in call.world.roles if role.object_id == call.claims.object_id]
    found = [
        _body(name, subscription)
        for name, subscription in call.world.subscriptions.items()
        if subscription["tenantId"] == call.claims.tenant
        and any(scope in ("", "/") or f"{scope}/".startswith(f"/subscriptions/{name.lower()}/") for scope in held)
    ]
    return Answer(200, {"value": found, "count": {"type": "Total", "value": len(found)}})


def get(call: Call) -> Answer:
    name = next(name for name in call.world.subscriptions if name.lower() == call.subscription.lower())
    return Answer(200, _body(name, call.world.subscriptions[name]))


def _body(name: str, subscription: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{name}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": name,
        "tenantId": subscription["tenantId"],
        "displayName": subscription["displayName"],
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def locations(call: Call) -> Answer:
    return Answer(200, {"value": [_location(call, *item) for item in regions(call.world.cloud.name).items()]})


def _location(call: Call, name: str, display: str) -> dict[str, Any]:
    location: dict[str, Any] = {
        "id": f"/subscriptions/{call.subscription}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": display,
        "regionalDisplayName": display,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }
    if name not in WITHOUT_ZONES:
        location["availabilityZoneMappings"] = [
            {"logicalZone": zone, "physicalZone": f"{name}-az{zone}"} for zone in ("1", "2", "3")
        ]
    return location


_READ = "Microsoft.Resources/subscriptions"

ROUTES = [
    Route("GET", "/tenants", "", tenants),
    Route("GET", "/subscriptions", "", listing),
    Route("GET", "/subscriptions/{subscription}", f"{_READ}/read", get),
    Route("GET", "/subscriptions/{subscription}/locations", f"{_READ}/locations/read", locations),
]
