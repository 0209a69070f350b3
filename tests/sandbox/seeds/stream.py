"""The ConfigMap coreos-bootimages, in the shape of coreos/stream-metadata-go."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.sandbox.seeds.spec import Cluster, Release

ARTIFACTS = "https://rhcos.example.com/art/storage/prod/streams"
IMAGES = "https://rhcos.blob.core.windows.net/imagebucket"
# Of the VHDs that azure.py seeds: the first and the second of VHD_DATA bytes on VHD_SIZE.
SHA256 = {
    "aarch64": "130bfaec098ab8684bd2b487578607611c57e1a6447632f33643247d39172ec3",
    "x86_64": "d119b4fce2da8392e8dbf6df6dc218a49ad94ab8bf115275e0b613ef166ba59f",
}


def stream(release: Release) -> dict[str, Any]:
    """The boot image stream of one OpenShift release."""
    return {
        "stream": release.stream,
        "metadata": {"last-modified": "2026-02-09T14:01:21Z", "generator": "plume cosa2stream 5d742df"},
        "architectures": {
            "aarch64": _architecture("aarch64", release.aarch64, _marketplace(release.marketplace_sku)),
            "x86_64": _architecture("x86_64", release.x86_64, _x86_marketplace(release.marketplace_sku)),
        },
    }


def bootimages(cluster: Cluster) -> dict[str, Any]:
    """The ConfigMap as the Machine Config Operator keeps it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coreos-bootimages", "namespace": "openshift-machine-config-operator"},
        "data": {"releaseVersion": cluster.release.version, "stream": json.dumps(stream(cluster.release), indent=2)},
    }


def vhd(release: str, architecture: str) -> str:
    """The name of the VHD: the public blob's, and the artifact's before `.gz`."""
    return f"rhcos-{release}-azure.{architecture}.vhd"


def marketplace_images(release: Release) -> list[dict[str, str]]:
    """The generation 2 images that the stream offers without a purchase plan."""
    offered = (_marketplace(release.marketplace_sku), _x86_marketplace(release.marketplace_sku))
    return [each["no-purchase-plan"]["hyperVGen2"] for each in offered if each]


def _architecture(architecture: str, release: str, marketplace: dict[str, Any]) -> dict[str, Any]:
    name = vhd(release, architecture)
    disk = {
        "location": f"{ARTIFACTS}/builds/{release}/{architecture}/{name}.gz",
        "sha256": hashlib.sha256(f"{name}.gz".encode()).hexdigest(),
        "uncompressed-sha256": SHA256[architecture],
    }
    extensions: dict[str, Any] = {"azure-disk": {"release": release, "url": f"{IMAGES}/{name}"}}
    if marketplace:
        extensions["marketplace"] = {"azure": marketplace}
    return {
        "artifacts": {
            "azure": {"release": release, "formats": {"vhd.gz": {"disk": disk}}},
            "qemu": {"release": release, "formats": {}},
        },
        "images": {},
        "rhel-coreos-extensions": extensions,
    }


def _marketplace(sku: str) -> dict[str, Any]:
    return {"no-purchase-plan": {"hyperVGen2": _offer(sku)}} if sku else {}


def _x86_marketplace(arm_sku: str) -> dict[str, Any]:
    if not arm_sku:
        return {}
    number = arm_sku.removesuffix("-arm")
    return {"no-purchase-plan": {"hyperVGen1": _offer(f"aro_{number}"), "hyperVGen2": _offer(f"{number}-v2")}}


def _offer(sku: str) -> dict[str, str]:
    return {"publisher": "azureopenshift", "offer": "aro4", "sku": sku, "version": "9.6.20251015"}
