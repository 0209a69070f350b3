"""Raw cluster documents -> ClusterFacts. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubectl_arm64 import yaml_text
from kubectl_arm64.cluster.documents import Document, Documents, at, mapping, minor_release, most_common, text_at
from kubectl_arm64.cluster.managed import ManagedBootImages, managed_boot_images
from kubectl_arm64.yaml_text import NotYaml

PUBLIC_CLOUD = "AzurePublicCloud"
US_GOVERNMENT_CLOUD = "AzureUSGovernmentCloud"
CHINA_CLOUD = "AzureChinaCloud"
STACK_CLOUD = "AzureStackCloud"

# go-autorest's names, as Infrastructure has them, and the spellings that the cloud provider takes besides.
_CLOUDS = {
    "": PUBLIC_CLOUD,
    "azurecloud": PUBLIC_CLOUD,
    "azurepubliccloud": PUBLIC_CLOUD,
    "azureusgovernment": US_GOVERNMENT_CLOUD,
    "azureusgovernmentcloud": US_GOVERNMENT_CLOUD,
    "azurechina": CHINA_CLOUD,
    "azurechinacloud": CHINA_CLOUD,
    "azurestack": STACK_CLOUD,
    "azurestackcloud": STACK_CLOUD,
}
KNOWN_CLOUDS = frozenset({PUBLIC_CLOUD, US_GOVERNMENT_CLOUD, CHINA_CLOUD})
_SUBSCRIPTION = re.compile(r"^azure:///?subscriptions/([^/]+)/", re.IGNORECASE)
_ACCEPTED_ARCHITECTURE = re.compile(r"\barchitecture=\"?(\w+)", re.IGNORECASE)

_ROLE_LABEL = "machine.openshift.io/cluster-api-machine-role"
_REGION_LABELS = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
_CONTROL_PLANE_LABELS = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


@dataclass(frozen=True)
class ClusterFacts:
    """What the cluster tells about itself and its place in Azure; "" where it does not tell."""

    infra_name: str = ""
    platform: str = ""
    resource_group: str = ""
    location: str = ""
    subscription: str = ""
    tenant: str = ""
    cloud: str = PUBLIC_CLOUD
    resource_tags: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    multi_payload: bool | None = None  # None: the cluster does not tell (before 4.12)
    payload_architecture: str = ""  # of a payload for one architecture, as the cluster spells it: "amd64"
    initial_version: str = ""
    aro: bool = False
    hosted: bool = False
    okd: bool = False
    azure_stack: bool = False
    machinesets: int | None = None  # how many there are; None where that could not be read
    control_plane_architectures: frozenset[str] = frozenset()  # Kubernetes' spelling
    managed_boot_images: ManagedBootImages = field(default_factory=ManagedBootImages)
    denied: Mapping[str, str] = field(default_factory=dict)  # as in Documents


def facts(documents: Documents) -> ClusterFacts:
    """Fold the documents; never raises for what is missing (see `require`)."""
    status = mapping(at(documents.infrastructure, "status"))
    azure = mapping(at(status, "platformStatus", "azure"))
    provider = _cloud_provider(documents)
    version = _version(documents.cluster_version)
    architecture = _payload_architecture(documents.cluster_version)
    cloud = text_at(azure, "cloudName") or text_at(provider, "cloud")
    return ClusterFacts(
        infra_name=text_at(status, "infrastructureName"),
        platform=text_at(at(status, "platformStatus"), "type") or text_at(status, "platform"),
        resource_group=text_at(azure, "resourceGroupName"),
        location=_location(documents, provider),
        subscription=text_at(provider, "subscriptionid") or _subscription(documents.nodes),
        tenant=text_at(provider, "tenantid"),
        cloud=_CLOUDS.get(cloud.lower(), cloud),
        resource_tags=_resource_tags(azure),
        version=version,
        multi_payload=_is_multi(architecture, version),
        payload_architecture="" if architecture.lower() == "multi" else architecture.lower(),
        initial_version=_initial_version(documents.cluster_version),
        aro=_is_aro(documents, version),
        hosted=_is_hosted(documents, status),
        okd=any(word in version.lower() for word in ("okd", "scos")),
        azure_stack=_CLOUDS.get(cloud.lower()) == STACK_CLOUD or bool(text_at(azure, "armEndpoint")),
        machinesets=None if documents.machinesets is None else len(documents.machinesets),
        control_plane_architectures=_architectures(filter(_is_control_plane, documents.nodes)),
        managed_boot_images=managed_boot_images(documents.machine_configuration),
        denied=dict(documents.denied),
    )


def _cloud_provider(documents: Documents) -> Mapping[str, Any]:
    """The Azure cloud provider's configuration, its keys in lower case; empty where it cannot be read.

    It stands under the key that Infrastructure names, `config` or `cloud.conf`, as JSON or YAML, and its spelling
    differs: tenantId, tenantID.
    """
    data = mapping(at(documents.cloud_provider_config, "data"))
    named = text_at(at(documents.infrastructure, "spec", "cloudConfig"), "key")
    for key in (named, "config", "cloud.conf"):
        found = _parsed(data.get(key))
        if found:
            return {str(name).lower(): value for name, value in found.items()}
    return {}


def _parsed(text: Any) -> Mapping[str, Any]:
    if not isinstance(text, str):
        return {}
    try:
        return mapping(json.loads(text, strict=False))
    except (ValueError, RecursionError):
        return _parsed_yaml(text)


def _parsed_yaml(text: str) -> Mapping[str, Any]:
    try:
        return mapping(yaml_text.value(text))
    except NotYaml:
        return {}


def _location(documents: Documents, provider: Mapping[str, Any]) -> str:
    sets = documents.machinesets or ()
    workers = [each for each in sets if at(each, "spec", "template", "metadata", "labels", _ROLE_LABEL) == "worker"]
    path = ("spec", "template", "spec", "providerSpec", "value")
    where = most_common(text_at(at(each, *path), "location") for each in workers or sets)
    labels = [mapping(at(node, "metadata", "labels")) for node in documents.nodes]
    return (
        where
        or most_common(text_at(each, _REGION_LABELS[0]) or text_at(each, _REGION_LABELS[1]) for each in labels)
        or text_at(provider, "location")
    )


def _subscription(nodes: Sequence[Document]) -> str:
    matches = (_SUBSCRIPTION.match(text_at(at(node, "spec"), "providerID")) for node in nodes)
    return most_common(match[1] if match else "" for match in matches)


def _resource_tags(azure: Mapping[str, Any]) -> dict[str, str]:
    tags = azure.get("resourceTags")
    listed = [mapping(tag) for tag in tags] if isinstance(tags, list) else []
    return {str(tag["key"]): str(tag.get("value") or "") for tag in listed if tag.get("key")}


def _history(cluster_version: Document | None) -> list[Mapping[str, Any]]:
    history = at(cluster_version, "status", "history")
    return [mapping(entry) for entry in history] if isinstance(history, list) else []


def _version(cluster_version: Document | None) -> str:
    desired = text_at(at(cluster_version, "status", "desired"), "version")
    return desired or next((text_at(entry, "version") for entry in _history(cluster_version)), "")


def _initial_version(cluster_version: Document | None) -> str:
    """The oldest entry: the history starts with the newest, and the cluster version operator keeps the first."""
    return next((text_at(entry, "version") for entry in reversed(_history(cluster_version))), "")


def _payload_architecture(cluster_version: Document | None) -> str:
    """`Multi`, `amd64`, ...; "" where neither the desired release nor the ReleaseAccepted condition tells."""
    desired = text_at(at(cluster_version, "status", "desired"), "architecture")
    if desired:
        return desired
    conditions = at(cluster_version, "status", "conditions")
    for condition in map(mapping, conditions if isinstance(conditions, list) else []):
        # A release that is not accepted is one that the cluster does not run.
        if condition.get("type") == "ReleaseAccepted" and condition.get("status") == "True":
            match = _ACCEPTED_ARCHITECTURE.search(text_at(condition, "message"))
            return match[1] if match else ""
    return ""


def _is_multi(architecture: str, version: str) -> bool | None:
    if architecture:
        return architecture.lower() == "multi"
    release = minor_release(version)
    # Dependable from 4.21 on: an absent `desired.architecture` means one architecture.
    return False if release is not None and release >= (4, 21) else None


def _is_aro(documents: Documents, version: str) -> bool:
    """Azure Red Hat OpenShift: its operator's API group, which discovery shows to everybody.

    The image azureopenshift/aro4 proves nothing from 4.20 on, when the stream names it and openshift-install (4.21)
    and the Machine Config Operator write it into the MachineSets of ordinary clusters; before, only ARO had it.
    """
    release = minor_release(version)
    if documents.aro or release is None or release >= (4, 20):
        return documents.aro
    images = [
        mapping(at(each, "spec", "template", "spec", "providerSpec", "value", "image"))
        for each in documents.machinesets or ()
    ]
    return any(
        text_at(image, "publisher").lower() == "azureopenshift" and text_at(image, "offer").lower() == "aro4"
        for image in images
    )


def _is_hosted(documents: Documents, status: Mapping[str, Any]) -> bool:
    no_machine_api = documents.machinesets is None and "machinesets" not in documents.denied
    return text_at(status, "controlPlaneTopology") == "External" or (bool(status) and no_machine_api)


def _is_control_plane(node: Document) -> bool:
    labels = mapping(at(node, "metadata", "labels"))
    return any(label in labels for label in _CONTROL_PLANE_LABELS)


def _architectures(nodes: Iterable[Document]) -> frozenset[str]:
    found = (
        text_at(at(node, "status", "nodeInfo"), "architecture")
        or text_at(at(node, "metadata", "labels"), "kubernetes.io/arch")
        for node in nodes
    )
    return frozenset(filter(None, found))
