"""Resource groups: synchronous but for their deletion."""

from __future__ import annotations

from typing import Any

from tests.sandbox.arm import errors, operations, policy
from tests.sandbox.arm.exchange import Answer, Call, Resource, Route, group_id, location_of


def put(call: Call) -> Answer:
    name = call.names["group"]
    existing = call.existing(group_id(call.subscription, name))
    if not call.body.get("location"):
        raise errors.location_required()
    if existing is not None and location_of(existing) != location_of(call.body):
        message = (
            f"Invalid resource group location '{location_of(call.body)}'. "
            f"The Resource group already exists in location '{location_of(existing)}'."
        )
        raise errors.Refusal(409, "InvalidResourceGroupLocation", message, gateway=True)
    group = resource_group(
        call.subscription, existing["name"] if existing else name, location_of(call.body), call.body.get("tags")
    )
    policy.judge(call.world, group)
    call.world.resources[group["id"].lower()] = group
    return Answer(200 if existing else 201, group)


def resource_group(subscription: str, name: str, location: str, tags: dict[str, str] | None = None) -> Resource:
    """A resource group's body."""
    return {
        "id": group_id(subscription, name),
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        **({"tags": dict(tags)} if tags is not None else {}),
        "properties": {"provisioningState": "Succeeded"},
    }


def get(call: Call) -> Answer:
    return Answer(200, call.group)


def head(call: Call) -> Answer:
    return Answer(204 if call.existing(group_id(call.subscription, call.names["group"])) else 404)


def patch(call: Call) -> Answer:
    group = {**call.group, "tags": call.body.get("tags", call.group.get("tags"))}
    policy.judge(call.world, group)
    call.world.resources[group["id"].lower()] = group
    return Answer(200, group)


def listing(call: Call) -> Answer:
    action = "Microsoft.Resources/subscriptions/resourceGroups/read"
    subscription = f"/subscriptions/{call.subscription}"
    groups = call.below(subscription, "Microsoft.Resources/resourceGroups")
    return Answer(200, {"value": call.readable(groups, action, subscription)})


def delete(call: Call) -> Answer:
    group = call.group
    group["properties"]["provisioningState"] = "Deleting"

    def finish() -> None:
        _remove(call, group)

    operation = operations.begin(
        call,
        operations.Operation(
            target=group["id"].lower(),
            polls=call.knobs.polls["delete"],
            started=call.world.clock.now(),
            finish=finish,
            retry_after=operations.GROUP_RETRY,
        ),
    )
    return Answer(202, headers=operations.group_headers(call, operation))


def _remove(call: Call, group: dict[str, Any]) -> None:
    """The group, and all that is in it."""
    inside = f"{group['id'].lower()}/"
    for key in [key for key in call.world.resources if f"{key}/".startswith(inside)]:
        del call.world.resources[key]
    for name, account in list(call.world.accounts.items()):
        if account.resource_id.lower().startswith(inside):
            del call.world.accounts[name]


_GROUPS = "/subscriptions/{subscription}/resourceGroups"
_KIND = "Microsoft.Resources/subscriptions/resourceGroups"

ROUTES = [
    Route("GET", _GROUPS, "", listing),
    Route("PUT", f"{_GROUPS}/{{group}}", f"{_KIND}/write", put),
    Route("GET", f"{_GROUPS}/{{group}}", f"{_KIND}/read", get),
    Route("HEAD", f"{_GROUPS}/{{group}}", f"{_KIND}/read", head),
    Route("PATCH", f"{_GROUPS}/{{group}}", f"{_KIND}/write", patch),
    Route("DELETE", f"{_GROUPS}/{{group}}", f"{_KIND}/delete", delete),
]
