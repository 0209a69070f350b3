"""What makes one seeded cluster differ from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.sandbox.world import Cloud

SUBSCRIPTION = "00000000-0000-4000-8000-00000000c001"
TENANT = "00000000-0000-4000-8000-00000000d001"
NO_ZONES = ("",)


@dataclass(frozen=True)
class Release:
    """An OpenShift version and the boot images that its stream names.

    `aarch64` and `x86_64` are RHCOS releases; `stream` names the stream (`rhcos-4.18`); `marketplace_sku` is the
    sku of the aarch64 Marketplace image, "" before 4.20.
    """

    version: str
    stream: str
    aarch64: str
    x86_64: str
    kubelet: str
    marketplace_sku: str = ""


@dataclass(frozen=True)
class Cluster:
    """One OpenShift cluster on Azure, in Kubernetes' spelling (`arch` amd64 or arm64).

    `zones` is NO_ZONES in a region without zones. `tells_architecture`: ClusterVersion has `desired.architecture`.
    `gallery`: the workers boot from the installer's gallery (4.12 and later), else from a managed image.
    `network_group` is a resource group of its own; `private`: no public load balancer, user-defined routing.
    """

    release: Release
    infra: str = "prod-7x2kq"
    location: str = "eastus"
    zones: tuple[str, ...] = ("1", "2", "3")
    cloud: Cloud = field(default_factory=Cloud)
    subscription: str = SUBSCRIPTION
    tenant: str = TENANT
    resource_tags: Mapping[str, str] = field(default_factory=dict)
    architecture: str = "Multi"
    tells_architecture: bool = True
    control_plane_arch: str = "amd64"
    worker_arch: str = "amd64"
    worker_size: str = "Standard_D4s_v3"
    infra_machineset: bool = False
    gallery: bool = True
    network_group: str = ""
    private: bool = False
    channel: str = "stable"

    @property
    def group(self) -> str:
        return f"{self.infra}-rg"

    @property
    def network(self) -> str:
        return self.network_group or self.group

    @property
    def domain(self) -> str:
        return f"{self.infra.rsplit('-', 1)[0]}.example.com"

    @property
    def image(self) -> str:
        """What openshift-install put into `image.resourceID` (without the subscription)."""
        kind = f"galleries/gallery_{self.infra.replace('-', '_')}/images" if self.gallery else "images"
        version = "/versions/latest" if self.gallery else ""
        return f"/resourceGroups/{self.group}/providers/Microsoft.Compute/{kind}/{self.infra}-gen2{version}"
