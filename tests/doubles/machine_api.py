"""A cluster and an Azure for `machineset`, in memory: what they hold is plain, what was asked of them is counted."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubectl_arm64.cluster import Document, Documents
from kubectl_arm64.errors import Refused
from kubectl_arm64.names import ImageIdentity, image_definition, image_version
from kubectl_arm64.stream import Architecture
from tests.skus import EASTUS

SUBSCRIPTION = "00000000-0000-4000-8000-0000000000b1"
GROUP = "prod-x7k2p-rg"
GALLERY = "rhcos_prod_x7k2p"
RELEASE = "418.94.202602022246-0"
IDENTITY = ImageIdentity("rhel-9", Architecture.AARCH64, RELEASE)
DEFINITION = image_definition(IDENTITY)
VERSION = image_version(RELEASE)
IGNITION_3 = '{"ignition": {"version": "3.2.0"}}'


def stream(release: str = RELEASE) -> dict[str, Any]:
    """The boot image stream of a 4.18 cluster."""
    url = f"https://rhcos.blob.core.windows.net/imagebucket/rhcos-{release}-azure.aarch64.vhd"
    extensions = {"azure-disk": {"release": release, "url": url}}
    return {"stream": "rhcos-4.18", "architectures": {"aarch64": {"rhel-coreos-extensions": extensions}}}


def documents(machinesets: Sequence[Document], **others: Any) -> Documents:
    """An installed 4.18 cluster on Azure with a Multi payload."""
    azure = {"cloudName": "AzurePublicCloud", "resourceGroupName": GROUP}
    told: dict[str, Any] = {
        "infrastructure": {
            "status": {"infrastructureName": "prod-x7k2p", "platformStatus": {"type": "Azure", "azure": azure}}
        },
        "cluster_version": {"status": {"desired": {"version": "4.18.34", "architecture": "Multi"}}},
        "cloud_provider_config": {"data": {"config": json.dumps({"subscriptionId": SUBSCRIPTION, "tenantId": "t"})}},
        "bootimages": {"data": {"stream": json.dumps(stream())}},
        "machinesets": list(machinesets),
    }
    return Documents(**{**told, **others})


@dataclass
class MemoryCluster:
    """Applies by laying the manifest over what is there; another manager's image is a conflict."""

    documents: Documents
    user_data: dict[str, str] = field(default_factory=lambda: {"worker-user-data": IGNITION_3})
    calls: list[str] = field(default_factory=list)

    def read_documents(self) -> Documents:
        self.calls.append("read")
        return copy.deepcopy(self.documents)

    def read_user_data(self, secret: str) -> str | None:
        return self.user_data.get(secret)

    def list_machinesets(self) -> list[Document]:
        return copy.deepcopy(self.sets)

    def list_machines(self) -> list[Document]:
        return []

    def apply(self, document: Document, *, dry_run: bool = False, force_conflicts: bool = False) -> Document:
        self.calls.append(f"apply {'dry ' if dry_run else ''}{'forced ' if force_conflicts else ''}".strip())
        live: Any = next((each for each in self.sets if each["metadata"]["name"] == document["metadata"]["name"]), None)
        if live and _image_owner(live) and not force_conflicts and _image(live) != _image(document):
            raise Refused("conflict with machine-config-controller over .image.resourceID", "add --force-conflicts")
        merged = _laid_over(copy.deepcopy(live or {}), document)
        merged["metadata"] |= {"uid": "u", "generation": 1, "creationTimestamp": "2026-03-01T10:00:00Z"}
        merged["metadata"]["managedFields"] = [{"manager": "kubectl-arm64", "operation": "Apply"}]
        if not dry_run:
            others = [each for each in self.sets if each is not live]
            object.__setattr__(self.documents, "machinesets", [*others, merged])
        return copy.deepcopy(merged)

    @property
    def sets(self) -> list[Any]:
        return list(self.documents.machinesets or ())

    def named(self, name: str) -> Any:
        """A live MachineSet, to look into and to change."""
        return next(each for each in self.sets if each["metadata"]["name"] == name)


def _image(document: Mapping[str, Any]) -> Any:
    return document["spec"]["template"]["spec"]["providerSpec"]["value"]["image"]["resourceID"]


def _image_owner(live: Mapping[str, Any]) -> bool:
    return any(entry["manager"] == "machine-config-controller" for entry in live["metadata"].get("managedFields", ()))


def _laid_over(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, Mapping):
        return {**below, **{key: _laid_over(below.get(key), value) for key, value in above.items()}}
    return copy.deepcopy(above)


def definition(**properties: Any) -> dict[str, Any]:
    """The image definition that `bootimage` makes."""
    usual = {
        "architecture": "Arm64",
        "hyperVGeneration": "V2",
        "osType": "Linux",
        "osState": "Generalized",
        "features": [{"name": "DiskControllerTypes", "value": "SCSI, NVMe"}],
        "provisioningState": "Succeeded",
    }
    return {"name": DEFINITION, "properties": {**usual, **properties}}


def version(
    state: str = "Succeeded",
    regions: Sequence[str] = ("East US",),
    replication: Sequence[Mapping[str, Any]] = (),
    tags: Mapping[str, str] | None = None,
    uri: str = "",
) -> dict[str, Any]:
    """The image version that `bootimage` makes, as Azure answers it."""
    return {
        "tags": dict(IDENTITY.tags() if tags is None else tags),
        "properties": {
            "provisioningState": state,
            "publishingProfile": {"targetRegions": [{"name": region} for region in regions]},
            "storageProfile": {"osDiskImage": {"source": {"uri": uri}}},
            "replicationStatus": {"summary": list(replication)},
        },
    }


@dataclass
class MemoryGalleries:
    """One definition and one version; the rest of `Galleries` is never asked by `machineset`."""

    definition: dict[str, Any] | None = field(default_factory=definition)
    version: dict[str, Any] | None = field(default_factory=version)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def get_definition(self, group: str, gallery: str, definition: str) -> dict[str, Any] | None:
        self.asked.append((group, gallery, definition))
        return self.definition

    def get_version(self, group: str, gallery: str, definition: str, version: str) -> dict[str, Any] | None:
        self.asked.append((group, gallery, definition, version))
        return self.version


@dataclass
class MemoryAzure:
    """One subscription."""

    galleries: MemoryGalleries = field(default_factory=MemoryGalleries)
    skus: Sequence[dict[str, Any]] = EASTUS

    def sizes(self, location: str) -> Sequence[dict[str, Any]]:
        return self.skus
