"""Managed disks that are made by direct upload.

    PUT with createOption Upload    ReadyToUpload
    beginGetAccess Write            ActiveUpload, and a SAS of the one blob behind the disk
    endGetAccess                    Unattached, after the service has looked at the VHD's footer

States, sizes and the SAS: Microsoft's documentation of direct upload ("Upload a VHD to Azure or copy a managed disk")
and az's output there; so that an upload whose SAS ran out goes on with a new one. At most 60 days of a SAS:
github.com/Azure/azure-cli/issues/29431. InvalidVhd at endGetAccess: users' reports. Inferred: what a second
beginGetAccess does to the first SAS (it stays good until its own end), and that a refused endGetAccess leaves
ReadyToUpload.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.sandbox.arm import compute, errors, operations, policy, vhds
from tests.sandbox.arm.account_body import sku
from tests.sandbox.arm.exchange import Answer, Call, Resource, Route, timestamp
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.shared_key import sign
from tests.sandbox.blob.stamps import to_iso
from tests.sandbox.world import Blob, Container, StorageAccount, guid

TYPE = "Microsoft.Compute/disks"
READ = f"{TYPE}/read"
# Of the accounts behind managed disks, which belong to Azure itself.
AZURES_SUBSCRIPTION = "00000000-0000-4000-8000-00000000d15c"
BLOB = "abcd"  # the name in every such SAS
SMALLEST, LARGEST = 20 * 1024**2 + 512, 32 * 1024**4 + 512  # of an upload
LONGEST_ACCESS = 60 * 24 * 3600  # seconds
_MIB, _GIB = 1024**2, 1024**3
_SAS_VERSION = "2018-03-28"


@dataclass
class Upload:
    """The bytes of a disk, and where they can be written."""

    account: StorageAccount
    zone: int
    container: str = field(default_factory=lambda: secrets.token_hex(6))

    @classmethod
    def new(cls, call: Call, size: int) -> Upload:
        """An empty blob of `size` bytes in an account of Azure's."""
        name, zone = f"md-impexp-{secrets.token_hex(6)}", 1 + secrets.randbelow(9)
        suffix = f"z{zone}.blob.storage.azure.net"
        if call.world.cloud.name != "AzurePublicCloud":
            suffix = call.world.cloud.blob_suffix  # inferred: the older form of the public cloud's
        body = {"properties": {"primaryEndpoints": {"blob": f"https://{name}.{suffix}/"}}}
        upload = cls(StorageAccount(AZURES_SUBSCRIPTION, "disks", name, body), zone)
        upload.account.containers[upload.container] = Container(upload.container)
        upload._container.blobs[BLOB] = new_blob(PageStore(size), call.world.clock.now())
        call.world.accounts[name] = upload.account
        return upload

    @property
    def _container(self) -> Container:
        return self.account.containers[self.container]

    @property
    def blob(self) -> Blob:
        return self._container.blobs[BLOB]

    @property
    def url(self) -> str:
        return f"{self.account.body['properties']['primaryEndpoints']['blob']}{self.container}/{BLOB}"

    def grant(self, until: float) -> str:
        """The blob's URL with a SAS, by a policy of its own that can be taken away."""
        policy_id = guid()
        self._container.policies[policy_id] = {"sp": "rw", "se": to_iso(until)}
        resource = f"/blob/{self.account.name}/{self.container}/{BLOB}"
        fields = ["", "", "", resource, policy_id, "", "", _SAS_VERSION, *[""] * 5]
        signature = sign(self.account.keys[0], "\n".join(fields))
        return f"{self.url}?sv={_SAS_VERSION}&sr=b&si={policy_id}&sig={quote(signature, safe='')}"

    def revoke(self) -> None:
        self._container.policies.clear()


def is_disk(resource_id: str) -> bool:
    return f"/providers/{TYPE}/".lower() in resource_id.lower()


def disk_id(call: Call) -> str:
    return f"{call.group['id']}/providers/{TYPE}/{call.names['disk']}"


def put(call: Call) -> Answer:
    """A new disk for an upload; of one that is there, the tags."""
    existing = call.existing(disk_id(call))
    location = compute.checked_location(call, TYPE, existing)
    if existing is not None:
        return _update(call, existing)
    creation = call.properties.get("creationData") or {}
    size = _upload_size(creation)
    tiered = sku(call.body.get("sku") or {"name": "Standard_LRS"})
    disk: Resource = {
        "name": call.names["disk"],
        "id": disk_id(call),
        "type": TYPE,
        "location": location,
        **compute.tags(call),
        "sku": tiered,
        "properties": {
            **{key: call.properties[key] for key in _KEPT if key in call.properties},
            "creationData": {"createOption": "Upload", "uploadSizeBytes": size},
            "diskIOPSReadWrite": 500,
            "diskMBpsReadWrite": 60,
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
            "networkAccessPolicy": call.properties.get("networkAccessPolicy", "AllowAll"),
            "publicNetworkAccess": call.properties.get("publicNetworkAccess", "Enabled"),
            "timeCreated": timestamp(call.world.clock.now()),
            "provisioningState": "Updating",
            "diskState": "ReadyToUpload",
            "uniqueId": guid(),
        },
    }
    policy.judge(call.world, disk)
    call.world.resources[disk["id"].lower()] = disk
    call.world.uploads[disk["id"].lower()] = Upload.new(call, size)
    return _accepted(call, disk, lambda: _settle(disk))


_KEPT = ("osType", "hyperVGeneration", "supportedCapabilities")


def _upload_size(creation: Resource) -> int:
    if creation.get("createOption") != "Upload":
        # The sandbox's own: it has no other disks.
        raise errors.Refusal(501, "NotImplemented", "The sandbox makes disks by upload only.")
    size = creation.get("uploadSizeBytes")
    if not isinstance(size, int) or not SMALLEST <= size <= LARGEST or (size - vhds.FOOTER) % _MIB:
        message = (
            f"The value '{size}' of parameter 'disk.creationData.uploadSizeBytes' is invalid: a whole number of MiB, "
            f"and 512 bytes for the VHD footer, between {SMALLEST} and {LARGEST}."
        )
        raise errors.invalid_parameter(message, "disk.creationData.uploadSizeBytes")
    return size


def patch(call: Call) -> Answer:
    return _update(call, compute.found(call, disk_id(call)))


def _update(call: Call, disk: Resource) -> Answer:
    """Tags alone."""
    if operations.under_way(call.world, disk["id"]):
        raise errors.busy()
    sent = (call.properties.get("creationData") or {}).items()
    if not sent <= disk["properties"]["creationData"].items():
        raise errors.property_changed("creationData")
    changed = {**disk, **compute.tags(call)}
    policy.judge(call.world, changed)
    disk.update(changed)
    disk["properties"]["provisioningState"] = "Updating"
    return _accepted(call, disk, lambda: _settle(disk))


def get(call: Call) -> Answer:
    return Answer(200, compute.found(call, disk_id(call)))


def listing(call: Call) -> Answer:
    """Those of the subscription, or of a group, that the caller may read."""
    within = call.group["id"] if "group" in call.names else f"/subscriptions/{call.subscription}"
    return Answer(200, {"value": call.readable(call.below(within, TYPE), READ, within)})


def begin_access(call: Call) -> Answer:
    disk = compute.found(call, disk_id(call))
    upload: Upload = call.world.uploads[disk["id"].lower()]
    access, seconds = call.body.get("access"), call.body.get("durationInSeconds")
    if access not in ("Read", "Write") or not isinstance(seconds, int) or not 0 < seconds <= LONGEST_ACCESS:
        raise errors.invalid_parameter("The request to access the disk is not valid.", "grantAccessData")
    if operations.under_way(call.world, disk["id"]):
        raise errors.busy()
    state = disk["properties"]["diskState"]
    if access == "Read" or state not in ("ReadyToUpload", "ActiveUpload"):
        # Inferred; reading is not needed here.
        message = f"Access {access} cannot be granted to disk {disk['name']}, which is in state {state}."
        raise errors.Refusal(409, "OperationNotAllowed", message)
    granted: list[str] = []

    def finish() -> None:
        disk["properties"]["diskState"] = "ActiveUpload"
        granted.append(upload.grant(call.world.clock.now() + seconds))

    return _accepted(call, disk, finish, output=lambda: {"accessSAS": granted[0]}, shows=False)


def end_access(call: Call) -> Answer:
    disk = compute.found(call, disk_id(call))
    if operations.under_way(call.world, disk["id"]):
        raise errors.busy()
    if disk["properties"]["diskState"] != "ActiveUpload":
        return Answer(200)
    upload: Upload = call.world.uploads[disk["id"].lower()]
    upload.revoke()

    def finish() -> errors.Refusal | None:
        fault = vhds.fault(upload.blob, upload.url)
        size = upload.blob.store.size - vhds.FOOTER
        if fault is None:
            disk["properties"] |= {"diskSizeGB": -(-size // _GIB), "diskSizeBytes": size}
        disk["properties"]["diskState"] = "ReadyToUpload" if fault else "Unattached"
        return fault

    return _accepted(call, disk, finish, shows=False)


def delete(call: Call) -> Answer:
    disk = call.existing(disk_id(call))
    if disk is None:
        return Answer(204)
    if operations.under_way(call.world, disk["id"]):
        raise errors.busy()
    if disk["properties"]["diskState"] == "ActiveUpload":
        raise errors.active_signature(disk["name"])

    def finish() -> None:
        call.world.resources.pop(disk["id"].lower(), None)
        upload: Upload = call.world.uploads.pop(disk["id"].lower())
        call.world.accounts.pop(upload.account.name, None)

    return _accepted(call, disk, finish, shows=False)


def _settle(disk: Resource) -> None:
    disk["properties"]["provisioningState"] = "Succeeded"


def _accepted(
    call: Call,
    disk: Resource,
    finish: compute.Finish,
    *,
    output: Callable[[], Resource] | None = None,
    shows: bool = True,
) -> Answer:
    """202 and an operation; `output` is what its Location answers at the end, `shows`: else the disk."""

    def last() -> Answer:
        if output:
            return Answer(200, output())
        return Answer(200, disk if shows else None)

    operation = operations.begin(
        call,
        operations.Operation(
            target=disk["id"].lower(),
            polls=call.knobs.polls["disks"],
            started=call.world.clock.now(),
            finish=finish,
            answer=last,
            output=output,
        ),
    )
    headers: dict[str, Any] = operations.async_headers(call, operation, disk, deletes=True)
    return Answer(202, disk if shows else None, headers)


_DISKS = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{TYPE}"
_DISK = f"{_DISKS}/{{disk}}"

ROUTES = [
    Route("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", "", listing),
    Route("GET", _DISKS, "", listing),
    Route("PUT", _DISK, f"{TYPE}/write", put),
    Route("GET", _DISK, READ, get),
    Route("PATCH", _DISK, f"{TYPE}/write", patch),
    Route("DELETE", _DISK, f"{TYPE}/delete", delete),
    Route("POST", f"{_DISK}/beginGetAccess", f"{TYPE}/beginGetAccess/action", begin_access),
    Route("POST", f"{_DISK}/endGetAccess", f"{TYPE}/endGetAccess/action", end_access),
]
