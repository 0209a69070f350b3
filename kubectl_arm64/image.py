"""A reference to the image that machines boot from: gallery or Marketplace.

The two forms are what `image` in an AzureMachineProviderSpec may hold (openshift/machine-api-operator,
pkg/webhooks: a resourceID alone, or a Marketplace image with `type`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from kubectl_arm64.errors import InvalidInput, Refused

LATEST = "latest"  # the version that Azure resolves anew for every machine

_GALLERY_ID = re.compile(
    r"^(?:/subscriptions/(?P<subscription>[^/]+))?/resourceGroups/(?P<resource_group>[^/]+)"
    r"/providers/Microsoft\.Compute/galleries/(?P<gallery>[^/]+)/images/(?P<definition>[^/]+)"
    r"(?:/versions/(?P<version>[^/]+))?/?$",
    re.IGNORECASE,
)


def tells_generation_2(resource_id: str) -> bool:
    """Whether the Machine Config Operator takes the image for generation 2: it searches its ID for `gen2`."""
    return "gen2" in resource_id


@dataclass(frozen=True)
class GalleryImage:
    """One version of an image definition in an Azure Compute Gallery."""

    resource_group: str
    gallery: str
    definition: str
    version: str
    subscription: str | None = None

    @classmethod
    def parse(cls, text: str) -> GalleryImage:
        """An image version's resource ID, with or without its subscription.

        Raises InvalidInput for anything else, a definition without a version among them.
        """
        match = _GALLERY_ID.match(text.strip())
        if match is None:
            raise InvalidInput(
                f"{text!r} is not the resource ID of an image version",
                "give /resourceGroups/GROUP/providers/Microsoft.Compute/galleries/GALLERY/images/DEFINITION"
                "/versions/VERSION",
            )
        parts = match.groupdict()
        if parts["version"] is None:
            raise InvalidInput(
                f"{text!r} names an image definition without a version",
                f"add /versions/VERSION; `az sig image-version list -g {parts['resource_group']} "
                f"-r {parts['gallery']} -i {parts['definition']}` lists them",
            )
        return cls(**parts)

    @property
    def resource_id(self) -> str:
        """The form that `resourceID` of a provider spec needs: without the subscription.

        The machine controller prefixes the cluster's own (machine-api-provider-azure).
        """
        return (
            f"/resourceGroups/{self.resource_group}/providers/Microsoft.Compute/galleries/{self.gallery}"
            f"/images/{self.definition}/versions/{self.version}"
        )

    @property
    def is_latest(self) -> bool:
        """Whether Azure picks the version when a machine is made."""
        return self.version.lower() == LATEST

    def in_subscription(self, subscription: str) -> GalleryImage:
        """The image with the cluster's subscription ("": not known), which its machines look in whatever the ID says.

        Raises Refused when the ID names another.
        """
        if not subscription:
            return self
        if self.subscription and self.subscription.lower() != subscription.lower():
            raise Refused(
                f"{self.resource_id} is in subscription {self.subscription}, the cluster in {subscription}: machines "
                "boot only from images of their cluster's subscription",
                "publish the image there with `kubectl arm64 bootimage`, or name another with --image",
            )
        return replace(self, subscription=subscription)

    def provider_spec(self) -> dict[str, Any]:
        """`providerSpec.value.image`: the resource ID, every other key blank, no `type`."""
        return {"offer": "", "publisher": "", "resourceID": self.resource_id, "sku": "", "version": ""}

    def __str__(self) -> str:
        return self.resource_id


@dataclass(frozen=True)
class MarketplaceImage:
    """An image that Azure Marketplace sells, free or with a plan."""

    publisher: str
    offer: str
    sku: str
    version: str

    def provider_spec(self) -> dict[str, Any]:
        """`providerSpec.value.image` of a Marketplace image without a purchase plan."""
        return {
            "offer": self.offer,
            "publisher": self.publisher,
            "resourceID": "",
            "sku": self.sku,
            "type": "MarketplaceNoPlan",
            "version": self.version,
        }

    def __str__(self) -> str:
        return f"{self.publisher}:{self.offer}:{self.sku}:{self.version}"


ImageReference = GalleryImage | MarketplaceImage
