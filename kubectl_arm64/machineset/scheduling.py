"""Taints and node labels for the clone's nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_arm64.errors import UsageError

MULTI_ARCH_TAINT = (
    "multi-arch.openshift.io/arch=arm64:NoSchedule"  # OpenShift documentation, multi-architecture compute
)

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def parse_taint(text: str) -> dict[str, str]:
    """`KEY=VALUE:EFFECT` or `KEY:EFFECT`, as `oc adm taint` takes them; "" is the multi-architecture taint.

    Raises UsageError.
    """
    pair, _, effect = (text or MULTI_ARCH_TAINT).rpartition(":")
    key, equals, value = pair.partition("=")
    if effect not in _EFFECTS or not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
        raise UsageError(f"--taint {text} is not KEY=VALUE:EFFECT", f"EFFECT is one of {', '.join(_EFFECTS)}")
    return {"effect": effect, "key": key} | ({"value": value} if equals else {})


def parse_node_label(text: str) -> tuple[str, str]:
    """`KEY=VALUE`. Raises UsageError."""
    key, equals, value = text.partition("=")
    if not equals or not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
        raise UsageError(f"--node-label {text} is not KEY=VALUE of a label", "such as --node-label workload=arm64")
    return key, value


def with_taints(present: Sequence[Mapping[str, Any]], added: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Both; one key and effect stand once, with the added value."""
    replaced = {(taint["key"], taint["effect"]) for taint in added}
    kept = [dict(taint) for taint in present if (taint.get("key"), taint.get("effect")) not in replaced]
    return kept + [dict(taint) for taint in added]
