"""Resource Manager through the SDK, as the pipeline sees it."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_arm64.azure.session import Azure, connect
from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFound, Refused, SignInRequired, Unsupported
from kubectl_arm64.pipeline.ports import Resource
from kubectl_arm64.pipeline.step import Operation
from tests.azure_access import enter, group, reach, subscription
from tests.sandbox.arm.policy import no_shared_keys
from tests.sandbox.server import Sandbox

ACCOUNT = "rhcosabcdefgh"
ACCOUNT_BODY: Resource = {
    "location": "eastus",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "tags": {"kubectl-arm64": "managed"},
    "properties": {"allowSharedKeyAccess": True, "allowBlobPublicAccess": False, "minimumTlsVersion": "TLS1_2"},
}
DEFINITION_BODY: Resource = {
    "location": "eastus",
    "properties": {
        "architecture": "Arm64",
        "hyperVGeneration": "V2",
        "osType": "Linux",
        "osState": "Generalized",
        "identifier": {"publisher": "RedHat", "offer": "rhcos", "sku": "rhcos-arm64-gen2"},
        "features": [{"name": "DiskControllerTypes", "value": "SCSI, NVMe"}],
    },
}


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def azure(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> Azure:
    return reach(sandbox, monkeypatch, waits)


def done(operation: Operation) -> int:
    """How many polls it took."""
    polls = 1
    while not operation.finished():
        polls += 1
    return polls


def properties(resource: Resource | None) -> dict[str, Any]:
    assert resource is not None
    return dict(resource["properties"])


# Operations


def test_an_account_is_polled_by_its_location_until_it_is_there(sandbox: Sandbox, azure: Azure) -> None:
    sandbox.knobs.polls["storageAccounts"] = 2
    sandbox.knobs.retry_after = 17
    operation = azure.storage_accounts.create(group(sandbox), ACCOUNT, ACCOUNT_BODY)
    assert operation.retry_after == 17
    assert not operation.finished()
    done(operation)
    assert properties(azure.storage_accounts.get(group(sandbox), ACCOUNT))["provisioningState"] == "Succeeded"
    assert len(sandbox.asked("PUT", ACCOUNT)) == 1


def test_a_gallery_is_polled_by_its_status(sandbox: Sandbox, azure: Azure) -> None:
    operation = azure.galleries.create(group(sandbox), "rhcos", {"location": "eastus", "properties": {}})
    assert operation.retry_after is None
    done(operation)
    assert properties(azure.galleries.get(group(sandbox), "rhcos"))["provisioningState"] == "Succeeded"


def test_begin_sends_the_one_request_and_polls_nothing(sandbox: Sandbox, azure: Azure) -> None:
    azure.galleries.create(group(sandbox), "rhcos", {"location": "eastus", "properties": {}})
    assert [exchange["method"] for exchange in sandbox.asked("", "management")] == ["PUT"]


def test_when_a_poll_times_out_at_the_gateway_the_operation_goes_on(sandbox: Sandbox, azure: Azure) -> None:
    operation = azure.galleries.create(group(sandbox), "rhcos", {"location": "eastus", "properties": {}})
    sandbox.fault("capsOperations", method="GET", status=504, times=10)
    assert not operation.finished()


def test_when_the_status_is_forgotten_the_resource_decides(sandbox: Sandbox, azure: Azure) -> None:
    operation = azure.galleries.create(group(sandbox), "rhcos", {"location": "eastus", "properties": {}})
    sandbox.fault("capsOperations", method="GET", status=404)
    assert operation.finished()


def test_when_an_operation_fails_it_says_what_azure_says(sandbox: Sandbox, azure: Azure) -> None:
    operation = azure.galleries.create(group(sandbox), "rhcos", {"location": "eastus", "properties": {}})
    failed = (
        '{"status": "Failed", "error": {"code": "OperationFailed", "message": "It did not work.", "details": '
        '[{"code": "QuotaExceeded", "message": "No room for galleries"}]}}'
    )
    sandbox.fault("capsOperations", method="GET", status=200, body=failed)
    with pytest.raises(Unsupported, match=r"create gallery rhcos.*It did not work.*No room for galleries.*quota"):
        operation.finished()


def test_to_delete_what_is_gone_is_done_at_once(sandbox: Sandbox, azure: Azure) -> None:
    galleries = azure.galleries
    done(galleries.create(group(sandbox), "rhcos", {"location": "eastus", "properties": {}}))
    done(galleries.create_definition(group(sandbox), "rhcos", "rhcos-arm64-gen2", DEFINITION_BODY))
    assert done(galleries.delete_version(group(sandbox), "rhcos", "rhcos-arm64-gen2", "1.0.0")) == 1


# Storage accounts


def test_a_name_of_somebody_else_s_is_taken_and_a_free_one_is_not(azure: Azure) -> None:
    assert "already taken" in azure.storage_accounts.taken("rhcos")
    assert azure.storage_accounts.taken(ACCOUNT) == ""


def test_a_container_is_made_private_and_without_a_data_role(sandbox: Sandbox, azure: Azure) -> None:
    accounts = azure.storage_accounts
    done(accounts.create(group(sandbox), ACCOUNT, ACCOUNT_BODY))
    assert accounts.get_container(group(sandbox), ACCOUNT, "vhd") is None
    accounts.create_container(group(sandbox), ACCOUNT, "vhd")
    assert properties(accounts.get_container(group(sandbox), ACCOUNT, "vhd"))["publicAccess"] == "None"


def test_shared_keys_are_switched_by_a_patch(sandbox: Sandbox, azure: Azure) -> None:
    done(azure.storage_accounts.create(group(sandbox), ACCOUNT, ACCOUNT_BODY))
    azure.storage_accounts.update(group(sandbox), ACCOUNT, {"properties": {"allowSharedKeyAccess": False}})
    assert not sandbox.world.accounts[ACCOUNT].shared_keys
    assert [exchange["request"] for exchange in sandbox.asked("PATCH", ACCOUNT)] == [
        {"properties": {"allowSharedKeyAccess": False}}
    ]


def test_when_a_policy_denies_the_account_it_is_named(sandbox: Sandbox, azure: Azure) -> None:
    policy = no_shared_keys(f"/subscriptions/{subscription(sandbox)}")
    sandbox.world.policies.append(policy)
    with pytest.raises(Denied) as caught:
        azure.storage_accounts.create(group(sandbox), ACCOUNT, ACCOUNT_BODY)
    assert policy.name in str(caught.value)


def test_when_a_right_is_missing_it_names_action_and_scope(sandbox: Sandbox, azure: Azure) -> None:
    sandbox.world.roles.clear()
    with pytest.raises(Denied, match=f"lacks Microsoft.Storage/storageAccounts/write on .*{ACCOUNT}"):
        azure.storage_accounts.create(group(sandbox), ACCOUNT, ACCOUNT_BODY)


# Galleries


def test_every_request_carries_its_pinned_version(sandbox: Sandbox, azure: Azure) -> None:
    azure.galleries.get(group(sandbox), "rhcos")
    azure.galleries.get_version(group(sandbox), "rhcos", "d", "1.0.0")
    azure.storage_accounts.get(group(sandbox), ACCOUNT)
    azure.storage_accounts.taken(ACCOUNT)
    azure.sizes("eastus")
    azure.resource_group(group(sandbox))
    found = [exchange["query"].rpartition("api-version=")[2][:10] for exchange in sandbox.asked("", "management")]
    assert found == [
        "2024-03-03",
        "2024-03-03",
        "2023-05-01",
        "2023-05-01",
        "2021-07-01",
        "2024-03-01",
    ]


def test_a_definition_travels_as_it_is_written(sandbox: Sandbox, azure: Azure) -> None:
    galleries = azure.galleries
    done(galleries.create(group(sandbox), "rhcos", {"location": "eastus", "properties": {}}))
    done(galleries.create_definition(group(sandbox), "rhcos", "rhcos-arm64-gen2", DEFINITION_BODY))
    assert sandbox.asked("PUT", "/images/")[0]["request"] == DEFINITION_BODY
    found = properties(galleries.get_definition(group(sandbox), "rhcos", "rhcos-arm64-gen2"))
    assert (found["architecture"], found["hyperVGeneration"]) == ("Arm64", "V2")


def test_when_a_definition_s_properties_change_it_is_refused_with_advice(sandbox: Sandbox, azure: Azure) -> None:
    galleries = azure.galleries
    done(galleries.create(group(sandbox), "rhcos", {"location": "eastus", "properties": {}}))
    done(galleries.create_definition(group(sandbox), "rhcos", "rhcos-arm64-gen2", DEFINITION_BODY))
    other = {**DEFINITION_BODY, "properties": {**DEFINITION_BODY["properties"], "architecture": "x64"}}
    with pytest.raises(Refused, match="choose another name with --image-definition"):
        galleries.create_definition(group(sandbox), "rhcos", "rhcos-arm64-gen2", other)


# What is read before anything is written


def test_the_resource_group_and_the_lack_of_one_are_told_apart(sandbox: Sandbox, azure: Azure) -> None:
    found = azure.resource_group(group(sandbox))
    assert found
    assert found["location"] == "eastus"
    assert azure.resource_group("nowhere") is None


def test_when_the_subscription_is_unknown_that_is_no_missing_gallery(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = enter(sandbox, monkeypatch)
    stranger = "00000000-0000-4000-8000-00000000c0de"
    azure = connect(cloud_name="", subscription=stranger, tenant="", environ=environ)
    with pytest.raises(NotFound, match="check --subscription"):
        azure.galleries.get("prod-7x2kq-rg", "rhcos")
    with pytest.raises(NotFound, match="check --subscription"):
        azure.resource_group("prod-7x2kq-rg")


def test_in_us_government_its_own_hosts_are_asked(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.reset("usgov")
    azure = reach(sandbox, monkeypatch, [])
    azure.sign_in(storage=True)
    assert azure.resource_group(group(sandbox))
    assert {exchange["host"] for exchange in sandbox.exchanges} == {
        "login.microsoftonline.us",
        "management.usgovcloudapi.net",
    }


def test_registration_is_told_where_it_may_be_read(sandbox: Sandbox, azure: Azure) -> None:
    sandbox.world.subscriptions[subscription(sandbox)]["providers"]["Microsoft.Storage"] = "NotRegistered"
    compute, storage = azure.provider("Microsoft.Compute"), azure.provider("Microsoft.Storage")
    assert compute
    assert storage
    assert (compute.registered, storage.registered) == (True, False)
    sandbox.world.roles.clear()
    assert azure.provider("Microsoft.Compute") is None


def test_a_provider_tells_in_which_regions_a_resource_may_be(azure: Azure) -> None:
    compute = azure.provider("Microsoft.Compute")
    assert compute
    assert compute.offers("galleries/images/versions", "West Europe")
    assert not compute.offers("galleries/images/versions", "nowhere")
    assert compute.offers("sizesOfTomorrow", "nowhere")


def test_when_the_provider_is_not_registered_nobody_registers_it_unasked(sandbox: Sandbox, azure: Azure) -> None:
    sandbox.world.subscriptions[subscription(sandbox)]["providers"]["Microsoft.Compute"] = "NotRegistered"
    with pytest.raises(Unsupported, match=r"az provider register --namespace Microsoft.Compute"):
        azure.galleries.create(group(sandbox), "rhcos", {"location": "eastus", "properties": {}})
    assert not sandbox.asked("POST", "register")


def test_the_caller_s_rights_are_those_of_its_roles(sandbox: Sandbox, azure: Azure) -> None:
    scope = f"/subscriptions/{subscription(sandbox)}/resourceGroups/{group(sandbox)}"
    permissions = azure.permissions(scope)
    assert permissions
    assert permissions.may("Microsoft.Compute/galleries/write")
    assert permissions.may("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write", data=True)


def test_sizes_come_in_wire_form(azure: Azure) -> None:
    assert "Standard_D4ps_v5" in [size["name"] for size in azure.sizes("eastus")]


def test_when_the_subscription_is_another_tenant_s_both_are_named(sandbox: Sandbox, azure: Azure) -> None:
    theirs = "00000000-0000-4000-8000-00000000d002"
    sandbox.world.subscriptions[subscription(sandbox)]["tenantId"] = theirs
    sandbox.world.tenants.append(theirs)
    with pytest.raises(SignInRequired, match=f"signed in to tenant .*; the subscription belongs to tenant {theirs}"):
        azure.resource_group(group(sandbox))


def test_the_tool_says_who_it_is(sandbox: Sandbox, azure: Azure) -> None:
    azure.resource_group(group(sandbox))
    assert sandbox.asked("GET", "resourceGroups")[0]["headers"]["user-agent"].startswith("kubectl-arm64/")


# Retries


def test_when_azure_is_busy_it_is_asked_again(sandbox: Sandbox, azure: Azure, waits: list[float]) -> None:
    sandbox.fault("resourceGroups", status=503, times=2)
    assert azure.resource_group(group(sandbox))
    assert waits


def test_when_the_connection_breaks_the_keys_are_asked_for_again(sandbox: Sandbox, azure: Azure) -> None:
    sandbox.fault("checkNameAvailability", action="reset")
    assert azure.storage_accounts.taken(ACCOUNT) == ""


def test_when_azure_asks_for_a_short_patience_it_is_had(sandbox: Sandbox, azure: Azure, waits: list[float]) -> None:
    sandbox.fault("resourceGroups", status=429, headers={"Retry-After": "10"})
    assert azure.resource_group(group(sandbox))
    assert 10 in waits


def test_when_azure_asks_for_twenty_minutes_it_is_told_at_once(
    sandbox: Sandbox, azure: Azure, waits: list[float]
) -> None:
    sandbox.fault("resourceGroups", status=429, headers={"Retry-After": "1200"})
    with pytest.raises(Failure, match="wait 1200 s"):
        azure.resource_group(group(sandbox))
    assert waits == []


def test_when_the_network_answers_with_a_page_it_is_not_taken_for_azure(sandbox: Sandbox, azure: Azure) -> None:
    sandbox.fault("galleries", status=200, body="<html>Please sign in</html>", headers={"Content-Type": "text/html"})
    with pytest.raises(Failure, match="the answer is not Azure's"):
        azure.galleries.get(group(sandbox), "rhcos")


def test_when_the_name_is_no_name_the_flag_is_named(sandbox: Sandbox, azure: Azure) -> None:
    with pytest.raises(InvalidInput, match=r"cannot create storage account No_Name.*--storage-account"):
        azure.storage_accounts.create(group(sandbox), "No_Name", ACCOUNT_BODY)
    sandbox.exchanges.clear()  # Azure's own description forbids such a request; the commands never send one
