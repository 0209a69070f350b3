"""Resource SKUs for tests, in the wire form of Microsoft.Compute/skus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ARM64: dict[str, Any] = {"CpuArchitectureType": "Arm64", "HyperVGenerations": "V2"}
X64: dict[str, Any] = {"CpuArchitectureType": "x64", "HyperVGenerations": "V1,V2"}
USUAL: dict[str, Any] = {
    "PremiumIO": "True",
    "AcceleratedNetworkingEnabled": "True",
    "EncryptionAtHostSupported": "True",
    "EphemeralOSDiskSupported": "False",
}
CACHED: dict[str, Any] = {
    "EphemeralOSDiskSupported": "True",
    "SupportedEphemeralOSDiskPlacements": "ResourceDisk,CacheDisk",
    "TrustedLaunchDisabled": "True",
}
GIB = 1024**3


def sku(
    name: str,
    vcpus: int,
    memory: int,
    *,
    zones: Sequence[str] = ("1", "2", "3"),
    location: str = "eastus",
    restrictions: Sequence[dict[str, Any]] = (),
    ultra_ssd_in: Sequence[str] = (),
    **capabilities: str,
) -> dict[str, Any]:
    """One virtual machine size. Capabilities beside the usual ones, or in their place, by their own names."""
    named = {"vCPUs": str(vcpus), "MemoryGB": str(memory), **USUAL, **ARM64, **capabilities}
    details = [{"Name": list(ultra_ssd_in), "capabilities": [{"name": "UltraSSDAvailable", "value": "True"}]}]
    return {
        "resourceType": "virtualMachines",
        "name": f"Standard_{name}",
        "family": f"standard{name}Family",
        "locations": [location],
        "locationInfo": [{"location": location, "zones": list(zones), "zoneDetails": details if ultra_ssd_in else []}],
        "capabilities": [{"name": key, "value": value} for key, value in named.items()],
        "restrictions": list(restrictions),
    }


def x64(name: str, vcpus: int, memory: int, **more: Any) -> dict[str, Any]:
    """An x86 size."""
    return sku(name, vcpus, memory, **{**X64, **more})


def restricted(kind: str, reason: str = "NotAvailableForSubscription", *, zones: Sequence[str] = ()) -> dict[str, Any]:
    """A restriction: `kind` is Location or Zone."""
    info: dict[str, Any] = {"locations": ["eastus"]}
    return {
        "type": kind,
        "values": ["eastus"],
        "restrictionInfo": {**info, "zones": list(zones)} if zones else info,
        "reasonCode": reason,
    }


EASTUS = (
    x64("D4s_v3", 4, 16),
    x64("D8s_v3", 8, 32),
    sku("B4ps_v2", 4, 16),
    sku("D2ps_v5", 2, 8, TrustedLaunchDisabled="True"),
    sku("D4ps_v5", 4, 16, TrustedLaunchDisabled="True"),
    sku("D4pds_v5", 4, 16, MaxResourceVolumeMB="153600", CachedDiskBytes=str(100 * GIB), **CACHED),
    sku("D8ps_v5", 8, 32, TrustedLaunchDisabled="True"),
    sku("D8pds_v5", 8, 32, MaxResourceVolumeMB="307200", CachedDiskBytes=str(200 * GIB), **CACHED),
    sku("D4ps_v6", 4, 16, zones=("2", "3"), DiskControllerTypes="NVMe"),
)
