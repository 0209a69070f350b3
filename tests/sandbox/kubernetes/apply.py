"""Field ownership: what a server-side apply or an update makes of an object and of its managers.

Semantics: sigs.k8s.io/structured-merge-diff merge.Updater.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.sandbox.kubernetes.typed import (
    Difference,
    Fields,
    Path,
    Schema,
    compare,
    fields_of,
    merge,
    remove,
    with_named_parents,
)

OWNERLESS: Fields = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",)}
    | {
        ("f:metadata", f"f:{name}")
        for name in (
            "creationTimestamp",
            "generation",
            "managedFields",
            "name",
            "namespace",
            "resourceVersion",
            "selfLink",
            "uid",
        )
    }
)


class Manager(NamedTuple):
    """Who owns fields: `operation` is Apply or Update."""

    name: str
    operation: str
    subresource: str = ""


Managers = Mapping[Manager, Fields]


class Conflict(Exception):
    """Others own what an apply wants to change: `fields` by manager."""

    def __init__(self, fields: Mapping[Manager, Fields]) -> None:
        super().__init__(f"owned by {', '.join(manager.name for manager in fields)}")
        self.fields = fields


def apply(
    schema: Schema, live: Any, applied: Any, managers: Managers, who: Manager, *, force: bool = False
) -> tuple[Any, dict[Manager, Fields]]:
    """The object and its managers after `who` applied `applied`; raises Conflict unless `force`.

    What `who` owned before and applies no longer is taken out, unless somebody else owns it too.
    """
    merged = merge(schema, live, applied)
    before = managers.get(who, frozenset())
    claimed = {**managers, who: fields_of(schema, applied) - OWNERLESS}
    if before:
        merged = _prune(schema, merged, claimed, before)
    return merged, _settle(compare(schema, live or {}, merged or {}), claimed, who, force=force)


def update(schema: Schema, live: Any, new: Any, managers: Managers, who: Manager) -> dict[Manager, Fields]:
    """The managers after `who` replaced `live` by `new` (create, put, patch): it owns what it added or changed."""
    difference = compare(schema, live or {}, new or {})
    settled = _settle(difference, managers, who, force=True)
    mine = (settled.pop(who, frozenset()) - difference.removed) | difference.modified | difference.added
    return {**settled, who: mine} if mine else settled


def _prune(schema: Schema, merged: Any, managers: Managers, before: Fields) -> Any:
    """Take out what was owned before, save what another manager owns and what was never owned."""
    all_named = with_named_parents(schema, fields_of(schema, merged))
    owned: set[Path] = set().union(*managers.values())
    last = with_named_parents(schema, before)

    pruned = remove(schema, merged, last)
    kept = with_named_parents(schema, fields_of(schema, pruned)) | with_named_parents(schema, owned)
    pruned = remove(schema, merged, all_named - kept)
    kept = with_named_parents(schema, fields_of(schema, pruned))
    return remove(schema, merged, (all_named - kept) & last)


def _settle(difference: Difference, managers: Managers, who: Manager, *, force: bool) -> dict[Manager, Fields]:
    difference = difference.without(OWNERLESS)
    changed = difference.added | difference.modified
    clashes = {other: clash for other, owned in managers.items() if other != who and (clash := owned & changed)}
    if clashes and not force:
        raise Conflict(clashes)
    settled = {
        other: owned if other == who else owned - clashes.get(other, frozenset()) - difference.removed
        for other, owned in managers.items()
    }
    return {other: owned for other, owned in settled.items() if owned}
