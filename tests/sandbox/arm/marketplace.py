"""Marketplace images (`world.marketplace`): entries {publisher, offer, sku, version, architecture, generation, plan}.

`plan` is None for an image without a purchase plan. Every entry is offered in every region.
"""

from __future__ import annotations

from typing import Any

from tests.sandbox.arm.errors import Refusal
from tests.sandbox.arm.exchange import Answer, Call, Route

Image = dict[str, Any]


def versions(call: Call) -> Answer:
    """A bare array, newest last; `$top` and `$orderby=name desc` as az sends them."""
    found = sorted(_images(call), key=lambda image: [int(part) for part in str(image["version"]).split(".")])
    if call.query.get("$orderby", "").lower() == "name desc":
        found.reverse()
    top = int(call.query.get("$top", len(found)))
    return Answer(200, [_entry(call, image) for image in found[:top]])


def get(call: Call) -> Answer:
    wanted = call.names["version"]
    for image in _images(call):
        if image["version"] == wanted:
            return Answer(200, {"properties": _properties(image), **_entry(call, image)})
    raise _not_found(call)


def _images(call: Call) -> list[Image]:
    found = [
        image
        for image in call.world.marketplace
        if all(image[name].lower() == call.names[name].lower() for name in ("publisher", "offer", "sku"))
    ]
    if not found:
        raise _not_found(call)
    return found


def _not_found(call: Call) -> Refusal:
    # Reports of users.
    names = ":".join(call.names.get(name, "") for name in ("publisher", "offer", "sku"))
    message = f"Artifact: VMImage was not found. ({names}, in {call.names['location']})"
    return Refusal(404, "NotFound", message)


def _entry(call: Call, image: Image) -> dict[str, str]:
    location = call.names["location"]
    return {
        "location": location,
        "name": image["version"],
        "id": (
            f"/Subscriptions/{call.subscription}/Providers/Microsoft.Compute/Locations/{location}"
            f"/Publishers/{image['publisher']}/ArtifactTypes/VMImage/Offers/{image['offer']}"
            f"/Skus/{image['sku']}/Versions/{image['version']}"
        ),
    }


def _properties(image: Image) -> dict[str, Any]:
    plan = {"plan": image["plan"]} if image.get("plan") else {}
    return {
        **plan,
        "hyperVGeneration": image["generation"],
        "architecture": image["architecture"],
        "replicaType": "Unmanaged",
        "disallowed": {"vmDiskType": "None"},
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
        "imageDeprecationStatus": {"imageState": "Active"},
        "osDiskImage": {"operatingSystem": "Linux", "sizeInBytes": 17179869696},
        "dataDiskImages": [],
    }


_VERSIONS = (
    "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers/{publisher}"
    "/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions"
)
_ACTION = "Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read"

ROUTES = [
    Route("GET", _VERSIONS, _ACTION, versions),
    Route("GET", f"{_VERSIONS}/{{version}}", _ACTION, get),
]
