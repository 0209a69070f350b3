"""Azure Compute Galleries."""

from __future__ import annotations

import re

from tests.sandbox.arm import compute, errors
from tests.sandbox.arm.exchange import Answer, Call, Resource, Route

TYPE = "Microsoft.Compute/galleries"
IMAGES = f"{TYPE}/images"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._]{0,78}[A-Za-z0-9])?")


def gallery_id(call: Call) -> str:
    return f"{call.group['id']}/providers/{TYPE}/{call.names['gallery']}"


def put(call: Call) -> Answer:
    existing = call.existing(gallery_id(call))
    name = existing["name"] if existing else call.names["gallery"]
    if not _NAME.fullmatch(name):
        # The rule is documented, the sentence is not.
        message = (
            f"The gallery name '{name}' is invalid. It may hold letters, digits, underscores and periods, at most 80, "
            "and begins and ends with a letter or digit."
        )
        raise errors.invalid_parameter(message, "galleryName")
    sent = {key: value for key, value in call.properties.items() if key not in ("identifier", "provisioningState")}
    gallery: Resource = {
        "name": name,
        "id": f"{call.group['id']}/providers/{TYPE}/{name}",
        "type": TYPE,
        "location": compute.checked_location(call, TYPE, existing),
        **compute.tags(call),
        "properties": {**sent, "identifier": {"uniqueName": f"{call.subscription}-{name.upper()}"}},
    }
    answer = compute.write(call, gallery, "galleries")
    if existing:
        gallery["properties"]["provisioningState"] = "Succeeded"  # recorded: at once, though the operation goes on
    return answer


def get(call: Call) -> Answer:
    return Answer(200, compute.found(call, gallery_id(call)))


def listing(call: Call) -> Answer:
    """The galleries of the subscription, or of a group, that the caller may read."""
    within = call.group["id"] if "group" in call.names else f"/subscriptions/{call.subscription}"
    return Answer(200, {"value": call.readable(call.below(within, TYPE), f"{TYPE}/read", within)})


def delete(call: Call) -> Answer:
    return compute.delete(call, call.existing(gallery_id(call)), IMAGES)


def parent_of(call: Call, kind: str) -> Resource:
    """The gallery that a resource of `kind` belongs to."""
    return compute.parent(call, gallery_id(call), kind)


_SUBSCRIPTION = "/subscriptions/{subscription}"
_GALLERIES = f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/{TYPE}"
_GALLERY = f"{_GALLERIES}/{{gallery}}"

ROUTES = [
    Route("GET", f"{_SUBSCRIPTION}/providers/{TYPE}", "", listing),
    Route("GET", _GALLERIES, "", listing),
    Route("PUT", _GALLERY, f"{TYPE}/write", put),
    Route("GET", _GALLERY, f"{TYPE}/read", get),
    Route("DELETE", _GALLERY, f"{TYPE}/delete", delete),
]
