"""A resource provider, such as Microsoft.Compute, as one subscription sees it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubectl_arm64.names import normalise_location


@dataclass(frozen=True)
class Provider:
    """`registered`: may be used (it may while it is still registering).

    `locations`: resource type in lower case -> the regions that have it, in Azure's short spelling.
    """

    namespace: str
    registered: bool
    locations: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, namespace: str, body: Mapping[str, Any]) -> Provider:
        """From the wire form (Microsoft.Resources, "Providers - Get")."""
        return cls(
            namespace,
            str(body.get("registrationState", "")).lower() in ("registered", "registering"),
            {
                str(each.get("resourceType", "")).lower(): frozenset(
                    map(normalise_location, each.get("locations") or ())
                )
                for each in body.get("resourceTypes") or ()
            },
        )

    def offers(self, resource_type: str, region: str) -> bool:
        """Whether `region` has `resource_type` (galleries/images/versions); True where no region is told."""
        regions = self.locations.get(resource_type.lower())
        return not regions or normalise_location(region) in regions
