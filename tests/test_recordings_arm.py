"""The sandbox's Resource Manager against recordings of the real one.

Each recording's state is brought about, its request sent, and the answer compared: status, the set and style of the
headers of operations and errors, error code, keys and JSON types of the body. What differs on purpose is in
`DIFFERENCES`, each with its reason; what the sandbox does not have, in `ABSENT`. A recording that is neither matched
nor listed fails, and so does an entry that no recording needs any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.arm.account_body import new_body
from tests.sandbox.arm.in_process import Client, Reply
from tests.sandbox.arm.policy import no_shared_keys
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.vhd import GIB, MIB, vhd
from tests.sandbox.knobs import RECORDED_POLLS, Knobs
from tests.sandbox.seeds.azure import OBJECT_ID, azure_world, reader
from tests.sandbox.world import Cloud, Container, Role, StorageAccount

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
SUB = f"/subscriptions/{SUBSCRIPTION}"
GALLERY = f"{SUB}/resourceGroups/rg/providers/Microsoft.Compute/galleries/g"
DEFINITION = f"{GALLERY}/images/i"
VERSION = f"{DEFINITION}/versions/1.0.0"
FOLDER = Path("data/recordings/arm")
HEADERS = ("azure-asyncoperation", "location", "retry-after", "www-authenticate", "x-ms-failure-cause", "etag")
STATES = ("provisioningState", "registrationState", "status", "state", "aggregatedState", "reason")
DROPPED = {"kubernetes-sigs/cloud-provider-azure": {"retry-after"}}  # by the recorder (INDEX.md)

ABSENT = {
    "error/gateway-timeout-504.json": "made by a fault knob, not by Resource Manager",
    "error/throttled-compute-429.json": "made by a fault knob, not by Resource Manager",
    "error/throttled-gateway-429.json": "made by a fault knob, not by Resource Manager",
    "image-version-error/documented-sentences.json": "sentences, not an exchange: see the test of sentences",
    "storage-name/03-account-name-invalid-400.json": "a template's deployment: see the test of sentences",
}

_NEWER_ACCOUNT = "the sandbox's accounts have today's properties; the recording is of 2019"

DIFFERENCES: dict[str, dict[str, str]] = {
    "image-version-error/blob-not-accessible-400.json": {
        "status: 200, not 400": "recorded for a managed image; an image version's operation tells it, with this error"
    },
    "provider/01-get-compute-200.json": {
        "body.resourceTypes[].apiProfiles: missing": "for Azure Stack; no client of ours reads it"
    },
    "storage-account/03-poll-200.json": {
        "body.properties.allowBlobPublicAccess: extra": _NEWER_ACCOUNT,
        "body.properties.allowCrossTenantReplication: extra": _NEWER_ACCOUNT,
        "body.properties.encryption.services.blob.keyType: extra": _NEWER_ACCOUNT,
        "body.properties.encryption.services.file.keyType: extra": _NEWER_ACCOUNT,
        "body.properties.keyCreationTime: extra": _NEWER_ACCOUNT,
        "body.properties.minimumTlsVersion: extra": _NEWER_ACCOUNT,
        "body.properties.privateEndpointConnections: extra": _NEWER_ACCOUNT,
    },
}


@dataclass(frozen=True)
class Recording:
    """One exchange with the real service; `url` without its host."""

    name: str
    repository: str
    method: str
    url: str
    body: Any
    status: int
    headers: Mapping[str, str]
    answer: Any

    def part(self, after: str) -> str:
        """The path's segment that follows `after`, "" where there is none."""
        match = re.search(f"/{after}/([^/?]+)", self.url, re.IGNORECASE)
        return match[1] if match else ""

    @property
    def group(self) -> str:
        return f"{SUB}/resourceGroups/{self.part('resourcegroups')}"

    @property
    def location(self) -> str:
        return str((self.body or {}).get("location") or self.part("locations") or "eastus")

    @property
    def api(self) -> str:
        return f"?{re.search('api-version=[0-9-]+', self.url)[0]}"  # type: ignore[index]


def load(folder: Path, name: str) -> Recording:
    content = json.loads((folder / name).read_text())
    request, response = content["request"], content["response"]
    return Recording(
        name,
        content["source"]["repo"],
        request["method"],
        re.sub(r"^https://[^/]+", "", request["url"]),
        request["body"],
        response["status"],
        {key.lower(): value for key, value in response["headers"].items()},
        response["body"],
    )


# States


def sent(arm: Client, recorded: Recording, body: Any = None, **exchanged: str) -> Reply:
    """The recorded request, with `exchanged` parts of its URL; `body` is one that the recorder dropped."""
    url = recorded.url
    for old, new in exchanged.items():
        url = url.replace(old, new)
    return arm.send(recorded.method, url, recorded.body if body is None else body)


def with_account(arm: Client, recorded: Recording) -> StorageAccount:
    name = recorded.part("storageAccounts")
    resource_id = f"{recorded.group}/providers/Microsoft.Storage/storageAccounts/{name}"
    body = new_body(resource_id, {"location": recorded.location}, "blob.core.windows.net", 0)
    account = StorageAccount(SUBSCRIPTION, recorded.part("resourcegroups"), name, body)
    arm.world.accounts[name] = account
    return account


def with_gallery(arm: Client, recorded: Recording) -> str:
    gallery = f"{recorded.group}/providers/Microsoft.Compute/galleries/{recorded.part('galleries')}"
    arm.finish(arm.send("PUT", f"{gallery}?api-version=2019-12-01", {"location": recorded.location, "tags": {}}))
    return gallery


def with_definition(arm: Client, recorded: Recording, **properties: str) -> str:
    definition = f"{with_gallery(arm, recorded)}/images/{recorded.part('images')}"
    identifier = {"publisher": "publisher1", "offer": "offer1", "sku": "sku1"}
    every = {"osType": "Linux", "osState": "Generalized", "identifier": identifier, **properties}
    body = {"location": recorded.location, "tags": {}, "properties": every}
    arm.finish(arm.send("PUT", f"{definition}?api-version=2021-10-01", body))
    return definition


def with_vhd(arm: Client, recorded: Recording) -> None:
    """The definition, and the blob that the recorded version is made from."""
    with_definition(arm, recorded)
    account = StorageAccount(SUBSCRIPTION, recorded.part("resourcegroups"), "vhdstorage000003", {})
    account.body = new_body(account.resource_id, {"location": recorded.location}, "blob.core.windows.net", 0)
    account.containers["vhds"] = Container("vhds", blobs={"osdisk_000004.vhd": new_blob(vhd(MIB, 30 * GIB), 0)})
    arm.world.accounts[account.name] = account


def vhd_version(recorded: Recording) -> dict[str, Any]:
    account = f"{recorded.group}/providers/Microsoft.Storage/storageAccounts/vhdstorage000003"
    source = {
        "storageAccountId": account,
        "uri": "https://vhdstorage000003.blob.core.windows.net/vhds/osdisk_000004.vhd",
    }
    return {
        "location": recorded.location,
        "tags": {},
        "properties": {
            "publishingProfile": {"targetRegions": [{"name": recorded.location}]},
            "storageProfile": {"osDiskImage": {"source": source}},
        },
    }


def with_managed_image(arm: Client, recorded: Recording) -> None:
    """The definition, and the managed image with two data disks that the recorded version is made from."""
    with_definition(arm, recorded)
    image = f"{recorded.group}/providers/Microsoft.Compute/images/img4636"
    disks = [{"lun": 0, "diskSizeGB": 40, "caching": "ReadWrite"}, {"lun": 1, "diskSizeGB": 70, "caching": "ReadOnly"}]
    arm.world.resources[image.lower()] = {
        "id": image,
        "type": "Microsoft.Compute/images",
        "location": recorded.location,
        "properties": {"storageProfile": {"osDisk": {"diskSizeGB": 30}, "dataDisks": disks}},
    }


def replicated(arm: Client, recorded: Recording) -> Reply:
    """PUT of a version to two regions, from the managed image."""
    with_managed_image(arm, recorded)
    body = {
        "location": recorded.location,
        "properties": {
            "publishingProfile": {"targetRegions": [{"name": "eastus2"}, {"name": recorded.location}]},
            "storageProfile": {"source": {"id": f"{recorded.group}/providers/Microsoft.Compute/images/img4636"}},
        },
    }
    return arm.send("PUT", re.sub(r"\?.*", recorded.api, recorded.url), body)


Situation = Callable[[Client, Recording], Reply]
SITUATIONS: dict[str, Situation] = {}


def situation(*names: str) -> Callable[[Situation], Situation]:
    def add(function: Situation) -> Situation:
        SITUATIONS.update({f"{name}.json": function for name in names})
        return function

    return add


@situation("gallery/01-put-201", "usages/01-list-200")
@situation("provider/01-get-compute-200", "storage-account/01-put-202", "storage-account/05-put-202-2025")
@situation("storage-account/08-get-404", "storage-name/01-available-200")
def as_seeded(arm: Client, recorded: Recording) -> Reply:
    return sent(arm, recorded)


@situation("blob-container/01-put-201", "blob-container/03-get-404", "storage-account/07-listkeys-200")
def account_there(arm: Client, recorded: Recording) -> Reply:
    with_account(arm, recorded)
    return sent(arm, recorded)


@situation("blob-container/02-get-200")
def container_there(arm: Client, recorded: Recording) -> Reply:
    name = recorded.part("containers")
    with_account(arm, recorded).containers[name] = Container(name)
    return sent(arm, recorded)


@situation("blob-container/04-parent-404")
def container_without_account(arm: Client, recorded: Recording) -> Reply:
    return sent(arm, recorded, default="default/containers/vhds")


@situation("error/authorization-failed-403")
def not_allowed(arm: Client, recorded: Recording) -> Reply:
    arm.world.roles = []
    return arm.send("GET", f"{SUB}/providers/Microsoft.Compute/skus?api-version=2021-07-01")


@situation("error/authorization-failed-rg-403")
def not_allowed_on_missing_group(arm: Client, recorded: Recording) -> Reply:
    arm.world.roles, arm.world.resources = [], {}
    return sent(arm, recorded)


@situation("error/expired-token-401")
def expired(arm: Client, recorded: Recording) -> Reply:
    token = arm.token(seconds=0)
    return arm.send(recorded.method, recorded.url, authorization=f"Bearer {token}")


@situation("error/linked-authorization-failed-403")
def link_not_allowed(arm: Client, recorded: Recording) -> Reply:
    arm.world.roles = [Role(OBJECT_ID, SUB, ["Microsoft.Compute/*"])]
    version = f"{recorded.group}/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0"
    exchanged = load_like(recorded, version)
    with_definition(arm, exchanged)
    return arm.send("PUT", f"{version}?api-version=2024-03-03", vhd_version(exchanged))


def load_like(recorded: Recording, path: str) -> Recording:
    """`recorded` with another path, for states that read the names out of it."""
    return Recording(**{**recorded.__dict__, "url": f"{path}?api-version=2024-03-03"})


@situation("error/missing-subscription-registration-409")
def not_registered(arm: Client, recorded: Recording) -> Reply:
    arm.world.subscriptions[SUBSCRIPTION]["providers"].clear()
    gallery = f"{recorded.group}/providers/Microsoft.Compute/galleries/g"
    return arm.send("PUT", f"{gallery}?api-version=2024-03-03", {"location": "eastus"})


@situation("error/property-change-not-allowed-409")
def definition_changed(arm: Client, recorded: Recording) -> Reply:
    path = f"{recorded.group}/providers/Microsoft.Compute/galleries/g/images/i"
    with_definition(arm, load_like(recorded, path))
    identifier = {"publisher": "publisher1", "offer": "offer1", "sku": "sku1"}
    changed = {"osType": "Linux", "osState": "Generalized", "identifier": identifier, "architecture": "Arm64"}
    return arm.send("PUT", f"{path}?api-version=2024-03-03", {"location": "eastus", "properties": changed})


REBUILT_ACCOUNT = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


@situation("error/request-disallowed-by-policy-403")
def denied_by_policy(arm: Client, recorded: Recording) -> Reply:
    arm.world.policies.append(no_shared_keys(SUB))
    return sent(arm, recorded, REBUILT_ACCOUNT)


@situation("error/storage-account-already-taken-409")
def name_taken(arm: Client, recorded: Recording) -> Reply:
    with_account(arm, recorded).subscription = "00000000-0000-4000-8000-00000000c0ff"
    return sent(arm, recorded, REBUILT_ACCOUNT)


@situation("gallery/04-put-again-200")
def gallery_there(arm: Client, recorded: Recording) -> Reply:
    with_gallery(arm, recorded)
    return sent(arm, recorded)


@situation("gallery/05-delete-202")
def gallery_deleted(arm: Client, recorded: Recording) -> Reply:
    with_gallery(arm, recorded)
    return sent(arm, recorded)


@situation("gallery/07-delete-location-200")
def gallery_gone(arm: Client, recorded: Recording) -> Reply:
    exchanged = load_like(recorded, GALLERY)
    with_gallery(arm, exchanged)
    location = arm.send("DELETE", f"{GALLERY}?api-version=2019-12-01").headers["location"]
    while (reply := arm.send("GET", location)).status == 202:
        pass
    return reply


@situation("image-definition/01-put-201", "image-definition/09-put-201-architecture")
def definition_new(arm: Client, recorded: Recording) -> Reply:
    with_gallery(arm, recorded)
    return sent(arm, recorded)


@situation("image-definition/04-put-again-200")
def definition_there(arm: Client, recorded: Recording) -> Reply:
    with_gallery(arm, recorded)
    before = {**recorded.body, "properties": {**recorded.body["properties"], "recommended": {"vCPUs": {"max": 25}}}}
    arm.finish(arm.send("PUT", recorded.url, before))
    return sent(arm, recorded)


@situation("image-definition/07-poll-200-2025")
def definition_polled(arm: Client, recorded: Recording) -> Reply:
    with_definition(arm, load_like(recorded, DEFINITION))
    return _last_poll(arm, "Succeeded")


def _last_poll(arm: Client, status: str) -> Reply:
    """The last look at an operation, which must have had that `status`."""
    last = arm.exchanges[-1]
    assert last["response"]["status"] == status
    return Reply(last["status"], {}, last["response"])


@situation("image-definition/08-get-200-2025")
def definition_got(arm: Client, recorded: Recording) -> Reply:
    with_definition(arm, recorded)
    return sent(arm, recorded)


@situation("image-version-error/blob-not-accessible-400")
def blob_missing(arm: Client, recorded: Recording) -> Reply:
    path = f"{recorded.group}/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0"
    exchanged = load_like(recorded, path)
    with_vhd(arm, exchanged)
    arm.world.accounts["vhdstorage000003"].containers.clear()
    failed = arm.finish(arm.send("PUT", exchanged.url, vhd_version(exchanged)))
    return Reply(failed.status, {}, {"error": failed.body["error"]})


@situation("image-version-vhd/01-put-201")
def vhd_there(arm: Client, recorded: Recording) -> Reply:
    with_vhd(arm, recorded)
    return sent(arm, recorded)


@situation("image-version-vhd/02-poll-inprogress-200")
def version_running(arm: Client, recorded: Recording) -> Reply:
    return arm.send("GET", _begun(arm, recorded).headers["azure-asyncoperation"])


@situation("image-version-vhd/04-poll-succeeded-200")
def version_done(arm: Client, recorded: Recording) -> Reply:
    return arm.finish(_begun(arm, recorded))


def _begun(arm: Client, recorded: Recording) -> Reply:
    exchanged = load_like(recorded, VERSION)
    with_vhd(arm, exchanged)
    return arm.send("PUT", exchanged.url, vhd_version(exchanged))


@situation("image-version-vhd/05-get-200")
def version_got(arm: Client, recorded: Recording) -> Reply:
    with_vhd(arm, recorded)
    arm.finish(arm.send("PUT", recorded.url, vhd_version(recorded)))
    return sent(arm, recorded)


@situation("image-version-replicated/01-put-201")
def managed_image_there(arm: Client, recorded: Recording) -> Reply:
    with_managed_image(arm, recorded)
    return sent(arm, recorded)


@situation("image-version-replicated/03-poll-succeeded-200")
def replication_done(arm: Client, recorded: Recording) -> Reply:
    return arm.finish(replicated(arm, load_like(recorded, VERSION)))


@situation("image-version-replicated/04-get-200", "image-version-replicated/05-get-replicationstatus-200")
@situation("image-version-replicated/06-put-update-200", "image-version-replicated/09-delete-202")
def version_replicated(arm: Client, recorded: Recording) -> Reply:
    arm.finish(replicated(arm, recorded))
    return sent(arm, recorded)


@situation("image-version-replicated/10-delete-poll-inprogress-200")
def version_going(arm: Client, recorded: Recording) -> Reply:
    arm.finish(replicated(arm, load_like(recorded, VERSION)))
    return arm.send("GET", arm.send("DELETE", f"{VERSION}?api-version=2019-12-01").headers["azure-asyncoperation"])


@situation("marketplace/01-list-versions-200", "marketplace/02-get-200")
def image_sold(arm: Client, recorded: Recording) -> Reply:
    image = {"publisher": "OpenLogic", "offer": "CentOS", "sku": "7.5", "version": "7.5.201808150"}
    arm.world.marketplace = [{**image, "architecture": "x64", "generation": "V1", "plan": None}]
    return sent(arm, recorded)


@situation("permissions/01-list-owner-200", "permissions/02-list-roles-200")
def roles_held(arm: Client, recorded: Recording) -> Reply:
    arm.world.roles = [Role(OBJECT_ID, SUB, ["*"]), reader(OBJECT_ID, SUB)]
    return sent(arm, recorded)


@situation("provider/02-register-post-200")
def registering(arm: Client, recorded: Recording) -> Reply:
    arm.world.subscriptions[SUBSCRIPTION]["providers"].clear()
    return sent(arm, recorded, CognitiveServices="Storage")


@situation("provider/03-get-registered-200")
def registered(arm: Client, recorded: Recording) -> Reply:
    return sent(arm, recorded, CognitiveServices="Storage")


@situation("resource-group/01-get-200")
def group_got(arm: Client, recorded: Recording) -> Reply:
    arm.send("PUT", recorded.url, {"location": "eastus", "tags": {"product": "azurecli"}})
    return sent(arm, recorded)


@situation("resource-group/02-put-201", "resource-group/03-list-404")
def group_missing(arm: Client, recorded: Recording) -> Reply:
    arm.world.resources.clear()
    return sent(arm, recorded)


@situation("resource-group/04-delete-202")
def group_deleted(arm: Client, recorded: Recording) -> Reply:
    return sent(arm, recorded)


@situation("resource-group/05-delete-poll-202")
def group_going(arm: Client, recorded: Recording) -> Reply:
    group = f"{SUB}/resourceGroups/rg?api-version=2024-03-01"
    return arm.send("GET", arm.send("DELETE", group).headers["location"])


@situation("skus/01-list-x64-200", "skus/02-list-restricted-200")
@situation("skus/03-list-arm64-southcentralus-200", "skus/04-list-arm64-westcentralus-200")
def sizes_listed(arm: Client, recorded: Recording) -> Reply:
    """Virtual machine sizes only, as the recording was picked."""
    found = sent(arm, recorded)
    sizes = [sku for sku in found.body["value"] if sku["resourceType"] == "virtualMachines"]
    return Reply(found.status, found.headers, {"value": sizes})


@situation("storage-account/02-poll-202")
def account_running(arm: Client, recorded: Recording) -> Reply:
    return arm.send("GET", _account_begun(arm, recorded, {}).headers["location"])


@situation("storage-account/03-poll-200", "storage-account/06-poll-200-2025")
def account_done(arm: Client, recorded: Recording) -> Reply:
    keys = ("defaultToOAuthAuthentication", "keyPolicy", "isSftpEnabled", "isHnsEnabled", "allowSharedKeyAccess")
    properties = {key: recorded.answer["properties"][key] for key in keys if key in recorded.answer["properties"]}
    if properties:
        properties["encryption"] = {"requireInfrastructureEncryption": False}
    return arm.finish(_account_begun(arm, recorded, properties))


def _account_begun(arm: Client, recorded: Recording, properties: dict[str, Any]) -> Reply:
    account = f"{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/akscitaccount"
    body = {"location": "eastus", "kind": "Storage", "sku": {"name": "Standard_GRS"}, "properties": properties}
    return arm.send("PUT", f"{account}{recorded.api}", body)


@situation("storage-name/02-already-exists-200")
def name_exists(arm: Client, recorded: Recording) -> Reply:
    arm.world.accounts[recorded.body["name"]] = arm.world.accounts["rhcos"]
    return sent(arm, recorded)


# Comparison


def differences(recorded: Recording, reply: Reply) -> Iterator[str]:
    if reply.status != recorded.status:
        yield f"status: {reply.status}, not {recorded.status}"
    if recorded.headers and reply.headers:
        yield from _header_differences(recorded, reply)
    if isinstance(recorded.answer, dict) and "error" in recorded.answer and reply.body.get("error"):
        ours, theirs = reply.code, recorded.answer["error"]["code"]
        if ours != theirs:
            yield f"code: {ours}, not {theirs}"
    yield from shape_differences("body", recorded.answer, reply.body)


def _header_differences(recorded: Recording, reply: Reply) -> Iterator[str]:
    for name in HEADERS:
        ours, theirs = reply.headers.get(name), recorded.headers.get(name)
        if name in DROPPED.get(recorded.repository, ()):
            continue
        if (ours is None) != (theirs is None):
            yield f"header {name}: {'missing' if ours is None else 'extra'}"
        elif ours is not None and theirs is not None and _style(ours) != _style(theirs):
            yield f"header {name}: {_style(ours)}, not {_style(theirs)}"
    kinds = [str(headers.get("content-type", "")).split(";")[0] for headers in (reply.headers, recorded.headers)]
    if kinds[0] != kinds[1] and recorded.answer is not None:
        yield f"header content-type: {kinds[0]}, not {kinds[1]}"


def _style(value: str) -> str:
    """A header's value without what differs from one call to the next."""
    value = re.sub(r"https://management[^/]*", "", value)
    value = re.sub(r"(?<=perations/)[\w-]+|(?<=operationresults/)[\w-]+", "ID", value)
    value = re.sub(r"(?<=locations/)\w+|(?<=login.windows.net/)[\w-]*|0x[0-9A-F]+", "X", value)
    path, _, query = value.partition("?")
    return path + ("?monitor" if "monitor=true" in query else "")


def shape_differences(where: str, theirs: Any, ours: Any) -> Iterator[str]:
    """Keys and JSON types. Entries of lists are compared as one; tags are free."""
    if _kind(theirs) != _kind(ours):
        yield f"{where}: {_kind(ours)}, not {_kind(theirs)}"
    elif isinstance(theirs, dict) and not where.endswith(".tags"):
        yield from (f"{where}.{key}: missing" for key in theirs.keys() - ours.keys())
        yield from (f"{where}.{key}: extra" for key in ours.keys() - theirs.keys())
        for key in theirs.keys() & ours.keys():
            yield from shape_differences(f"{where}.{key}", theirs[key], ours[key])
    elif isinstance(theirs, str) and where.rpartition(".")[2] in STATES and theirs != ours:
        yield f"{where}: {ours}, not {theirs}"
    elif isinstance(theirs, list) and theirs and ours:
        yield from shape_differences(f"{where}[]", _merged(theirs), _merged(ours))


def _merged(values: list[Any]) -> Any:
    """One value that has all that the entries of a list have."""
    if not all(isinstance(value, dict) for value in values):
        return values[0]
    keys = {key for value in values for key in value}
    found = {key: [value[key] for value in values if key in value] for key in keys}
    return {
        key: [entry for each in every for entry in each] if isinstance(every[0], list) else _merged(every)
        for key, every in found.items()
    }


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "number", float: "number", type(None): "nothing"}
    return names[type(value)]


def client(recorded: Recording) -> Client:
    """The recorded group and location, with nothing in them."""
    group = recorded.part("resourcegroups") or "rg"
    location = str((recorded.body or {}).get("location") or recorded.part("locations") or "eastus")
    if match := re.search(r"location%20eq%20'(\w+)'", recorded.url):
        location = match[1]
    world = azure_world(Cloud(), location, group, zones=location != "westcentralus", subscription=SUBSCRIPTION)
    return Client(world, Knobs(polls=dict(RECORDED_POLLS), retry_after=None))


@pytest.mark.parametrize("name", SITUATIONS)
def test_when_the_recorded_request_is_sent_the_answer_is_the_recorded_one(name: str, shared_data: Path | None) -> None:
    if shared_data is None:
        return  # said loudly at the end of the run; test_sandbox_arm.py covers the same ground
    recorded = load(shared_data / FOLDER, name)
    found = set(differences(recorded, SITUATIONS[name](client(recorded), recorded)))
    assert found == set(DIFFERENCES.get(name, {}))


def test_when_there_is_a_recording_it_is_matched_or_listed_with_its_reason(shared_data: Path | None) -> None:
    assert not SITUATIONS.keys() & ABSENT.keys()
    assert DIFFERENCES.keys() <= SITUATIONS.keys()
    if shared_data is not None:
        folder = shared_data / FOLDER
        names = {file.relative_to(folder).as_posix() for file in folder.rglob("*.json")}
        assert names == SITUATIONS.keys() | ABSENT.keys()


# Documented sentences: the request that earns each, on a published version in eastus; None where nothing does

_COMPUTE = f"{SUB}/resourceGroups/rg/providers/Microsoft.Compute"
_IMAGE = f"{_COMPUTE}/galleries/g/images/i"
_VERSION = f"{_IMAGE}/versions/1.0.0"


def _with(path: str, value: Any) -> dict[str, Any]:
    """A version's body with one member replaced."""
    body = vhd_version(load_like(_ANY, _VERSION))
    node: Any = body
    *parents, last = path.split(".")
    for key in parents:
        node = node[key]
    node[last] = value
    return body


_ANY = Recording("", "", "PUT", "", None, 0, {}, None)
_REGIONS = "properties.publishingProfile.targetRegions"
_SOURCE = "properties.storageProfile.osDiskImage.source"

EARNED: dict[str, tuple[str, str, Any] | None] = {
    "invalid version name": ("PUT", f"{_IMAGE}/versions/1.0", _with("location", "eastus")),
    "home region not among the targets": ("PUT", f"{_IMAGE}/versions/2.0.0", _with(_REGIONS, [{"name": "westus"}])),
    "region twice": ("PUT", f"{_IMAGE}/versions/2.0.0", _with(_REGIONS, [{"name": "eastus"}, {"name": "East US"}])),
    "source missing or elsewhere": (
        "PUT",
        f"{_IMAGE}/versions/2.0.0",
        _with(
            f"{_SOURCE}.storageAccountId", f"{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/gone"
        ),
    ),
    "generation mismatch": None,  # of a managed disk or image; a VHD has no generation
    "source changed on an existing version": (
        "PUT",
        _VERSION,
        _with(
            f"{_SOURCE}.storageAccountId", f"{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/other"
        ),
    ),
    "gallery or definition missing": ("GET", f"{_COMPUTE}/galleries/gone/images/i", None),
    "source throttled": None,  # made by a fault knob
    "no source given": ("PUT", f"{_IMAGE}/versions/2.0.0", _with("properties.storageProfile", {})),
    "delete of a parent that has children": ("DELETE", _IMAGE, None),
}


def test_when_a_sentence_is_documented_the_sandbox_says_it(shared_data: Path | None) -> None:
    if shared_data is None:
        return
    name = "image-version-error/documented-sentences.json"
    documented = json.loads((shared_data / FOLDER / name).read_text())["response"]["body"]["sentences"]
    sentences = {each["case"]: each["message"] for each in documented}
    assert sentences.keys() == EARNED.keys()
    arm = client(load_like(_ANY, _VERSION))
    with_vhd(arm, load_like(_ANY, _VERSION))
    arm.finish(arm.send("PUT", f"{_VERSION}?api-version=2024-03-03", vhd_version(load_like(_ANY, _VERSION))))
    for case, request in EARNED.items():
        if request is not None:
            method, path, body = request
            said = arm.send(method, f"{path}?api-version=2024-03-03", body).message
            assert re.fullmatch(re.sub("<[^>]+>", ".+", re.escape(sentences[case])), said), f"{case}: {said}"


def test_when_an_account_name_is_invalid_the_recorded_sentence_says_so(shared_data: Path | None) -> None:
    if shared_data is None:
        return
    recorded = load(shared_data / FOLDER, "storage-name/03-account-name-invalid-400.json")
    detail = recorded.answer["error"]["details"][0]["details"][0]
    account = f"{recorded.group}/providers/Microsoft.Storage/storageAccounts/{detail['target']}"
    reply = client(recorded).send("PUT", f"{account}?api-version=2023-05-01", REBUILT_ACCOUNT)
    assert (reply.status, reply.code, reply.message) == (recorded.status, detail["code"], detail["message"])
