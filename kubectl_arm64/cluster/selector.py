"""Kubernetes' label selectors (apimachinery, meta/v1 LabelSelector). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def selects(
    match_labels: Mapping[str, Any], match_expressions: Sequence[Mapping[str, Any]], labels: Mapping[str, Any]
) -> bool:
    """Whether all of it holds for `labels`; an empty selector selects everything."""
    return all(labels.get(key) == value for key, value in match_labels.items()) and all(
        _holds(expression, labels) for expression in match_expressions
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = str(expression.get("key")), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False
