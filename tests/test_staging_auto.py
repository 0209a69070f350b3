"""`bootimage --staging auto`: a storage account; a managed disk where rights and policies leave no other way."""

from __future__ import annotations

import pytest

from tests.azure_access import subscription
from tests.conftest import Plugin
from tests.sandbox.arm.policy import Condition, Policy, no_shared_keys
from tests.sandbox.server import Sandbox
from tests.test_bootimage import resource_id, without_data_role, writes
from tests.test_staging_disk import DISK, disks, forbid

ACCOUNTS, DISKS = "Microsoft.Storage/storageAccounts", "Microsoft.Compute/disks"
NO_DISK = f"{DISKS}/beginGetAccess/action"


def scope(sandbox: Sandbox) -> str:
    return f"/subscriptions/{subscription(sandbox)}"


def forbid_resources(sandbox: Sandbox, kind: str) -> None:
    """A policy of the subscription: none of them."""
    condition = Condition("type", "type", "Equals", kind)
    sandbox.world.policies.append(Policy(f"Not allowed: {kind}", scope(sandbox), kind, (condition,)))


def unregister_storage(sandbox: Sandbox) -> None:
    sandbox.world.subscriptions[subscription(sandbox)]["providers"]["Microsoft.Storage"] = "NotRegistered"


def shared_keys(sandbox: Sandbox) -> object:
    """`allowSharedKeyAccess` of the one account of ours."""
    (account,) = [account for name, account in sandbox.world.accounts.items() if name != "rhcos"]
    return account.body["properties"]["allowSharedKeyAccess"]


def judge_turned(plugin: Plugin, sandbox: Sandbox, why: str) -> None:
    """`bootimage` publishes from a managed disk, and says so in one line with the reason."""
    result = plugin("bootimage")
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    (said,) = [line for line in result.err.splitlines() if "instead" in line]
    assert why in said
    assert said.endswith(f": the VHD goes onto managed disk {DISK} instead")
    assert len(sandbox.asked("PUT", "/disks/")) == 1
    assert disks(sandbox) == []


# Why a disk


def test_when_a_policy_forbids_storage_accounts_it_takes_a_disk(plugin: Plugin, sandbox: Sandbox) -> None:
    forbid_resources(sandbox, ACCOUNTS)
    judge_turned(plugin, sandbox, f"policy of the organisation forbids it: 'Not allowed: {ACCOUNTS}'")
    assert list(sandbox.world.accounts) == ["rhcos"]


@pytest.mark.parametrize("action", [f"{ACCOUNTS}/read", f"{ACCOUNTS}/write", f"{ACCOUNTS}/listKeys/action"])
def test_when_a_right_on_accounts_is_missing_it_takes_a_disk(plugin: Plugin, sandbox: Sandbox, action: str) -> None:
    forbid(sandbox, action)
    judge_turned(plugin, sandbox, f"(it lacks {action})")
    assert list(sandbox.world.accounts) == ["rhcos"]


@pytest.mark.parametrize("action", [f"{ACCOUNTS}/read", f"{ACCOUNTS}/write"])
def test_when_rights_are_not_told_the_refusal_itself_turns_it_to_a_disk(
    plugin: Plugin, sandbox: Sandbox, action: str
) -> None:
    forbid(sandbox, "Microsoft.Authorization/permissions/read", action)
    judge_turned(plugin, sandbox, f"lacks {action} on")


def test_when_a_policy_forbids_shared_keys_and_there_is_no_data_role_it_takes_a_disk(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    without_data_role(sandbox)
    sandbox.world.policies.append(no_shared_keys(scope(sandbox)))
    judge_turned(plugin, sandbox, "'Storage Account Creation Denied When Shared Access Key Is Enabled'")
    assert list(sandbox.world.accounts) == ["rhcos"]


def test_when_the_account_is_there_and_its_keys_must_stay_off_it_takes_a_disk(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.fault("/versions/", method="PUT", status=403)
    assert plugin("bootimage").code == 1  # with a data role: the account is left with its keys off
    without_data_role(sandbox)
    sandbox.world.policies.append(no_shared_keys(scope(sandbox)))
    judge_turned(plugin, sandbox, "'Storage Account Creation Denied When Shared Access Key Is Enabled'")
    assert sandbox.asked("PATCH", "/storageAccounts/")[-1]["status"] == 403
    assert shared_keys(sandbox) is False


def test_when_the_account_was_made_and_is_of_no_use_its_keys_are_off_again(plugin: Plugin, sandbox: Sandbox) -> None:
    without_data_role(sandbox)
    forbid(sandbox, "Microsoft.Authorization/permissions/read", f"{ACCOUNTS}/blobServices/containers/write")
    judge_turned(plugin, sandbox, f"lacks {ACCOUNTS}/blobServices/containers/write on")
    assert shared_keys(sandbox) is False


@pytest.mark.parametrize("code", ["KeyBasedAuthenticationNotPermitted", "AuthorizationPermissionMismatch"])
def test_when_the_blobs_of_an_account_just_made_are_refused_it_takes_a_disk(
    plugin: Plugin, sandbox: Sandbox, code: str
) -> None:
    without_data_role(sandbox)
    sandbox.knobs.polls["galleries"] = 0
    headers = {"x-ms-error-code": code}
    sandbox.fault(r"rhcos4aw65lm6hpqt3slqgqi\.blob\.core", times=9999, status=403, headers=headers)
    judge_turned(plugin, sandbox, code)
    assert len(sandbox.asked("PUT", "/galleries/[a-z0-9_]+[?]")) == 1
    assert shared_keys(sandbox) is False


def test_when_a_policy_forbids_galleries_a_disk_would_not_help(plugin: Plugin, sandbox: Sandbox) -> None:
    forbid_resources(sandbox, "Microsoft.Compute/galleries")
    result = plugin("bootimage")
    assert result.code == 1
    assert "'Not allowed: Microsoft.Compute/galleries'" in result.err
    assert sandbox.asked("", "/disks/") == []


def test_when_storage_is_not_registered_and_may_not_be_it_takes_a_disk(plugin: Plugin, sandbox: Sandbox) -> None:
    unregister_storage(sandbox)
    forbid(sandbox, "Microsoft.Storage/register/action")
    judge_turned(plugin, sandbox, "is not registered for Microsoft.Storage, and the signed-in identity may not")
    assert sandbox.asked("", "/storageAccounts") == []


# Why not


def test_when_nothing_forbids_an_account_it_makes_no_disk(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    assert sandbox.asked("", "/disks/") == []


def test_when_storage_is_not_registered_and_may_be_it_says_how(plugin: Plugin, sandbox: Sandbox) -> None:
    unregister_storage(sandbox)
    result = plugin("bootimage")
    assert result.code == 1
    assert "az provider register --namespace Microsoft.Storage" in result.err
    assert "or use --staging disk" in result.err
    assert writes(sandbox) == []


@pytest.mark.parametrize("words", [["--staging=account"], ["--storage-account=rhcosvhds"], ["--copy=async"]])
def test_when_an_account_is_asked_for_the_policy_is_what_it_ends_with(
    plugin: Plugin, sandbox: Sandbox, words: list[str]
) -> None:
    forbid_resources(sandbox, ACCOUNTS)
    result = plugin("bootimage", *words)
    assert result.code == 1
    assert f"policy of the organisation forbids it: 'Not allowed: {ACCOUNTS}'" in result.err
    assert sandbox.asked("", "/disks/") == []


def test_when_it_is_a_dry_run_it_names_the_disk_and_the_reason(plugin: Plugin, sandbox: Sandbox) -> None:
    forbid(sandbox, f"{ACCOUNTS}/write")
    result = plugin("bootimage", "--dry-run")
    assert result.code == 0
    assert f"create    managed disk {DISK}" in result.out
    assert f"(it lacks {ACCOUNTS}/write): the VHD goes onto managed disk {DISK} instead" in result.err
    assert writes(sandbox) == []


# Neither


@pytest.mark.parametrize("action", [f"{ACCOUNTS}/read", f"{ACCOUNTS}/write", f"{ACCOUNTS}/listKeys/action"])
def test_when_rights_on_both_are_missing_one_error_names_both(plugin: Plugin, sandbox: Sandbox, action: str) -> None:
    forbid(sandbox, action, NO_DISK)
    result = plugin("bootimage")
    assert result.code == 1
    (said,) = [line for line in result.err.splitlines() if line.startswith("error:")]
    assert f"lacks {action} on" in said
    assert f"; and for a managed disk in its place {NO_DISK}" in said
    assert writes(sandbox) == []


def test_when_policies_forbid_both_one_error_names_both(plugin: Plugin, sandbox: Sandbox) -> None:
    forbid_resources(sandbox, ACCOUNTS)
    forbid_resources(sandbox, DISKS)
    result = plugin("bootimage")
    assert result.code == 1
    (said,) = [line for line in result.err.splitlines() if line.startswith("error:")]
    assert f"'Not allowed: {ACCOUNTS}'" in said
    assert f"; and for a managed disk in its place: cannot create managed disk {DISK}" in said
    assert f"'Not allowed: {DISKS}'" in said


def test_when_a_policy_forbids_the_account_and_a_right_the_disk_one_error_names_both(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    forbid_resources(sandbox, ACCOUNTS)
    forbid(sandbox, f"{DISKS}/write")
    result = plugin("bootimage")
    assert result.code == 1
    (said,) = [line for line in result.err.splitlines() if line.startswith("error:")]
    assert f"'Not allowed: {ACCOUNTS}'" in said
    assert f"lacks {DISKS}/write on" in said


def test_when_storage_is_not_registered_and_disks_may_not_be_made_one_error_names_both(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    unregister_storage(sandbox)
    forbid(sandbox, "Microsoft.Storage/register/action", f"{DISKS}/write")
    result = plugin("bootimage")
    assert result.code == 1
    (said,) = [line for line in result.err.splitlines() if line.startswith("error:")]
    assert "is not registered for Microsoft.Storage" in said
    assert f"and for a managed disk in its place the signed-in identity lacks {DISKS}/write on" in said
    assert writes(sandbox) == []
