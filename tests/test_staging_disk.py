"""`bootimage --staging disk`: publish by way of a managed disk, without a storage account, its keys or a data role."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kubectl_arm64.cluster import ClusterFacts
from kubectl_arm64.copy.engine import Terms
from kubectl_arm64.copy.ports import PageTarget
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.errors import Failure, Refused
from kubectl_arm64.names import TAG_COMPLETE, TAG_SOURCE_ETAG
from kubectl_arm64.pipeline.disk import DiskStep
from kubectl_arm64.pipeline.ports import Disks
from kubectl_arm64.pipeline.step import Pace, State
from kubectl_arm64.plan import ImagePlan, Wishes, resolve
from kubectl_arm64.stream import Architecture, BootImage
from tests.azure_access import reach, subscription
from tests.conftest import Plugin
from tests.copying import same_bytes
from tests.sandbox.arm.disks import Upload
from tests.sandbox.arm.policy import Condition, Policy
from tests.sandbox.blob.properties import touch
from tests.sandbox.blob.vhd import GIB
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob
from tests.test_bootimage import BLOB, RELEASE, VERSION, resource_id, without_data_role, writes
from tests.test_killed import SIGKILLED, Forks, context, forks, requests_of, state

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
        "supportedCapabilities": {"architecture": "Arm64"},
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


# auto


def test_when_a_policy_forbids_storage_accounts_auto_takes_a_disk_and_says_so(plugin: Plugin, sandbox: Sandbox) -> None:
    no_storage_accounts(sandbox)
    result = plugin("bootimage")
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    (said,) = [line for line in result.err.splitlines() if "instead" in line]
    assert "'Not allowed resource types'" in said
    assert said.endswith(f"the VHD goes onto managed disk {DISK} instead")
    assert list(sandbox.world.accounts) == ["rhcos"]


@pytest.mark.parametrize(
    "action", ["Microsoft.Storage/storageAccounts/write", "Microsoft.Storage/storageAccounts/listKeys/action"]
)
def test_when_no_storage_account_may_be_used_auto_takes_a_disk_and_says_so(
    plugin: Plugin, sandbox: Sandbox, action: str
) -> None:
    forbid(sandbox, action)
    result = plugin("bootimage")
    assert result.code == 0, result.err
    assert f"(it lacks {action}): the VHD goes onto managed disk {DISK} instead" in result.err
    assert list(sandbox.world.accounts) == ["rhcos"]


def test_when_neither_may_be_used_auto_names_what_the_account_needs(plugin: Plugin, sandbox: Sandbox) -> None:
    forbid(sandbox, "Microsoft.Storage/storageAccounts/write", "Microsoft.Compute/disks/write")
    result = plugin("bootimage")
    assert result.code == 1
    assert "lacks Microsoft.Storage/storageAccounts/write on" in result.err


@pytest.mark.parametrize("words", [("--staging", "account"), ("--storage-account", "rhcosvhds")])
def test_when_an_account_is_asked_for_the_policy_is_what_it_ends_with(
    plugin: Plugin, sandbox: Sandbox, words: tuple[str, str]
) -> None:
    no_storage_accounts(sandbox)
    result = plugin("bootimage", *words)
    assert result.code == 1
    assert "policy of the organisation forbids it: 'Not allowed resource types'" in result.err
    assert disks(sandbox) == []


def test_when_nothing_forbids_an_account_auto_makes_no_disk(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    assert sandbox.asked("", "/disks/") == []


# Ended in the middle


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "place",
    [
        ("PUT", DISK_PATH, 1),
        ("POST", "/beginGetAccess", 1),
        ("PUT", PUT_PAGE, 1),
        ("PUT", PUT_PAGE, 7),
        ("PATCH", DISK_PATH, 1),
        ("POST", "/endGetAccess", 1),
        ("PUT", f"/versions/{VERSION}", 1),
        ("DELETE", DISK_PATH, 1),
    ],
    ids=lambda place: f"{place[0]} {place[1].strip('/')} {place[2]}",
)
def test_when_it_is_killed_the_next_run_ends_the_same_and_does_nothing_twice(
    forks: Forks, place: tuple[str, str, int], after: bool
) -> None:
    method, path, nth = place
    sandbox = forks.sandbox
    sandbox.fault(path, method=method, nth=nth, action="kill", after=after)
    code, said = forks.call(*ON_DISK)
    assert code == SIGKILLED, said
    sandbox.knobs.faults.clear()
    code, said = forks.call(*ON_DISK)
    assert code == 0, said
    assert [count for count in page_writes(sandbox).values() if count > 1] == []
    assert len(page_writes(sandbox)) == len(list(source(sandbox).store.ranges()))
    made = [one for one in requests_of(sandbox) if re.search(f"^PUT.*(/disks/|/versions/{VERSION})", one)]
    assert len(made) == 2 + (place[0] == "PUT" and path != PUT_PAGE and not after), said
    assert disks(sandbox) == []
    assert f"/versions/{VERSION}" in str(list(state(sandbox)["resources"]))


def test_when_it_is_killed_while_the_disk_is_made_the_next_run_waits_for_it(forks: Forks) -> None:
    forks.sandbox.knobs.polls["disks"] = 5
    forks.sandbox.fault(DISK_PATH, method="PUT", action="kill", after=True)
    assert forks.call(*ON_DISK)[0] == SIGKILLED
    forks.sandbox.knobs.faults.clear()
    code, said = forks.call(*ON_DISK)
    assert code == 0, said
    assert [one["status"] for one in forks.sandbox.exchanges if one["status"] == 409] == []


# The step by itself


@dataclass(frozen=True)
class Overtaken:
    """The disks of a subscription, in which something happens as soon as one of them is opened."""

    inner: Disks
    happens: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def open(self, group: str, name: str, seconds: int) -> PageTarget:
        target = self.inner.open(group, name, seconds)
        self.happens()
        return target


class Bench:
    """A disk step on the sandbox, whose disk can be looked at."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = sandbox
        self.notes: list[str] = []
        self.azure = reach(sandbox, monkeypatch, [])
        self.url = f"https://rhcos.blob.core.windows.net/imagebucket/{BLOB}"
        image = BootImage("rhel-9", Architecture.AARCH64, RELEASE, self.url)
        wishes = Wishes(subscription(sandbox), "prod-7x2kq-rg", "eastus", "prod-7x2kq")
        self.plan: ImagePlan = resolve(image, wishes, ClusterFacts())

    def step(self, disks: Disks | None = None) -> DiskStep:
        pages = self.azure.source(self.url)
        terms = Terms(parallel=4, note=self.notes.append, sleep=lambda seconds: None)
        return DiskStep(
            disks or self.azure.disks, self.plan, pages, SourceVhd(pages), lambda title: terms, Pace(interval=0)
        )

    def fill(self) -> None:
        step = self.step()
        assert step.observe().state is State.MISSING
        assert step.start().finished()

    @property
    def upload(self) -> Upload:
        (upload,) = self.sandbox.world.uploads.values()
        assert isinstance(upload, Upload)
        return upload

    @property
    def disk(self) -> dict[str, Any]:
        (disk,) = disks(self.sandbox)
        return disk


@pytest.fixture
def bench(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(sandbox, monkeypatch)


def test_the_disk_is_the_source_byte_for_byte_at_rest_and_marked(bench: Bench) -> None:
    bench.fill()
    assert same_bytes(bench.upload.blob.store, source(bench.sandbox).store)
    assert bench.disk["properties"]["diskState"] == "Unattached"
    assert bench.disk["tags"][TAG_COMPLETE] == source(bench.sandbox).properties["etag"]
    assert TAG_SOURCE_ETAG not in bench.disk["tags"]
    assert bench.step().observe().state is State.READY


def test_when_the_source_has_changed_since_it_starts_over_and_says_so(bench: Bench) -> None:
    bench.sandbox.fault(PUT_PAGE, method="PUT", nth=5, times=99, status=400)
    with pytest.raises(Failure, match="Bad Request"):
        bench.fill()
    bench.sandbox.knobs.faults.clear()
    source(bench.sandbox).store.write(0, bytes([7]) * 512)
    touch(source(bench.sandbox), bench.sandbox.world.clock.now() + 1)
    bench.fill()
    assert any("another state of this one: starting over" in note for note in bench.notes)
    assert same_bytes(bench.upload.blob.store, source(bench.sandbox).store)
    assert len(bench.sandbox.asked("PUT", DISK_PATH)) == 2


def test_when_the_source_changes_meanwhile_it_starts_over_and_says_so(bench: Bench) -> None:
    changed = {"x-ms-error-code": "CannotVerifyCopySource", "x-ms-copy-source-status-code": "412"}
    bench.sandbox.fault(PUT_PAGE, method="PUT", nth=5, status=412, headers=changed)
    bench.fill()
    assert any("changed while it was copied: starting over" in note for note in bench.notes)
    assert same_bytes(bench.upload.blob.store, source(bench.sandbox).store)


def test_when_somebody_ended_the_access_too_early_the_disk_is_made_again(bench: Bench) -> None:
    bench.fill()
    del bench.disk["tags"][TAG_COMPLETE]
    bench.disk["tags"][TAG_SOURCE_ETAG] = source(bench.sandbox).properties["etag"]
    assert "holds no complete copy" in bench.step().observe().note
    bench.fill()
    assert len(bench.sandbox.asked("PUT", DISK_PATH)) == 2
    assert bench.step().observe().state is State.READY


def test_when_another_run_comes_to_the_end_first_its_disk_is_taken(bench: Bench) -> None:
    bench.fill()
    complete = bench.disk["tags"].pop(TAG_COMPLETE)
    bench.disk["tags"][TAG_SOURCE_ETAG] = complete
    bench.disk["properties"]["diskState"] = "ActiveUpload"

    def other_run() -> None:
        bench.disk["tags"][TAG_COMPLETE] = complete
        bench.disk["properties"]["diskState"] = "Unattached"

    bench.sandbox.fault("blob[.]storage[.]azure[.]net", status=403)  # what our SAS is worth then
    step = bench.step(Overtaken(bench.azure.disks, other_run))
    assert step.start().finished()
    assert step.observe().state is State.READY
    assert len(bench.sandbox.asked("POST", "/endGetAccess")) == 1


def test_when_the_disk_is_in_use_it_is_refused(bench: Bench) -> None:
    bench.fill()
    bench.disk["properties"]["diskState"] = "Attached"
    with pytest.raises(Refused, match=r"in use \(state Attached\)"):
        bench.step().observe()
