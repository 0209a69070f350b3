"""Which VM size a clone gets, and which zones there are for clones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import InvalidInput, Unsupported
from kubectl_arm64.machineset import Capacity, capacity, needs, provider_spec
from kubectl_arm64.sizes import VmSize, advice_for, named_arm64, nearest, shortcomings


@dataclass(frozen=True)
class Region:
    """The VM sizes of one region, keyed by lower-case name."""

    location: str
    sizes: Mapping[str, VmSize]
    disk_controllers: frozenset[str] | None = None  # of the image definition

    def choose(self, template: Document, zone: str | None, vm_size: str) -> VmSize:
        """`vm_size`, or the nearest to the template's. Raises Unsupported."""
        if zone:
            self._check_zone(zone)
        wanted = needs(template, zone)
        if vm_size:
            return self._named(vm_size, template, zone)
        large = capacity(template, self.sizes)
        try:
            return nearest(
                self.sizes, large.vcpus, large.memory_gib, wanted, self.disk_controllers, location=self.location
            )
        except Unsupported:
            if not wanted.accelerated_networking:
                raise
            # Harmless to lose; every other feature that the template asks for is not.
            wanted = replace(wanted, accelerated_networking=False)
            return nearest(
                self.sizes, large.vcpus, large.memory_gib, wanted, self.disk_controllers, location=self.location
            )

    def _check_zone(self, zone: str) -> None:
        """Raise Unsupported for a zone in which the region has no size of any architecture."""
        known = {each for size in self.sizes.values() for each in (*size.zones, *size.restricted_zones)}
        if zone in known or not self.sizes:
            return
        if not known:
            raise Unsupported(f"there is no zone {zone} in {self.location}: it has no zones", "leave out --zone")
        raise Unsupported(f"there is no zone {zone} in {self.location}", f"its zones are {', '.join(sorted(known))}")

    def _named(self, vm_size: str, template: Document, zone: str | None) -> VmSize:
        wanted = replace(needs(template, zone), accelerated_networking=False)
        size = self.sizes.get(vm_size.lower())
        problems = (
            shortcomings(size, wanted, self.disk_controllers)
            if size
            else [f"{vm_size} is not offered in {self.location} to this subscription"]
        )
        if not size or problems:
            large = self._capacity(template)
            advice = advice_for(vm_size, self.sizes, large.vcpus, large.memory_gib, wanted, self.disk_controllers)
            raise Unsupported("; ".join(problems), advice)
        return size

    def _capacity(self, template: Document) -> Capacity:
        try:
            return capacity(template, self.sizes)
        except InvalidInput:
            return Capacity(0, 0)

    def zones(self, template: Document, vm_size: str) -> list[str]:
        """The zones in which `vm_size`, or any ARM64 size that fits the template, may be had; empty without zones."""
        return [zone for zone in sorted(self._arm64_zones()) if self._offers(template, zone, vm_size)]

    def _arm64_zones(self) -> set[str]:
        return {zone for size in self.sizes.values() if size.architecture == "Arm64" for zone in size.zones}

    def _offers(self, template: Document, zone: str, vm_size: str) -> bool:
        try:
            self.choose(template, zone, vm_size)
        except Unsupported:
            return False
        return True


def check_by_name(vm_size: str) -> None:
    """Raise Unsupported for a size whose name says x86, where no SKU can be read."""
    if not named_arm64(vm_size):
        raise Unsupported(
            f"{vm_size} is not an ARM64 size by its name (Azure's have a p after the vCPUs, as Standard_D4ps_v5)",
            "give another with --vm-size, leave out --image to have it looked up in Azure, or add --force",
        )


def unchecked(template: Document, vm_size: str, zone: str | None) -> str:
    """What is not known of a clone that was made without asking Azure."""
    spec = provider_spec(template)
    region = spec.get("location")
    at = zone or spec.get("zone")
    where = f"zone {at} of {region}" if at else region
    features = str(needs(template, zone))
    return (
        f"not checked, since Azure was not asked: that the image exists in the cluster's subscription and in {region}, "
        f"and that {vm_size} is offered in {where}{' with ' * bool(features)}{features}"
    )
