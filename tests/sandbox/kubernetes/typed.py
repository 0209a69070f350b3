"""Values under a schema, as structured-merge-diff sees them: which fields a value has, and how two values differ.

A schema is a node of a CRD's openAPIV3Schema; `{}` (x-kubernetes-preserve-unknown-fields) is the deduced type, whose
maps are granular and whose lists are atomic. A path is a tuple of FieldsV1 keys (`f:name`, `k:{...}`, `v:...`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Schema = Mapping[str, Any]
Path = tuple[str, ...]
Fields = frozenset[Path]

DEDUCED: Schema = {}
_ABSENT = object()


def text(value: Any) -> str:
    """Canonical JSON. Values are compared by it, because in Python `True == 1 == 1.0`."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def is_granular(schema: Schema, value: Any) -> bool:
    """Whether owners share the value part by part: a map, or an associative list."""
    if isinstance(value, dict):
        return schema.get("x-kubernetes-map-type") != "atomic"
    return isinstance(value, list) and schema.get("x-kubernetes-list-type") in ("set", "map")


def is_declared(schema: Schema, key: str) -> bool:
    return key[2:] in schema.get("properties", ())


def below(schema: Schema, key: str) -> Schema:
    """The schema of the part that `key` names."""
    if not key.startswith("f:"):
        found = schema.get("items")
    else:
        found = schema.get("properties", {}).get(key[2:]) or schema.get("additionalProperties")
    return found if isinstance(found, Mapping) else DEDUCED


def parts(schema: Schema, value: Any) -> dict[str, Any]:
    """The parts of a granular value by their FieldsV1 key, in order."""
    if isinstance(value, dict):
        return {f"f:{name}": part for name, part in value.items()}
    if schema["x-kubernetes-list-type"] == "set":
        return {f"v:{text(part)}": part for part in value}
    return {f"k:{text(_identity(schema, part))}": part for part in value}


def _identity(schema: Schema, item: Mapping[str, Any]) -> dict[str, Any]:
    declared = schema["items"]["properties"]
    return {key: item.get(key, declared[key].get("default")) for key in schema["x-kubernetes-list-map-keys"]}


def _assemble(like: Any, made: Mapping[str, Any]) -> Any:
    if isinstance(like, dict):
        return {key[2:]: part for key, part in made.items()}
    return list(made.values())


def fields_of(schema: Schema, value: Any, path: Path = ()) -> Fields:
    """What a manager owns who applies `value` (structured-merge-diff's ToFieldSet)."""
    if not is_granular(schema, value):
        return frozenset({path})
    found: set[Path] = set()
    for key, part in parts(schema, value).items():
        found |= fields_of(below(schema, key), part, (*path, key))
        if part is None or part == {} or not key.startswith("f:") or not is_declared(schema, key):
            found.add((*path, key))
    return frozenset(found)


class Difference:
    """The paths that were added, modified and removed between two values."""

    def __init__(self) -> None:
        self.added: set[Path] = set()
        self.modified: set[Path] = set()
        self.removed: set[Path] = set()

    def without(self, ignored: Fields) -> Difference:
        for paths in (self.added, self.modified, self.removed):
            paths -= ignored
            paths.discard(())
        return self


def compare(schema: Schema, old: Any, new: Any) -> Difference:
    found = Difference()
    _compare(schema, old, new, (), found)
    return found


def _compare(schema: Schema, old: Any, new: Any, path: Path, found: Difference) -> None:
    if _both_granular(schema, old, new):
        before = parts(schema, old) if _is_there(old) else {}
        after = parts(schema, new) if _is_there(new) else {}
        for key in {**before, **after}:
            _compare(below(schema, key), before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, key), found)
        if not before and not after and old is not _ABSENT and new is not _ABSENT and text(old) != text(new):
            found.modified.add(path)
    elif old is not _ABSENT and new is not _ABSENT and text(old) != text(new):
        found.modified.add(path)
        _add_parts_of_replaced(schema, old, new, path, found)
    if old is _ABSENT:
        found.added.add(path)
    elif new is _ABSENT:
        found.removed.add(path)


def _is_there(value: Any) -> bool:
    return value is not _ABSENT and value is not None


def _both_granular(schema: Schema, old: Any, new: Any) -> bool:
    """Whether what is there of both is of one granular type."""
    there = [value for value in (old, new) if _is_there(value)]
    return bool(there) and len({type(value) for value in there}) == 1 and all(is_granular(schema, v) for v in there)


def _add_parts_of_replaced(schema: Schema, old: Any, new: Any, path: Path, found: Difference) -> None:
    """A change of type also removes the old value's parts and adds the new one's."""
    if _is_there(old) and is_granular(schema, old):
        for key, part in parts(schema, old).items():
            _compare(below(schema, key), part, _ABSENT, (*path, key), found)
    if _is_there(new) and is_granular(schema, new):
        for key, part in parts(schema, new).items():
            _compare(below(schema, key), _ABSENT, part, (*path, key), found)


def merge(schema: Schema, live: Any, applied: Any) -> Any:
    """`applied` laid over `live`; atomic values are replaced as a whole."""
    if applied is None and live and is_granular(schema, live):
        return live  # an applied null says nothing about a granular value
    same_type = type(live) is type(applied) and is_granular(schema, live) and is_granular(schema, applied)
    if not same_type:
        return applied
    mine, theirs = parts(schema, live), parts(schema, applied)
    made = {**mine, **theirs}
    for key in mine.keys() & theirs.keys():
        made[key] = merge(below(schema, key), mine[key], theirs[key])
    if isinstance(live, list):
        made = {key: made[key] for key in _merged_order(list(mine), list(theirs))}
    return _assemble(live, made)


def _merged_order(mine: list[str], theirs: list[str]) -> list[str]:
    """The applied order wins among shared items; items that only the live list has keep their place."""
    shared = set(mine) & set(theirs)
    waiting, order = list(theirs), []
    for key in mine:
        if key not in shared:
            order.append(key)
            continue
        while waiting:
            following = waiting.pop(0)
            order.append(following)
            if following in shared:
                break
    return order + waiting


def remove(schema: Schema, value: Any, paths: Iterable[Path]) -> Any:
    """`value` without what `paths` name; None where nothing is left of it."""
    if value is None or not is_granular(schema, value):
        return value
    gone = {path[0] for path in paths if len(path) == 1}
    deeper: dict[str, list[Path]] = {}
    for path in paths:
        if len(path) > 1:
            deeper.setdefault(path[0], []).append(path[1:])
    kept = {
        key: remove(below(schema, key), part, deeper[key]) if key in deeper else part
        for key, part in parts(schema, value).items()
        if key not in gone
    }
    return _assemble(value, kept) or None


def with_named_parents(schema: Schema, paths: Iterable[Path]) -> Fields:
    """The paths, and every declared field above one of them (EnsureNamedFieldsAreMembers)."""
    found = set(paths)
    for path in list(found):
        at = schema
        for depth, key in enumerate(path[:-1], start=1):
            if key.startswith("f:") and is_declared(at, key):
                found.add(path[:depth])
            at = below(at, key)
    return frozenset(found)
