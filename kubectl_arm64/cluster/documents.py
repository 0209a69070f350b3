"""Documents as the API server gave them, and how to read what may not be there. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]

_MINOR = re.compile(r"^v?(\d+)\.(\d+)(?:\D|$)")


@dataclass(frozen=True)
class Documents:
    """What was read from the cluster, as the API server gave it; None where it answered 404 (or 403, see `denied`)."""

    infrastructure: Document | None = None
    cluster_version: Document | None = None
    cloud_provider_config: Document | None = None
    bootimages: Document | None = None
    machine_configuration: Document | None = None
    machinesets: Sequence[Document] | None = None  # None: the API does not exist (HyperShift)
    nodes: Sequence[Document] = ()
    aro: bool = False  # the API group aro.openshift.io is served
    denied: Mapping[str, str] = field(default_factory=dict)  # field name -> the server's sentence


def at(document: Any, *path: str) -> Any:
    """The value at a path, None where anything on the way is missing or misshapen."""
    for key in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def text_at(document: Any, key: str) -> str:
    value = mapping(document).get(key)
    return value.strip() if isinstance(value, str) else ""


def most_common(values: Iterable[str]) -> str:
    counted = Counter(filter(None, values)).most_common(1)
    return counted[0][0] if counted else ""


def minor_release(version: str) -> tuple[int, int] | None:
    match = _MINOR.match(version)
    return (int(match[1]), int(match[2])) if match else None
