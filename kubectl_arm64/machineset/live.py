"""The clone as it already lives in the cluster: whose it is, and whether anything is left to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_arm64.cluster import Document

FIELD_MANAGER = "kubectl-arm64"


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


def differs(manifest: Any, live: Any) -> bool:
    """Whether applying `manifest` would change a value of `live`. What `manifest` leaves out does not count."""
    if isinstance(manifest, Mapping) and isinstance(live, Mapping):
        return any(key not in live or differs(value, live[key]) for key, value in manifest.items() if value is not None)
    return type(manifest) is not type(live) or bool(manifest != live)
