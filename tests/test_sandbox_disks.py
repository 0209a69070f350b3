"""The sandbox's managed disks: made for an upload, written by SAS, closed, and turned into an image version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.sandbox import hosts
from tests.sandbox.arm.in_process import Client, Reply
from tests.sandbox.arm.policy import required_tag
from tests.sandbox.blob import in_process
from tests.sandbox.blob.app import app as blob_app
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.vhd import GIB, MIB, vhd
from tests.sandbox.seeds.azure import OBJECT_ID, azure_world, reader
from tests.sandbox.seeds.spec import SUBSCRIPTION
from tests.sandbox.world import Cloud
from tests.swagger import Specs

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/prod-7x2kq-rg"
DISKS = f"{GROUP}/providers/Microsoft.Compute/disks"
DISK = f"{DISKS}/rhcos-418-94-202602022246-0-aarch64-eastus"
GALLERY = f"{GROUP}/providers/Microsoft.Compute/galleries/rhcos_prod"
DEFINITION = f"{GALLERY}/images/rhcos-arm64-gen2"
VERSION = f"{DEFINITION}/versions/1.0.0"
API, GALLERIES = "api-version=2024-03-02", "api-version=2024-03-03"
SIZE = 64 * MIB + 512


@pytest.fixture
def arm(shared_data: Path | None) -> Iterator[Client]:
    """A client on a fresh world; with the official descriptions at hand, every exchange must agree with them."""
    client = Client(azure_world(Cloud(), "eastus", "prod-7x2kq-rg", zones=True))
    yield client
    if shared_data is not None:
        specs = Specs(shared_data / "specs" / "azure")
        assert [fault for exchange in client.exchanges for fault in specs.check(exchange)] == []


def body(size: int = SIZE, location: str = "eastus", **properties: Any) -> dict[str, Any]:
    every = {
        "osType": "Linux",
        "hyperVGeneration": "V2",
        "supportedCapabilities": {"architecture": "Arm64"},
        "creationData": {"createOption": "Upload", "uploadSizeBytes": size},
    }
    return {"location": location, "sku": {"name": "Standard_LRS"}, "properties": {**every, **properties}}


def made(arm: Client, **properties: Any) -> None:
    assert arm.finish(arm.send("PUT", f"{DISK}?{API}", body(**properties))).body["status"] == "Succeeded"


def opened(arm: Client, seconds: int = 3600) -> str:
    """The SAS."""
    begun = arm.send("POST", f"{DISK}/beginGetAccess?{API}", {"access": "Write", "durationInSeconds": seconds})
    return str(arm.finish(begun).body["properties"]["output"]["accessSAS"])


def closed(arm: Client) -> Reply:
    return arm.finish(arm.send("POST", f"{DISK}/endGetAccess?{API}"))


def properties(arm: Client) -> dict[str, Any]:
    return dict(arm.send("GET", f"{DISK}?{API}").body["properties"])


def asked(arm: Client, method: str, url: str, headers: Mapping[str, str], content: bytes = b"") -> tuple[int, str]:
    """Status and error code of a request to blob storage."""
    given = {"x-ms-version": "2025-01-05", "content-length": str(len(content)), **headers}
    status, answered, _ = in_process.exchange(blob_app(arm), method, url, given, content)
    return status, answered.get("x-ms-error-code", "")


def put_page(arm: Client, sas: str, start: int, content: bytes) -> tuple[int, str]:
    headers = {"x-ms-range": f"bytes={start}-{start + len(content) - 1}", "x-ms-page-write": "update"}
    return asked(arm, "PUT", f"{sas}&comp=page", headers, content)


def fill(arm: Client, sas: str, store: PageStore | None = None) -> None:
    """Put Page, range by range."""
    store = store or vhd(1 * MIB, SIZE - 512)
    for start, end in store.ranges():
        assert put_page(arm, sas, start, store.read(start, end - start)) == (201, "")


def uploaded(arm: Client, **properties: Any) -> None:
    """A disk with a VHD in it, at rest."""
    made(arm, **properties)
    fill(arm, opened(arm))
    assert closed(arm).body["status"] == "Succeeded"


def published(arm: Client) -> Reply:
    """The PUT of an image version from the disk."""
    definition = {
        "osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2", "architecture": "Arm64",
        "identifier": {"publisher": "RedHat", "offer": "rhcos", "sku": "rhcos-arm64-gen2"},
    }  # fmt: skip
    arm.finish(arm.send("PUT", f"{GALLERY}?{GALLERIES}", {"location": "eastus"}))
    arm.finish(arm.send("PUT", f"{DEFINITION}?{GALLERIES}", {"location": "eastus", "properties": definition}))
    profile = {
        "publishingProfile": {"targetRegions": [{"name": "eastus"}]},
        "storageProfile": {"osDiskImage": {"source": {"id": DISK}}},
    }
    return arm.send("PUT", f"{VERSION}?{GALLERIES}", {"location": "eastus", "properties": profile})


# The life of an upload


def test_when_a_disk_is_made_for_an_upload_it_waits_for_it_and_has_no_size_yet(arm: Client) -> None:
    made(arm)
    found = properties(arm)
    assert (found["diskState"], found["provisioningState"]) == ("ReadyToUpload", "Succeeded")
    assert found["creationData"] == {"createOption": "Upload", "uploadSizeBytes": SIZE}
    assert "diskSizeGB" not in found


@pytest.mark.parametrize("size", [64 * MIB, 64 * MIB + 1024, 16 * MIB + 512, 33 * 1024 * GIB + 512])
def test_when_the_size_is_no_whole_mib_and_a_footer_it_is_refused(arm: Client, size: int) -> None:
    reply = arm.send("PUT", f"{DISK}?{API}", body(size))
    assert (reply.status, reply.code) == (400, "InvalidParameter")


def test_when_write_access_is_asked_for_status_and_location_both_tell_the_sas(arm: Client) -> None:
    made(arm)
    begun = arm.send("POST", f"{DISK}/beginGetAccess?{API}", {"access": "Write", "durationInSeconds": 3600})
    assert (begun.status, begun.body) == (202, None)
    sas = arm.finish(begun).body["properties"]["output"]["accessSAS"]
    assert arm.send("GET", begun.headers["location"]).body == {"accessSAS": sas}
    url = urlsplit(sas)
    assert url.hostname is not None
    assert url.hostname.startswith("md-impexp-")
    assert hosts.service(url.hostname) == hosts.BLOB
    assert [pair.partition("=")[0] for pair in url.query.split("&")] == ["sv", "sr", "si", "sig"]
    assert properties(arm)["diskState"] == "ActiveUpload"


def test_when_the_access_ends_the_vhd_is_the_disk_and_the_sas_is_worth_nothing(arm: Client) -> None:
    made(arm)
    sas = opened(arm)
    fill(arm, sas)
    assert closed(arm).body["status"] == "Succeeded"
    found = properties(arm)
    assert (found["diskState"], found["diskSizeGB"], found["diskSizeBytes"]) == ("Unattached", 1, 64 * MIB)
    assert asked(arm, "HEAD", sas, {}) == (403, "AuthenticationFailed")


def test_when_access_is_asked_for_again_the_upload_goes_on(arm: Client) -> None:
    made(arm)
    assert put_page(arm, opened(arm), 0, bytes(512)) == (201, "")
    fill(arm, opened(arm))
    assert closed(arm).body["status"] == "Succeeded"


def test_when_the_sas_has_expired_it_is_refused(arm: Client) -> None:
    made(arm)
    sas = opened(arm, seconds=60)
    arm.world.clock.offset = 61
    assert asked(arm, "HEAD", sas, {}) == (403, "AuthenticationFailed")


def test_when_the_sas_has_expired_a_new_one_goes_on_with_the_upload(arm: Client) -> None:
    made(arm)
    first = opened(arm, seconds=60)
    assert put_page(arm, first, 0, bytes(512)) == (201, "")
    arm.world.clock.offset = 61
    fill(arm, opened(arm))
    assert asked(arm, "HEAD", first, {}) == (403, "AuthenticationFailed")
    assert closed(arm).body["status"] == "Succeeded"


@pytest.mark.parametrize("seconds", [0, -1, 60 * 24 * 3600 + 1])
def test_when_access_is_asked_for_longer_than_60_days_or_for_no_time_it_is_refused(arm: Client, seconds: int) -> None:
    made(arm)
    reply = arm.send("POST", f"{DISK}/beginGetAccess?{API}", {"access": "Write", "durationInSeconds": seconds})
    assert (reply.status, reply.code) == (400, "InvalidParameter")


def test_when_half_a_vhd_is_closed_it_says_invalid_vhd_and_the_access_is_gone(arm: Client) -> None:
    made(arm)
    sas = opened(arm)
    last = closed(arm)
    assert (last.body["status"], last.body["error"]["code"]) == ("Failed", "InvalidVhd")
    assert properties(arm)["diskState"] == "ReadyToUpload"
    assert asked(arm, "HEAD", sas, {}) == (403, "AuthenticationFailed")


def test_when_the_disk_has_a_sas_it_is_not_deleted(arm: Client) -> None:
    made(arm)
    opened(arm)
    reply = arm.send("DELETE", f"{DISK}?{API}")
    assert (reply.status, reply.code) == (409, "OperationNotAllowed")
    assert "There is an active shared access signature outstanding for disk" in reply.message


def test_when_it_is_deleted_nothing_is_left_of_it(arm: Client) -> None:
    accounts = set(arm.world.accounts)
    uploaded(arm)
    arm.finish(arm.send("DELETE", f"{DISK}?{API}"))
    assert arm.send("GET", f"{DISK}?{API}").status == 404
    assert (set(arm.world.accounts), arm.world.uploads) == (accounts, {})
    assert arm.send("DELETE", f"{DISK}?{API}").status == 204


def test_when_it_is_put_or_patched_again_its_tags_change_and_nothing_else_may(arm: Client) -> None:
    made(arm)
    arm.finish(arm.send("PATCH", f"{DISK}?{API}", {"tags": {"kubectl-arm64": "managed"}}))
    assert arm.send("GET", f"{DISK}?{API}").body["tags"] == {"kubectl-arm64": "managed"}
    reply = arm.send("PUT", f"{DISK}?{API}", body(SIZE + MIB))
    assert (reply.status, reply.code) == (409, "PropertyChangeNotAllowed")


def test_when_disks_are_listed_they_are_there(arm: Client) -> None:
    made(arm)
    for place in (DISKS, f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/disks"):
        assert [disk["id"] for disk in arm.send("GET", f"{place}?{API}").body["value"]] == [DISK]


# The blob behind it


@pytest.mark.parametrize(
    ("method", "query", "headers"),
    [
        ("PUT", "", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "512"}),
        ("DELETE", "", {}),
        ("PUT", "&comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}),
        ("PUT", "&comp=metadata", {"x-ms-meta-release": "418"}),
        ("PUT", "", {"x-ms-copy-source": "https://rhcos.blob.core.windows.net/imagebucket/rhcos.vhd"}),
    ],
)
def test_the_blob_is_neither_made_nor_deleted_leased_described_or_copied_to(
    arm: Client, method: str, query: str, headers: dict[str, str]
) -> None:
    made(arm)
    assert asked(arm, method, opened(arm) + query, headers) == (403, "AuthorizationFailure")


def test_the_blob_knows_no_conditions(arm: Client) -> None:
    made(arm)
    assert asked(arm, "GET", opened(arm), {"if-match": '"0x8DE0"'}) == (400, "UnsupportedHeader")


# An image version from it


def test_when_the_disk_is_at_rest_an_image_version_is_made_from_its_id(arm: Client) -> None:
    uploaded(arm)
    assert arm.finish(published(arm)).body["status"] == "Succeeded"
    profile = arm.send("GET", f"{VERSION}?{GALLERIES}").body["properties"]["storageProfile"]
    assert profile["osDiskImage"]["source"] == {"id": DISK}
    assert profile["osDiskImage"]["sizeInGB"] == 1


def test_when_the_disk_is_still_uploaded_to_it_is_refused(arm: Client) -> None:
    made(arm)
    opened(arm)
    reply = published(arm)
    assert (reply.status, reply.code) == (409, "OperationNotAllowed")
    assert "ActiveUpload" in reply.message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"supportedCapabilities": {"architecture": "x64"}}, "architecture 'x64'"),
        ({"supportedCapabilities": {}}, "architecture 'x64'"),
        ({"hyperVGeneration": "V1"}, "hyperVGeneration 'V1'"),
        ({"osType": "Windows"}, "osType 'Windows'"),
    ],
)
def test_when_the_disk_is_of_another_kind_than_the_definition_it_is_refused(
    arm: Client, changed: dict[str, Any], said: str
) -> None:
    uploaded(arm, **changed)
    reply = published(arm)
    assert (reply.status, reply.code) == (400, "InvalidParameter")
    assert said in reply.message


def test_when_the_disk_is_in_another_region_it_is_not_found(arm: Client) -> None:
    made(arm, location="westus")
    reply = published(arm)
    assert (reply.status, reply.code) == (404, "NotFound")
    assert "same region" in reply.message


def test_when_the_disk_goes_before_the_version_is_ready_the_version_fails(arm: Client) -> None:
    uploaded(arm)
    arm.knobs.polls["versions"] = 9
    begun = published(arm)
    arm.finish(arm.send("DELETE", f"{DISK}?{API}"))
    assert arm.finish(begun).body["status"] == "Failed"


# Who may


def test_when_the_role_is_missing_it_names_the_action(arm: Client) -> None:
    made(arm)
    arm.world.roles = [reader(OBJECT_ID, f"/subscriptions/{SUBSCRIPTION}")]
    reply = arm.send("POST", f"{DISK}/beginGetAccess?{API}", {"access": "Write", "durationInSeconds": 60})
    assert (reply.status, reply.code) == (403, "AuthorizationFailed")
    assert "Microsoft.Compute/disks/beginGetAccess/action" in reply.message


def test_when_the_disk_may_not_be_read_no_version_is_made_from_it(arm: Client) -> None:
    uploaded(arm)
    (contributor,) = [role for role in arm.world.roles if "*" in role.actions and role.object_id == OBJECT_ID]
    contributor.not_actions.append("Microsoft.Compute/disks/read")
    reply = published(arm)
    assert (reply.status, reply.code) == (403, "LinkedAuthorizationFailed")


def test_when_a_policy_wants_a_tag_a_disk_without_it_is_refused(arm: Client) -> None:
    arm.world.policies.append(required_tag(f"/subscriptions/{SUBSCRIPTION}", "costCenter"))
    reply = arm.send("PUT", f"{DISK}?{API}", body())
    assert (reply.status, reply.code) == (403, "RequestDisallowedByPolicy")
