"""metadata.managedFields <-> who owns which paths (FieldsV1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.sandbox.kubernetes.apply import Manager, Managers
from tests.sandbox.kubernetes.typed import Fields, Path

_OPERATIONS = ("Apply", "Update")


def to_v1(paths: Fields) -> dict[str, Any]:
    """The tree of a set of paths; "." marks a node that is itself a member beside others below it."""
    root: dict[str, Any] = {}
    for path in sorted(paths):
        at = root
        for key in path:
            at = at.setdefault(key, {})
        at["."] = {}
    return _without_lone_dots(root)


def _without_lone_dots(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: {} if key == "." or set(inner) == {"."} else _without_lone_dots(inner) for key, inner in node.items()}


def from_v1(node: Mapping[str, Any], path: Path = ()) -> Fields:
    found: set[Path] = set()
    for key, inner in node.items():
        if key == ".":
            found.add(path)
        elif not inner:
            found.add((*path, key))
        else:
            found |= from_v1(inner, (*path, key))
    return frozenset(found)


def manager_of(entry: Mapping[str, Any]) -> Manager:
    return Manager(entry["manager"], entry["operation"], entry.get("subresource", ""))


def read(entries: Iterable[Mapping[str, Any]]) -> dict[Manager, Fields]:
    """The managers of an object; entries of one manager are one."""
    found: dict[Manager, Fields] = {}
    for entry in entries:
        who = manager_of(entry)
        found[who] = found.get(who, frozenset()) | from_v1(entry.get("fieldsV1", {}))
    return found


def write(
    managers: Managers, before: Iterable[Mapping[str, Any]], group_version: str, now: str, writers: Iterable[Manager]
) -> list[dict[str, Any]]:
    """The entries in the API server's order; those of `writers` are as of `now`, all others keep their time."""
    times = {manager_of(entry): entry.get("time", "") for entry in before} | dict.fromkeys(writers, now)
    entries = [_entry(who, paths, group_version, times.get(who, "")) for who, paths in managers.items()]
    return sorted(entries, key=lambda e: (_OPERATIONS.index(e["operation"]), e.get("time", ""), e["manager"]))


def _entry(who: Manager, paths: Fields, group_version: str, time: str) -> dict[str, Any]:
    return {
        "manager": who.name,
        "operation": who.operation,
        "apiVersion": group_version,
        **({"time": time} if time else {}),
        "fieldsType": "FieldsV1",
        "fieldsV1": to_v1(paths),
        **({"subresource": who.subresource} if who.subresource else {}),
    }
