"""Image definitions: what all versions of an image have in common, never to be changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.sandbox.arm import compute, errors, galleries
from tests.sandbox.arm.exchange import Answer, Call, Resource, Route

TYPE = "Microsoft.Compute/galleries/images"
VERSIONS = f"{TYPE}/versions"
FIRST_WITH_ARCHITECTURE = "2021-07-01"
FIRST_WITH_TRUSTED_LAUNCH = "2025-03-03"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9])?")
_ECHOED = (
    "description",
    "eula",
    "privacyStatementUri",
    "releaseNoteUri",
    "endOfLifeDate",
    "recommended",
    "disallowed",
    "purchasePlan",
)
_REQUIRED = ("osType", "osState", "identifier")


def definition_id(call: Call) -> str:
    return f"{galleries.gallery_id(call)}/images/{call.names['image']}"


def put(call: Call) -> Answer:
    gallery = galleries.parent_of(call, TYPE)
    existing = call.existing(definition_id(call))
    name = existing["name"] if existing else call.names["image"]
    _check(call, name)
    properties = _properties(call)
    if existing:
        _check_unchanged(existing["properties"], properties)
    _check_unique(call, gallery, name, properties["identifier"])
    definition = {
        "name": name,
        "id": f"{gallery['id']}/images/{name}",
        "type": TYPE,
        "location": compute.checked_location(call, TYPE, existing),
        **compute.tags(call),
        "properties": properties,
    }
    answer = compute.write(call, definition, "images")
    return Answer(answer.status, _render(call, definition), answer.headers)


def _check(call: Call, name: str) -> None:
    if not _NAME.fullmatch(name):
        # The rule is documented, the sentence is not.
        message = (
            f"The gallery image name '{name}' is invalid. It may hold letters, digits, dots, dashes and underscores, "
            "at most 80, and begins and ends with a letter or digit."
        )
        raise errors.invalid_parameter(message, "galleryImageName")
    for required in _REQUIRED:
        if not call.properties.get(required):
            target = f"galleryImage.properties.{required}"
            raise errors.invalid_parameter(f"Required parameter '{target}' is missing (null).", target)


def _properties(call: Call) -> dict[str, Any]:
    sent = call.properties
    generation = sent.get("hyperVGeneration", "V1")
    echoed = {key: sent[key] for key in _ECHOED if sent.get(key) not in (None, {})}
    features = [dict(feature) for feature in sent.get("features") or ()]
    named = {feature["name"] for feature in features}
    if call.api_version >= FIRST_WITH_TRUSTED_LAUNCH and generation == "V2" and "SecurityType" not in named:
        features.append({"name": "SecurityType", "value": "TrustedLaunchSupported"})
    return {
        "hyperVGeneration": generation,
        "architecture": sent.get("architecture", "x64"),
        **({"features": features} if features else {}),
        "osType": sent["osType"],
        "osState": sent["osState"],
        "identifier": dict(sent["identifier"]),
        **echoed,
    }


def _check_unchanged(old: dict[str, Any], new: dict[str, Any]) -> None:
    for name in ("osType", "osState", "hyperVGeneration", "architecture"):
        if old[name] != new[name]:
            raise errors.property_changed(f"galleryImage.properties.{name}")
    for name in ("publisher", "offer", "sku"):
        if old["identifier"][name] != new["identifier"][name]:
            raise errors.property_changed(f"galleryImage.properties.identifier.{name}")
    if _features(old) != _features(new):
        raise errors.property_changed("galleryImage.properties.features")


def _features(properties: dict[str, Any]) -> dict[str, str]:
    return {feature["name"]: feature["value"] for feature in properties.get("features", ())}


def _check_unique(call: Call, gallery: Resource, name: str, identifier: dict[str, str]) -> None:
    for other in _siblings(call, gallery, name):
        theirs = other["properties"]["identifier"]
        if all(str(theirs[key]).lower() == str(identifier[key]).lower() for key in ("publisher", "offer", "sku")):
            # The rule is documented, the sentence is not.
            message = (
                f"The gallery image identifier (publisher '{identifier['publisher']}', offer '{identifier['offer']}', "
                f"sku '{identifier['sku']}') is already used by gallery image '{other['name']}'."
            )
            raise errors.Refusal(409, "Conflict", message, target="galleryImage.properties.identifier")


def _siblings(call: Call, gallery: Resource, name: str) -> Iterator[Resource]:
    return (other for other in call.below(gallery["id"], TYPE) if other["name"].lower() != name.lower())


def get(call: Call) -> Answer:
    galleries.parent_of(call, TYPE)
    return Answer(200, _render(call, compute.found(call, definition_id(call))))


def listing(call: Call) -> Answer:
    gallery = galleries.parent_of(call, TYPE)
    return Answer(200, {"value": [_render(call, each) for each in call.below(gallery["id"], TYPE)]})


def delete(call: Call) -> Answer:
    galleries.parent_of(call, TYPE)
    return compute.delete(call, call.existing(definition_id(call)), VERSIONS)


def parent_of(call: Call, kind: str) -> Resource:
    """The definition that a resource of `kind` belongs to."""
    galleries.parent_of(call, TYPE)
    return compute.parent(call, definition_id(call), kind)


def _render(call: Call, definition: Resource) -> Resource:
    """As the request's api-version shows it."""
    if call.api_version >= FIRST_WITH_ARCHITECTURE:
        return definition
    older = {key: value for key, value in definition["properties"].items() if key != "architecture"}
    return {**definition, "properties": older}


_IMAGES = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/galleries/{gallery}/images"
_IMAGE = f"{_IMAGES}/{{image}}"

ROUTES = [
    Route("GET", _IMAGES, f"{TYPE}/read", listing),
    Route("PUT", _IMAGE, f"{TYPE}/write", put),
    Route("GET", _IMAGE, f"{TYPE}/read", get),
    Route("DELETE", _IMAGE, f"{TYPE}/delete", delete),
]
