"""get, list and watch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from tests.sandbox.kubernetes import presentation
from tests.sandbox.kubernetes.objects import Key, Object, key_of
from tests.sandbox.kubernetes.selection import matches_fields, matches_labels
from tests.sandbox.kubernetes.status import Refused, bad_request, not_found
from tests.sandbox.kubernetes.store import Event, Store
from tests.sandbox.kubernetes.target import Target

Parameters = Mapping[str, str]
Present = Callable[[Object], Any]

LOOK_EVERY = 0.02  # seconds between a watch's looks at the store, which tests may change from another thread
WATCH_SECONDS = 1800.0


def get(store: Store, target: Target, accept: str) -> Any:
    found = store.get(key_of(target.kind, target.namespace, target.name))
    if found is None:
        raise not_found(target.kind, target.name)
    return _presented(store, target, accept)(found)


def list_objects(store: Store, target: Target, parameters: Parameters, accept: str) -> Any:
    """A page of at most `limit` objects from `continue` on; everything without a limit."""
    kind = target.kind
    check_selectors(target, parameters)
    everything = store.all(kind.group_version, kind.plural, target.namespace)
    objects = [each for each in everything.values() if _is_selected(each, parameters)]
    first, size = _number(parameters, "continue"), _number(parameters, "limit")
    metadata: dict[str, Any] = {"resourceVersion": str(store.revision), **({"continue": ""} if kind.group else {})}
    following = first + size
    if size and following < len(objects):
        metadata |= {"continue": str(following), "remainingItemCount": len(objects) - following}
    page = objects[first : following if size else None]
    if presentation.wants_table(accept):
        return presentation.table(kind, page, metadata, store.world.clock.now())
    return presentation.object_list(kind, page, metadata)


async def watch(store: Store, target: Target, parameters: Parameters, accept: str) -> AsyncIterator[bytes]:
    """Events as JSON lines until `timeoutSeconds` are over or the world is replaced."""
    present = _presented(store, target, accept)
    world = store.world
    loop = asyncio.get_running_loop()
    deadline = loop.time() + float(parameters.get("timeoutSeconds") or WATCH_SECONDS)
    known: dict[Key, Object] = {}
    since = _number(parameters, "resourceVersion")
    if 0 < since < store.oldest:
        yield _line("ERROR", _expired(since, store).body)
        return
    kind = target.kind
    current = store.all(kind.group_version, kind.plural, target.namespace)
    if not since:
        since = store.revision
        for key, each in current.items():
            if _is_selected(each, parameters):
                known[key] = each
                yield _line("ADDED", present(each))
        if parameters.get("sendInitialEvents") == "true":
            yield _line("BOOKMARK", _bookmark(target, since))
    else:
        known = {key: each for key, each in current.items() if _is_selected(each, parameters)}
    while loop.time() < deadline:
        for event in store.since(since):
            since = event.revision
            if _concerns(event, target):
                for line in _told(event, known, parameters, present):
                    yield line
        if store.world is not world:
            return
        await asyncio.sleep(min(LOOK_EVERY, max(0.0, deadline - loop.time())))


def _told(event: Event, known: dict[Key, Object], parameters: Parameters, present: Present) -> list[bytes]:
    """An object that begins to match is ADDED, one that matches no longer is DELETED."""
    selected = event.type != "DELETED" and _is_selected(event.object, parameters)
    was_known = event.key in known
    if selected:
        known[event.key] = event.object
        return [_line("MODIFIED" if was_known and event.type == "MODIFIED" else "ADDED", present(event.object))]
    if was_known or (event.type == "DELETED" and _is_selected(event.object, parameters)):
        known.pop(event.key, None)
        return [_line("DELETED", present(event.object))]
    return []


def _concerns(event: Event, target: Target) -> bool:
    kind = target.kind
    group_version, plural, namespace, name = event.key
    return (
        (group_version, plural) == (kind.group_version, kind.plural)
        and target.namespace in ("", namespace)
        and target.name in ("", name)
    )


def check_selectors(target: Target, parameters: Parameters) -> None:
    """Raises Refused (400) for a selector that is broken or that the kind does not have."""
    matches_labels(parameters.get("labelSelector", ""), {})
    for term in filter(None, parameters.get("fieldSelector", "").split(",")):
        path, sign, _ = term.partition("=")
        if not sign:
            raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
        if target.kind.group and path.rstrip("!") not in ("metadata.name", "metadata.namespace"):
            raise bad_request(f"field label not supported: {path.rstrip('!')}")


def _is_selected(each: Object, parameters: Parameters) -> bool:
    labels = each["metadata"].get("labels") or {}
    return matches_labels(parameters.get("labelSelector", ""), labels) and matches_fields(
        parameters.get("fieldSelector", ""), each
    )


def _presented(store: Store, target: Target, accept: str) -> Present:
    if not presentation.wants_table(accept):
        return lambda each: each
    return lambda each: presentation.table(target.kind, [each], {}, store.world.clock.now())


def _number(parameters: Parameters, name: str) -> int:
    value = parameters.get(name) or "0"
    if not value.isdecimal():
        raise bad_request(f'invalid {name} "{value}"')
    return int(value)


def _line(what: str, each: Any) -> bytes:
    return json.dumps({"type": what, "object": each}).encode() + b"\n"


def _bookmark(target: Target, revision: int) -> Object:
    metadata = {"resourceVersion": str(revision), "annotations": {"k8s.io/initial-events-end": "true"}}
    return {"apiVersion": target.kind.group_version, "kind": target.kind.kind, "metadata": metadata}


def _expired(since: int, store: Store) -> Refused:
    return Refused(410, "Expired", f"too old resource version: {since} ({store.oldest})")
