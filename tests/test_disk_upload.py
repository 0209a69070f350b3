"""The upload into a managed disk by itself: what it goes on with, what it makes again, when its access runs out."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kubectl_arm64.cluster import ClusterFacts
from kubectl_arm64.copy.ports import PageTarget
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import Failure, Refused
from kubectl_arm64.names import TAG_COMPLETE, TAG_RELEASE, TAG_SOURCE_ETAG
from kubectl_arm64.pipeline.disk import DiskStep
from kubectl_arm64.pipeline.ports import Disks
from kubectl_arm64.pipeline.step import Pace, State
from kubectl_arm64.plan import ImagePlan, Wishes, resolve
from kubectl_arm64.stream import Architecture, BootImage
from tests.azure_access import reach, subscription
from tests.copying import same_bytes
from tests.sandbox.arm.disks import Upload
from tests.sandbox.blob.properties import touch
from tests.sandbox.blob.stamps import to_iso
from tests.sandbox.blob.vhd import MIB
from tests.sandbox.server import Sandbox
from tests.test_bootimage import BLOB, RELEASE
from tests.test_staging_disk import DISK, DISK_PATH, PUT_PAGE, disks, page_writes, source

AZURES_BLOBS = "blob[.]storage[.]azure[.]net"
REFUSED = {"x-ms-error-code": "AuthenticationFailed"}


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
        self.parallel = 4
        self.at_bytes: dict[int, Callable[[], None]] = {}  # what happens when so many bytes are copied
        self.azure = reach(sandbox, monkeypatch, [])
        self.url = f"https://rhcos.blob.core.windows.net/imagebucket/{BLOB}"
        image = BootImage("rhel-9", Architecture.AARCH64, RELEASE, self.url)
        wishes = Wishes(subscription(sandbox), "prod-7x2kq-rg", "eastus", "prod-7x2kq")
        self.plan: ImagePlan = resolve(image, wishes, ClusterFacts())

    def step(self, disks: Disks | None = None) -> DiskStep:
        pages = self.azure.source(self.url)
        terms = Terms(
            parallel=self.parallel,
            progress=self._progress,
            note=self.notes.append,
            clock=itertools.count().__next__,  # told of every cell
            sleep=lambda seconds: None,
        )
        return DiskStep(
            disks or self.azure.disks, self.plan, pages, SourceVhd(pages), lambda title: terms, Pace(interval=0)
        )

    def fill(self) -> None:
        step = self.step()
        assert step.observe().state is State.MISSING
        assert step.start().finished()

    def begin(self, pages: int = 0) -> None:
        """A run that ended after so many pages, with nothing under way."""
        self.parallel = 1
        self.sandbox.fault(PUT_PAGE, method="PUT", nth=pages + 1, times=99, status=400)
        with pytest.raises(Failure, match="Bad Request"):
            self.fill()
        self.sandbox.knobs.faults.clear()
        self.parallel = 4

    def _progress(self, done: int, total: int) -> None:
        for due in [each for each in self.at_bytes if each <= done < total]:
            self.at_bytes.pop(due)()

    def expire(self) -> None:
        """Four hours go by."""
        for policy in self.upload.account.containers[self.upload.container].policies.values():
            policy["se"] = to_iso(self.sandbox.world.clock.now() - 1)

    @property
    def grants(self) -> int:
        return len(self.sandbox.asked("POST", "/beginGetAccess"))

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
    bench.begin(pages=4)
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


def test_when_the_source_really_changes_meanwhile_the_disk_is_made_again_for_its_new_state(bench: Bench) -> None:
    def change() -> None:
        source(bench.sandbox).store.write(0, bytes([7]) * 512)
        touch(source(bench.sandbox), bench.sandbox.world.clock.now() + 1)

    bench.at_bytes = {MIB: change}
    bench.fill()
    assert [note for note in bench.notes if "starting over" in note] == [
        f"{bench.url} changed while it was copied: starting over",
        f"managed disk {DISK} holds another VHD, or another state of this one: starting over",
    ]
    assert [one["status"] for one in bench.sandbox.asked("DELETE", DISK_PATH)] == [202]
    assert same_bytes(bench.upload.blob.store, source(bench.sandbox).store)
    assert bench.disk["tags"][TAG_COMPLETE] == source(bench.sandbox).properties["etag"]


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


# When the access runs out


def test_when_it_runs_out_in_the_middle_it_is_renewed_once_for_all_requests(bench: Bench) -> None:
    bench.at_bytes = {MIB: bench.expire}
    bench.fill()
    assert bench.grants == 2
    assert same_bytes(bench.upload.blob.store, source(bench.sandbox).store)
    assert set(page_writes(bench.sandbox).values()) == {1}


def test_when_it_runs_out_again_it_is_renewed_again(bench: Bench) -> None:
    bench.at_bytes = {MIB: bench.expire, 3 * MIB: bench.expire}
    bench.fill()
    assert bench.grants == 3
    assert same_bytes(bench.upload.blob.store, source(bench.sandbox).store)


def test_when_it_ran_out_between_two_runs_the_next_one_asks_for_its_own(bench: Bench) -> None:
    bench.begin(pages=4)
    bench.expire()
    bench.fill()
    assert bench.grants == 2
    assert set(page_writes(bench.sandbox).values()) == {1}


def test_when_a_new_one_is_never_taken_it_is_not_asked_for_again(bench: Bench) -> None:
    bench.sandbox.fault(AZURES_BLOBS, times=999, status=403, headers=REFUSED)
    with pytest.raises(Failure, match="AuthenticationFailed"):
        bench.fill()
    assert bench.grants == 1


def test_when_the_renewed_one_is_not_taken_either_the_run_ends(bench: Bench) -> None:
    bench.sandbox.fault(PUT_PAGE, method="PUT", nth=3, times=999, status=403, headers=REFUSED)
    with pytest.raises(Failure, match="AuthenticationFailed"):
        bench.fill()
    assert bench.grants == 2


def test_when_the_disk_went_meanwhile_no_access_is_asked_for(bench: Bench) -> None:
    def remove() -> None:
        bench.upload.revoke()
        bench.sandbox.world.resources = {
            key: body for key, body in bench.sandbox.world.resources.items() if "/disks/" not in key
        }

    bench.at_bytes = {MIB: remove}
    step = bench.step()
    assert step.start().finished()
    assert step.observe().state is State.MISSING
    assert bench.grants == 1


# What is not as it should be


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"creationData": {"createOption": "Upload", "uploadSizeBytes": 20 * MIB + 512}}, "holds another VHD"),
        ({"supportedCapabilities": {"architecture": "x64"}}, "holds another VHD"),
        ({"hyperVGeneration": "V1"}, "holds another VHD"),
        ({"osType": "Windows"}, "holds another VHD"),
        ({"diskState": "Unattached"}, "was closed before it was complete"),
        ({"provisioningState": "Failed"}, "failed to be made"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_when_our_disk_is_of_no_use_it_is_deleted_and_made_again(
    bench: Bench, broken: dict[str, Any], said: str
) -> None:
    bench.begin()
    bench.disk["properties"] |= broken
    bench.fill()
    assert any(f"managed disk {DISK} {said}" in note for note in bench.notes)
    assert len(bench.sandbox.asked("DELETE", DISK_PATH)) == 1
    assert same_bytes(bench.upload.blob.store, source(bench.sandbox).store)
    assert bench.step().observe().state is State.READY


def test_when_our_disk_holds_another_release_it_is_made_again(bench: Bench) -> None:
    bench.fill()
    bench.disk["tags"][TAG_RELEASE] = "417.94.202501301529-0"
    assert "holds no complete copy" in bench.step().observe().note
    bench.fill()
    assert bench.disk["tags"][TAG_RELEASE] == RELEASE


@pytest.mark.parametrize("state", ["Attached", "Reserved", "ActiveSAS"])
def test_when_the_disk_is_in_use_it_is_refused(bench: Bench, state: str) -> None:
    bench.fill()
    bench.disk["properties"]["diskState"] = state
    with pytest.raises(Refused, match=rf"in use \(state {state}\).*revoke-access -g prod-7x2kq-rg -n {DISK}"):
        bench.step().observe()


def test_when_the_disk_is_in_another_region_it_is_refused(bench: Bench) -> None:
    bench.fill()
    bench.disk["location"] = "westeurope"
    with pytest.raises(Refused, match="is in westeurope, and eastus is wanted"):
        bench.step().observe()


def test_when_somebody_elses_disk_takes_the_name_meanwhile_it_is_left_alone(bench: Bench) -> None:
    step = bench.step()
    assert step.observe().state is State.MISSING
    bench.begin()
    bench.disk["tags"] = {"team": "storage"}
    with pytest.raises(Refused, match="this tool did not make it"):
        step.start().finished()
    assert bench.sandbox.asked("DELETE", DISK_PATH) == []
