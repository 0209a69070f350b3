"""What galleries, image definitions and image versions have in common: their writes and deletions are operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.sandbox.arm import errors, operations, policy
from tests.sandbox.arm.exchange import Answer, Call, Resource, location_of
from tests.sandbox.arm.regions import regions

Finish = Callable[[], errors.Refusal | None]


def checked_location(call: Call, kind: str, existing: Resource | None) -> str:
    """The location of the body that was sent, which an existing resource must have already."""
    location, known = location_of(call.body), regions(call.world.cloud.name)
    if not location:
        raise errors.location_required()
    if location not in known:
        raise errors.location_unknown(location, kind, ",".join(known))
    if existing is not None and location != location_of(existing):
        name, group = existing["name"], call.names["group"]
        raise errors.location_differs(name, location_of(existing), group, location)
    return location


def tags(call: Call) -> Mapping[str, Mapping[str, str]]:
    return {"tags": dict(call.body["tags"])} if call.body.get("tags") is not None else {}


def write(
    call: Call, resource: Resource, polls: str, finish: Finish | None = None, ready: frozenset[str] = frozenset()
) -> Answer:
    """Store `resource`: 201 and Creating when it is new, else 200 and Updating; `polls` is the knob's kind.

    `finish` takes effect at the end and may answer why the operation failed.
    """
    existing = call.existing(resource["id"])
    if operations.under_way(call.world, resource["id"]):
        raise errors.busy()
    policy.judge(call.world, resource)
    properties = resource["properties"]
    properties["provisioningState"] = "Updating" if existing else "Creating"
    call.world.resources[resource["id"].lower()] = resource

    def end() -> errors.Refusal | None:
        error = finish() if finish else None
        properties["provisioningState"] = "Failed" if error else "Succeeded"
        return error

    operation = operations.begin(
        call,
        operations.Operation(
            target=resource["id"].lower(),
            polls=call.knobs.polls[polls],
            started=call.world.clock.now(),
            finish=end,
            ready=ready,
        ),
    )
    return Answer(200 if existing else 201, resource, operations.async_headers(call, operation, resource))


def delete(call: Call, resource: Resource | None, children: str = "") -> Answer:
    """202, with both headers; 204 when there is nothing. Refused while there are `children` of that type."""
    if resource is None:
        return Answer(204)
    if children and any(call.below(resource["id"], children)):
        raise errors.has_children()
    if operations.under_way(call.world, resource["id"]):
        raise errors.busy()
    resource["properties"]["provisioningState"] = "Deleting"

    def end() -> None:
        call.world.resources.pop(resource["id"].lower(), None)

    operation = operations.begin(
        call,
        operations.Operation(
            target=resource["id"].lower(),
            polls=call.knobs.polls["delete"],
            started=call.world.clock.now(),
            finish=end,
        ),
    )
    return Answer(202, headers=operations.async_headers(call, operation, resource, deletes=True))


def found(call: Call, resource_id: str) -> Resource:
    """The resource, looked at. Refused when it, or what it belongs to, is not there."""
    if call.existing(resource_id):
        operations.look_at(call, resource_id)
    resource = call.existing(resource_id)
    if resource is None:
        raise errors.resource_not_found(resource_id.partition("/providers/")[2], call.names["group"])
    return resource


def parent(call: Call, resource_id: str, kind: str) -> Resource:
    """What a resource of `kind` belongs to. Refused when it is not there, and on writes while it is being made."""
    resource = call.existing(resource_id)
    if resource is None and call.method == "PUT":
        raise errors.write_below_missing(kind.partition("/")[2], resource_id)
    if resource is None:
        raise errors.read_below_missing(resource_id.rpartition("/")[2])
    if call.method == "PUT" and resource["properties"]["provisioningState"] in ("Creating", "Deleting"):
        # Not recorded: what the service says to a child of a parent that is not ready yet.
        raise errors.busy()
    return resource
