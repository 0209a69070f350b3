"""--delete-vhd: what the image does not need any more goes, if it is ours, and nothing else ever."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Plugin
from tests.sandbox.arm.policy import no_shared_keys
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Container, Role, StorageAccount
from tests.test_bootimage import BLOB, KEYS_ON, resource_id, without_data_role
from tests.test_bootimage_copy import copies_started, pages_written

VHD = f"VHD {BLOB}"


def ours(sandbox: Sandbox) -> StorageAccount | None:
    """The account that the tool made, None when it is gone."""
    return next((account for name, account in sandbox.world.accounts.items() if name.startswith("rhcos4")), None)


def account(sandbox: Sandbox) -> StorageAccount:
    found = ours(sandbox)
    assert found
    return found


def other_blob(sandbox: Sandbox, name: str = "rhcos-417.94.202501301529-0-azure.aarch64.vhd") -> None:
    account(sandbox).containers["vhd"].blobs[name] = new_blob(PageStore(512), sandbox.world.clock.now())


def deletions(sandbox: Sandbox) -> list[int | None]:
    return [one["status"] for one in sandbox.asked("DELETE")]


def test_when_nobody_asks_the_vhd_stays(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    assert BLOB in account(sandbox).containers["vhd"].blobs
    assert deletions(sandbox) == []


@pytest.mark.parametrize("auth", ["login", "key"])
def test_when_the_image_is_ready_vhd_and_account_go(plugin: Plugin, sandbox: Sandbox, auth: str) -> None:
    result = plugin("bootimage", "--delete-vhd", f"--storage-auth={auth}")
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    assert ours(sandbox) is None
    assert f"{VHD} is deleted: the image version does not need it any more" in result.err
    assert "is deleted: nothing else was in it" in result.err
    version, blob, whole = [
        one["method"] for one in sandbox.exchanges if one["method"] == "DELETE" or "/versions/" in one["path"]
    ][-3:]
    assert (version, blob, whole) == ("GET", "DELETE", "DELETE")
    assert sandbox.asked("DELETE", BLOB)[0]["headers"]["if-match"]


def test_when_the_key_copies_its_signature_cannot_delete_nor_list(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage", "--delete-vhd", "--storage-auth=key")
    assert {one["query"].partition("sp=")[2].partition("&")[0] for one in sandbox.asked("PUT", "comp=page")} == {"rcw"}
    (deletion,) = sandbox.asked("DELETE", BLOB)
    assert "sp=rdl&" in deletion["query"]


def test_when_the_image_was_published_before_the_vhd_goes_all_the_same(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    copied = pages_written(sandbox)
    assert plugin("bootimage", "--delete-vhd").code == 0
    assert ours(sandbox) is None
    assert (pages_written(sandbox), copies_started(sandbox)) == (copied, 0)


def test_when_all_is_gone_another_run_copies_and_deletes_nothing(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage", "--delete-vhd")
    sandbox.exchanges.clear()
    result = plugin("bootimage", "--delete-vhd", "-o", "json")
    assert result.code == 0
    assert [one for one in sandbox.exchanges if one["method"] in ("PUT", "PATCH", "DELETE")] == []
    assert "blob" not in json.loads(result.out)


def test_when_the_vhd_is_gone_the_image_still_goes_to_another_region(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage", "--delete-vhd")
    sandbox.exchanges.clear()
    result = plugin("bootimage", "--target-region=westeurope")
    assert result.code == 0, result.err
    assert (pages_written(sandbox), ours(sandbox)) == (0, None)


@pytest.mark.parametrize("policies", [False, True], ids=["keys", "keys-forbidden"])
def test_when_shared_keys_are_off_their_window_is_opened_and_closed(
    plugin: Plugin, sandbox: Sandbox, policies: bool
) -> None:
    without_data_role(sandbox)
    plugin("bootimage")
    other_blob(sandbox)
    if policies:
        sandbox.world.policies.append(no_shared_keys(f"/subscriptions/{next(iter(sandbox.world.subscriptions))}"))
    result = plugin("bootimage", "--delete-vhd", "--storage-auth=key")
    assert result.code == 0, result.err
    body = account(sandbox).body
    assert body["properties"]["allowSharedKeyAccess"] is False
    assert KEYS_ON not in body["tags"]
    assert (BLOB in account(sandbox).containers["vhd"].blobs) is policies
    assert (f"{VHD} stays" in result.err) is policies


def test_when_another_blob_is_there_the_account_stays_with_it(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    other_blob(sandbox)
    result = plugin("bootimage", "--delete-vhd")
    assert result.code == 0
    assert list(account(sandbox).containers["vhd"].blobs) == ["rhcos-417.94.202501301529-0-azure.aarch64.vhd"]
    assert "stays: container vhd holds rhcos-417.94.202501301529-0-azure.aarch64.vhd" in result.err


@pytest.mark.parametrize(
    ("kind", "told"), [("shares", "file share s1"), ("queues", "queue s1"), ("tables", "table s1")]
)
def test_when_it_holds_what_is_no_blob_the_account_stays(
    plugin: Plugin, sandbox: Sandbox, kind: str, told: str
) -> None:
    plugin("bootimage")
    account(sandbox).beside_blobs[kind] = ["s1"]
    assert f"stays: it holds {told}" in plugin("bootimage", "--delete-vhd").err
    assert account(sandbox).containers["vhd"].blobs == {}


def test_when_there_is_another_container_even_an_empty_one_the_account_stays(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    account(sandbox).containers["backup"] = Container("backup")
    assert "stays: it holds container backup" in plugin("bootimage", "--delete-vhd").err
    assert ours(sandbox)


def test_when_another_run_copies_into_the_account_it_stays(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    account(sandbox).body["tags"][KEYS_ON] = "2026-02-02T22:46:00Z rhcos-419.vhd"
    assert "stays: another run copies rhcos-419.vhd into it" in plugin("bootimage", "--delete-vhd").err
    assert ours(sandbox)


def test_when_the_account_is_not_ours_only_our_vhd_goes(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    del account(sandbox).body["tags"]["kubectl-arm64"]
    result = plugin("bootimage", "--delete-vhd", "--storage-account", account(sandbox).name)
    assert result.code == 0
    assert account(sandbox).containers["vhd"].blobs == {}
    assert len(deletions(sandbox)) == 1


def test_when_the_blob_is_not_ours_it_stays(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    account(sandbox).containers["vhd"].blobs[BLOB].metadata.clear()
    result = plugin("bootimage", "--delete-vhd")
    assert result.code == 0
    assert f"{VHD} stays: this tool did not make it" in result.err
    assert deletions(sandbox) == []


def test_when_a_copy_into_it_is_pending_the_blob_stays(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage", "--copy=async")
    account(sandbox).containers["vhd"].blobs[BLOB].properties["copy"]["status"] = "pending"
    sandbox.knobs.copy_outcome = "stuck"
    assert f"{VHD} stays: a copy into it is pending (copy ID" in plugin("bootimage", "--delete-vhd").err
    assert deletions(sandbox) == []


def test_when_another_run_holds_the_lease_the_blob_stays_and_the_image_stands(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    lease = {"id": "a", "duration": 60, "until": sandbox.world.clock.now() + 60, "broken": False}
    account(sandbox).containers["vhd"].blobs[BLOB].properties["lease"] = lease
    result = plugin("bootimage", "--delete-vhd")
    assert (result.code, result.out) == (0, resource_id() + "\n")
    assert "There is currently a lease on the blob" in result.err
    assert f"{VHD} stays; delete it yourself" in result.err


def test_when_it_was_made_again_between_look_and_deletion_it_stays(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    sandbox.fault(BLOB, method="DELETE", status=412, headers={"x-ms-error-code": "ConditionNotMet"})
    result = plugin("bootimage", "--delete-vhd")
    assert result.code == 0
    assert BLOB in account(sandbox).containers["vhd"].blobs


def test_when_the_account_may_not_be_deleted_it_is_told_before_anything_is_made(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    deny(sandbox, "Microsoft.Storage/storageAccounts/delete")
    result = plugin("bootimage", "--delete-vhd")
    assert result.code == 1
    assert "lacks Microsoft.Storage/storageAccounts/delete" in result.err
    assert sandbox.asked("PUT", "management") == []
    assert plugin("bootimage").code == 0  # nobody needs it for anything else


def deny(sandbox: Sandbox, action: str) -> None:
    principal = sandbox.world.principals[0].object_id
    for role in sandbox.world.roles:
        if role.object_id == principal:
            role.not_actions.append(action)


def test_when_it_is_locked_the_image_stands(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.fault("/storageAccounts/[a-z0-9]+[?]", method="DELETE", status=409, body='{"error":{"code":"ScopeLocked"}}')
    result = plugin("bootimage", "--delete-vhd")
    assert (result.code, result.out) == (0, resource_id() + "\n")
    assert "delete it yourself, or run this again with --delete-vhd" in result.err


@pytest.mark.parametrize("published", [False, True])
def test_a_dry_run_tells_what_would_be_deleted(plugin: Plugin, sandbox: Sandbox, published: bool) -> None:
    if published:
        plugin("bootimage")
    result = plugin("bootimage", "--dry-run", "--delete-vhd")
    assert f"  delete    {VHD} (when the image version is ready)" in result.out
    assert "  delete    storage account rhcos4" in result.out
    assert deletions(sandbox) == []


def test_a_dry_run_tells_nothing_of_what_is_gone(plugin: Plugin) -> None:
    plugin("bootimage", "--delete-vhd")
    assert "delete" not in plugin("bootimage", "--dry-run", "--delete-vhd").out


def test_when_the_vhd_went_onto_a_disk_there_is_nothing_left_to_do(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin("bootimage", "--staging=disk", "--delete-vhd")
    assert result.code == 0, result.err
    assert sandbox.asked("", "storageAccounts") == []


def test_with_the_least_data_rights_a_role_must_allow_deletion(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    principal = sandbox.world.principals[0].object_id
    sandbox.world.roles = [role for role in sandbox.world.roles if not role.data_actions]
    data = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/"
    scope = f"/subscriptions/{next(iter(sandbox.world.subscriptions))}"
    sandbox.world.roles.append(Role(principal, scope, data_actions=[f"{data}read", f"{data}write"]))
    result = plugin("bootimage", "--delete-vhd", "--storage-auth=login")
    assert result.code == 0
    assert f"{VHD} stays; delete it yourself" in result.err
    assert BLOB in account(sandbox).containers["vhd"].blobs


def test_when_the_answer_to_the_deletion_is_lost_it_is_not_taken_for_a_failure(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    plugin("bootimage")
    sandbox.fault(BLOB, method="DELETE", action="reset", after=True)
    assert "stays" not in plugin("bootimage", "--delete-vhd").err
    assert ours(sandbox) is None
