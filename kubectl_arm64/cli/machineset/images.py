"""The image that the clones boot: named, or found published; and what Azure tells of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kubectl_arm64.cli.machineset.ports import Images
from kubectl_arm64.errors import Failure, NotFinished, NotFound, Refused
from kubectl_arm64.image import GalleryImage
from kubectl_arm64.names import ImageIdentity, normalise_location
from kubectl_arm64.pipeline.image_definition import FEATURES, difference, properties_of
from kubectl_arm64.pipeline.image_version import content, holds_release, regions, replication_note
from kubectl_arm64.pipeline.ownership import is_ours
from kubectl_arm64.pipeline.ports import Resource

_WANTED = {"architecture": "Arm64", "hyperVGeneration": "V2", "osType": "Linux", "osState": "Generalized"}
NEW_DEFINITION = {name.lower(): value for name, value in FEATURES.items()}  # what `bootimage` makes


@dataclass(frozen=True)
class Wanted:
    """The image to boot: --image (whatever is in it), or with an `identity` the one that `bootimage` makes."""

    image: GalleryImage
    identity: ImageIdentity | None = None
    location: str = ""  # where `bootimage` makes it
    bootimage: str = ""  # the command that makes it

    @property
    def latest(self) -> bool:
        """Whether --image leaves the version to Azure."""
        return self.identity is None and self.image.is_latest

    @property
    def title(self) -> str:
        return f"image version {self.image.definition}/{self.image.version}"

    @property
    def group(self) -> str:
        """The arguments by which `az sig image-version` knows the definition."""
        return f"-g {self.image.resource_group} -r {self.image.gallery} -i {self.image.definition}"

    @property
    def another(self) -> str:
        """What to do about a version that is no good and not for this tool to make again."""
        return f"choose another: `az sig image-version list {self.group}` lists them"


@dataclass(frozen=True)
class Checked:
    """An image version, and what its definition allows (None: not known).

    `unready` is what keeps machines from booting it, as yet; None: nothing.
    """

    image: GalleryImage
    disk_controllers: frozenset[str] | None = None
    trusted_launch: bool | None = None
    unready: Failure | None = None


def check(galleries: Images, wanted: Wanted, locations: Collection[str]) -> Checked:
    """Read the image's definition and version: of ARM64 and generation 2, succeeded, in each of `locations`.

    A definition that does not exist yet allows what `bootimage` gives it. Raises Refused for what will never be fit.
    """
    image = wanted.image
    definition = galleries.get_definition(image.resource_group, image.gallery, image.definition)
    if definition is None:
        return _checked(wanted, NEW_DEFINITION, _absent(wanted, f"image definition {image.definition} does not exist"))
    _check_definition(image, definition)
    if wanted.latest:
        return _checked(wanted, _features(definition), None)
    version = galleries.get_version(image.resource_group, image.gallery, image.definition, image.version)
    if version is None:
        unready: Failure | None = _absent(wanted, f"image version {image.version} does not exist")
    else:
        _check_release(wanted, version)
        unready = _unready(wanted, version, locations)
    return _checked(wanted, _features(definition), unready)


def _checked(wanted: Wanted, features: Mapping[str, str], unready: Failure | None) -> Checked:
    security = features.get("securitytype")
    return Checked(
        wanted.image,
        frozenset(word.strip() for word in features.get("diskcontrollertypes", "SCSI").split(",") if word.strip()),
        None if security is None else "trustedlaunch" in security.lower(),
        unready,
    )


def _absent(wanted: Wanted, why: str) -> Failure:
    where = f"gallery {wanted.image.gallery} of resource group {wanted.image.resource_group}"
    if wanted.identity is None:
        return NotFound(f"{why} in {where}", f"`az sig image-version list {wanted.group}` lists those that do")
    return NotFound(
        f"the boot image {wanted.identity.release} is not published: {why} in {where}",
        f"run `{wanted.bootimage}` first, or add --publish",
    )


def _check_definition(image: GalleryImage, definition: Resource) -> None:
    have = properties_of(definition)
    if wrong := list(filter(None, (difference(name, have.get(name), want) for name, want in _WANTED.items()))):
        raise Refused(
            f"image definition {image.definition} in gallery {image.gallery} does not boot ARM64 machines: "
            f"{'; '.join(wrong)}",
            "its properties cannot be changed: choose another with --image-definition or --image",
        )


def _features(definition: Resource) -> dict[str, str]:
    entries = (definition.get("properties") or {}).get("features") or ()
    return {str(entry.get("name", "")).lower(): str(entry.get("value", "")) for entry in entries}


def _check_release(wanted: Wanted, version: Resource) -> None:
    if wanted.identity is not None and not holds_release(version, wanted.identity.release):
        raise Refused(
            f"{wanted.title} holds {content(version)}, not release {wanted.identity.release}",
            "choose another --image-version, or name it with --image if it is the right one",
        )


def _unready(wanted: Wanted, version: Resource, locations: Collection[str]) -> Failure | None:
    state = str(version["properties"].get("provisioningState", ""))
    if state in ("Creating", "Updating"):
        return _not_yet(wanted, f"{wanted.title} is not ready yet ({replication_note(version) or state})")
    if state != "Succeeded":
        ours = wanted.identity is not None and is_ours(version)
        return Failure(
            f"{wanted.title} cannot be used: its provisioningState is {state}",
            f"`{wanted.bootimage}` makes it again" if ours else wanted.another,
        )
    found = (_unready_in(location, wanted, version) for location in sorted(locations))
    return next((failure for failure in found if failure), None)


def _unready_in(location: str, wanted: Wanted, version: Resource) -> Failure | None:
    have = regions(version)
    if location not in have:
        return NotFound(
            f"{wanted.title} is not in {location}, where the MachineSet's machines are, but in {', '.join(have)}",
            f"replicate it: `{_replication(location, wanted, version)}`",
        )
    status = (version["properties"].get("replicationStatus") or {}).get("summary") or ()
    for region in status:
        if normalise_location(str(region.get("region", ""))) != location:
            continue
        if region.get("state") in ("Replicating", "Unknown"):
            return _not_yet(wanted, f"{wanted.title} is not ready in {location} yet ({region.get('progress') or 0} %)")
        if region.get("state") == "Failed":
            return Failure(
                f"{wanted.title} failed to replicate to {location}: {region.get('details') or 'no reason given'}",
                "take it out of the version's regions and add it again (`az sig image-version update "
                f"{wanted.group} -e {wanted.image.version} --target-regions REGIONS`), or {wanted.another}",
            )
    return None


def _not_yet(wanted: Wanted, what: str) -> NotFinished:
    waits = f"az sig image-version wait --updated {wanted.group} -e {wanted.image.version}"
    return NotFinished(what, f"`{wanted.bootimage if wanted.identity else waits}` waits for it")


def _replication(location: str, wanted: Wanted, version: Resource) -> str:
    """The command that brings the version to `location`; a gallery elsewhere is published to from its own region."""
    if wanted.identity is None or not is_ours(version):
        named = f"{wanted.group} -e {wanted.image.version}"
        return f"az sig image-version update {named} --add publishingProfile.targetRegions name={location}"
    home = normalise_location(str(version.get("location") or wanted.location))
    elsewhere = f" --location {home}" if home != normalise_location(wanted.location) else ""
    return f"{wanted.bootimage}{elsewhere} --target-region {location}"
