"""The shape in which objects are answered: as they are, or as a Table for kubectl get."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.sandbox.kubernetes.kinds import Kind
from tests.sandbox.kubernetes.objects import Object
from tests.sandbox.kubernetes.selection import at

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def wants_table(accept: str) -> bool:
    return "as=Table" in accept


def object_list(kind: Kind, objects: list[Object], metadata: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": kind.group_version, "kind": f"{kind.kind}List", "metadata": metadata, "items": objects}


def table(kind: Kind, objects: list[Object], metadata: dict[str, Any], now: float) -> dict[str, Any]:
    names = ["Name", *(name for name, _ in kind.columns), "Age"]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": name,
                "type": "string",
                "format": "name" if name == "Name" else "",
                "description": "",
                "priority": 0,
            }
            for name in names
        ],
        "rows": [_row(kind, each, now) for each in objects],
    }


def _row(kind: Kind, each: Object, now: float) -> dict[str, Any]:
    metadata = each["metadata"]
    values = [at(each, path) for _, path in kind.columns]
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return {"cells": [metadata["name"], *values, _age(metadata.get("creationTimestamp", ""), now)], "object": partial}


def _age(created: str, now: float) -> str:
    if not created:
        return "<unknown>"
    since = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    seconds = max(0, int(now - since))
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "0s"
