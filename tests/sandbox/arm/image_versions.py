"""Image versions: made from a VHD and replicated to regions."""

from __future__ import annotations

import re
from typing import Any

from tests.sandbox.arm import compute, errors, image_definitions, image_sources, operations
from tests.sandbox.arm.exchange import Answer, Call, Resource, Route, timestamp
from tests.sandbox.arm.regions import display, regions, short

TYPE = "Microsoft.Compute/galleries/images/versions"
FIRST_WITH_SAFETY_PROFILE = "2022-03-03"
FIRST_WITH_VALIDATIONS = "2024-03-03"
_NAME = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_LARGEST = 2**31 - 1


def version_id(call: Call) -> str:
    return f"{image_definitions.definition_id(call)}/versions/{call.names['version']}"


def put(call: Call) -> Answer:
    definition = image_definitions.parent_of(call, TYPE)
    _check_name(call.names["version"])
    existing = call.existing(version_id(call))
    location = compute.checked_location(call, TYPE, existing)
    profile = _publishing_profile(call, location, existing)
    failed = existing is not None and existing["properties"]["provisioningState"] == "Failed"
    version = {
        "name": call.names["version"],
        "id": f"{definition['id']}/versions/{call.names['version']}",
        "type": TYPE,
        "location": location,
        **compute.tags(call),
    }
    if existing is not None and not failed:
        _check_source_unchanged(call, existing)
        storage = existing["properties"]["storageProfile"]
        version["properties"] = _properties(profile, storage)
        answer = compute.write(call, version, "versions", ready=frozenset(_target_regions(existing)))
    else:
        source = image_sources.read(call, f"{TYPE}/write", version_id(call))
        version["properties"] = _properties(profile, source.request)
        answer = compute.write(call, version, "versions", lambda: _made(version, source))
    return Answer(answer.status, _render(call, version), answer.headers)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or any(int(part) > _LARGEST for part in name.split(".")):
        message = (
            "The image version name is invalid. The image version name should follow Major(int).Minor(int).Patch(int) "
            "format, for e.g: 1.0.0, 2018.12.1 etc."
        )
        raise errors.invalid_parameter(message, "galleryImageVersionName")


def _publishing_profile(call: Call, location: str, existing: Resource | None) -> dict[str, Any]:
    sent = call.properties.get("publishingProfile") or {}
    targets = sent.get("targetRegions") or [{"name": location}]
    names = [short(str(target["name"])) for target in targets]
    if len(set(names)) < len(names):
        message = "Duplicate regions are not allowed in target publishing regions."
        raise errors.invalid_parameter(message, _PUBLISHING)
    if location not in names:
        message = (
            f"Gallery image version publishing profile regions {', '.join(names)} must contain the location of image "
            f"version {location}"
        )
        raise errors.invalid_parameter(message, _PUBLISHING)
    for name in names:
        if name not in regions(call.world.cloud.name):
            raise errors.invalid_parameter(f"The target region '{name}' is not a known region.", _PUBLISHING)
    count = sent.get("replicaCount", 1)
    kind = sent.get("storageAccountType", "Standard_LRS")
    published = (existing or {}).get("properties", {}).get("publishingProfile", {}).get("publishedDate")
    optional = {key: sent[key] for key in ("endOfLifeDate", "replicationMode") if key in sent}
    return {
        "targetRegions": [_target(target, count, kind) for target in targets],
        "replicaCount": count,
        "excludeFromLatest": sent.get("excludeFromLatest", False),
        "publishedDate": published or timestamp(call.world.clock.now()),
        "storageAccountType": kind,
        **optional,
    }


_PUBLISHING = "galleryImageVersion.properties.publishingProfile.targetRegions"


def _target(sent: dict[str, Any], count: int, kind: str) -> dict[str, Any]:
    return {
        **sent,
        "name": display(str(sent["name"])),
        "regionalReplicaCount": sent.get("regionalReplicaCount", count),
        "storageAccountType": sent.get("storageAccountType", kind),
    }


def _properties(profile: dict[str, Any], storage: dict[str, Any]) -> dict[str, Any]:
    return {
        "publishingProfile": profile,
        "storageProfile": storage,
        "safetyProfile": {"reportedForPolicyViolation": False, "allowDeletionOfReplicatedLocations": False},
        "validationsProfile": {"validationOperationStatus": "NotExecuted"},
    }


def _check_source_unchanged(call: Call, existing: Resource) -> None:
    """A source may be left out of an update, not changed."""
    sent = call.properties.get("storageProfile") or {}
    stored = existing["properties"]["storageProfile"]
    for path in (("source",), ("osDiskImage", "source")):
        old, new = _at(stored, path), _at(sent, path)
        for key in ("id", "uri", "storageAccountId"):
            if key in new and str(new[key]).lower() != str(old.get(key, "")).lower():
                name = "id" if key == "storageAccountId" else key
                place = ".".join(("galleryImageVersion.properties.storageProfile", *path, name))
                raise errors.property_changed(place)


def _at(value: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for key in path:
        value = value.get(key) or {}
    return value


def _made(version: Resource, source: image_sources.Source) -> errors.Refusal | None:
    """What comes of the source: the fault that was found, or the disks' sizes."""
    fault = source.fault()
    if fault is None:
        profile = version["properties"]["storageProfile"]
        for name, disk in source.disks().items():
            profile[name] = {**disk, **profile.get(name, {})} if isinstance(disk, dict) else disk
    return fault


def get(call: Call) -> Answer:
    image_definitions.parent_of(call, TYPE)
    version = compute.found(call, version_id(call))
    rendered = _render(call, version)
    if call.query.get("$expand", "").lower() == "replicationstatus":
        rendered["properties"]["replicationStatus"] = _replication(call, version)
    return Answer(200, rendered)


def _replication(call: Call, version: Resource) -> dict[str, Any]:
    """Short region names, though the targets have display names."""
    operation = operations.under_way(call.world, version["id"])
    state = version["properties"]["provisioningState"]
    summary = []
    for region in _target_regions(version):
        if state == "Failed":
            summary.append({"region": region, "state": "Failed", "progress": 0, "details": "Replication failed."})
        elif operation is None or region in operation.ready:
            summary.append({"region": region, "state": "Completed", "progress": 100})
        else:
            summary.append({"region": region, "state": "Replicating", "progress": operation.progress})
    states = {entry["state"] for entry in summary}
    aggregated = {"Failed": "Failed", "Replicating": "InProgress"}
    whole = next((aggregated[each] for each in aggregated if each in states), "Completed")
    return {"aggregatedState": whole, "summary": summary}


def _target_regions(version: Resource) -> list[str]:
    return [short(target["name"]) for target in version["properties"]["publishingProfile"]["targetRegions"]]


def listing(call: Call) -> Answer:
    definition = image_definitions.parent_of(call, TYPE)
    return Answer(200, {"value": [_render(call, each) for each in call.below(definition["id"], TYPE)]})


def delete(call: Call) -> Answer:
    image_definitions.parent_of(call, TYPE)
    return compute.delete(call, call.existing(version_id(call)))


def _render(call: Call, version: Resource) -> Resource:
    """As the request's api-version shows it; a copy."""
    hidden = set()
    if call.api_version < FIRST_WITH_SAFETY_PROFILE:
        hidden.add("safetyProfile")
    if call.api_version < FIRST_WITH_VALIDATIONS:
        hidden.add("validationsProfile")
    shown = {key: value for key, value in version["properties"].items() if key not in hidden}
    return {**version, "properties": shown}


_VERSIONS = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/galleries/{gallery}"
    "/images/{image}/versions"
)
_VERSION = f"{_VERSIONS}/{{version}}"

ROUTES = [
    Route("GET", _VERSIONS, f"{TYPE}/read", listing),
    Route("PUT", _VERSION, f"{TYPE}/write", put),
    Route("GET", _VERSION, f"{TYPE}/read", get),
    Route("DELETE", _VERSION, f"{TYPE}/delete", delete),
]
