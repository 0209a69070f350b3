"""Facts and release -> the names and tags of Azure resources. Pure.

One identity (OS stream, architecture, release) is behind all names, so `bootimage` and
`machineset`, on any cluster that shares the gallery, find the same resources.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.stream import DEFAULT_OS_STREAM, Architecture, BootImage

TAG = "kubectl-arm64"  # its presence says: made by this tool; the value is "managed"
TAG_RELEASE = "kubectl-arm64.release"
TAG_SOURCE = "kubectl-arm64.source"
TAG_OS_STREAM = "kubectl-arm64.os-stream"
TAG_ARCHITECTURE = "kubectl-arm64.architecture"
TAG_KEYS_ON = "kubectl-arm64.shared-keys-on"  # on a storage account: shared keys are on for a copy, since this time
TAG_SOURCE_ETAG = "kubectl-arm64.source-etag"  # on a disk: the state of the source that is copied into it
TAG_COMPLETE = "kubectl-arm64.complete"  # in its place when all of it is there and verified
TAG_SHA256 = "kubectl-arm64.sha256"  # on a disk and an image version: the VHD's, where --verify full has proved it
_MOST_OWN_TAGS = 7  # a disk's: the identity's four, the source, its state or completeness, the SHA-256

_NUMBER = r"(?:0|[1-9]\d{0,2})"
_RELEASE = re.compile(
    rf"^(?P<a>{_NUMBER})\.(?P<b>{_NUMBER})\.(?P<day>\d{{8}})(?P<time>\d{{4}})?(?:-(?P<build>{_NUMBER}))?$", re.ASCII
)
_NO_BUILD = 999  # stands for a release without a build number
_FIRST_TIMED = 40  # releases start with 4x or 4xx where their date has a time (to 4.18), with RHEL's 9 or 10 where not
_OTHER_SCHEME = 10**9


@dataclass(frozen=True)
class ImageIdentity:
    """What a published boot image is, whoever published it."""

    os_stream: str
    architecture: Architecture
    release: str

    @classmethod
    def of(cls, image: BootImage) -> ImageIdentity:
        return cls(image.os_stream, image.architecture, image.release)

    def tags(self) -> dict[str, str]:
        """The identity as tags of the image version and metadata of the VHD."""
        return {
            TAG: "managed",
            TAG_OS_STREAM: self.os_stream,
            TAG_ARCHITECTURE: self.architecture.azure,
            TAG_RELEASE: self.release,
        }


def image_version(release: str) -> str:
    """A gallery image version, `YYYYMMDD.HHMM.N`, that is valid, deterministic and collision-free for any release.

    411.86.202207130959-0 -> 20220713.959.411086000; 9.6.20260217-1 -> 20260217.0.9006001.
    Each part is a 32-bit integer (Azure's rule). Raises InvalidInput for a release of neither scheme.
    """
    match = _RELEASE.fullmatch(release)
    if match is None or not _is_date(match["day"], match["time"]) or match["build"] == str(_NO_BUILD):
        raise InvalidInput(
            f"the release {release!r} is neither A.B.YYYYMMDDHHMM-BUILD nor A.B.YYYYMMDD-BUILD",
            "name the image version with --image-version",
        )
    first, second = int(match["a"]), int(match["b"])
    rest = first * 10**6 + second * 10**3 + int(match["build"] or _NO_BUILD)
    # Midnight and "no time" are both 0: a first number that belongs to the other scheme keeps the two apart.
    if (match["time"] is not None) != (first >= _FIRST_TIMED):
        rest += _OTHER_SCHEME
    return f"{int(match['day'])}.{int(match['time'] or 0)}.{rest}"


def gallery(infra_name: str) -> str:
    """`rhcos_<infra name, "_" for "-">`: letters, digits, `_` and `.`, at most 80 (Azure's rule)."""
    return f"rhcos_{infra_name.replace('-', '_')}"


def image_definition(identity: ImageIdentity) -> str:
    """`rhcos-arm64-gen2`; `gen2` must be in it (machine-config-operator searches resourceID for that text)."""
    system = "" if identity.os_stream == DEFAULT_OS_STREAM else identity.os_stream.removeprefix("rhel-")
    return f"rhcos{system}-{identity.architecture.azure.lower()}-gen2"


def storage_account(subscription: str, resource_group: str, infra_name: str, location: str) -> str:
    """`rhcos` and 19 characters of a hash: 24 lower-case letters and digits, unique in the world (Azure's rule)."""
    place = "/".join((subscription, resource_group, infra_name, normalise_location(location))).lower()
    digest = hashlib.sha256(place.encode()).digest()
    return "rhcos" + base64.b32encode(digest).decode().lower()[:19]


def blob(identity: ImageIdentity) -> str:
    """`rhcos-<release>-azure.<architecture>.vhd`, as Red Hat names it."""
    return f"rhcos-{identity.release}-azure.{identity.architecture.value}.vhd"


def disk(identity: ImageIdentity, location: str) -> str:
    """`rhcos-<release>-<architecture>-<location>`: letters, digits, `_` and `-`, at most 80 (Azure's rule)."""
    words = ("rhcos", identity.release, identity.architecture.value, normalise_location(location))
    return "-".join(words).replace(".", "-")[:80]


def normalise_location(name: str) -> str:
    """Azure answers `East US 2` where clients send `eastus2`: one spelling for comparing."""
    return name.replace(" ", "").lower()


@dataclass(frozen=True)
class _Rule:
    """Azure's rule for one kind of name (Azure Resource Manager, "Naming rules and restrictions")."""

    pattern: re.Pattern[str]
    words: str


_VERSION_PART = r"(?:0|[1-9]\d{0,9})"
_RULES = {
    "subscription": _Rule(
        re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
        "the subscription's ID, of the form 00000000-0000-0000-0000-000000000000 (`az account list` shows it)",
    ),
    "storage-account": _Rule(re.compile(r"[a-z0-9]{3,24}"), "3 to 24 lower-case letters and digits"),
    "container": _Rule(
        re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*"),
        "3 to 63 lower-case letters, digits and single dashes between them",
    ),
    "gallery": _Rule(
        re.compile(r"(?=.{1,80}$)[A-Za-z0-9](?:[A-Za-z0-9_.]*[A-Za-z0-9])?"),
        "1 to 80 letters, digits, '_' and '.', starting and ending with a letter or digit",
    ),
    "image-definition": _Rule(
        re.compile(r"(?=.{1,80}$)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"),
        "1 to 80 letters, digits, '.', '_' and '-', starting and ending with a letter or digit",
    ),
    "image-version": _Rule(
        re.compile(rf"{_VERSION_PART}\.{_VERSION_PART}\.{_VERSION_PART}", re.ASCII),
        "three numbers MAJOR.MINOR.PATCH, each at most 2147483647",
    ),
    "resource-group": _Rule(
        re.compile(r"[-\w._()]{0,89}[-\w_()]"),
        "1 to 90 letters, digits, '-', '_', '.' and parentheses, not ending with '.'",
    ),
}
_MAX_INTEGER = 2**31 - 1


def check_names(names: Mapping[str, str]) -> None:
    """Raise InvalidInput for the first name that Azure will refuse.

    Keys are flags' names without dashes: subscription, storage-account, container, gallery, image-definition,
    image-version, resource-group. The error names the flag, the rule and the offending name.
    """
    for flag, name in names.items():
        if not _takes(flag, name):
            raise InvalidInput(
                f"Azure does not take {name!r} as the name of {_article(flag)}: it must be {_RULES[flag].words}",
                f"name another with --{flag}",
            )


def _takes(flag: str, name: str) -> bool:
    if not _RULES[flag].pattern.fullmatch(name):
        return False
    return flag != "image-version" or all(int(part) <= _MAX_INTEGER for part in name.split("."))


_TAG_NAME_LENGTH = 128  # a storage account's limit; other resources take 512
_TAG_VALUE_LENGTH = 256
_TAGS_A_RESOURCE = 50
_NOT_IN_TAG_NAME = re.compile(r"[<>%&\\?/]")


def check_tags(tags: Mapping[str, str], where: str = "--tag") -> None:
    """Raise InvalidInput for tags that Azure will refuse beside our own ("Use tags to organize your Azure resources").

    Names: at most 128 characters (they go on a storage account too), none of <>%&\\?/, without regard to case;
    values: at most 256; at most 50 on one resource. `where` names the flag or the field that they come from.
    """
    seen: dict[str, str] = {}
    for name, value in tags.items():
        if wrong := _tag_fault(name, value):
            raise InvalidInput(f"{where}: Azure does not take the tag {name!r}: {wrong}")
        if name.lower() in seen:
            raise InvalidInput(f"{where}: the tags {seen[name.lower()]!r} and {name!r} are one name to Azure")
        seen[name.lower()] = name
    room = _TAGS_A_RESOURCE - _MOST_OWN_TAGS
    if len(tags) > room:
        raise InvalidInput(f"{where}: {len(tags)} tags; beside this tool's own, Azure takes at most {room}")


def source_tag(url: str) -> str:
    """The value of TAG_SOURCE for a VHD's URL without its query: the URL, where a tag's 256 characters hold it.

    Of a longer one, its beginning, `#` and 16 characters of its SHA-256: URLs that differ have tags that differ.
    """
    if len(url) <= _TAG_VALUE_LENGTH:
        return url
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    return f"{url[: _TAG_VALUE_LENGTH - len(digest) - 1]}#{digest}"


def _tag_fault(name: str, value: str) -> str:
    if not name or name != name.strip():
        return "the name is empty, or starts or ends with a blank"
    if len(name) > _TAG_NAME_LENGTH:
        return f"the name has {len(name)} characters, more than {_TAG_NAME_LENGTH}"
    if found := _NOT_IN_TAG_NAME.search(name):
        return f"the name holds {found.group()!r}, one of <>%&\\?/"
    if len(value) > _TAG_VALUE_LENGTH:
        return f"the value has {len(value)} characters, more than {_TAG_VALUE_LENGTH}"
    if name.lower() == TAG or name.lower().startswith(f"{TAG}."):
        return "the name is one of this tool's own"
    return ""


def _is_date(day: str, time: str | None) -> bool:
    try:
        datetime.strptime(day + (time or "0000"), "%Y%m%d%H%M")
    except ValueError:
        return False
    return True


def _article(flag: str) -> str:
    words = flag.replace("-", " ")
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
