"""The objects as the API server keeps them: every change gets a resourceVersion and becomes a watch event.

The objects themselves live in `World.objects`. Tests may change them there: the store notices on the next request,
gives the change a resourceVersion and tells the watchers.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from tests.sandbox.kubernetes.objects import Key, Object, revision
from tests.sandbox.shared import Shared
from tests.sandbox.world import World


@dataclass(frozen=True)
class Event:
    revision: int
    type: str  # ADDED, MODIFIED or DELETED
    key: Key
    object: Object


class Store:
    """One API server's view of the world of the moment; a new world is a new history."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._begin(shared.world)

    def _begin(self, world: World) -> None:
        self.world = world
        self.revision = self.oldest = revision(world)
        self._seen = {key: copy.deepcopy(each) for key, each in list(world.objects.items())}
        self._events: list[Event] = []

    def notice(self) -> None:
        """Catch up with what happened to the world since the last call."""
        if self._shared.world is not self.world:
            self._begin(self._shared.world)
        now = dict(list(self.world.objects.items()))
        for key, each in now.items():
            before = self._seen.get(key)
            if before is None:
                self._happened("ADDED", key, each)
            elif before != each:
                self._happened("MODIFIED", key, each)
        for key in self._seen.keys() - now.keys():
            self._happened("DELETED", key, self._seen[key])

    def _happened(self, what: str, key: Key, each: Object) -> None:
        self.revision += 1
        each["metadata"]["resourceVersion"] = str(self.revision)
        if what == "DELETED":
            del self._seen[key]
        else:
            self._seen[key] = copy.deepcopy(each)
        self._events.append(Event(self.revision, what, key, copy.deepcopy(each)))

    def get(self, key: Key) -> Object | None:
        self.notice()
        return self.world.objects.get(key)

    def all(self, group_version: str, plural: str, namespace: str) -> dict[Key, Object]:
        """By key; `namespace` "" is every namespace."""
        self.notice()
        found = (
            key for key in list(self.world.objects) if key[:2] == (group_version, plural) and namespace in ("", key[2])
        )
        return {key: self.world.objects[key] for key in sorted(found)}

    def put(self, key: Key, each: Object) -> Object:
        """Store `each` with a new resourceVersion."""
        self.world.objects[key] = each
        self.notice()
        return each

    def delete(self, key: Key) -> None:
        del self.world.objects[key]
        self.notice()

    def since(self, number: int) -> list[Event]:
        """What happened after the resourceVersion `number`, oldest first."""
        self.notice()
        return [event for event in self._events if event.revision > number]
