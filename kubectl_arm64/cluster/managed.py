"""Which MachineSets the Machine Config Operator gives new boot images to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubectl_arm64.cluster.documents import Document, at, mapping, text_at
from kubectl_arm64.cluster.selector import selects
from kubectl_arm64.stream import DEFAULT_OS_STREAM

_OS_STREAM_LABEL = "machineconfiguration.openshift.io/osstream"
_OS_ID_LABEL = "machine.openshift.io/os-id"


@dataclass(frozen=True)
class ManagedBootImages:
    """Which MachineSets the Machine Config Operator gives new boot images to (status, not spec, tells)."""

    mode: str = "None"  # All, Partial or None
    match_labels: Mapping[str, str] = field(default_factory=dict)
    match_expressions: Sequence[Mapping[str, Any]] = ()
    by_default: bool = False  # the spec says nothing: enrolled by the release's default

    def enrols(self, machineset: Document) -> bool:
        """Whether MCO will manage this MachineSet's boot image.

        What it skips besides what is not selected: an owner reference, Windows, a security type, an OS stream other
        than rhel-9 (machine-config-operator, pkg/controller/bootimage).
        """
        if self.mode not in ("All", "Partial") or at(machineset, "metadata", "ownerReferences"):
            return False
        template = at(machineset, "spec", "template")
        if at(template, "metadata", "labels", _OS_ID_LABEL) == "Windows":
            return False
        if at(template, "spec", "providerSpec", "value", "securityProfile", "settings", "securityType"):
            return False
        labels = mapping(at(machineset, "metadata", "labels"))
        if labels.get(_OS_STREAM_LABEL) not in (None, "", DEFAULT_OS_STREAM):
            return False
        return self.mode == "All" or selects(self.match_labels, self.match_expressions, labels)


def managed_boot_images(machine_configuration: Document | None) -> ManagedBootImages:
    entry = _machine_manager(at(machine_configuration, "status", "managedBootImagesStatus"))
    selection = mapping(entry.get("selection"))
    selector = mapping(at(selection, "partial", "machineResourceSelector"))
    expressions = selector.get("matchExpressions")
    return ManagedBootImages(
        mode=text_at(selection, "mode") or "None",
        match_labels=dict(mapping(selector.get("matchLabels"))),
        match_expressions=tuple(map(mapping, expressions)) if isinstance(expressions, list) else (),
        by_default=bool(entry) and not _machine_manager(at(machine_configuration, "spec", "managedBootImages")),
    )


def _machine_manager(boot_images: Any) -> Mapping[str, Any]:
    managers = mapping(boot_images).get("machineManagers")
    for entry in map(mapping, managers if isinstance(managers, list) else []):
        if entry.get("resource") == "machinesets" and entry.get("apiGroup") == "machine.openshift.io":
            return entry
    return {}
