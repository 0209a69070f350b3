"""MachineSets for tests: the ordinary worker of tests/fixtures/machinesets, and changes to it by dotted path."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "fixtures" / "machinesets"
VALUE = "spec/template/spec/providerSpec/value"
SET_LABEL = "machine.openshift.io/cluster-api-machineset"


class _Gone:
    """Stands for a field that is to be absent."""


GONE = _Gone()


@functools.cache
def _worker() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FOLDER / "worker.yaml").read_text())
    return document


def worker(name: str = "prod-x7k2p-worker-eastus1", **spec: Any) -> dict[str, Any]:
    """The ordinary worker under a name, with fields of its provider spec set, or taken out (GONE)."""
    document = copy.deepcopy(_worker())
    document["metadata"]["name"] = name
    document["spec"]["selector"]["matchLabels"][SET_LABEL] = name
    document["spec"]["template"]["metadata"]["labels"][SET_LABEL] = name
    for field, value in spec.items():
        set_at(document, f"{VALUE}/{field}", value)
    return document


def changed(document: dict[str, Any], **values: Any) -> dict[str, Any]:
    """The document with other values at paths, whose `/` is written `__` (keys that hold dots stay whole)."""
    for path, value in values.items():
        set_at(document, path.replace("__", "/"), value)
    return document


def set_at(document: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split("/")
    for key in parents:
        document = document.setdefault(key, {})
    if isinstance(value, _Gone):
        document.pop(last, None)
    else:
        document[last] = value


def labelled(document: dict[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """With more labels on the MachineSet itself."""
    document["metadata"]["labels"].update(labels)
    return document


def annotated(document: dict[str, Any], annotations: Mapping[str, str]) -> dict[str, Any]:
    """With more annotations on the MachineSet itself."""
    document["metadata"]["annotations"].update(annotations)
    return document


def node_labelled(document: dict[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """With labels for the nodes."""
    document["spec"]["template"]["spec"]["metadata"] = {"labels": dict(labels)}
    return document


def tainted(document: dict[str, Any], key: str) -> dict[str, Any]:
    """With a taint for the nodes."""
    document["spec"]["template"]["spec"]["taints"] = [{"effect": "NoSchedule", "key": key}]
    return document


def spec_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The provider spec."""
    value: dict[str, Any] = document["spec"]["template"]["spec"]["providerSpec"]["value"]
    return value


def applied_by(manager: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """With managedFields that say who applied it."""

    def mark(document: dict[str, Any]) -> dict[str, Any]:
        document["metadata"]["managedFields"] = [{"manager": manager, "operation": "Apply", "fieldsType": "FieldsV1"}]
        return document

    return mark
