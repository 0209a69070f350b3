"""What the served kinds declare: the part of their schemas that ownership and validation need.

Shapes: the CRDs of openshift/api (machine/v1beta1, autoscaling/v1beta1); what is not declared here is opaque.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.sandbox.kubernetes.kinds import MACHINE_API, Kind
from tests.sandbox.kubernetes.typed import Schema, below

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}
OPAQUE: Schema = {"x-kubernetes-preserve-unknown-fields": True}
STRINGS: Schema = {"type": "object", "additionalProperties": STRING}


def _object(**properties: Schema) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(items: Schema, *keys: str, kind: str = "atomic") -> Schema:
    if keys:
        return {
            "type": "array",
            "items": items,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": list(keys),
        }
    return {"type": "array", "items": items, "x-kubernetes-list-type": kind}


def _atomic(schema: Schema) -> Schema:
    return {**schema, "x-kubernetes-map-type": "atomic"}


_OWNER = _atomic(
    _object(apiVersion=STRING, blockOwnerDeletion=BOOLEAN, controller=BOOLEAN, kind=STRING, name=STRING, uid=STRING)
)
_TEMPLATE_METADATA = {
    "annotations": STRINGS,
    "generateName": STRING,
    "labels": STRINGS,
    "name": STRING,
    "namespace": STRING,
    "ownerReferences": _list(_OWNER, "uid"),
}
METADATA = _object(
    **_TEMPLATE_METADATA,
    creationTimestamp=STRING,
    deletionGracePeriodSeconds=INTEGER,
    deletionTimestamp=STRING,
    finalizers=_list(STRING, kind="set"),
    generation=INTEGER,
    managedFields=_list(OPAQUE),
    resourceVersion=STRING,
    selfLink=STRING,
    uid=STRING,
)
_HOOKS = _list(_object(name=STRING, owner=STRING), "name")
_MACHINE_SPEC = _object(
    authoritativeAPI=STRING,
    lifecycleHooks=_object(preDrain=_HOOKS, preTerminate=_HOOKS),
    metadata=_object(**_TEMPLATE_METADATA),
    providerID=STRING,
    providerSpec=_object(value={"type": "object", **OPAQUE}),
    taints=_list(_object(effect=STRING, key=STRING, timeAdded=STRING, value=STRING)),
)
_EXPRESSION = _object(key=STRING, operator=STRING, values=_list(STRING))
_MACHINESET_SPEC = _object(
    authoritativeAPI=STRING,
    deletePolicy={"type": "string", "enum": ["Random", "Newest", "Oldest"]},
    minReadySeconds=INTEGER,
    replicas={**INTEGER, "default": 1},
    selector=_atomic(_object(matchExpressions=_list(_EXPRESSION), matchLabels=STRINGS)),
    template=_object(metadata=_object(**_TEMPLATE_METADATA), spec=_MACHINE_SPEC),
)
_AUTOSCALER_SPEC = _object(
    maxReplicas=INTEGER,
    minReplicas=INTEGER,
    scaleTargetRef=_object(apiVersion=STRING, kind=STRING, name=STRING),
)
_BODIES: dict[tuple[str, str], dict[str, Schema]] = {
    (MACHINE_API, "MachineSet"): {"spec": _MACHINESET_SPEC, "status": OPAQUE},
    (MACHINE_API, "Machine"): {"spec": _MACHINE_SPEC, "status": OPAQUE},
    ("autoscaling.openshift.io", "MachineAutoscaler"): {"spec": _AUTOSCALER_SPEC, "status": OPAQUE},
    ("", "ConfigMap"): {"data": STRINGS, "binaryData": STRINGS, "immutable": BOOLEAN},
    ("", "Secret"): {"data": STRINGS, "stringData": STRINGS, "immutable": BOOLEAN, "type": STRING},
}
_OPAQUE_BODY: dict[str, Schema] = {"spec": OPAQUE, "status": OPAQUE}


def schema_of(kind: Kind) -> Schema:
    """The schema of whole objects of `kind`."""
    body = _BODIES.get((kind.group, kind.kind), _OPAQUE_BODY)
    return _object(apiVersion=STRING, kind=STRING, metadata=METADATA, **body)


def unknown_fields(schema: Schema, value: Any, path: str = "") -> Iterator[str]:
    """The paths (`.spec.template.foo`) that the schema does not declare."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from unknown_fields(schema.get("items", OPAQUE), item, f"{path}[{number}]")
    elif isinstance(value, dict) and "properties" in schema:
        for name, inner in value.items():
            declared = schema["properties"].get(name)
            if declared is None:
                yield f"{path}.{name}"
            else:
                yield from unknown_fields(declared, inner, f"{path}.{name}")


def pruned(schema: Schema, value: Any) -> Any:
    """`value` without what the schema does not declare."""
    if isinstance(value, list):
        return [pruned(schema.get("items", OPAQUE), item) for item in value]
    if isinstance(value, dict) and "properties" in schema:
        declared = schema["properties"]
        return {name: pruned(declared[name], inner) for name, inner in value.items() if name in declared}
    return value


def defaulted(schema: Schema, value: Any) -> Any:
    """`value` with the declared defaults of what it lacks."""
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    declared = schema["properties"]
    made = {name: defaulted(declared.get(name, OPAQUE), inner) for name, inner in value.items()}
    return made | {name: each["default"] for name, each in declared.items() if "default" in each and name not in made}


_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "boolean": bool, "object": dict, "array": list
}  # fmt: skip
_JSON_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array"}


def wrong_types(schema: Schema, value: Any, path: str = "") -> Iterator[str]:
    """The API server's sentence for each value of another type than declared (see `nulls`)."""
    wanted = schema.get("type")
    if value is None:
        return
    if wanted and not _is_a(value, wanted):
        has, name = _JSON_NAMES[type(value)], path.lstrip(".")
        yield f'{name}: Invalid value: "{has}": {name} in body must be of type {wanted}: "{has}"'
    elif "enum" in schema and value not in schema["enum"]:
        supported = ", ".join(f'"{each}"' for each in schema["enum"])
        yield f'{path.lstrip(".")}: Unsupported value: "{value}": supported values: {supported}'
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from wrong_types(below(schema, f"f:{name}"), inner, f"{path}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from wrong_types(below(schema, "k:"), item, f"{path}[{number}]")


def nulls(schema: Schema, value: Any) -> Iterator[str]:
    """The API server's sentence for each null where a CRD declares a type; metadata is more tolerant."""
    for path, wanted in _nulls(schema, {name: each for name, each in value.items() if name != "metadata"}, ""):
        yield f'{path}: Invalid value: "null": {path} in body must be of type {wanted}: "null"'


def _nulls(schema: Schema, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if value is None and "type" in schema:
        yield path.lstrip("."), schema["type"]
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _nulls(below(schema, f"f:{name}"), inner, f"{path}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _nulls(below(schema, "k:"), item, f"{path}[{number}]")


def misfits(schema: Schema, value: Any, path: str = "") -> Iterator[str]:
    """structured-merge-diff's sentence for each value that is not of the declared shape; null fits everywhere."""
    wanted = schema.get("type")
    if value is None:
        return
    if wanted and not _is_a(value, wanted):
        yield f"{path}: expected {_SHAPES[wanted]}, got {_go(wanted, value)}"
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from misfits(below(schema, f"f:{name}"), inner, f"{path}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from misfits(below(schema, "k:"), item, f"{path}[{number}]")


_SHAPES = {
    "string": "string",
    "integer": "numeric (int or float)",
    "boolean": "boolean",
    "object": "map",
    "array": "list",
}


def _go(wanted: str, value: Any) -> str:
    """A value as Go's %v and %T show it there."""
    if wanted == "integer":
        return {str: "string", bool: "bool"}.get(type(value), "map[string]interface {}")
    shown = str(value).lower() if isinstance(value, bool) else str(value).replace(", ", " ")
    return f"&{{{shown}}}" if wanted in ("object", "array") else f"&value.valueUnstructured{{Value:{shown}}}"


def _is_a(value: Any, wanted: str) -> bool:
    return isinstance(value, _TYPES[wanted]) and not (wanted == "integer" and isinstance(value, bool))
