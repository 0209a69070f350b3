"""World.objects as seeds and tests touch it, without the API server in between."""

from __future__ import annotations

import copy
from typing import Any

from tests.sandbox.kubernetes import managed_fields
from tests.sandbox.kubernetes.apply import Manager, update
from tests.sandbox.kubernetes.kinds import BY_KIND, BY_PLURAL, Kind
from tests.sandbox.kubernetes.schema import schema_of
from tests.sandbox.world import World

Key = tuple[str, str, str, str]  # (group/version, plural, namespace, name)
Object = dict[str, Any]

FIRST_REVISION = 20000
INSTALLED = "2026-02-10T08:20:00Z"
INSTALLER = Manager("cluster-bootstrap", "Update")


def key_of(kind: Kind, namespace: str, name: str) -> Key:
    return kind.group_version, kind.plural, namespace if kind.namespaced else "", name


def kind_of(document: Object) -> Kind:
    """The served kind of a document; KeyError where it is not served."""
    return BY_KIND[document["apiVersion"], document["kind"]]


def revision(world: World) -> int:
    """The greatest resourceVersion in the world."""
    stored = (int(each["metadata"].get("resourceVersion", 0)) for each in list(world.objects.values()))
    return max(stored, default=FIRST_REVISION)


def plant(world: World, document: Object) -> Object:
    """Store a copy of `document` as an object that the installer made (uid, resourceVersion, managedFields, ...).

    What its metadata already says is kept. Answers what was stored.
    """
    made = copy.deepcopy(document)
    kind = kind_of(made)
    number = revision(world) + 1
    own: Object = {
        "uid": f"00000000-0000-4000-8000-{number:012d}",
        "creationTimestamp": INSTALLED,
        "resourceVersion": str(number),
        "managedFields": _installed_fields(kind, made),
    }
    if kind.group:
        own["generation"] = 1
    made["metadata"] = {**own, **made["metadata"]}
    world.objects[key_of(kind, made["metadata"].get("namespace", ""), made["metadata"]["name"])] = made
    return made


def _installed_fields(kind: Kind, document: Object) -> list[Object]:
    spec = {name: each for name, each in document.items() if name != "status"}
    owners = update(schema_of(kind), None, spec, {}, INSTALLER)
    return managed_fields.write(owners, [], kind.group_version, INSTALLED, [INSTALLER])


def find(world: World, plural: str, name: str, namespace: str = "openshift-machine-api") -> Object:
    """The stored object itself (change it and the API server serves the change); KeyError where there is none."""
    for kind in BY_PLURAL.values():
        if kind.plural == plural and (key := key_of(kind, namespace, name)) in world.objects:
            return world.objects[key]
    raise KeyError(f"{plural} {namespace}/{name}")
