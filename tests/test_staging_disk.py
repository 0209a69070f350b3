"""`bootimage --staging disk`: publish by way of a managed disk, without a storage account, its keys or a data role."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from kubectl_arm64.names import TAG_SOURCE_ETAG
from tests.azure_access import subscription
from tests.conftest import Plugin
from tests.forks import context, forks
from tests.sandbox.arm.policy import Condition, Policy
from tests.sandbox.blob.vhd import GIB
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob
from tests.test_bootimage import BLOB, RELEASE, VERSION, resource_id, without_data_role, writes

__all__ = ["context", "forks"]  # fixtures

ON_DISK = ("bootimage", "--staging", "disk")
DISK = "rhcos-418-94-202602022246-0-aarch64-eastus"
DISK_PATH = f"/disks/{DISK}[?]"
PUT_PAGE = "comp=page&"


def source(sandbox: Sandbox) -> Blob:
    """Red Hat's VHD."""
    return sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs[BLOB]


def disks(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [body for key, body in sandbox.world.resources.items() if "/disks/" in key]


def page_writes(sandbox: Sandbox) -> Counter[str]:
    """How often each range of pages was written, whether or not the client heard of it."""
    asked = sandbox.asked("PUT", PUT_PAGE)
    done = [one for one in asked if (one["fault"]["answered"] if one["fault"] else one["status"]) == 201]
    return Counter(one["headers"]["x-ms-range"] for one in done)


def no_storage_accounts(sandbox: Sandbox) -> None:
    kind = "Microsoft.Storage/storageAccounts"
    condition = Condition("type", "type", "Equals", kind)
    scope = f"/subscriptions/{subscription(sandbox)}"
    sandbox.world.policies.append(Policy("Not allowed resource types", scope, kind, (condition,)))


def forbid(sandbox: Sandbox, *actions: str) -> None:
    for role in sandbox.world.roles:
        role.not_actions += actions


# What is published


def test_it_publishes_without_a_storage_account_and_leaves_no_disk(plugin: Plugin, sandbox: Sandbox) -> None:
    without_data_role(sandbox)
    result = plugin(*ON_DISK)
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    made = [write.replace(DISK, "D") for write in writes(sandbox) if not write.endswith("/abcd")]
    beside = ["PUT galleries/rhcos_prod_7x2kq", "PUT images/rhcos-arm64-gen2"]
    assert [write for write in made if write in beside] == beside
    assert [write for write in made if write not in beside] == [
        "PUT disks/D",
        "PATCH disks/D",
        f"PUT versions/{VERSION}",
        "DELETE disks/D",
    ]
    assert sandbox.asked("", "Microsoft.Storage") == []
    assert (list(sandbox.world.accounts), disks(sandbox)) == (["rhcos"], [])


def test_the_disk_is_of_the_images_kind_and_tells_what_is_in_it(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin(*ON_DISK, "--tag", "env=prod")
    (put,) = sandbox.asked("PUT", DISK_PATH)
    assert put["request"]["properties"] == {
        "osType": "Linux",
        "hyperVGeneration": "V2",
        "supportedCapabilities": {"architecture": "Arm64", "diskControllerTypes": "SCSI, NVME"},
        "creationData": {"createOption": "Upload", "uploadSizeBytes": 16 * GIB + 512},
    }
    tags = put["request"]["tags"]
    assert {"env": "prod", "kubectl-arm64": "managed", "kubectl-arm64.release": RELEASE}.items() <= tags.items()
    assert tags[TAG_SOURCE_ETAG] == source(sandbox).properties["etag"]


def test_the_version_is_made_from_the_disks_id_alone(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin(*ON_DISK)
    (put,) = sandbox.asked("PUT", f"/versions/{VERSION}")
    made_from = put["request"]["properties"]["storageProfile"]["osDiskImage"]["source"]
    assert set(made_from) == {"id"}
    assert made_from["id"].endswith(f"/Microsoft.Compute/disks/{DISK}")


def test_the_data_is_copied_once_and_never_through_the_client(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin(*ON_DISK)
    spans = [map(int, re.findall(r"\d+", span)) for span in page_writes(sandbox)]
    assert sum(last + 1 - first for first, last in spans) == sum(
        end - start for start, end in source(sandbox).store.ranges()
    )
    answered = [one["response"] for one in sandbox.asked("GET", r"blob\.(core|storage)")]
    assert 0 < sum(body["bytes"] for body in answered if isinstance(body, dict)) < 4096


def test_the_sas_is_never_shown(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin(*ON_DISK, "-v", "9", "-o", "json")
    assert result.code == 0, result.err
    assert "beginGetAccess" in result.err
    assert re.search(r"sig=(?!REDACTED)", result.out + result.err) is None
    assert json.loads(result.out)["staging"] == "disk"


def test_when_it_is_run_again_nothing_is_written(plugin: Plugin, sandbox: Sandbox) -> None:
    first = plugin(*ON_DISK)
    sandbox.exchanges.clear()
    again = plugin("bootimage")
    assert (again.code, again.out) == (0, first.out)
    assert writes(sandbox) == []


def test_when_the_disk_is_gone_the_version_is_still_replicated_to_more_regions(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    plugin(*ON_DISK)
    result = plugin("bootimage", "--target-region", "westeurope")
    assert result.code == 0, result.err
    names = sandbox.asked("PUT", f"/versions/{VERSION}")[-1]["request"]["properties"]["publishingProfile"]
    assert [region["name"] for region in names["targetRegions"]] == ["East US", "westeurope"]


def test_when_it_is_a_dry_run_it_names_the_disk_and_writes_nothing(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin(*ON_DISK, "--dry-run")
    assert f"create    managed disk {DISK}" in result.out
    assert "storage account" not in result.out
    assert writes(sandbox) == []


def test_when_the_version_is_not_awaited_the_next_run_removes_the_disk(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.knobs.polls["versions"] = 4
    assert plugin(*ON_DISK, "--no-wait").code == 8
    assert [disk["properties"]["diskState"] for disk in disks(sandbox)] == ["Unattached"]
    result = plugin("bootimage")
    assert result.code == 0, result.err
    assert disks(sandbox) == []
    assert f"managed disk {DISK} is removed" in result.err


def test_when_the_disk_cannot_be_removed_the_version_stands_and_it_says_so(plugin: Plugin, sandbox: Sandbox) -> None:
    denied = json.dumps({"error": {"code": "ScopeLocked", "message": "The scope cannot perform delete operation."}})
    sandbox.fault(DISK_PATH, method="DELETE", status=409, body=denied)
    result = plugin(*ON_DISK)
    assert (result.code, result.out) == (0, resource_id() + "\n")
    assert f"remove managed disk {DISK} yourself" in result.err


def test_when_the_cluster_is_in_another_cloud_it_works_there(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.reset("usgov")
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    result = plugin(*ON_DISK)
    assert result.code == 0, result.err
    assert sandbox.asked("PUT", r"management\.usgovcloudapi\.net.*/disks/")


# Beside other flags


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("--storage-account=rhcosvhds", "--storage-account"),
        ("--container=images", "--container"),
        ("--storage-auth=login", "--storage-auth=login"),
        ("--storage-auth=key", "--storage-auth=key"),
        ("--copy=async", "--copy=async"),
        ("--abort-copy", "--abort-copy"),
    ],
)
def test_when_a_flag_is_of_storage_accounts_it_is_refused_before_any_request(
    plugin: Plugin, sandbox: Sandbox, word: str, named: str
) -> None:
    result = plugin(*ON_DISK, word)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert f"error: {named} is of storage accounts; leave it out, or leave out --staging=disk" in result.err
    assert sandbox.exchanges == []


@pytest.mark.parametrize("copy", ["auto", "ranges"])
def test_when_the_copy_is_page_by_page_that_is_what_a_disk_takes(plugin: Plugin, sandbox: Sandbox, copy: str) -> None:
    result = plugin(*ON_DISK, f"--copy={copy}", "--parallel=2")
    assert result.code == 0, result.err


def test_when_the_time_is_up_the_disk_stays_and_the_next_run_goes_on(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin(*ON_DISK, "--timeout=0s")
    assert result.code == 8, result.err
    assert "go on with: kubectl arm64 bootimage --staging disk --timeout=0s" in result.err
    assert [disk["properties"]["diskState"] for disk in disks(sandbox)] != []
    assert plugin(*ON_DISK).code == 0
    assert disks(sandbox) == []


def test_when_the_version_goes_to_more_regions_the_disk_is_in_the_first(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin(*ON_DISK, "--target-region", "westeurope").code == 0
    (put,) = sandbox.asked("PUT", DISK_PATH)
    assert put["request"]["location"] == "eastus"
    (version,) = sandbox.asked("PUT", f"/versions/{VERSION}")
    regions = version["request"]["properties"]["publishingProfile"]["targetRegions"]
    assert [region["name"] for region in regions] == ["eastus", "westeurope"]


def test_when_the_image_is_for_x86_64_the_disk_is_too(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin(*ON_DISK, "--architecture=x86_64")
    assert result.code == 0, result.err
    (put,) = sandbox.asked("PUT", "/disks/")
    assert put["request"]["properties"]["supportedCapabilities"]["architecture"] == "x64"


def test_when_it_is_not_to_wait_it_says_that_the_disk_is_filled_first(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.knobs.polls["versions"] = 4
    result = plugin(*ON_DISK, "--no-wait")
    assert result.code == 8
    assert f"managed disk {DISK} is filled by this process: only what follows is not waited for" in result.err


def test_when_azure_makes_no_trusted_image_from_a_disk_it_says_what_to_do(plugin: Plugin, sandbox: Sandbox) -> None:
    message = (
        "The security type 'TrustedLaunchSupported' is not supported for the source id '/subscriptions/...'. Currently "
        "only Vhd Blob, User Image and Gallery Image Version sources are supported for 'TrustedLaunchSupported' images."
    )
    refused = json.dumps({"error": {"code": "InvalidParameter", "message": message}})
    sandbox.fault(f"/versions/{VERSION}", method="PUT", status=400, body=refused)
    result = plugin(*ON_DISK)
    assert result.code == 1
    assert "use --staging account, or an --image-definition without SecurityType" in result.err


# What is not ours, or not right


def test_when_somebody_elses_disk_has_the_name_it_is_refused_before_anything_is_made(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    sandbox.fault(f"/versions/{VERSION}", method="PUT", status=403)
    plugin(*ON_DISK)
    (disk,) = disks(sandbox)
    disk["tags"] = {"team": "storage"}
    sandbox.exchanges.clear()
    result = plugin(*ON_DISK)
    assert result.code == 1
    assert f"managed disk {DISK} exists and does not carry the tag kubectl-arm64" in result.err
    assert writes(sandbox) == []


def test_when_a_right_is_missing_it_is_named_before_the_first_write(plugin: Plugin, sandbox: Sandbox) -> None:
    forbid(sandbox, "Microsoft.Compute/disks/beginGetAccess/action")
    result = plugin(*ON_DISK)
    assert result.code == 1
    assert "lacks Microsoft.Compute/disks/beginGetAccess/action on" in result.err
    assert writes(sandbox) == []


def test_when_azure_does_not_let_an_uploads_tags_be_changed_they_are_changed_afterwards(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    refused = json.dumps({"error": {"code": "OperationNotAllowed", "message": "The disk is in state ActiveUpload."}})
    sandbox.fault(DISK_PATH, method="PATCH", status=409, body=refused)
    result = plugin(*ON_DISK)
    assert result.code == 0, result.err
    assert len(sandbox.asked("PATCH", DISK_PATH)) == 2


def test_when_the_version_was_made_from_a_disk_of_another_subscription_ours_of_that_name_stays(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    kept = sandbox.fault(DISK_PATH, method="DELETE", status=403, times=99)
    assert plugin(*ON_DISK).code == 0
    sandbox.knobs.faults.remove(kept)
    (version,) = [body for key, body in sandbox.world.resources.items() if key.endswith(f"/versions/{VERSION}")]
    source = version["properties"]["storageProfile"]["osDiskImage"]["source"]
    source["id"] = source["id"].replace(subscription(sandbox), "00000000-0000-4000-8000-0000000000aa")
    assert plugin(*ON_DISK).code == 0
    assert len(disks(sandbox)) == 1
