"""`bootimage --staging disk`, killed at any moment, and two of them at once.

As tests/test_killed.py does it for storage accounts.
"""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests.copying import SOURCE_URL, same_bytes
from tests.forks import SIGKILLED, Forks, context, forks
from tests.sandbox.arm.disks import Upload
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.vhd import MIB, vhd
from tests.sandbox.server import Sandbox
from tests.test_bootimage import VERSION
from tests.test_killed import state
from tests.test_staging_disk import DISK_PATH, ON_DISK, PUT_PAGE, disks, page_writes, source

__all__ = ["context", "forks"]  # fixtures

MADE = rf"^PUT.*(/disks/[\w-]+|/galleries/\w+|/images/[\w-]+|/versions/{VERSION})$"
WRITES = [
    ("PUT", DISK_PATH, 1),
    ("POST", "/beginGetAccess", 1),
    ("PUT", "/galleries/[a-z0-9_]+[?]", 1),
    ("PUT", "/images/[a-z0-9-]+[?]", 1),
    ("PUT", PUT_PAGE, 1),
    ("PUT", PUT_PAGE, 7),
    ("PATCH", DISK_PATH, 1),
    ("POST", "/endGetAccess", 1),
    ("PUT", f"/versions/{VERSION}", 1),
    ("DELETE", DISK_PATH, 1),
]
READS = [
    ("GET", DISK_PATH, 2),
    ("GET", "md-impexp.*comp=pagelist", 1),
    ("GET", "imagebucket.*comp=pagelist", 2),
    ("GET", "md-impexp.*comp=pagelist", 2),
    ("HEAD", "md-impexp", 1),
    ("GET", "md-impexp[^?]*[?](?!.*comp=)", 1),
]
MOMENTS = [
    *[(place, after) for place in WRITES for after in (False, True)],
    *[(place, False) for place in READS],
]


def published(sandbox: Sandbox) -> None:
    """One image version, and nothing left of the disk."""
    assert len([key for key in state(sandbox)["resources"] if "/versions/" in key]) == 1
    assert (disks(sandbox), list(sandbox.world.accounts), sandbox.world.uploads) == ([], ["rhcos"], {})


@pytest.mark.parametrize(
    ("place", "after"),
    MOMENTS,
    ids=[f"{place[0]} {place[1].strip('/')} {place[2]} {'after' if after else 'before'}" for place, after in MOMENTS],
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
    assert set(page_writes(sandbox).values()) == {1}, said
    assert len(page_writes(sandbox)) == len(list(source(sandbox).store.ranges()))
    made = [
        one
        for one in sandbox.exchanges
        if re.search(MADE, f"{one['method']} {one['path']}") and (one["fault"] or {"answered": 1})["answered"]
    ]
    assert len({one["path"] for one in made}) == len(made) == 4, said
    published(sandbox)


def test_when_it_is_killed_while_the_disk_is_made_the_next_run_waits_for_it(forks: Forks) -> None:
    forks.sandbox.knobs.polls["disks"] = 5
    forks.sandbox.fault(DISK_PATH, method="PUT", action="kill", after=True)
    assert forks.call(*ON_DISK)[0] == SIGKILLED
    forks.sandbox.knobs.faults.clear()
    code, said = forks.call(*ON_DISK)
    assert code == 0, said
    assert [one["status"] for one in forks.sandbox.exchanges if one["status"] == 409] == []


# Two at once


@pytest.mark.parametrize(
    ("method", "path", "nth", "after"),
    [
        ("PUT", DISK_PATH, 1, False),
        ("PUT", DISK_PATH, 1, True),
        ("POST", "/beginGetAccess", 1, False),
        ("PUT", PUT_PAGE, 7, False),
        ("PATCH", DISK_PATH, 1, False),
        ("POST", "/endGetAccess", 1, False),
        ("PUT", f"/versions/{VERSION}", 1, False),
        ("DELETE", DISK_PATH, 1, False),
    ],
    ids=lambda value: str(value).strip("/"),
)
def test_when_a_run_is_overtaken_by_another_it_ends_the_same(
    forks: Forks, tmp_path: Path, method: str, path: str, nth: int, after: bool
) -> None:
    """The first is stopped at a request; a second one does all of the work; then the first goes on."""
    sandbox = forks.sandbox
    fault = sandbox.fault(path, method=method, nth=nth, action="stall", seconds=0.2, after=after)
    first = forks.begin(ON_DISK, tmp_path / "first")
    assert first.pid
    assert fault.met.wait(60)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        code, said = forks.call(*ON_DISK)
        assert code == 0, said
    finally:
        os.kill(first.pid, signal.SIGCONT)
    first.join(60)
    assert first.exitcode == 0, (tmp_path / "first").read_text()
    published(sandbox)


def test_when_two_runs_begin_at_once_both_end_with_the_one_image_version(forks: Forks, tmp_path: Path) -> None:
    sandbox = forks.sandbox
    sandbox.knobs.latency = 0.01
    outputs = [tmp_path / "first", tmp_path / "second"]
    runs = [forks.begin(ON_DISK, output) for output in outputs]
    stores = {}
    while any(run.is_alive() for run in runs):
        for upload in list(sandbox.world.uploads.values()):
            assert isinstance(upload, Upload)
            stores[upload.account.name] = upload.blob.store
        runs[0].join(0.05)
    told = "\n".join(output.read_text() for output in outputs)
    assert [run.exitcode for run in runs] == [0, 0], told
    assert [same_bytes(store, source(sandbox).store) for store in stores.values()] == [True], told
    published(sandbox)


@pytest.mark.parametrize(("method", "path", "nth"), [("PUT", PUT_PAGE, 7), ("PATCH", DISK_PATH, 1)])
def test_when_the_other_run_copies_from_elsewhere_the_first_finds_its_image_version(
    forks: Forks, tmp_path: Path, method: str, path: str, nth: int
) -> None:
    sandbox = forks.sandbox
    mirror = new_blob(vhd(3 * MIB, 32 * MIB), sandbox.world.clock.now())
    sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs["mirror.vhd"] = mirror
    fault = sandbox.fault(path, method=method, nth=nth, action="stall", seconds=0.2)
    first = forks.begin(ON_DISK, tmp_path / "first")
    assert first.pid
    assert fault.met.wait(60)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        code, said = forks.call(*ON_DISK, "--source-url", f"{SOURCE_URL.rpartition('/')[0]}/mirror.vhd")
        assert code == 0, said
        assert "holds another VHD, or another state of this one: starting over" in said
    finally:
        os.kill(first.pid, signal.SIGCONT)
    first.join(60)
    said = (tmp_path / "first").read_text()
    assert first.exitcode == 0, said
    assert f"image version rhcos-arm64-gen2/{VERSION}: found" in said
    published(sandbox)
