"""What an image version is made from, and whether that will do.

`early` faults are told by the PUT itself; `late` ones make the operation fail, as the real service does with what it
only sees when it reads the blob.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.sandbox.arm import disks, errors, vhds
from tests.sandbox.arm.exchange import Call, Resource, location_of
from tests.sandbox.world import Blob, StorageAccount

GIB = 1024**3
LIST_KEYS = "Microsoft.Storage/storageAccounts/listKeys/action"
_TARGET = "galleryImageVersion.properties.storageProfile.osDiskImage.source"


@dataclass(frozen=True)
class Source:
    """`request` is the profile as answered at first; `fault` looks at the bytes; `disks` are known at the end."""

    request: dict[str, Any]
    fault: Callable[[], errors.Refusal | None]
    disks: Callable[[], dict[str, Any]]


def read(call: Call, action: str, resource_id: str) -> Source:
    """The source in the body of an image version's PUT. Refuses what the service finds early."""
    profile = call.properties.get("storageProfile") or {}
    image_id = (profile.get("source") or {}).get("id")
    disk = dict(profile.get("osDiskImage") or {})
    source = dict(disk.get("source") or {})
    if bool(image_id) == bool(source):
        raise _one_source()
    if image_id:
        return _managed_image(call, image_id)
    if disks.is_disk(str(source.get("id", ""))):
        return _managed_disk(call, action, resource_id, disk, str(source["id"]))
    if "id" in source:
        message = (
            "The source id of a disk image must be a disk or a snapshot. To create a version from a blob, give "
            "'storageAccountId' and 'uri'."
        )
        raise errors.invalid_parameter(message, f"{_TARGET}.id")
    _check_linked(call, action, resource_id, source)
    account = _account(call, source)
    uri = str(source["uri"])
    return Source(
        {"osDiskImage": {"hostCaching": disk.get("hostCaching", "ReadWrite"), "source": _ordered(source)}},
        lambda: _fault(account, uri),
        lambda: {"osDiskImage": {"sizeInGB": _size(account, uri)}},
    )


def _one_source() -> errors.Refusal:
    message = (
        "The gallery artifact version source can only be specified either directly under storageProfile or within "
        "individual OS or data disks. One and only one source type (user image, snapshot, disk, virtual machine) can "
        "be provided."
    )
    return errors.invalid_parameter(message, "galleryImageVersion.properties.storageProfile")


def _ordered(source: dict[str, Any]) -> dict[str, Any]:
    return {key: source[key] for key in ("uri", "storageAccountId")}


def _check_linked(call: Call, action: str, resource_id: str, source: dict[str, Any]) -> None:
    linked = source.get("storageAccountId")
    if linked and not call.may(LIST_KEYS, str(linked)):
        raise errors.linked_not_authorized(call.claims.object_id, action, resource_id, LIST_KEYS, str(linked))


def _account(call: Call, source: dict[str, Any]) -> StorageAccount:
    """The account of the URI. Refused when it is not the given one, or not where the version is made."""
    for name in ("storageAccountId", "uri"):
        if not source.get(name):
            target = f"{_TARGET}.{name}"
            raise errors.invalid_parameter(f"Required parameter '{target}' is missing (null).", target)
    wanted = str(source["storageAccountId"])
    account = next((each for each in call.world.accounts.values() if each.resource_id.lower() == wanted.lower()), None)
    here = (location_of(call.body), call.subscription.lower())
    if account is None or (location_of(account.body), account.subscription.lower()) != here:
        message = (
            f"Source {wanted} is not found. Please check source exists, and is in the same region as gallery image "
            "version being created."
        )
        raise errors.Refusal(404, "NotFound", message, target=f"{_TARGET}.storageAccountId")
    url = urlsplit(str(source["uri"]))
    if url.scheme != "https" or url.hostname != f"{account.name}.{call.world.cloud.blob_suffix}":
        message = f"The blob URI '{source['uri']}' does not belong to the storage account '{wanted}'."
        raise errors.invalid_parameter(message, f"{_TARGET}.uri")
    if unquote(url.path).count("/") > 2:
        message = f"The blob name in URL {source['uri']} contains a slash. This is presently not supported for disks."
        raise errors.invalid_parameter(message, f"{_TARGET}.uri")
    return account


def _blob(account: StorageAccount, uri: str) -> Blob | None:
    container_name, _, name = unquote(urlsplit(uri).path).lstrip("/").partition("/")
    container = account.containers.get(container_name)
    return container.blobs.get(name) if container else None


def _fault(account: StorageAccount, uri: str) -> errors.Refusal | None:
    """Why a disk cannot be made from the blob. The sentences are users' reports where they name InvalidVhd."""
    blob = _blob(account, uri)
    if blob is None or _copy_status(blob) not in ("", "success"):
        message = f"The source blob {uri} is not accessible."
        return errors.invalid_parameter(message, "disks")
    if blob.properties.get("blob_type") != "PageBlob":
        message = f"The source blob {uri} is not a page blob. Only page blobs are supported."
        return errors.invalid_parameter(message, "disks")
    return vhds.fault(blob, uri)


def _copy_status(blob: Blob) -> str:
    return str((blob.properties.get("copy") or {}).get("status", ""))


def _size(account: StorageAccount, uri: str) -> int:
    blob = _blob(account, uri)
    return 0 if blob is None else -(-(blob.store.size - vhds.FOOTER) // GIB)


def _managed_image(call: Call, image_id: str) -> Source:
    """A managed image (`world.resources`, as its GET answers it)."""
    image: Resource | None = call.existing(image_id)
    if image is None or location_of(image) != location_of(call.body):
        message = (
            f"Source {image_id} is not found. Please check source exists, and is in the same region as gallery image "
            "version being created."
        )
        raise errors.Refusal(404, "NotFound", message, target="galleryImageVersion.properties.storageProfile.source.id")
    stored = image["properties"]["storageProfile"]
    disks: dict[str, Any] = {
        "osDiskImage": {"sizeInGB": stored["osDisk"]["diskSizeGB"], "hostCaching": "ReadWrite", "source": {}}
    }
    if stored.get("dataDisks"):
        disks["dataDiskImages"] = [
            {"lun": disk["lun"], "sizeInGB": disk["diskSizeGB"], "hostCaching": disk["caching"]}
            for disk in stored["dataDisks"]
        ]
    return Source({"source": {"id": image_id}}, lambda: None, lambda: disks)


def _managed_disk(call: Call, action: str, resource_id: str, image: dict[str, Any], disk_id: str) -> Source:
    """A managed disk of the definition's kind, in the version's region. The sentences of its refusals are inferred."""
    target = f"{_TARGET}.id"
    if not call.may(disks.READ, disk_id):
        raise errors.linked_not_authorized(call.claims.object_id, action, resource_id, disks.READ, disk_id)
    disk = call.existing(disk_id)
    if disk is None or location_of(disk) != location_of(call.body):
        message = (
            f"Source {disk_id} is not found. Please check source exists, and is in the same region as gallery image "
            "version being created."
        )
        raise errors.Refusal(404, "NotFound", message, target=target)
    state = disk["properties"]["diskState"]
    if state not in ("Unattached", "Attached", "Reserved"):
        message = f"The source disk '{disk_id}' is in state {state}. An image version is made of a disk at rest."
        raise errors.Refusal(409, "OperationNotAllowed", message, target=target)
    _check_kind(call, resource_id, disk, target)

    def gone() -> errors.Refusal | None:
        if call.existing(disk_id) is disk:
            return None
        return errors.invalid_parameter(f"The source {disk_id} is not accessible.", "disks")

    size = disk["properties"].get("diskSizeGB", 0)
    return Source(
        {"osDiskImage": {"hostCaching": image.get("hostCaching", "ReadWrite"), "source": {"id": disk_id}}},
        gone,
        lambda: {"osDiskImage": {"sizeInGB": size}},
    )


def _check_kind(call: Call, resource_id: str, disk: Resource, target: str) -> None:
    definition = call.existing(resource_id.rpartition("/versions/")[0])
    wanted, have = (definition or {}).get("properties", {}), disk["properties"]
    kinds = {
        "hyperVGeneration": have.get("hyperVGeneration", "V1"),
        "osType": have.get("osType"),
        "architecture": (have.get("supportedCapabilities") or {}).get("architecture", "x64"),
    }
    for name, value in kinds.items():
        if value != wanted.get(name):
            message = f"The {name} '{value}' of the source does not match the image definition's, '{wanted.get(name)}'."
            raise errors.invalid_parameter(message, target)
