"""Resource SKUs -> VM sizes that fit. Pure.

Shapes: Microsoft.Compute/skus 2021-07-01; every capability value is a string, booleans are True/False.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kubectl_arm64.errors import Unsupported
from kubectl_arm64.names import normalise_location

_SHOWN = 3  # how many sizes a message lists
_GIB = 1024**3


@dataclass(frozen=True)
class Needs:
    """What a MachineSet's provider spec asks of a VM size."""

    zone: str = ""
    accelerated_networking: bool = False
    ephemeral_os_disk_gib: int = 0  # 0: no ephemeral OS disk
    ultra_ssd: bool = False
    encryption_at_host: bool = False
    premium_io: bool = False
    security_type: str = ""  # "", "TrustedLaunch" or "ConfidentialVM"

    def __str__(self) -> str:
        """For people: `accelerated networking, premium storage`; "" when nothing is asked."""
        asked = {
            "accelerated networking": self.accelerated_networking,
            f"an ephemeral OS disk of {self.ephemeral_os_disk_gib} GiB": self.ephemeral_os_disk_gib,
            "ultra SSD": self.ultra_ssd,
            "encryption at host": self.encryption_at_host,
            "premium storage": self.premium_io,
            self.security_type: self.security_type,
        }
        return ", ".join(name for name, wanted in asked.items() if wanted)


@dataclass(frozen=True)
class VmSize:
    """One VM size in one region, as this subscription may use it."""

    name: str
    architecture: str  # "Arm64" or "x64"; absent means x64
    vcpus: int
    memory_gib: float
    generations: frozenset[str]  # of "V1", "V2"
    disk_controllers: frozenset[str]  # of "SCSI", "NVMe"; absent in the SKU means SCSI only
    accelerated_networking: bool
    ephemeral_os_disk: bool
    cache_gib: float  # where an ephemeral OS disk lives: the cache, else (a size without one) the local disk
    local_disk_gib: float
    encryption_at_host: bool
    premium_io: bool
    trusted_launch: bool
    gpus: int
    ultra_ssd_zones: frozenset[str]  # zones with UltraSSDAvailable; {""} when the whole region has it
    zones: frozenset[str]  # zones of the region that have this size, less the restricted ones
    restriction: str = ""  # reasonCode of a restriction on the whole location; "" when usable
    restricted_zones: Mapping[str, str] = field(default_factory=dict)  # zone -> reasonCode
    location: str = ""

    @property
    def burstable(self) -> bool:
        """Of the B family, whose CPU is throttled once its credits are spent."""
        return self.name.lower().startswith("standard_b")


def parse_sizes(skus: Iterable[Mapping[str, Any]], location: str) -> dict[str, VmSize]:
    """Wire-form SKUs (`resource_skus.list`) -> sizes of `location`, keyed by lower-case name."""
    sizes = {}
    for sku in skus:
        if sku.get("resourceType") == "virtualMachines" and _same(location, *sku.get("locations", [])):
            sizes[str(sku["name"]).lower()] = _parse(sku, location)
    return sizes


def _same(location: str, *others: str) -> bool:
    """Whether `location` is among `others`, in whatever spelling."""
    return normalise_location(location) in map(normalise_location, others)


def _parse(sku: Mapping[str, Any], location: str) -> VmSize:
    has = {entry["name"]: str(entry["value"]) for entry in sku.get("capabilities", [])}
    places = [place for place in sku.get("locationInfo", []) if _same(location, place.get("location", ""))]
    restriction, restricted_zones = _restrictions(sku.get("restrictions", []), location)
    zones = {zone for place in places for zone in place.get("zones") or []}
    return VmSize(
        name=str(sku["name"]),
        architecture=has.get("CpuArchitectureType", "x64"),
        vcpus=int(_number(has, "vCPUs")),
        memory_gib=_number(has, "MemoryGB"),
        generations=_words(has.get("HyperVGenerations", "V1")),
        disk_controllers=_words(has.get("DiskControllerTypes", "SCSI")),
        accelerated_networking=_true(has, "AcceleratedNetworkingEnabled"),
        ephemeral_os_disk=_true(has, "EphemeralOSDiskSupported"),
        cache_gib=_ephemeral_room(has),
        local_disk_gib=max(_number(has, "MaxResourceVolumeMB"), _number(has, "NvmeDiskSizeInMiB")) / 1024,
        encryption_at_host=_true(has, "EncryptionAtHostSupported"),
        premium_io=_true(has, "PremiumIO"),
        trusted_launch="V2" in _words(has.get("HyperVGenerations", "V1")) and not _true(has, "TrustedLaunchDisabled"),
        gpus=int(_number(has, "GPUs")),
        ultra_ssd_zones=_ultra_ssd_zones(has, places),
        zones=frozenset(zones - restricted_zones.keys()),
        restriction=restriction,
        restricted_zones=restricted_zones,
        location=normalise_location(location),
    )


def _number(capabilities: Mapping[str, str], name: str) -> float:
    try:
        return float(capabilities.get(name, "0"))
    except ValueError:
        return 0.0


def _true(capabilities: Mapping[str, str], name: str) -> bool:
    return capabilities.get(name, "").lower() == "true"


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def _ephemeral_room(capabilities: Mapping[str, str]) -> float:
    """GiB for an ephemeral OS disk that names no placement, as machine-api-provider-azure sends it.

    Azure then takes the cache where the size has one, else the local disk (Microsoft: ephemeral OS disks).
    """
    placements = _words(capabilities.get("SupportedEphemeralOSDiskPlacements", "CacheDisk"))
    cache = _number(capabilities, "CachedDiskBytes") / _GIB
    if cache and "CacheDisk" in placements:
        return cache
    nvme = _number(capabilities, "NvmeSizePerDiskInMiB") or _number(capabilities, "NvmeDiskSizeInMiB")
    return max(_number(capabilities, "MaxResourceVolumeMB"), nvme) / 1024


def _ultra_ssd_zones(capabilities: Mapping[str, str], places: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    if _true(capabilities, "UltraSSDAvailable"):
        return frozenset({""})
    zones: set[str] = set()
    for place in places:
        for detail in place.get("zoneDetails") or []:
            if _true({entry["name"]: str(entry["value"]) for entry in detail["capabilities"]}, "UltraSSDAvailable"):
                zones.update(detail.get("Name") or detail.get("name") or [])
    return frozenset(zones)


def _restrictions(entries: Iterable[Mapping[str, Any]], location: str) -> tuple[str, dict[str, str]]:
    """The reason why the whole location is closed ("" when it is not), and zone -> reason."""
    whole, zones = "", {}
    for entry in entries:
        info = entry.get("restrictionInfo") or {}
        if not _same(location, *(info.get("locations") or entry.get("values") or [])):
            continue
        reason = str(entry.get("reasonCode", "restricted"))
        if entry.get("type") == "Location":
            whole = reason
        else:
            zones.update({str(zone): reason for zone in info.get("zones") or []})
    return whole, zones


def shortcomings(size: VmSize, needs: Needs, disk_controllers: frozenset[str] | None = None) -> list[str]:
    """Why `size` cannot carry `needs`, one sentence each; empty when it fits.

    `disk_controllers` are those of the image definition, None when unknown.
    """
    where = f"{size.name} in {size.location}" if size.location else size.name
    if size.architecture != "Arm64":
        return [f"{where} is an {'x86' if size.architecture == 'x64' else size.architecture} size"]
    return [
        *_availability(size, needs.zone),
        *_boot(size, where, disk_controllers),
        *_features(size, where, needs),
    ]


def _availability(size: VmSize, zone: str) -> list[str]:
    region = size.location or "the region"
    if size.restriction:
        return [f"{size.name} is not available to this subscription in {region} ({size.restriction})"]
    if not zone or zone in size.zones:
        return []
    free = f"free in zone {_listed(size.zones)}" if size.zones else "in no zone of it"
    if zone in size.restricted_zones:
        reason = size.restricted_zones[zone]
        return [f"{size.name} is not available to this subscription in zone {zone} of {region} ({reason}; {free})"]
    return [f"{size.name} is not offered in zone {zone} of {region} ({free})"]


def _boot(size: VmSize, where: str, disk_controllers: frozenset[str] | None) -> list[str]:
    found = []
    if "V2" not in size.generations:
        found.append(f"{where} cannot boot a generation 2 image")
    if disk_controllers is not None and not _fold(size.disk_controllers) & _fold(disk_controllers):
        found.append(
            f"{where} boots from {_listed(size.disk_controllers)} only, and the image definition allows "
            f"{_listed(disk_controllers)} only (feature DiskControllerTypes)"
        )
    return found


def _fold(words: Iterable[str]) -> set[str]:
    return {word.strip().lower() for word in words}


def _features(size: VmSize, where: str, needs: Needs) -> list[str]:
    found = []
    if needs.accelerated_networking and not size.accelerated_networking:
        found.append(f"{where} has no accelerated networking")
    if needs.ephemeral_os_disk_gib:
        found += _ephemeral(size, where, needs.ephemeral_os_disk_gib)
    if needs.ultra_ssd and not size.ultra_ssd_zones & {"", needs.zone}:
        at = f" in zone {needs.zone}" if needs.zone else ""
        found.append(f"{where} has no ultra SSD{at} (UltraSSDAvailable False)")
    if needs.encryption_at_host and not size.encryption_at_host:
        found.append(f"{where} has no encryption at host (EncryptionAtHostSupported False)")
    if needs.premium_io and not size.premium_io:
        found.append(f"{where} has no premium storage (PremiumIO False)")
    if needs.security_type == "TrustedLaunch" and not size.trusted_launch:
        found.append(f"{where} has no Trusted Launch (TrustedLaunchDisabled True)")
    elif needs.security_type not in ("", "TrustedLaunch"):
        found.append(f"{where} cannot be a {needs.security_type}: no ARM64 size can")
    return found


def _ephemeral(size: VmSize, where: str, gib: int) -> list[str]:
    if not size.ephemeral_os_disk:
        return [f"{where} has no ephemeral OS disk (EphemeralOSDiskSupported False)"]
    if size.cache_gib < gib:
        return [f"{where} has room for an ephemeral OS disk of {size.cache_gib:g} GiB, the template's has {gib} GiB"]
    return []


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def fitting(
    sizes: Mapping[str, VmSize],
    vcpus: int,
    memory_gib: float,
    needs: Needs,
    disk_controllers: frozenset[str] | None = None,
) -> list[VmSize]:
    """The ARM64 sizes that carry `needs` and are at least as large, nearest first.

    Order: vCPUs, memory, no local disk unless needed, no burstable size unless alone, name. GPU sizes are left out.
    """

    def order(size: VmSize) -> tuple[Any, ...]:
        spare_disk = size.local_disk_gib > 0 and not needs.ephemeral_os_disk_gib
        return size.vcpus, size.memory_gib, spare_disk, size.burstable, size.name.lower()

    return sorted(
        (
            size
            for size in sizes.values()
            if size.vcpus >= vcpus
            and size.memory_gib >= memory_gib
            and not size.gpus
            and not shortcomings(size, needs, disk_controllers)
        ),
        key=order,
    )


def nearest(
    sizes: Mapping[str, VmSize],
    vcpus: int,
    memory_gib: float,
    needs: Needs,
    disk_controllers: frozenset[str] | None = None,
    location: str = "",
) -> VmSize:
    """The ARM64 size nearest to a template's: the fewest vCPUs that are at least `vcpus`, then the least memory
    that is at least `memory_gib`, no local disk unless needed, then by name (see `fitting`).

    Raises Unsupported: which region or zone has no ARM64 size that fits, and why.
    """
    if found := fitting(sizes, vcpus, memory_gib, needs, disk_controllers):
        return found[0]
    arm64 = [size for size in sizes.values() if size.architecture == "Arm64" and not size.gpus]
    region = location or next((size.location for size in sizes.values()), "") or "the region"
    if not arm64:
        raise Unsupported(
            f"{region} offers no ARM64 VM size to this subscription",
            "`az vm list-skus --resource-type virtualMachines --all` shows the regions that do",
        )
    where = f"zone {needs.zone} of {region}" if needs.zone else region
    wanted = f"at least {vcpus} vCPUs and {memory_gib:g} GiB"
    why = _why_not(arm64, vcpus, memory_gib, needs, disk_controllers)
    raise Unsupported(
        f"no ARM64 VM size in {where} fits the template ({wanted}): {why}",
        _elsewhere(sizes, vcpus, memory_gib, needs, disk_controllers),
    )


def _why_not(
    sizes: Iterable[VmSize], vcpus: int, memory_gib: float, needs: Needs, disk_controllers: frozenset[str] | None
) -> str:
    """The shortcomings of the sizes that come nearest, or that all are too small."""
    large = sorted(
        (size for size in sizes if size.vcpus >= vcpus and size.memory_gib >= memory_gib),
        key=lambda size: (size.vcpus, size.memory_gib, size.name.lower()),
    )
    if not large:
        return "the ones that it has are smaller"
    reasons = [shortcomings(size, needs, disk_controllers)[0] for size in large]
    more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return "; ".join(reasons[:_SHOWN]) + more


def _elsewhere(
    sizes: Mapping[str, VmSize],
    vcpus: int,
    memory_gib: float,
    needs: Needs,
    disk_controllers: frozenset[str] | None,
) -> str:
    """What would fit in another zone, else a general advice."""
    others = fitting(sizes, vcpus, memory_gib, replace(needs, zone=""), disk_controllers) if needs.zone else []
    for size in others:
        if size.zones:
            return f"{size.name} is free in zone {_listed(size.zones)}: give --zone"
    return "choose a smaller size with --vm-size, or take out of the template what the sizes lack"


def advice_for(
    size_name: str,
    sizes: Mapping[str, VmSize],
    vcpus: int,
    memory_gib: float,
    needs: Needs,
    disk_controllers: frozenset[str] | None = None,
) -> str:
    """What to give to --vm-size instead of `size_name`: the nearest sizes that fit."""
    found = [size.name for size in fitting(sizes, vcpus, memory_gib, needs, disk_controllers)]
    if not found:
        found = [size.name for size in fitting(sizes, 0, 0, needs, disk_controllers)][-_SHOWN:]
    others = [name for name in found if name.lower() != size_name.lower()][:_SHOWN]
    if not others:
        return "no ARM64 size there has what the template asks for: take it out of the template and give that with -f"
    return f"these fit: {', '.join(others)}"


_ARM64_NAME = re.compile(r"^standard_[a-z]+\d+(-\d+)?[a-z]*p[a-z]*(_[a-z0-9]+)*_v\d+(_promo)?$", re.IGNORECASE)


def named_arm64(name: str) -> bool:
    """Whether Azure's naming says ARM64: `p` among the letters after the vCPUs (D4ps_v5).

    For where no SKU can be read; the SKU's CpuArchitectureType is what counts otherwise.
    """
    return bool(_ARM64_NAME.match(name))
