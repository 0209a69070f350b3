"""VM sizes of a region as Microsoft.Compute/skus lists them, and its quota.

Every capability is a string. Shapes, and the values of D16plds_v5, are the recorded ones; the other sizes follow the
tables of Microsoft's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Sku = dict[str, Any]

GIB = 1024**3
RESTRICTED = "Standard_E4pds_v5"  # not for this subscription, in the whole location
RESTRICTED_IN_ZONE_1 = "Standard_D8ps_v5"

# name with {n} for the vCPUs, family, GiB of memory for each vCPU, vCPU counts
Series = tuple[str, str, int, tuple[int, ...]]

_ARM64_V5: tuple[Series, ...] = (
    ("D{n}ps_v5", "standardDPSv5Family", 4, (2, 4, 8, 16, 32, 48, 64)),
    ("D{n}pds_v5", "standardDPDSv5Family", 4, (2, 4, 8, 16, 32)),
    ("D{n}pls_v5", "standardDPLSv5Family", 2, (2, 4, 8, 16)),
    ("D{n}plds_v5", "standardDPLDSv5Family", 2, (2, 4, 8, 16)),
    ("E{n}ps_v5", "standardEPSv5Family", 8, (2, 4, 8, 16, 32)),
    ("E{n}pds_v5", "standardEPDSv5Family", 8, (2, 4, 8)),
)
# and the disk controllers, as users' listings show them
_ARM64_V6: tuple[tuple[str, str, int, tuple[int, ...], str], ...] = (
    ("D{n}ps_v6", "StandardDpsv6Family", 4, (2, 4, 8, 16, 32), "NVMe"),
    ("D{n}pds_v6", "StandardDpdsv6Family", 4, (2, 4, 8, 16), "SCSI, NVMe"),
    ("D{n}pls_v6", "StandardDplsv6Family", 2, (2, 4, 8), "NVMe"),
    ("E{n}ps_v6", "StandardEpsv6Family", 8, (2, 4, 8), "SCSI, NVMe"),
)
_ARM64_B: tuple[tuple[str, int, tuple[int, ...]], ...] = (("B{n}pls_v2", 2, (2, 4, 8)), ("B{n}ps_v2", 4, (2, 4, 8, 16)))
_X64: tuple[Series, ...] = (
    ("D{n}s_v3", "standardDSv3Family", 4, (2, 4, 8, 16)),
    ("E{n}s_v3", "standardESv3Family", 8, (2, 4, 8)),
    ("D{n}s_v5", "standardDSv5Family", 4, (2, 4, 8, 16)),
    ("D{n}ds_v5", "standardDDSv5Family", 4, (4, 8)),
)


def vm_skus(location: str, *, zones: bool) -> list[Sku]:
    """Sizes of `location`, and a disk SKU beside them, as the real list has."""
    skus = [_sku(location, zones, *size) for size in _sizes()]
    for sku in skus:
        sku["restrictions"] = _restrictions(sku["name"], location, zones)
    return [_disk_sku(location, zones), *skus]


def _sizes() -> Iterator[tuple[str, str, dict[str, str]]]:
    """(name, family, capabilities)."""
    for pattern, family, memory, counts in _X64:
        for n in counts:
            yield f"Standard_{pattern.format(n=n)}", family, _x64(n, n * memory, pattern)
    for pattern, family, memory, counts in _ARM64_V5:
        for n in counts:
            yield f"Standard_{pattern.format(n=n)}", family, _arm64_v5(n, n * memory, "d" in pattern)
    for pattern, family, memory, counts, controllers in _ARM64_V6:
        for n in counts:
            yield f"Standard_{pattern.format(n=n)}", family, _arm64_v6(n, n * memory, "d" in pattern, controllers)
    for pattern, memory, counts in _ARM64_B:
        for n in counts:
            yield f"Standard_{pattern.format(n=n)}", "standardBpsv2Family", _arm64_b(n, n * memory)


def _x64(vcpus: int, memory: int, pattern: str) -> dict[str, str]:
    disk = vcpus * 8 * 1024 if pattern.endswith("_v3") else vcpus * 37 * 1024 if "ds" in pattern else 0
    return {
        **_every(vcpus, memory, disk, "V1,V2", "x64", threads=2),
        **({"SupportedEphemeralOSDiskPlacements": "ResourceDisk,CacheDisk"} if disk else {}),
        "CachedDiskBytes": str(vcpus * 25 * GIB),
        "EphemeralOSDiskSupported": str(bool(disk)),
    }


def _arm64_v5(vcpus: int, memory: int, local_disk: bool) -> dict[str, str]:
    disk = vcpus * 38400 if local_disk else 0
    return {
        **_every(vcpus, memory, disk, "V2", "Arm64", threads=1),
        **({"SupportedEphemeralOSDiskPlacements": "ResourceDisk,CacheDisk"} if disk else {}),
        "CachedDiskBytes": str(vcpus * 25 * GIB),
        "EphemeralOSDiskSupported": str(local_disk),
        "TrustedLaunchDisabled": "True",
    }


def _arm64_v6(vcpus: int, memory: int, local_disk: bool, controllers: str) -> dict[str, str]:
    nvme = {
        "SupportedEphemeralOSDiskPlacements": "NvmeDisk",
        "NvmeDiskSizeInMiB": str(vcpus * 55 * 1024),
        "NvmeSizePerDiskInMiB": str(min(vcpus, 8) * 55 * 1024),
    }
    return {
        **_every(vcpus, memory, 0, "V2", "Arm64", threads=1),
        "DiskControllerTypes": controllers,
        **(nvme if local_disk else {}),
        "EphemeralOSDiskSupported": str(local_disk),
    }


def _arm64_b(vcpus: int, memory: int) -> dict[str, str]:
    return {
        **_every(vcpus, memory, 0, "V2", "Arm64", threads=1),
        "EphemeralOSDiskSupported": "False",
        "TrustedLaunchDisabled": "True",
    }


def _every(vcpus: int, memory: int, disk: int, generations: str, architecture: str, *, threads: int) -> dict[str, str]:
    """What every size tells; `disk` is the local one, in MB."""
    return {
        "MaxResourceVolumeMB": str(disk),
        "OSVhdSizeMB": "1047552",
        "vCPUs": str(vcpus),
        "MemoryPreservingMaintenanceSupported": "True",
        "HyperVGenerations": generations,
        "MemoryGB": str(memory),
        "MaxDataDiskCount": str(min(32, vcpus * 2)),
        "CpuArchitectureType": architecture,
        "LowPriorityCapable": "True",
        "PremiumIO": "True",
        "VMDeploymentTypes": "IaaS",
        "vCPUsAvailable": str(vcpus),
        "vCPUsPerCore": str(threads),
        "UncachedDiskIOPS": str(vcpus * 1600),
        "EncryptionAtHostSupported": "True",
        "CapacityReservationSupported": "False",
        "AcceleratedNetworkingEnabled": "True",
        "RdmaEnabled": "False",
        "MaxNetworkInterfaces": "2" if vcpus <= 4 else "4",
    }


def _sku(location: str, zones: bool, name: str, family: str, capabilities: dict[str, str]) -> Sku:
    ultra = {"Name": ["1", "3", "2"], "capabilities": [{"name": "UltraSSDAvailable", "value": "True"}]}
    return {
        "resourceType": "virtualMachines",
        "name": name,
        "tier": "Standard",
        "size": name.removeprefix("Standard_"),
        "family": family,
        "locations": [location],
        "locationInfo": [
            {
                "location": location,
                "zones": ["2", "3", "1"] if zones else [],
                "zoneDetails": [ultra] if zones and not name.startswith("Standard_B") else [],
            }
        ],
        "capabilities": [{"name": key, "value": value} for key, value in capabilities.items()],
        "restrictions": [],
    }


def _restrictions(name: str, location: str, zones: bool) -> list[dict[str, Any]]:
    reason = "NotAvailableForSubscription"
    if name == RESTRICTED:
        info = {"locations": [location]}
        return [{"type": "Location", "values": [location], "restrictionInfo": info, "reasonCode": reason}]
    if name == RESTRICTED_IN_ZONE_1 and zones:
        info = {"locations": [location], "zones": ["1"]}
        return [{"type": "Zone", "values": [location], "restrictionInfo": info, "reasonCode": reason}]
    return []


def _disk_sku(location: str, zones: bool) -> Sku:
    return {
        "resourceType": "disks",
        "name": "Premium_LRS",
        "tier": "Premium",
        "size": "P10",
        "locations": [location],
        "locationInfo": [{"location": location, "zones": ["1", "2", "3"] if zones else []}],
        "capabilities": [{"name": "MaxSizeGiB", "value": "128"}],
        "restrictions": [],
    }


def family_usages() -> list[dict[str, Any]]:
    """Quota as a subscription in use has it; the letter case of the families is mixed, as Azure's is."""
    families = {family: 100 for _, family, _ in _sizes()}
    families["standardEPDSv5Family"] = 0  # a limit of 0 is common
    return [
        _usage("availabilitySets", "Availability Sets", 0, 2500),
        _usage("cores", "Total Regional vCPUs", 40, 350),
        _usage("virtualMachines", "Virtual Machines", 6, 25000),
        _usage("lowPriorityCores", "Total Regional Low-priority vCPUs", 0, 100),
        *(
            _usage(family, f"Standard {family[8:].removesuffix('Family')} Family vCPUs", 0, limit)
            for family, limit in families.items()
        ),
    ]


def _usage(name: str, shown: str, used: int, limit: int) -> dict[str, Any]:
    return {
        "limit": limit,
        "unit": "Count",
        "currentValue": used,
        "name": {"value": name, "localizedValue": shown},
    }
