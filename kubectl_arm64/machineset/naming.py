"""The clone's name: the source's, with `-arm64` before its region or zone part."""

from __future__ import annotations

import re

from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.machineset.template import location_of, name_of, zone_of

ARM64 = "-arm64"
MAX_LENGTH = 63  # of a label's value: the name is one in the selector

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def clone_name(template: Document, zone: str | None = None) -> str:
    """`prod-x7k2p-worker-eastus1` -> `prod-x7k2p-worker-arm64-eastus1`; with `zone`, in that zone's place.

    Raises InvalidInput for a name that is too long.
    """
    stem, place = _split(name_of(template), location_of(template), zone_of(template))
    if zone is not None and zone != zone_of(template):
        place = _in_zone(place, location_of(template), zone)
    name = f"{stem if stem.endswith(ARM64) else stem + ARM64}{place}"
    check_name(name)
    return name


def check_name(name: str) -> None:
    """Raise InvalidInput for what cannot be a MachineSet's name and a label's value."""
    if len(name) > MAX_LENGTH:
        raise InvalidInput(
            f"the name {name} has {len(name)} characters, and a label's value may have {MAX_LENGTH}",
            "give a shorter one with --name",
        )
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is not a name of a MachineSet",
            "use lower-case letters, digits and `-`, a letter or digit at both ends",
        )


def _split(name: str, location: str, zone: str) -> tuple[str, str]:
    """The name's stem, and its region or zone part (`-eastus1`, `-eastus2-1`, `-westus`, `-2`, or "")."""
    if match := re.search(rf"-{re.escape(location)}(-?\d+)?$", name):
        return name[: match.start()], name[match.start() :]
    if zone and name.endswith(f"-{zone}"):
        return name.removesuffix(f"-{zone}"), f"-{zone}"
    return name, ""


def _in_zone(place: str, location: str, zone: str) -> str:
    """The same part for another zone, written as the source writes its own."""
    region = f"-{location}"
    if place.startswith(region):
        dash = "-" if place.startswith(f"{region}-") else ""
        return f"{region}{dash}{zone}" if zone else region
    if place:
        return f"-{zone}" if zone else ""
    return f"{region}{zone}"
