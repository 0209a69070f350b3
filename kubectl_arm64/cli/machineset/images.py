"""The image that the clones boot: named, or found published; and what Azure tells of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from kubectl_arm64.cli.machineset.ports import Images
from kubectl_arm64.errors import Failure, NotFinished, NotFound, Refused
from kubectl_arm64.image import GalleryImage
from kubectl_arm64.names import TAG, TAG_RELEASE, ImageIdentity, normalise_location
from kubectl_arm64.pipeline.image_version import regions
from kubectl_arm64.pipeline.ports import Resource

LATEST = "latest"
_WANTED = {"architecture": "Arm64", "hyperVGeneration": "V2", "osType": "Linux", "osState": "Generalized"}
_ABSENT = {"architecture": "x64", "hyperVGeneration": "V1"}  # what an absent property means (Azure)


@dataclass(frozen=True)
class Checked:
    """An image version that is ready wherever it is wanted; None: not known."""

    image: GalleryImage
    disk_controllers: frozenset[str] | None = None
    trusted_launch: bool | None = None


def in_subscription(image: GalleryImage, subscription: str) -> GalleryImage:
    """`image`, which must be in the cluster's subscription: the machine controller puts that before its ID.

    Raises Refused.
    """
    if image.subscription and subscription and image.subscription.lower() != subscription.lower():
        raise Refused(
            f"the image is in subscription {image.subscription}, the cluster in {subscription}, and machines can only "
            f"boot images of the cluster's subscription",
            "publish it there with `kubectl arm64 bootimage`, or name an image there with --image",
        )
    return image


def check(
    galleries: Images, image: GalleryImage, locations: Collection[str], identity: ImageIdentity | None, command: str
) -> Checked:
    """Read the image's definition and version: of ARM64 and generation 2, succeeded, in each of `locations`.

    `identity` is what must be in it, None where the user chose the image; `command` publishes it.
    Raises NotFound, Refused, NotFinished or Failure.
    """
    definition = galleries.get_definition(image.resource_group, image.gallery, image.definition)
    if definition is None:
        raise _not_published(image, f"image definition {image.definition} does not exist", identity, command)
    _check_definition(image, definition)
    if image.version != LATEST:
        version = galleries.get_version(image.resource_group, image.gallery, image.definition, image.version)
        if version is None:
            raise _not_published(image, f"image version {image.version} does not exist", identity, command)
        _check_version(image, version, identity, command)
        for location in sorted(locations):
            _check_region(image, version, location, command)
    features = _features(definition)
    security = features.get("securitytype")
    return Checked(
        image,
        frozenset(word.strip() for word in features.get("diskcontrollertypes", "SCSI").split(",") if word.strip()),
        None if security is None else "trustedlaunch" in security.lower(),
    )


class NotPublished(NotFound):
    """The cluster's boot image has not been published yet."""


def _not_published(image: GalleryImage, why: str, identity: ImageIdentity | None, command: str) -> Failure:
    where = f"gallery {image.gallery} of resource group {image.resource_group}"
    if identity is None:
        place = f"-g {image.resource_group} -r {image.gallery} -i {image.definition}"
        return NotFound(f"{why} in {where}", f"`az sig image-version list {place}` lists those that do")
    return NotPublished(
        f"the boot image {identity.release} is not published: {why} in {where}",
        f"run `{command}` first, or add --publish",
    )


def _check_definition(image: GalleryImage, definition: Resource) -> None:
    have: Mapping[str, Any] = {**_ABSENT, **(definition.get("properties") or {})}
    wrong = [
        f"{name} is {have.get(name)}, not {want}"
        for name, want in _WANTED.items()
        if str(have.get(name, "")).lower() != want.lower()
    ]
    if wrong:
        raise Refused(
            f"image definition {image.definition} in gallery {image.gallery} does not boot ARM64 machines: "
            f"{'; '.join(wrong)}",
            "its properties cannot be changed: choose another with --image-definition or --image",
        )


def _features(definition: Resource) -> dict[str, str]:
    entries = (definition.get("properties") or {}).get("features") or ()
    return {str(entry.get("name", "")).lower(): str(entry.get("value", "")) for entry in entries}


def _check_version(image: GalleryImage, version: Resource, identity: ImageIdentity | None, command: str) -> None:
    title = f"image version {image.definition}/{image.version}"
    if identity is not None:
        _check_release(title, version, identity)
    state = str(version["properties"].get("provisioningState", ""))
    if state in ("Creating", "Updating"):
        raise NotFinished(f"{title} is not ready yet ({_progress(version) or state})", f"`{command}` waits for it")
    if state != "Succeeded":
        raise Failure(f"{title} cannot be used: its provisioningState is {state}", f"`{command}` makes it again")


def _check_release(title: str, version: Resource, identity: ImageIdentity) -> None:
    tags = version.get("tags") or {}
    if TAG in tags:
        if (found := tags.get(TAG_RELEASE)) != identity.release:
            raise Refused(f"{title} holds release {found}, not {identity.release}", "choose another --image-version")
        return
    profile = version["properties"].get("storageProfile") or {}
    uri = str(((profile.get("osDiskImage") or {}).get("source") or {}).get("uri", ""))
    if identity.release not in unquote(urlsplit(uri).path):
        raise Refused(
            f"{title} was made by somebody else, and nothing tells that it holds release {identity.release}",
            "name it with --image if it is the right one",
        )


def _check_region(image: GalleryImage, version: Resource, location: str, command: str) -> None:
    title = f"image version {image.definition}/{image.version}"
    if location not in regions(version):
        raise NotFound(
            f"{title} is not in {location}, where the MachineSet's machines are, but in {', '.join(regions(version))}",
            f"replicate it: `{command} --target-region {location}`",
        )
    status = (version["properties"].get("replicationStatus") or {}).get("summary") or ()
    for region in status:
        if normalise_location(str(region.get("region", ""))) != location:
            continue
        if region.get("state") in ("Replicating", "Unknown"):
            raise NotFinished(
                f"{title} is not ready in {location} yet ({region.get('progress') or 0} %)", f"`{command}` waits for it"
            )
        if region.get("state") == "Failed":
            raise Failure(f"{title} failed to replicate to {location}: {region.get('details') or 'no reason given'}")


def _progress(version: Resource) -> str:
    status = (version["properties"].get("replicationStatus") or {}).get("summary") or ()
    return ", ".join(f"{region.get('region')} {region.get('progress') or 0} %" for region in status)
