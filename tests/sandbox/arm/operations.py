"""Long-running operations, each in its recorded style.

    storage account PUT     202, Location, Retry-After 17; the Location answers 202 until it answers the account
    resource group DELETE   202, Location, Retry-After 15; the Location answers 202 until it answers 200
    compute PUT             200 or 201, Azure-AsyncOperation; the URL answers 200 with a status object
    compute DELETE          202, Azure-AsyncOperation and Location (the same operation); so every write of a disk

An operation goes on when somebody looks: at its URL, or at the resource itself (a client that was killed has only the
latter). `knobs.polls` says how many looks see it under way.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.sandbox.arm import errors
from tests.sandbox.arm.exchange import Answer, Call, Resource, Route, location_of, timestamp
from tests.sandbox.world import World, guid

STORAGE_RETRY = 17
GROUP_RETRY = 15
_CERTIFICATE = "MIIH" + "A" * 2600  # the real one's length: clients must cope with a URL of 3 kB


@dataclass
class Operation:
    """`finish` takes effect when the last look was had; it answers the error, None when all went well.

    `ready` are the regions of an image version that were replicated before.
    """

    target: str  # lower-case id of the resource
    polls: int
    started: float
    finish: Callable[[], errors.Refusal | None]
    answer: Callable[[], Answer] = field(default=lambda: Answer(200))  # what the Location answers at the end
    id: str = field(default_factory=guid)
    signature: str = field(default_factory=lambda: secrets.token_urlsafe(256))
    retry_after: int | None = None  # as recorded; None where the real service sends none
    ready: frozenset[str] = frozenset()
    output: Callable[[], Resource] | None = None  # what the status object tells of the result
    looks: int = 0
    ended: float | None = None
    error: errors.Refusal | None = None

    @property
    def progress(self) -> int:
        """Percent; 100 only when it has ended."""
        return 100 if self.ended is not None else min(99, 100 * self.looks // (self.polls + 1))

    def look(self, now: float) -> None:
        if self.ended is None:
            self.looks += 1
            if self.looks > self.polls:
                self.ended = now
                self.error = self.finish()


def begin(call: Call, operation: Operation) -> Operation:
    call.world.operations[operation.id] = operation
    return operation


def under_way(world: World, resource_id: str) -> Operation | None:
    """The operation on `resource_id` that has not ended."""
    for operation in world.operations.values():
        if operation.target == resource_id.lower() and operation.ended is None:
            return operation  # type: ignore[no-any-return]
    return None


def look_at(call: Call, resource_id: str) -> Operation | None:
    """Count a look at the resource itself; the operation that was under way, if any."""
    operation = under_way(call.world, resource_id)
    if operation is not None:
        operation.look(call.world.clock.now())
    return operation


def async_headers(call: Call, operation: Operation, resource: Resource, *, deletes: bool = False) -> dict[str, str]:
    """The headers of a compute operation: with `deletes`, of a DELETE."""
    place = f"providers/Microsoft.Compute/locations/{location_of(resource)}/capsOperations"
    headers = {"Azure-AsyncOperation": _url(call, operation, place), "x-ms-request-id": operation.id}
    if deletes:
        headers["Location"] = _url(call, operation, place, monitor=True)
    return headers


def storage_headers(call: Call, operation: Operation, location: str) -> dict[str, str]:
    """The headers of a storage account's PUT, and of its Location while it is under way."""
    place = f"providers/Microsoft.Storage/locations/{location}/asyncoperations"
    return {
        "Location": _url(call, operation, place, monitor=True),
        "Content-Type": "text/plain; charset=utf-8",
        **_retry_after(call, operation),
    }


def group_headers(call: Call, operation: Operation) -> dict[str, str]:
    return {"Location": _url(call, operation, "operationresults"), **_retry_after(call, operation)}


def _retry_after(call: Call, operation: Operation) -> dict[str, str]:
    if operation.retry_after is None:
        return {}
    seconds = operation.retry_after if call.knobs.retry_after is None else call.knobs.retry_after
    return {"Retry-After": str(seconds)}


def _url(call: Call, operation: Operation, place: str, *, monitor: bool = False) -> str:
    query = {
        **({"monitor": "true"} if monitor else {}),
        "api-version": call.api_version,
        "t": str(int(operation.started * 10_000_000)),
        "c": _CERTIFICATE,
        "s": operation.signature,
        "h": operation.signature[:43],
    }
    host = f"https://{call.world.cloud.management}"
    return f"{host}/subscriptions/{call.subscription}/{place}/{operation.id}?{urlencode(query)}"


def _find(call: Call) -> Operation:
    operation = call.world.operations.get(call.names["operation"])
    if operation is None or call.query.get("s") != operation.signature:
        # Not recorded: what the service says to an operation URL that is not verbatim the one it gave.
        raise errors.Refusal(404, "NotFound", f"The operation '{call.names['operation']}' was not found.")
    operation.look(call.world.clock.now())
    return operation  # type: ignore[no-any-return]


def caps_operation(call: Call) -> Answer:
    """A compute operation: a status object, or, at its Location, nothing but a status."""
    operation = _find(call)
    if call.query.get("monitor") != "true":
        return Answer(200, status(operation))
    if operation.ended is None:
        return Answer(202, headers={"Location": _here(call)})
    if operation.error is not None:
        raise operation.error
    return operation.answer()


def location_operation(call: Call) -> Answer:
    """A storage account's or a resource group's operation."""
    operation = _find(call)
    if operation.ended is None:
        plain = {"Content-Type": "text/plain; charset=utf-8"} if "location" in call.names else {}
        return Answer(202, headers={"Location": _here(call), **plain, **_retry_after(call, operation)})
    if operation.error is not None:
        raise operation.error
    return operation.answer()


def status(operation: Operation) -> Resource:
    body: Resource = {"startTime": timestamp(operation.started)}
    if operation.ended is None:
        return {**body, "status": "InProgress", "name": operation.id}
    body["endTime"] = timestamp(operation.ended)
    if operation.error is None:
        output = {"properties": {"output": operation.output()}} if operation.output else {}
        return {**body, "status": "Succeeded", **output, "name": operation.id}
    return {**body, "status": "Failed", "error": operation.error.error, "name": operation.id}


def _here(call: Call) -> str:
    return f"https://{call.world.cloud.management}{call.path}?{urlencode(call.query)}"


_SUBSCRIPTION = "/subscriptions/{subscription}"
_LOCATIONS = f"{_SUBSCRIPTION}/providers/{{namespace}}/locations/{{location}}"

ROUTES = [
    Route("GET", f"{_LOCATIONS}/capsOperations/{{operation}}", "", caps_operation),
    Route("GET", f"{_LOCATIONS}/asyncoperations/{{operation}}", "", location_operation),
    Route("GET", f"{_SUBSCRIPTION}/operationresults/{{operation}}", "", location_operation),
]
