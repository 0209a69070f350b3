"""The clone as it already lives in the cluster: whose it is, and whether anything is left to change."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from kubectl_arm64.cluster import Document

FIELD_MANAGER = "kubectl-arm64"
_MEANS_SOMETHING_EMPTY = ("spotVMOptions",)  # an empty map makes Spot VMs: admission keeps it


def is_ours(live: Document) -> bool:
    """Whether this tool applied it: the API server keeps who did in managedFields, so no mark of ours is needed."""
    return any(
        entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"
        for entry in _managers(live)
        if not entry.get("subresource")
    )


def made_by(live: Document) -> str:
    """The field managers of its spec and metadata, for people."""
    names = sorted({str(entry.get("manager")) for entry in _managers(live) if not entry.get("subresource")})
    return ", ".join(names) or "an unknown writer"


def _managers(live: Document) -> list[Mapping[str, Any]]:
    return list((live.get("metadata") or {}).get("managedFields") or [])


def as_admitted(manifest: dict[str, Any], live: Document | None) -> dict[str, Any]:
    """The manifest without the empty values that admission dropped from the provider spec when `live` was made.

    It does so on create only (machine-api-operator, pkg/webhooks: the defaulted spec is written back without its
    zero values), so that sending them again would bring them back, and change what did not change.
    """
    if live is None:
        return manifest
    kept = copy.deepcopy(manifest)
    holder = kept["spec"]["template"]["spec"]["providerSpec"]
    holder["value"] = _without_dropped(holder["value"], _spec_of(live))
    return kept


def _spec_of(live: Document) -> Any:
    return live["spec"]["template"]["spec"]["providerSpec"].get("value") or {}


def _without_dropped(value: Any, live: Any) -> Any:
    if not (isinstance(value, Mapping) and isinstance(live, Mapping)):
        return value
    return {
        key: _without_dropped(child, live.get(key))
        for key, child in value.items()
        if key in live or key in _MEANS_SOMETHING_EMPTY or child not in ("", False, None, {}, [])
    }


def differs(manifest: Any, live: Any) -> bool:
    """Whether applying `manifest` would change a value of `live`. What `manifest` leaves out does not count."""
    if isinstance(manifest, Mapping) and isinstance(live, Mapping):
        return any(key not in live or differs(value, live[key]) for key, value in manifest.items() if value is not None)
    return type(manifest) is not type(live) or bool(manifest != live)
