"""A file's text -> the MachineSets in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from kubectl_arm64 import yaml_text
from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.machineset.template import API_VERSION
from kubectl_arm64.yaml_text import NotYaml

_AS_TEXT = "give a MachineSet as YAML or JSON"
_WANTED = f"give a MachineSet of {API_VERSION}"


def parse_templates(text: str, where: str) -> list[Document]:
    """The MachineSets of a YAML or JSON text: one, several documents, or a List. `where` names it in errors.

    Raises InvalidInput: broken YAML, another kind (the Cluster API's MachineSet too), nothing in it.
    """
    found = [item for document in _documents(text, where) if document is not None for item in _items(document, where)]
    if not found:
        raise InvalidInput(f"{where} holds no MachineSet", "`oc get machinesets.machine.openshift.io NAME -o yaml`")
    return found


def _documents(text: str, where: str) -> list[Any]:
    if text.lstrip().startswith("{"):
        try:
            return [json.loads(text)]  # JSON may be indented with tabs, YAML may not
        except (ValueError, RecursionError):
            pass
    try:
        # Through JSON, as the API server takes it: keys become text, what JSON has not is an error.
        return [json.loads(json.dumps(document)) for document in yaml_text.values(text, _Loader)]
    except NotYaml as fault:
        advice = "correct that line" if fault.line else _AS_TEXT
        raise InvalidInput(f"{where} is not YAML{fault.at}: {fault.problem}", advice) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{where} is not YAML: {error}", _AS_TEXT) from error


class _Loader(yaml.SafeLoader):
    """YAML whose timestamps and `=` stay text, as in JSON."""


_NOT_IN_JSON = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _NOT_IN_JSON]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _items(document: Any, where: str) -> Iterator[Document]:
    if not isinstance(document, Mapping):
        raise InvalidInput(f"{where} holds a {kind_of(document)} where a MachineSet is expected", _WANTED)
    kind, version = document.get("kind"), str(document.get("apiVersion", ""))
    if kind in ("List", "MachineSetList"):
        items = document.get("items")
        if not isinstance(items, list):
            raise InvalidInput(f"{where}: items of the {kind} must be a list, not a {kind_of(items)}", _WANTED)
        for item in items:
            yield from _items(item, where)
        return
    if kind == "MachineSet" and version.startswith("cluster.x-k8s.io/"):
        raise InvalidInput(
            f"{where} holds a MachineSet of the Cluster API ({version}), which this command does not clone",
            f"give one of {API_VERSION}: `oc get machinesets.machine.openshift.io -n openshift-machine-api`",
        )
    if kind != "MachineSet" or version != API_VERSION:
        what = f"{kind or 'an object without kind'} ({version or 'no apiVersion'})"
        raise InvalidInput(f"{where} holds {what} where a MachineSet is expected", _WANTED)
    yield document


def kind_of(value: Any) -> str:
    """JSON's word for a value's type."""
    names = {dict: "map", list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)
