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
    managers: Managers, before: Iterable[Mapping[str, Any]], group_version: str, now: str
) -> list[dict[str, Any]]:
    """The entries in the API server's order; an entry whose fields are as before keeps its time."""
    old = {manager_of(entry): dict(entry) for entry in before}
    entries = []
    for who, paths in managers.items():
        made = {
            "manager": who.name,
            "operation": who.operation,
            "apiVersion": group_version,
            "time": now,
            "fieldsType": "FieldsV1",
            "fieldsV1": to_v1(paths),
        }
        if who.subresource:
            made["subresource"] = who.subresource
        kept = old.get(who)
        entries.append(kept if kept and kept.get("fieldsV1") == made["fieldsV1"] else made)
    return sorted(entries, key=lambda e: (_OPERATIONS.index(e["operation"]), e.get("time", ""), e["manager"]))
