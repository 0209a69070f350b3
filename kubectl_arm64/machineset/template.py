"""A MachineSet document: where its parts are, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_arm64 import cluster
from kubectl_arm64.cluster import Document
from kubectl_arm64.names import normalise_location

API_VERSION = "machine.openshift.io/v1beta1"
SET_LABEL = "machine.openshift.io/cluster-api-machineset"
CLUSTER_LABEL = "machine.openshift.io/cluster-api-cluster"
OS_LABEL = "machine.openshift.io/os-id"
VALUE_PATH = "spec.template.spec.providerSpec.value"


def at(document: Document, path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    return cluster.at(document, *path.split("."))


def mapping(document: Document, path: str) -> Mapping[str, Any]:
    """The map at a dotted path; empty where there is none or null."""
    return at(document, path) or {}


def name_of(document: Document) -> str:
    """`metadata.name`, "" when it has none."""
    return str(at(document, "metadata.name") or "")


def provider_spec(document: Document) -> Mapping[str, Any]:
    """`spec.template.spec.providerSpec.value`: an AzureMachineProviderSpec."""
    return mapping(document, VALUE_PATH)


def zone_of(document: Document) -> str:
    """The zone of its machines, "" in a region without zones."""
    return str(provider_spec(document).get("zone") or "")


def location_of(document: Document) -> str:
    """The Azure region of its machines, in Azure's short spelling."""
    return normalise_location(str(provider_spec(document).get("location") or ""))


def clusters_of(document: Document) -> set[str]:
    """The infrastructure names that its labels, its selector and its machines' labels tell: one, in a sound set."""
    paths = ("metadata.labels", "spec.selector.matchLabels", "spec.template.metadata.labels")
    return {str(name) for path in paths if (name := mapping(document, path).get(CLUSTER_LABEL))}


def windows(template: Document) -> str:
    """What says that its machines run Windows, "" when nothing does."""
    spec = provider_spec(template)
    if str(at(spec, "osDisk.osType") or "").lower() == "windows":
        return "osDisk.osType Windows"
    labels = (mapping(template, "spec.template.metadata.labels"), mapping(template, "metadata.labels"))
    if any(str(each.get(OS_LABEL, "")).lower() == "windows" for each in labels):
        return f"label {OS_LABEL}"
    if str(at(spec, "image.publisher") or "").lower() == "microsoftwindowsserver":
        return "image publisher MicrosoftWindowsServer"
    return ""


def security_type(template: Document) -> str:
    """Empty, TrustedLaunch or ConfidentialVM; a disk encrypted for a confidential VM says the latter too."""
    spec = provider_spec(template)
    if at(spec, "osDisk.managedDisk.securityProfile.securityEncryptionType"):
        return "ConfidentialVM"
    return str(at(spec, "securityProfile.settings.securityType") or "")


def selects(machineset: Document, labels: Mapping[str, Any]) -> bool:
    """Whether the set's selector takes machines with these labels."""
    wanted = mapping(machineset, "spec.selector.matchLabels")
    expressions: Sequence[Mapping[str, Any]] = at(machineset, "spec.selector.matchExpressions") or ()
    if not wanted and not expressions:
        return False  # the API refuses an empty selector
    return cluster.selects(wanted, expressions, labels)
