"""What a template's provider spec asks of a VM size, and how large its machines are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.machineset.template import at, mapping, name_of, provider_spec, security_type, zone_of
from kubectl_arm64.sizes import Needs, VmSize

VCPU = "machine.openshift.io/vCPU"
MEMORY = "machine.openshift.io/memoryMb"
GPU = "machine.openshift.io/GPU"

_GPU_SIZE = re.compile(r"^standard_n", re.IGNORECASE)  # NC, ND, NV, NG: GPUs; NP: FPGAs
_DEFAULT_OS_DISK_GIB = 128  # what machine-api-operator defaults diskSizeGB to


@dataclass(frozen=True)
class Capacity:
    """How large a machine is."""

    vcpus: int
    memory_gib: float


def needs(template: Document, zone: str | None = None) -> Needs:
    """What the template's provider spec asks of a VM size; `zone` when it is to be another."""
    spec = provider_spec(template)
    return Needs(
        zone=zone_of(template) if zone is None else zone,
        accelerated_networking=spec.get("acceleratedNetworking") is True,
        ephemeral_os_disk_gib=_ephemeral(mapping(spec, "osDisk")),
        ultra_ssd=spec.get("ultraSSDCapability") == "Enabled" or "UltraSSD_LRS" in _disk_types(spec),
        encryption_at_host=at(spec, "securityProfile.encryptionAtHost") is True,
        premium_io=any(kind.startswith("Premium") for kind in _disk_types(spec)),
        security_type=security_type(template),
    )


def _ephemeral(os_disk: Mapping[str, Any]) -> int:
    if at(os_disk, "diskSettings.ephemeralStorageLocation") != "Local":
        return 0
    size = os_disk.get("diskSizeGB")
    return int(size) if isinstance(size, int) and size > 0 else _DEFAULT_OS_DISK_GIB


def _disk_types(spec: Mapping[str, Any]) -> set[str]:
    disks = [mapping(spec, "osDisk"), *(spec.get("dataDisks") or [])]
    return {str(at(disk, "managedDisk.storageAccountType") or "") for disk in disks}


def has_gpu(template: Document) -> bool:
    """Whether its machines have a GPU: by the provider's annotation, or by the size's family (N)."""
    count = str(mapping(template, "metadata.annotations").get(GPU, ""))
    if count.isdecimal() and int(count) > 0:
        return True
    return bool(_GPU_SIZE.match(str(provider_spec(template).get("vmSize") or "")))


def capacity(template: Document, sizes: Mapping[str, VmSize]) -> Capacity:
    """vCPUs and memory of the template's machines: of its size in `sizes`, else of its annotations.

    Raises InvalidInput when neither tells.
    """
    vm_size = str(provider_spec(template).get("vmSize") or "")
    if size := sizes.get(vm_size.lower()):
        return Capacity(size.vcpus, size.memory_gib)
    annotations = mapping(template, "metadata.annotations")
    vcpus, memory = str(annotations.get(VCPU, "")), str(annotations.get(MEMORY, ""))
    if vcpus.isdecimal() and memory.isdecimal():
        return Capacity(int(vcpus), int(memory) / 1024)
    raise InvalidInput(
        f"how large the machines of MachineSet {name_of(template)} are is not known: {vm_size} is not among the "
        f"region's sizes, and the annotations {VCPU} and {MEMORY} are missing",
        "name the ARM64 size with --vm-size",
    )
