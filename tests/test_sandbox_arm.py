"""The sandbox's Resource Manager: what it answers, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.arm.in_process import Client, Reply
from tests.sandbox.arm.policy import no_shared_keys, required_tag
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.vhd import GIB, MIB, footer, vhd
from tests.sandbox.entra import tokens
from tests.sandbox.knobs import RECORDED_POLLS, Knobs
from tests.sandbox.seeds.azure import OBJECT_ID, azure_world, contributor, reader
from tests.sandbox.seeds.spec import SUBSCRIPTION
from tests.sandbox.world import Cloud, Container, Principal, Role, StorageAccount
from tests.swagger import Specs

SUB = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/prod-7x2kq-rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/rhcosvhds"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/vhds"
GALLERY = f"{GROUP}/providers/Microsoft.Compute/galleries/rhcos_prod"
DEFINITION = f"{GALLERY}/images/rhcos-arm64-gen2"
VERSION = f"{DEFINITION}/versions/1.0.0"
STORAGE, COMPUTE = "api-version=2023-05-01", "api-version=2024-03-03"
URI = "https://rhcosvhds.blob.core.windows.net/vhds/rhcos.vhd"


@pytest.fixture(scope="session")
def specs(shared_data: Path | None) -> Specs | None:
    return Specs(shared_data / "specs" / "azure") if shared_data else None


@pytest.fixture
def arm(specs: Specs | None) -> Iterator[Client]:
    """A client on a fresh world; with the official descriptions at hand, every exchange must agree with them."""
    client = Client(azure_world(Cloud(), "eastus", "prod-7x2kq-rg", zones=True))
    yield client
    if specs is not None:
        assert [fault for exchange in client.exchanges for fault in specs.check(exchange) if _named(fault)] == []


def _named(fault: str) -> bool:
    """Not the faults that a test makes on purpose: names that Azure refuses."""
    return not re.search(r"path (accountName|galleryName|galleryImageName)|has no description", fault)


def account_body(**properties: Any) -> dict[str, Any]:
    return {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": properties}


def definition_body(**properties: Any) -> dict[str, Any]:
    every = {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "architecture": "Arm64",
        "identifier": {"publisher": "RedHat", "offer": "rhcos", "sku": "rhcos-arm64-gen2"},
    }
    return {"location": "eastus", "properties": {**every, **properties}}


def version_body(*regions: str, **source: Any) -> dict[str, Any]:
    source = source or {"storageAccountId": ACCOUNT, "uri": URI}
    return {
        "location": "eastus",
        "properties": {
            "publishingProfile": {"targetRegions": [{"name": region} for region in regions or ("eastus",)]},
            "storageProfile": {"osDiskImage": {"source": source}},
        },
    }


def stored(arm: Client) -> StorageAccount:
    """The account with a good VHD in it."""
    arm.finish(arm.send("PUT", f"{ACCOUNT}?{STORAGE}", account_body()))
    account = arm.world.accounts["rhcosvhds"]
    account.containers["vhds"] = Container("vhds")
    account.containers["vhds"].blobs["rhcos.vhd"] = new_blob(vhd(1 * MIB, 16 * GIB), 0)
    return account


def defined(arm: Client) -> None:
    arm.finish(arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"}))
    arm.finish(arm.send("PUT", f"{DEFINITION}?{COMPUTE}", definition_body()))


def published(arm: Client, *regions: str) -> Reply:
    """What the operation says in the end."""
    return arm.finish(arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body(*regions)))


# Who asks


def test_when_no_token_is_sent_it_answers_401_and_names_the_tenant(arm: Client) -> None:
    reply = arm.send("GET", f"{GROUP}?api-version=2024-03-01", authorization="")
    assert (reply.status, reply.code) == (401, "AuthenticationFailed")
    assert f"login.windows.net/{arm.world.tenants[0]}" in reply.headers["www-authenticate"]


def test_when_the_token_has_expired_it_says_so_in_the_challenge(arm: Client) -> None:
    token = arm.token(seconds=60)
    arm.world.clock.offset = 61
    reply = arm.send("GET", f"{GROUP}?api-version=2024-03-01", authorization=f"Bearer {token}")
    assert (reply.status, reply.code) == (401, "ExpiredAuthenticationToken")
    assert 'error_description="The access token has expired."' in reply.headers["www-authenticate"]


def test_when_the_token_is_of_another_tenant_it_names_both(arm: Client) -> None:
    other = Principal("00000000-0000-4000-8000-00000000d002", "client", "object", "secret")
    token = tokens.issue(arm.world, other, arm.world.cloud.audience)
    reply = arm.send("GET", f"{GROUP}?api-version=2024-03-01", authorization=f"Bearer {token}")
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationTokenTenant")
    assert other.tenant in reply.message
    assert arm.world.tenants[0] in reply.message


@pytest.mark.parametrize("token", ["nonsense", "a.b.c"])
def test_when_the_token_is_none_it_answers_401(arm: Client, token: str) -> None:
    assert arm.send("GET", f"{GROUP}?api-version=2024-03-01", authorization=f"Bearer {token}").status == 401


def test_when_the_token_is_for_storage_it_is_refused(arm: Client) -> None:
    token = tokens.issue(arm.world, arm.world.principals[0], "https://storage.azure.com/")
    reply = arm.send("GET", f"{GROUP}?api-version=2024-03-01", authorization=f"Bearer {token}")
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationTokenAudience")


def test_when_no_role_allows_it_names_action_and_scope(arm: Client) -> None:
    arm.world.roles = [reader(OBJECT_ID, SUB)]
    reply = arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"})
    assert (reply.status, reply.code) == (403, "AuthorizationFailed")
    assert f"'Microsoft.Compute/galleries/write' over scope '{GALLERY}'" in reply.message


def test_when_the_role_is_on_the_group_only_it_reaches_no_further(arm: Client) -> None:
    arm.world.roles = [contributor(OBJECT_ID, GROUP)]
    assert arm.send("GET", f"{GROUP}?api-version=2024-03-01").status == 200
    assert (
        arm.send("GET", f"{SUB}/providers/Microsoft.Compute/skus?api-version=2021-07-01").code == "AuthorizationFailed"
    )


# Where


def test_when_ids_are_in_another_case_it_finds_them(arm: Client) -> None:
    reply = arm.send("GET", f"{GROUP.upper().replace('/SUBSCRIPTIONS', '/Subscriptions')}?api-version=2024-03-01")
    assert reply.body["id"] == GROUP


@pytest.mark.parametrize(
    ("query", "code"), [("", "MissingApiVersionParameter"), ("?api-version=x", "InvalidApiVersionParameter")]
)
def test_when_the_api_version_is_missing_or_none_it_answers_400(arm: Client, query: str, code: str) -> None:
    reply = arm.send("GET", f"{GROUP}{query}")
    assert (reply.status, reply.code) == (400, code)


def test_when_the_subscription_is_unknown_it_answers_404(arm: Client) -> None:
    reply = arm.send("GET", "/subscriptions/00000000-0000-4000-8000-00000000c404?api-version=2022-12-01")
    assert (reply.status, reply.code) == (404, "SubscriptionNotFound")


def test_when_the_group_is_missing_even_a_list_below_it_is(arm: Client) -> None:
    reply = arm.send("GET", f"{SUB}/resourceGroups/gone/providers/Microsoft.Compute/galleries?{COMPUTE}")
    assert (reply.status, reply.code) == (404, "ResourceGroupNotFound")


def test_when_a_group_is_put_deleted_and_polled_its_contents_are_gone(arm: Client) -> None:
    stored(arm)
    group = f"{SUB}/resourcegroups/other?api-version=2024-03-01"
    assert arm.send("PUT", group, {"location": "eastus"}).status == 201
    assert arm.send("PUT", group, {"location": "eastus"}).status == 200
    assert arm.send("PUT", group, {"location": "westus"}).code == "InvalidResourceGroupLocation"
    accepted = arm.send("DELETE", f"{GROUP}?api-version=2024-03-01")
    assert (accepted.status, accepted.headers["retry-after"]) == (202, "0")
    assert arm.finish(accepted).status == 200
    assert "rhcosvhds" not in arm.world.accounts


def test_when_a_provider_is_not_registered_writes_wait_for_it(arm: Client) -> None:
    arm.world.subscriptions[SUBSCRIPTION]["providers"]["Microsoft.Compute"] = "NotRegistered"
    arm.knobs.polls["register"] = 1
    provider = f"{SUB}/providers/Microsoft.Compute"
    assert arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"}).code == "MissingSubscriptionRegistration"
    states = [arm.send("POST", f"{provider}/register?api-version=2024-03-01").body["registrationState"]]
    states += [arm.send("GET", f"{provider}?api-version=2024-03-01").body["registrationState"] for _ in range(2)]
    assert states == ["Registering", "Registering", "Registered"]
    assert arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"}).status == 201


def test_when_a_policy_denies_it_names_the_policy(arm: Client) -> None:
    arm.world.policies.append(no_shared_keys(SUB))
    reply = arm.send("PUT", f"{ACCOUNT}?{STORAGE}", account_body())
    assert (reply.status, reply.code, reply.body["error"]["target"]) == (403, "RequestDisallowedByPolicy", "rhcosvhds")
    info = reply.body["error"]["additionalInfo"][0]["info"]
    assert info["policyDefinitionDisplayName"].startswith("Storage Account Creation Denied")
    assert arm.send("PUT", f"{ACCOUNT}?{STORAGE}", account_body(allowSharedKeyAccess=False)).status == 202


def test_when_a_policy_wants_a_tag_it_is_judged_on_every_kind(arm: Client) -> None:
    arm.world.policies.append(required_tag(GROUP, "costCenter"))
    assert arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"}).code == "RequestDisallowedByPolicy"
    tagged = {"location": "eastus", "tags": {"costCenter": "0042"}}
    assert arm.send("PUT", f"{GALLERY}?{COMPUTE}", tagged).status == 201


def test_when_a_tag_is_too_long_it_is_refused(arm: Client) -> None:
    def gallery(name: str, value: str) -> Reply:
        return arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus", "tags": {name: value}})

    assert gallery("n", "v" * 257).status == 400
    assert gallery("n" * 513, "v").status == 400
    assert gallery("n" * 512, "v" * 256).status == 201
    assert arm.send("PUT", f"{ACCOUNT}?{STORAGE}", {**account_body(), "tags": {"n" * 129: "v"}}).status == 400


# Storage accounts


def test_when_an_account_is_new_its_location_is_polled_until_it_answers_the_account(arm: Client) -> None:
    arm.knobs = Knobs(polls=dict(RECORDED_POLLS), retry_after=None)
    accepted = arm.send("PUT", f"{ACCOUNT}?{STORAGE}", account_body())
    assert (accepted.status, accepted.body, accepted.headers["retry-after"]) == (202, None, "17")
    assert "azure-asyncoperation" not in accepted.headers
    running = arm.send("GET", accepted.headers["location"])
    assert (running.status, running.body) == (202, None)
    assert arm.send("GET", accepted.headers["location"]).body["id"] == ACCOUNT


def test_when_the_client_was_killed_a_look_at_the_account_goes_on_with_it(arm: Client) -> None:
    arm.send("PUT", f"{ACCOUNT}?{STORAGE}", account_body())
    states = [arm.send("GET", f"{ACCOUNT}?{STORAGE}").body["properties"]["provisioningState"] for _ in range(2)]
    assert states == ["Creating", "Succeeded"]


def test_when_an_account_is_being_made_its_keys_cannot_be_had(arm: Client) -> None:
    arm.send("PUT", f"{ACCOUNT}?{STORAGE}", account_body())
    assert arm.send("POST", f"{ACCOUNT}/listKeys?{STORAGE}").code == "StorageAccountIsNotProvisioned"


def test_when_the_account_is_there_a_put_updates_it_at_once(arm: Client) -> None:
    stored(arm)
    reply = arm.send("PUT", f"{ACCOUNT}?{STORAGE}", account_body(allowSharedKeyAccess=False))
    assert (reply.status, reply.body["properties"]["allowSharedKeyAccess"]) == (200, False)


def test_when_the_account_is_patched_the_rest_stays(arm: Client) -> None:
    stored(arm)
    reply = arm.send("PATCH", f"{ACCOUNT}?{STORAGE}", {"properties": {"allowSharedKeyAccess": False}})
    assert reply.body["properties"]["minimumTlsVersion"] == "TLS1_0"
    assert not arm.world.accounts["rhcosvhds"].shared_keys


def test_when_shared_keys_are_off_they_are_still_listed(arm: Client) -> None:
    account = stored(arm)
    account.body["properties"]["allowSharedKeyAccess"] = False
    keys = arm.send("POST", f"{ACCOUNT}/listKeys?{STORAGE}").body["keys"]
    assert [key["value"] for key in keys] == account.keys


def test_when_the_name_is_somebody_elses_it_is_taken(arm: Client) -> None:
    check = f"{SUB}/providers/Microsoft.Storage/checkNameAvailability?{STORAGE}"
    asked = {"name": "rhcos", "type": "Microsoft.Storage/storageAccounts"}
    assert arm.send("POST", check, asked).body["reason"] == "AlreadyExists"
    taken = ACCOUNT.replace("rhcosvhds", "rhcos")
    assert arm.send("PUT", f"{taken}?{STORAGE}", account_body()).code == "StorageAccountAlreadyTaken"
    assert arm.send("GET", f"{taken}?{STORAGE}").code == "ResourceNotFound"


def test_when_the_name_is_not_one_it_says_which_are(arm: Client) -> None:
    reply = arm.send("PUT", f"{ACCOUNT.replace('rhcosvhds', 'RHCOS_')}?{STORAGE}", account_body())
    assert (reply.status, reply.code) == (400, "AccountNameInvalid")


def test_when_accounts_are_listed_only_the_readable_ones_are_shown(arm: Client) -> None:
    stored(arm)
    everywhere = f"{SUB}/providers/Microsoft.Storage/storageAccounts?{STORAGE}"
    assert [each["name"] for each in arm.send("GET", everywhere).body["value"]] == ["rhcosvhds"]
    arm.world.roles = [reader(OBJECT_ID, f"{SUB}/resourceGroups/another")]
    assert arm.send("GET", everywhere).body["value"] == []
    arm.world.roles = []
    assert arm.send("GET", everywhere).code == "AuthorizationFailed"


def test_when_a_container_is_put_it_is_there_for_the_blob_service(arm: Client) -> None:
    account = stored(arm)
    del account.containers["vhds"]
    body = {"properties": {"publicAccess": "None"}}
    assert arm.send("GET", f"{CONTAINER}?{STORAGE}").code == "ContainerNotFound"
    assert [arm.send("PUT", f"{CONTAINER}?{STORAGE}", body).status for _ in range(2)] == [201, 200]
    assert account.containers["vhds"].public_access == "None"
    listed = arm.send("GET", f"{CONTAINER.removesuffix('/vhds')}?{STORAGE}").body["value"]
    assert [each["name"] for each in listed] == ["vhds"]
    assert [arm.send("DELETE", f"{CONTAINER}?{STORAGE}").status for _ in range(2)] == [200, 204]


def test_when_the_account_is_missing_its_container_has_no_parent(arm: Client) -> None:
    assert arm.send("PUT", f"{CONTAINER}?{STORAGE}", {"properties": {}}).code == "ParentResourceNotFound"


def test_when_the_account_forbids_public_access_a_container_cannot_have_it(arm: Client) -> None:
    stored(arm)
    reply = arm.send("PUT", f"{CONTAINER}?{STORAGE}", {"properties": {"publicAccess": "Blob"}})
    assert (reply.status, reply.code) == (409, "PublicAccessNotPermitted")


# Galleries and image definitions


def test_when_a_gallery_is_new_it_is_201_with_the_async_header_alone(arm: Client) -> None:
    reply = arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"})
    assert (reply.status, reply.body["properties"]["provisioningState"]) == (201, "Creating")
    assert reply.body["properties"]["identifier"]["uniqueName"] == f"{SUBSCRIPTION}-RHCOS_PROD"
    assert not {"location", "retry-after"} & reply.headers.keys()
    assert arm.finish(reply).body["status"] == "Succeeded"
    assert arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"}).status == 200


def test_when_an_operations_url_is_not_verbatim_it_is_not_found(arm: Client) -> None:
    url = arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"}).headers["azure-asyncoperation"]
    assert len(url) > 3000
    assert arm.send("GET", re.sub(r"&s=[^&]+", "&s=x", url)).status == 404


@pytest.mark.parametrize("name", ["with-dash", "x" * 81, "_x"])
def test_when_a_gallery_name_is_not_one_it_is_refused(arm: Client, name: str) -> None:
    reply = arm.send("PUT", f"{GROUP}/providers/Microsoft.Compute/galleries/{name}?{COMPUTE}", {"location": "eastus"})
    assert (reply.status, reply.code, reply.body["error"]["target"]) == (400, "InvalidParameter", "galleryName")


def test_when_the_gallery_is_missing_its_definition_has_no_parent(arm: Client) -> None:
    write = arm.send("PUT", f"{DEFINITION}?{COMPUTE}", definition_body())
    read = arm.send("GET", f"{DEFINITION}?{COMPUTE}")
    assert (write.status, write.code) == (read.status, read.code) == (404, "ParentResourceNotFound")


def test_when_a_definition_says_little_the_service_fills_in_v1_and_x64(arm: Client) -> None:
    arm.finish(arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"}))
    body = definition_body()
    for name in ("hyperVGeneration", "architecture"):
        del body["properties"][name]
    properties = arm.send("PUT", f"{DEFINITION}?{COMPUTE}", body).body["properties"]
    assert (properties["hyperVGeneration"], properties["architecture"]) == ("V1", "x64")
    assert "features" not in properties


def test_when_features_are_sent_they_come_back(arm: Client) -> None:
    arm.finish(arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"}))
    features = [{"name": "DiskControllerTypes", "value": "SCSI, NVMe"}]
    reply = arm.send("PUT", f"{DEFINITION}?{COMPUTE}", definition_body(features=features))
    assert reply.body["properties"]["features"] == features


def test_when_the_api_version_is_2025_trusted_launch_is_the_default(arm: Client) -> None:
    arm.finish(arm.send("PUT", f"{GALLERY}?{COMPUTE}", {"location": "eastus"}))
    reply = arm.send("PUT", f"{DEFINITION}?api-version=2025-03-03", definition_body())
    assert reply.body["properties"]["features"] == [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"architecture": "x64"}, "galleryImage.properties.architecture"),
        ({"hyperVGeneration": "V1"}, "galleryImage.properties.hyperVGeneration"),
        ({"osState": "Specialized"}, "galleryImage.properties.osState"),
        ({"identifier": {"publisher": "A", "offer": "b", "sku": "c"}}, "galleryImage.properties.identifier.publisher"),
    ],
)
def test_when_a_definition_would_change_it_is_refused(arm: Client, change: dict[str, Any], target: str) -> None:
    defined(arm)
    reply = arm.send("PUT", f"{DEFINITION}?{COMPUTE}", definition_body(**change))
    assert (reply.status, reply.code, reply.body["error"]["target"]) == (409, "PropertyChangeNotAllowed", target)


def test_when_the_identifier_is_used_in_the_gallery_it_conflicts(arm: Client) -> None:
    defined(arm)
    reply = arm.send("PUT", f"{GALLERY}/images/another?{COMPUTE}", definition_body())
    assert (reply.status, reply.code) == (409, "Conflict")


# Image versions


def test_when_a_version_is_made_it_replicates_region_by_region(arm: Client) -> None:
    stored(arm)
    defined(arm)
    created = arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body("eastus", "westeurope"))
    profile = created.body["properties"]["publishingProfile"]
    assert (created.status, [each["name"] for each in profile["targetRegions"]]) == (201, ["East US", "West Europe"])
    assert "sizeInGB" not in created.body["properties"]["storageProfile"]["osDiskImage"]
    seen = [arm.send("GET", f"{VERSION}?{COMPUTE}&$expand=ReplicationStatus").body["properties"] for _ in range(3)]
    assert [each["provisioningState"] for each in seen] == ["Creating", "Creating", "Succeeded"]
    statuses = [each["replicationStatus"]["summary"][1] for each in seen]
    assert [each["state"] for each in statuses] == ["Replicating", "Replicating", "Completed"]
    assert statuses[0]["progress"] < statuses[1]["progress"] < statuses[2]["progress"] == 100
    assert statuses[0]["region"] == "westeurope"
    assert seen[2]["storageProfile"]["osDiskImage"]["sizeInGB"] == 16


def test_when_replication_is_not_asked_for_it_is_not_told(arm: Client) -> None:
    stored(arm)
    defined(arm)
    published(arm)
    assert "replicationStatus" not in arm.send("GET", f"{VERSION}?{COMPUTE}").body["properties"]


def test_when_a_region_is_added_only_that_one_replicates(arm: Client) -> None:
    stored(arm)
    defined(arm)
    published(arm)
    updated = arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body("East US", "westus"))
    assert (updated.status, updated.body["properties"]["provisioningState"]) == (200, "Updating")
    body = arm.send("GET", f"{VERSION}?{COMPUTE}&$expand=ReplicationStatus").body
    states = [each["state"] for each in body["properties"]["replicationStatus"]["summary"]]
    assert states == ["Completed", "Replicating"]


def test_when_a_version_is_being_made_another_write_conflicts(arm: Client) -> None:
    stored(arm)
    defined(arm)
    arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body())
    assert arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body()).code == "Conflict"


@pytest.mark.parametrize("name", ["1.0", "1.0.0.0", "a.b.c", "1.0.2147483648", "01.0.0", "418.94.202602022246"])
def test_when_a_version_is_not_three_numbers_it_is_refused(arm: Client, name: str) -> None:
    stored(arm)
    defined(arm)
    reply = arm.send("PUT", f"{DEFINITION}/versions/{name}?{COMPUTE}", version_body())
    assert (reply.status, reply.code) == (400, "InvalidParameter")
    assert "Major(int).Minor(int).Patch(int)" in reply.message


@pytest.mark.parametrize(
    ("regions", "sentence"),
    [
        (["westus"], "must contain the location of image version eastus"),
        (["eastus", "East US"], "Duplicate regions are not allowed"),
    ],
)
def test_when_the_target_regions_are_wrong_it_is_refused(arm: Client, regions: list[str], sentence: str) -> None:
    stored(arm)
    defined(arm)
    reply = arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body(*regions))
    assert reply.status == 400
    assert sentence in reply.message


def test_when_the_caller_may_not_list_the_accounts_keys_the_link_is_refused(arm: Client) -> None:
    stored(arm)
    defined(arm)
    arm.world.roles = [Role(OBJECT_ID, SUB, ["*"], ["Microsoft.Storage/storageAccounts/listKeys/action"])]
    reply = arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body())
    assert (reply.status, reply.code) == (403, "LinkedAuthorizationFailed")
    assert ACCOUNT in reply.message


def test_when_the_source_is_an_id_it_is_an_invalid_parameter(arm: Client) -> None:
    stored(arm)
    defined(arm)
    reply = arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body(id=ACCOUNT, uri=URI))
    assert (reply.status, reply.code) == (400, "InvalidParameter")


def test_when_the_account_is_in_another_region_it_is_not_found(arm: Client) -> None:
    stored(arm).body["location"] = "westus"
    defined(arm)
    reply = arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body())
    assert reply.status == 404
    assert "is in the same region as gallery image version" in reply.message


def test_when_the_uri_is_of_another_account_it_is_refused(arm: Client) -> None:
    stored(arm)
    defined(arm)
    uri = "https://rhcos.blob.core.windows.net/imagebucket/rhcos.vhd"
    reply = arm.send("PUT", f"{VERSION}?{COMPUTE}", version_body(storageAccountId=ACCOUNT, uri=uri))
    assert (reply.status, reply.code) == (400, "InvalidParameter")


@pytest.mark.parametrize("damage", ["missing", "block", "pending", "cookie", "dynamic", "checksum", "size", "odd"])
def test_when_the_blob_is_no_vhd_the_operation_fails(arm: Client, damage: str) -> None:
    blobs = stored(arm).containers["vhds"].blobs
    blob = blobs["rhcos.vhd"]
    last = blob.store.size - 512
    match damage:
        case "missing":
            del blobs["rhcos.vhd"]
        case "block":
            blob.properties["blob_type"] = "BlockBlob"
        case "pending":
            blob.properties["copy"] = {"status": "pending"}
        case "cookie":
            blob.store.write(last, bytes(512))
        case "dynamic":
            blob.store.write(last, footer(16 * GIB, disk_type=3))
        case "checksum":
            blob.store.write(last + 100, b"x")
        case "size":
            blob.store.write(last, footer(15 * GIB))
        case "odd":  # a footer that agrees with the blob, whose size is no whole number of MiB
            blob.store = PageStore(MIB + 1024)
            blob.store.write(MIB + 512, footer(MIB + 512))
    defined(arm)
    failed = published(arm).body
    blob_fault = damage in ("missing", "block", "pending")
    assert (failed["status"], failed["error"]["code"]) == ("Failed", "InvalidParameter" if blob_fault else "InvalidVhd")
    assert URI in failed["error"]["message"]
    version = arm.send("GET", f"{VERSION}?{COMPUTE}&$expand=ReplicationStatus").body["properties"]
    assert (version["provisioningState"], version["replicationStatus"]["aggregatedState"]) == ("Failed", "Failed")


def test_when_the_source_would_change_it_is_refused(arm: Client) -> None:
    stored(arm)
    defined(arm)
    published(arm)
    other = version_body(storageAccountId=ACCOUNT, uri=URI.replace("rhcos.vhd", "other.vhd"))
    assert arm.send("PUT", f"{VERSION}?{COMPUTE}", other).code == "PropertyChangeNotAllowed"


def test_when_the_blob_is_gone_a_published_version_can_still_be_extended(arm: Client) -> None:
    account = stored(arm)
    defined(arm)
    published(arm)
    account.containers.clear()
    assert published(arm, "eastus", "westus").body["status"] == "Succeeded"


def test_when_a_version_is_deleted_both_headers_lead_to_the_end(arm: Client) -> None:
    stored(arm)
    defined(arm)
    published(arm)
    accepted = arm.send("DELETE", f"{VERSION}?{COMPUTE}")
    assert (accepted.status, accepted.body) == (202, None)
    assert "monitor=true" in accepted.headers["location"]
    assert arm.send("GET", accepted.headers["location"]).status == 202
    last = arm.send("GET", accepted.headers["location"])
    assert (last.status, last.body) == (200, None)
    assert arm.send("GET", f"{VERSION}?{COMPUTE}").code == "ResourceNotFound"
    assert arm.send("DELETE", f"{VERSION}?{COMPUTE}").status == 204


def test_when_children_are_left_a_parent_cannot_be_deleted(arm: Client) -> None:
    stored(arm)
    defined(arm)
    published(arm)
    for parent in (GALLERY, DEFINITION):
        reply = arm.send("DELETE", f"{parent}?{COMPUTE}")
        assert (reply.status, reply.message) == (409, "Can not delete resource before nested resources are deleted.")
    for child in (VERSION, DEFINITION, GALLERY):
        arm.finish(arm.send("DELETE", f"{child}?{COMPUTE}"))
    assert arm.send("GET", f"{GALLERY}?{COMPUTE}").status == 404


# What a region offers


def test_when_skus_are_filtered_by_location_only_its_own_are_listed(arm: Client) -> None:
    skus = f"{SUB}/providers/Microsoft.Compute/skus?api-version=2021-07-01&$filter=location%20eq%20"
    assert "Standard_D4ps_v5" in [sku["name"] for sku in arm.send("GET", f"{skus}'eastus'").body["value"]]
    assert arm.send("GET", f"{skus}'westus'").body["value"] == []


def test_when_the_quota_is_asked_for_the_total_is_named_cores(arm: Client) -> None:
    usages = f"{SUB}/providers/Microsoft.Compute/locations/eastus/usages?api-version=2024-11-01"
    names = [usage["name"]["value"] for usage in arm.send("GET", usages).body["value"]]
    assert {"cores", "standardDPSv5Family"} <= set(names)


def test_when_permissions_are_asked_for_every_role_is_an_entry(arm: Client) -> None:
    url = f"{GROUP}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    entries = arm.send("GET", url).body["value"]
    assert [bool(entry["dataActions"]) for entry in entries] == [False, True]


def test_when_a_marketplace_image_is_looked_up_its_versions_are_a_bare_list(arm: Client) -> None:
    image = {"publisher": "azureopenshift", "offer": "aro4", "sku": "420-arm", "version": "9.6.20251015"}
    arm.world.marketplace = [{**image, "architecture": "Arm64", "generation": "V2", "plan": None}]
    versions = (
        f"{SUB}/providers/Microsoft.Compute/locations/eastus/publishers/azureopenshift/artifacttypes/vmimage"
        "/offers/aro4/skus/420-arm/versions"
    )
    listed = arm.send("GET", f"{versions}?api-version=2024-11-01").body
    assert [each["name"] for each in listed] == ["9.6.20251015"]
    got = arm.send("GET", f"{versions}/9.6.20251015?api-version=2024-11-01").body
    assert got["properties"]["architecture"] == "Arm64"
    assert arm.send("GET", f"{versions.replace('420-arm', '999')}?api-version=2024-11-01").status == 404


def test_when_subscriptions_and_locations_are_listed_the_callers_are_shown(arm: Client) -> None:
    listed = arm.send("GET", "/subscriptions?api-version=2022-12-01").body["value"]
    assert [each["subscriptionId"] for each in listed] == [SUBSCRIPTION]
    assert arm.send("GET", f"{SUB}?api-version=2022-12-01").body["tenantId"] == arm.world.tenants[0]
    assert arm.send("GET", "/tenants?api-version=2022-12-01").body["value"][0]["tenantId"] == arm.world.tenants[0]
    locations = arm.send("GET", f"{SUB}/locations?api-version=2022-12-01").body["value"]
    assert ("eastus", "East US") in [(each["name"], each["displayName"]) for each in locations]
