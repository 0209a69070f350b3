"""The change itself: a template becomes its ARM64 clone."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kubectl_arm64.cluster import Document, ManagedBootImages
from kubectl_arm64.errors import Refused, Unsupported
from kubectl_arm64.image import GalleryImage, ImageReference
from kubectl_arm64.machineset.autoscaler import LABELS, STALE, arm64_labels
from kubectl_arm64.machineset.cautions import cautions
from kubectl_arm64.machineset.checks import check_template
from kubectl_arm64.machineset.features import needs
from kubectl_arm64.machineset.naming import check_name, clone_name
from kubectl_arm64.machineset.owners import is_mark
from kubectl_arm64.machineset.scheduling import with_taints
from kubectl_arm64.machineset.template import (
    API_VERSION,
    SET_LABEL,
    mapping,
    name_of,
    provider_spec,
    selects,
    zone_of,
)
from kubectl_arm64.sizes import VmSize, shortcomings

# ObjectMeta keys that a person may write; the rest is the server's, or no field at all.
_METADATA = ("name", "namespace", "labels", "annotations")
# The same of the MachineSet CRD's two embedded ObjectMetas; server-side apply refuses others (creationTimestamp: null).
_EMBEDDED_METADATA = ("name", "generateName", "namespace", "labels", "annotations", "ownerReferences")
_SERVER_SIDE = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "ownerReferences",
    "selfLink",
    "finalizers",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generateName",
)


@dataclass(frozen=True)
class Changes:
    """What is to be changed; None and empty leave the template's own."""

    image: ImageReference
    vm_size: str
    name: str | None = None
    zone: str | None = None
    replicas: int | None = 1  # None: the template's own
    taints: Sequence[Mapping[str, str]] = ()
    node_labels: Mapping[str, str] = field(default_factory=dict)
    no_spot: bool = False
    size: VmSize | None = None  # what Azure tells of vm_size; None: not known, and not checked
    disk_controllers: frozenset[str] | None = None  # of the image definition; None: not known
    subscription: str = ""  # the cluster's
    namespace: str = ""  # for a template that names none
    aro: bool | None = None  # None: no cluster was asked


@dataclass(frozen=True)
class Clone:
    """The manifest, and what a person should know of it (`warnings`: one sentence each)."""

    manifest: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])


def clone(template: Document, changes: Changes, managed: ManagedBootImages, siblings: Sequence[Document] = ()) -> Clone:
    """The template's clone for ARM64. `siblings`: the cluster's other MachineSets (for selector clashes).

    Raises what `check_template` raises, Unsupported for what ARM64 or the size cannot have, Refused for a clash.
    """
    check_template(template)
    aro_like = _check_aro(template, changes)
    dropped = _check_size(template, changes)
    name = changes.name or clone_name(template, changes.zone)
    check_name(name)
    if name == name_of(template):
        raise Refused(f"the clone would have its source's own name {name}", "give another with --name")
    manifest = _manifest(template, changes, name, drop_accelerated_networking=bool(dropped))
    _check_siblings(template, manifest, siblings)
    warnings = [
        *aro_like,
        *dropped,
        *_stray_keys(template),
        *cautions(template, manifest, changes.image, changes.subscription),
        *_enrolment(manifest, managed),
    ]
    return Clone(manifest, tuple(dict.fromkeys(warnings)))


def _check_aro(template: Document, changes: Changes) -> list[str]:
    """Azure Red Hat OpenShift boots Marketplace images of azureopenshift only.

    Without a cluster its MachineSets are known by that publisher beside no `type`, which others have to state; in a
    cluster of another kind such a set is worth a warning.
    """
    if not isinstance(changes.image, GalleryImage):
        return []
    image = mapping(provider_spec(template), "image")
    looks = str(image.get("publisher") or "").lower() == "azureopenshift" and not image.get("type")
    if changes.aro or (changes.aro is None and looks):
        raise Unsupported(
            f"MachineSet {name_of(template)} is of Azure Red Hat OpenShift, which takes no gallery image",
            "it boots Marketplace images only, and this version of the tool does not offer them yet",
        )
    if not looks:
        return []
    return [
        f"MachineSet {name_of(template)} looks like one of Azure Red Hat OpenShift (image publisher azureopenshift "
        "without a type), which this cluster is not: make sure that it belongs here"
    ]


def _check_size(template: Document, changes: Changes) -> list[str]:
    """The warning that accelerated networking is switched off, where the size has none. Raises Unsupported."""
    size = changes.size
    if size is None:
        return []
    wanted = needs(template, changes.zone)
    if problems := shortcomings(size, replace(wanted, accelerated_networking=False), changes.disk_controllers):
        raise Unsupported("; ".join(problems), "choose another size with --vm-size")
    if wanted.accelerated_networking and not size.accelerated_networking:
        return [f"{size.name} has no accelerated networking: it is switched off in the clone"]
    return []


def _manifest(template: Document, changes: Changes, name: str, *, drop_accelerated_networking: bool) -> dict[str, Any]:
    old_name = name_of(template)
    spec = copy.deepcopy(dict(template["spec"]))
    _rename(spec["selector"]["matchLabels"], old_name, name)
    if changes.replicas is not None:
        spec["replicas"] = changes.replicas
    machine = spec["template"]
    machine["metadata"] = _machine_metadata(machine["metadata"], spec["selector"])
    _rename(machine["metadata"]["labels"], old_name, name)
    _schedule(machine["spec"], changes, old_name, name)
    provider = machine["spec"]["providerSpec"]["value"]
    provider["image"] = changes.image.provider_spec()
    provider["vmSize"] = changes.vm_size
    if changes.zone is not None and changes.zone != zone_of(template):
        provider["zone"] = changes.zone
    if drop_accelerated_networking:
        provider["acceleratedNetworking"] = False
    if changes.no_spot:
        provider.pop("spotVMOptions", None)
    manifest = {key: copy.deepcopy(value) for key, value in template.items() if key != "status"}
    return manifest | {
        "apiVersion": API_VERSION,
        "kind": "MachineSet",
        "metadata": _metadata(template["metadata"], name, changes.namespace),
        "spec": spec,
    }


def _rename(labels: dict[str, Any], old_name: str, name: str) -> None:
    if labels.get(SET_LABEL) == old_name:
        labels[SET_LABEL] = name


def _metadata(source: Mapping[str, Any], name: str, namespace: str) -> dict[str, Any]:
    kept: dict[str, Any] = {"namespace": namespace} if namespace else {}
    kept |= {key: copy.deepcopy(value) for key, value in source.items() if key in _METADATA}
    if kept.get("labels") is not None:
        kept["labels"] = _without_marks(kept["labels"])
        _rename(kept["labels"], str(source["name"]), name)
    annotations = _without_marks(kept.get("annotations") or {})
    annotations = {key: value for key, value in annotations.items() if key not in STALE}
    annotations[LABELS] = arm64_labels(annotations.get(LABELS, ""))
    return kept | {"name": name, "annotations": annotations}


def _without_marks(entries: Mapping[str, Any], needed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if key in (needed or {}) or not is_mark(key)}


def _machine_metadata(source: Mapping[str, Any], selector: Mapping[str, Any]) -> dict[str, Any]:
    kept = _embedded(source)
    for key in ("labels", "annotations"):
        if kept.get(key) is not None:
            kept[key] = _without_marks(kept[key], selector.get("matchLabels"))
    return kept


def _embedded(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key in _EMBEDDED_METADATA}


def _schedule(spec: dict[str, Any], changes: Changes, old_name: str, name: str) -> None:
    if spec.get("metadata") is not None:
        spec["metadata"] = _embedded(spec["metadata"])
        _rename(spec["metadata"].get("labels") or {}, old_name, name)
    if changes.node_labels:
        metadata = spec["metadata"] = spec.get("metadata") or {}
        metadata["labels"] = {**(metadata.get("labels") or {}), **changes.node_labels}
    if changes.taints:
        spec["taints"] = with_taints(spec.get("taints") or [], changes.taints)


def _stray_keys(template: Document) -> Iterator[str]:
    """Keys of a metadata that no MachineSet has: somebody's mistake, so it is said that they are left out."""
    for path, known in (
        ("metadata", (*_METADATA, *_SERVER_SIDE)),
        ("spec.template.metadata", (*_EMBEDDED_METADATA, "creationTimestamp")),
        ("spec.template.spec.metadata", (*_EMBEDDED_METADATA, "creationTimestamp")),
    ):
        if stray := [key for key in mapping(template, path) if key not in known]:
            yield f"{path} of {name_of(template)} has keys that are no fields, which are left out: {', '.join(stray)}"


def _check_siblings(template: Document, manifest: Document, siblings: Sequence[Document]) -> None:
    name = name_of(manifest)
    for sibling in siblings:
        if name_of(sibling) == name:
            continue
        if selects(sibling, mapping(manifest, "spec.template.metadata.labels")):
            raise Refused(
                f"the selector of MachineSet {name_of(sibling)} would take the machines of {name} too",
                f"make {name_of(sibling)} anew with its own name as {SET_LABEL} in selector and template labels",
            )
        if name_of(sibling) != name_of(template) and selects(
            manifest, mapping(sibling, "spec.template.metadata.labels")
        ):
            raise Refused(
                f"MachineSet {name} would take the machines of {name_of(sibling)}, whose template has the same labels",
                "give another name with --name",
            )


def _enrolment(manifest: Document, managed: ManagedBootImages) -> Iterator[str]:
    if managed.mode == "None" or not managed.enrols(manifest):
        return
    why = "by the release's default" if managed.by_default else f"mode {managed.mode}"
    if managed.match_labels:
        why = f"by its label {', '.join(f'{key}={value}' for key, value in managed.match_labels.items())}"
    yield (
        f"{name_of(manifest)} is enrolled in managed boot images ({why}): the Machine Config Operator will replace its "
        f"gallery image by the Marketplace one at an update"
    )
