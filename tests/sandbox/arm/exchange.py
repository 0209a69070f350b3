"""One request to Resource Manager and one answer, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.sandbox.arm import errors
from tests.sandbox.entra.tokens import Claims
from tests.sandbox.knobs import Knobs
from tests.sandbox.world import World

Resource = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """`body` None is no body at all."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A request that the gateway has let through.

    `path` and `names` (the variables in the route's path) as sent; `query` by lower-case names.
    """

    world: World
    knobs: Knobs
    method: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    claims: Claims

    @property
    def api_version(self) -> str:
        return self.query["api-version"]

    @property
    def subscription(self) -> str:
        return self.names["subscription"]

    @property
    def group(self) -> Resource:
        """The resource group's body. Refused when there is none."""
        return find_group(self.world, self.subscription, self.names["group"])

    @property
    def properties(self) -> dict[str, Any]:
        """`properties` of the body that was sent."""
        return self.body.get("properties") or {}

    def existing(self, resource_id: str) -> Resource | None:
        return self.world.resources.get(resource_id.lower())

    def below(self, parent_id: str, kind: str) -> Iterator[Resource]:
        """The resources of `kind` (a full resource type) whose id begins with `parent_id`."""
        for key, resource in self.world.resources.items():
            if key.startswith(f"{parent_id.lower()}/") and resource["type"].lower() == kind.lower():
                yield resource

    def may(self, action: str, scope: str) -> bool:
        return self.world.may(self.claims.object_id, action, scope)

    def readable(self, resources: Iterable[Resource], action: str, scope: str) -> list[Resource]:
        """Those of a listing that the caller may read. Refused without any role at `scope`, above or below it."""
        if not any(_related(role.scope, scope) for role in self.world.roles if role.object_id == self.claims.object_id):
            raise errors.not_authorized(self.claims.client_id, self.claims.object_id, action, scope)
        return [resource for resource in resources if self.may(action, resource["id"])]


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """`action` is what the caller must be allowed to do at the path's scope; "" asks for a sign-in only."""

    method: str
    path: str
    action: str
    handler: Handler


def _related(one: str, other: str) -> bool:
    """Whether one of two scopes is the other, or holds it."""
    short, long = sorted((f"{one.rstrip('/').lower()}/", f"{other.lower()}/"), key=len)
    return long.startswith(short)


def group_id(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def find_group(world: World, subscription: str, group: str) -> Resource:
    found = world.resources.get(group_id(subscription, group).lower())
    if found is None:
        raise errors.group_not_found(group)
    return found


def location_of(body: Mapping[str, Any]) -> str:
    """The short form of the body's location: East US and eastus are one."""
    return str(body.get("location") or "").replace(" ", "").lower()


def timestamp(seconds: float, suffix: str = "+00:00") -> str:
    """As Azure writes times: seven digits of a second."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0{suffix}"
