"""Manifests as kubectl prints them: YAML, JSON, names, and the difference between two. Pure."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from kubectl_arm64.cli import go_json
from kubectl_arm64.cli.printing import Output
from kubectl_arm64.cli.table import table

RESOURCE = "machineset.machine.openshift.io"

# Those of `oc get machinesets` and `oc get machines -o wide` that a MachineSet tells before it has machines.
_COLUMNS = ("name", "desired", "type", "region", "zone", "image")

_TEXT = "tag:yaml.org,2002:str"
# What Go's yaml.v2 reads as another type than text, and PyYAML (YAML 1.1 as well) does not.
_GO_SCALAR = re.compile(r"[yYnN]|0[ob][0-7]+|[-+]?[0-9][0-9_]*e[-+]?[0-9]+|=")
# What yaml.v2 does not write as a literal block: unusual characters, blanks before a line's end.
_NOT_LITERAL = re.compile(r"[^\n\t\x20-\x7e\xa0-\ud7ff]| \n")
# What only double quotes can carry: their escapes.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_WIDTH = 80
_VOLATILE = ("managedFields", "resourceVersion", "generation")


class _Kubectl(yaml.SafeDumper):
    """kubectl's style (sigs.k8s.io/yaml): sorted keys, lists flush with their key, quotes where YAML 1.1 needs them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, text, style=_style(dumper, text))


def _style(dumper: yaml.SafeDumper, text: str) -> str | None:
    if _UNPRINTABLE.search(text):
        return '"'
    if "\n" in text and text.strip(" ") == text and text.strip() and not _NOT_LITERAL.search(text):
        return "|"
    implied = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    if _GO_SCALAR.fullmatch(text) or implied != _TEXT:
        return '"'
    return None


_Kubectl.add_representer(str, _represent_text)


def to_yaml(value: Any) -> str:
    """One document, as `kubectl get -o yaml` prints it."""
    text: str = yaml.dump(
        value, Dumper=_Kubectl, sort_keys=True, default_flow_style=False, width=_WIDTH, allow_unicode=True
    )
    return text


def shown(manifests: Sequence[Mapping[str, Any]], output: Output) -> str:
    """As -o says: several documents of YAML for several manifests, a List for json and templates."""
    if output == Output.name:
        return "".join(f"{resource_name(manifest)}\n" for manifest in manifests)
    if output in (Output.yaml, Output.json) and not output.managed_fields:
        manifests = [_without_managed_fields(manifest) for manifest in manifests]
    if output == Output.yaml:
        return "---\n".join(to_yaml(manifest) for manifest in manifests)
    if output == Output.wide:
        return table(_COLUMNS, [_row(manifest) for manifest in manifests])
    document = manifests[0] if len(manifests) == 1 else _list(manifests)
    return output.template.fill(document) if output.template else go_json.indented(document)


def _without_managed_fields(manifest: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
    return {**manifest, "metadata": kept}


def _row(manifest: Mapping[str, Any]) -> list[str]:
    spec = manifest["spec"]
    machine = spec["template"]["spec"]["providerSpec"]["value"]
    cells = (
        manifest["metadata"]["name"],
        spec.get("replicas", 1),
        machine.get("vmSize", ""),
        machine.get("location", ""),
        machine.get("zone", ""),
        (machine.get("image") or {}).get("resourceID", ""),
    )
    return [str(cell) for cell in cells]


def _list(manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": "v1", "items": list(manifests), "kind": "List", "metadata": {"resourceVersion": ""}}


def resource_name(manifest: Mapping[str, Any]) -> str:
    """`machineset.machine.openshift.io/NAME`."""
    return f"{RESOURCE}/{manifest['metadata']['name']}"


def settled(live: Mapping[str, Any] | None) -> dict[str, Any]:
    """A live object without what every write changes, nor its status; {} for none."""
    if live is None:
        return {}
    kept = {key: value for key, value in live.items() if key != "status"}
    kept["metadata"] = {key: value for key, value in live["metadata"].items() if key not in _VOLATILE}
    return kept


def diff(live: Mapping[str, Any] | None, merged: Mapping[str, Any]) -> str:
    """A unified diff of what is and what would be, "" when they are the same. `live` is None where nothing is."""
    before, after = settled(live), settled(merged)
    if before and _same(before, after):
        return ""
    name = resource_name(merged)
    return "".join(
        difflib.unified_diff(
            to_yaml(before).splitlines(keepends=True) if before else [],
            to_yaml(after).splitlines(keepends=True),
            f"live/{name}",
            f"merged/{name}",
        )
    )


def same(live: Mapping[str, Any], merged: Mapping[str, Any]) -> bool:
    """Whether two states of one object differ in nothing but what every write changes."""
    return _same(settled(live), settled(merged))


def _same(one: Any, other: Any) -> bool:
    # Not `==`: in Python True equals 1.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
