"""What a region offers, in wire form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_arm64.azure import versions
from kubectl_arm64.azure.failures import translated

if TYPE_CHECKING:
    from azure.mgmt.compute import ComputeManagementClient


def sizes(client: ComputeManagementClient, location: str) -> list[dict[str, Any]]:
    """Every SKU of the region, disks and others among them; the service filters by location only."""
    with translated(f"list the VM sizes of {location}"):
        listed = client.resource_skus.list(filter=f"location eq '{location}'", api_version=versions.SKUS)
        return [sku.as_dict() for sku in listed]
