"""`bootimage --verify full`: the whole disk is read and held against the SHA-256 that the stream tells."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest

from kubectl_arm64.copy.asynchronous import COMPLETE, WRONG_SHA256
from kubectl_arm64.names import TAG_SHA256
from tests.conftest import Plugin
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.vhd import vhd
from tests.sandbox.kubernetes.objects import find
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob, StorageAccount
from tests.test_bootimage import BLOB, VERSION, resource_id, without_data_role, writes

MIB = 1 << 20
FULL = ("bootimage", "--verify", "full")
ENGINES = [("--copy=ranges",), ("--copy=async",), ("--storage-auth=key",)]


def tell(sandbox: Sandbox, digest: str, **azure: str) -> None:
    """What the cluster's stream says of the VHD."""
    data = find(sandbox.world, "configmaps", "coreos-bootimages", "openshift-machine-config-operator")["data"]
    stream = json.loads(data["stream"])
    artifact = stream["architectures"]["aarch64"]["artifacts"]["azure"]
    artifact["formats"]["vhd.gz"]["disk"]["uncompressed-sha256"] = digest
    artifact.update(azure)
    data["stream"] = json.dumps(stream)


def digest(store: PageStore) -> str:
    return hashlib.sha256(store.read(0, store.size)).hexdigest()


def released(sandbox: Sandbox, store: PageStore) -> str:
    """Red Hat's VHD is `store`, and the stream tells its digest."""
    put(sandbox, store)
    tell(sandbox, digest(store))
    return digest(store)


def put(sandbox: Sandbox, store: PageStore) -> None:
    blobs = sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs
    blobs[BLOB] = new_blob(store, sandbox.world.clock.now())


@pytest.fixture
def sha256(sandbox: Sandbox) -> str:
    """That of a small VHD, which is quickly read: 9 MiB of data on 64, in extents that are longer than a request."""
    store = vhd(MIB, 64 * MIB)
    store.write(20 * MIB + 512, b"\xa5" * (8 * MIB + 1024))
    return released(sandbox, store)


def ours(sandbox: Sandbox) -> StorageAccount:
    (account,) = [each for each in sandbox.world.accounts.values() if each.name.startswith("rhcos4")]
    return account


def copied(sandbox: Sandbox) -> Blob:
    return ours(sandbox).containers["vhd"].blobs[BLOB]


def version(sandbox: Sandbox) -> dict[str, Any] | None:
    return next((body for key, body in sandbox.world.resources.items() if key.endswith(f"/versions/{VERSION}")), None)


def reads(sandbox: Sandbox) -> list[tuple[int, int]]:
    """The pieces of the copy that were read, as half-open ranges; looks at a footer are none."""
    asked = sandbox.asked("GET", f"/vhd/{BLOB}([?](?!comp)|$)")
    spans = [re.findall(r"\d+", one["headers"].get("x-ms-range") or one["headers"]["range"]) for one in asked]
    return sorted({(int(first), int(last) + 1) for first, last in spans})


# What is verified


@pytest.mark.parametrize("words", ENGINES)
def test_when_the_disk_is_the_releases_it_is_published_and_the_version_says_so(
    plugin: Plugin, sandbox: Sandbox, sha256: str, words: tuple[str, ...]
) -> None:
    result = plugin(*FULL, *words)
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    assert f"SHA-256 of VHD {BLOB}: verified" in result.err
    body = version(sandbox)
    assert body
    assert body["tags"][TAG_SHA256] == sha256


def test_it_says_beforehand_that_the_data_comes_here_and_afterwards_what_it_cost(
    plugin: Plugin, sandbox: Sandbox, sha256: str
) -> None:
    said = plugin(*FULL).err.splitlines()
    before = said.index("--verify full: 9 MiB of data pass through this client")
    (cost,) = [line for line in said if line.startswith("--verify full: downloaded 9 MiB and hashed 64 MiB in")]
    assert re.search(r"in \d+\.\d s \(\d+\.\d MiB/s downloaded\)$", cost)
    assert before < said.index(f"SHA-256 of VHD {BLOB}: started") < said.index(cost)


def test_only_data_is_fetched_each_byte_once(plugin: Plugin, sandbox: Sandbox, sha256: str) -> None:
    plugin(*FULL)
    store = copied(sandbox).store
    assert [span for span in reads(sandbox) if span[0] < store.size - 512] == [
        (start, min(start + 4 * MIB, stop))
        for first, stop in store.ranges()
        for start in range(first, min(stop, store.size - 512), 4 * MIB)
    ]


def test_when_it_is_not_asked_for_no_data_comes_here(plugin: Plugin, sandbox: Sandbox, sha256: str) -> None:
    result = plugin("bootimage")
    assert "SHA-256" not in result.err
    assert all(stop - start == 512 for start, stop in reads(sandbox))


def test_the_seeded_vhd_of_16_gib_is_what_its_stream_tells(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin(*FULL)
    assert result.code == 0, result.err
    assert "downloaded 4 MiB and hashed 16384 MiB" in result.err


def test_when_the_service_is_busy_pieces_are_asked_for_again(plugin: Plugin, sandbox: Sandbox, sha256: str) -> None:
    sandbox.fault(f"/vhd/{BLOB}$", method="GET", nth=3, times=5, status=503, headers={"x-ms-error-code": "ServerBusy"})
    result = plugin(*FULL)
    assert result.code == 0, result.err
    assert "storage has trouble (ServerBusy): going on with fewer requests at a time" in result.err


def test_when_the_progress_is_for_programs_it_is_told_as_a_step(plugin: Plugin, sandbox: Sandbox, sha256: str) -> None:
    events = [json.loads(line) for line in plugin(*FULL, "--progress=json").err.splitlines()]
    told = [event for event in events if event.get("step") == f"SHA-256 of VHD {BLOB}"]
    assert [(event["event"], event.get("outcome", "")) for event in (told[0], told[-1])] == [
        ("started", "created"),
        ("finished", "verified"),
    ]
    assert {event["unit"] for event in told if event["event"] == "progress"} == {"bytes"}


# What is not the release's


@pytest.mark.parametrize("words", [*ENGINES, ("--staging=disk",)])
def test_when_the_digest_is_another_it_is_one_error_with_both_and_nothing_is_published(
    plugin: Plugin, sandbox: Sandbox, sha256: str, words: tuple[str, ...]
) -> None:
    tell(sandbox, "0" * 64)
    result = plugin(*FULL, *words)
    (error,) = [line for line in result.err.splitlines() if line.startswith("error:")]
    assert result.code == 1
    assert f"its SHA-256 is {sha256}, the stream tells {'0' * 64}" in error
    assert "run `kubectl arm64 bootimage" in error
    assert version(sandbox) is None


@pytest.mark.parametrize("words", ENGINES)
@pytest.mark.parametrize("then", [(), ("--copy=async",)])
def test_when_it_failed_no_later_run_uses_that_copy(
    plugin: Plugin, sandbox: Sandbox, words: tuple[str, ...], then: tuple[str, ...], sha256: str
) -> None:
    tell(sandbox, "0" * 64)
    assert plugin(*FULL, *words).code == 1
    failed = copied(sandbox)
    assert COMPLETE not in failed.metadata
    assert failed.metadata[WRONG_SHA256] == sha256
    assert plugin("bootimage", *then).code == 0
    assert copied(sandbox) is not failed
    assert WRONG_SHA256 not in copied(sandbox).metadata


def test_when_it_failed_on_a_disk_that_is_removed(plugin: Plugin, sandbox: Sandbox, sha256: str) -> None:
    tell(sandbox, "0" * 64)
    plugin(*FULL, "--staging=disk")
    assert [key for key in sandbox.world.resources if "/disks/" in key] == []
    assert plugin("bootimage", "--staging=disk").code == 0


def test_when_the_source_hides_some_of_its_data_only_this_finds_it(
    plugin: Plugin, sandbox: Sandbox, sha256: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs[BLOB].store
    told = [span for span in store.ranges() if span[0] != 20 * MIB + 512]
    monkeypatch.setattr(store, "ranges", lambda *within: iter(told))
    result = plugin(*FULL)
    assert result.code == 1
    assert f"the stream tells {sha256}" in result.err


# What is there already


def test_when_the_copy_is_there_and_not_published_it_is_verified_first(
    plugin: Plugin, sandbox: Sandbox, sha256: str
) -> None:
    denied = sandbox.fault(f"/versions/{VERSION}", method="PUT", status=403)
    assert plugin("bootimage").code == 1
    sandbox.knobs.faults.remove(denied)
    copied(sandbox).store.write(20 * MIB + 512, b"\0" * 512)
    result = plugin(*FULL)
    assert result.code == 1
    assert f"the stream tells {sha256}" in result.err
    assert plugin(*FULL).code == 0


def test_when_a_disk_was_closed_unverified_it_is_made_again(plugin: Plugin, sandbox: Sandbox, sha256: str) -> None:
    denied = sandbox.fault(f"/versions/{VERSION}", method="PUT", status=403)
    assert plugin("bootimage", "--staging=disk").code == 1
    sandbox.knobs.faults.remove(denied)
    result = plugin(*FULL, "--staging=disk")
    assert result.code == 0, result.err
    assert "was closed before its SHA-256 was verified: starting over" in result.err


def test_when_another_made_the_copy_and_it_is_wrong_it_is_left_as_it_is(
    plugin: Plugin, sandbox: Sandbox, sha256: str
) -> None:
    denied = sandbox.fault(f"/versions/{VERSION}", method="PUT", status=403)
    assert plugin("bootimage", "--copy=async").code == 1
    sandbox.knobs.faults.remove(denied)
    copied(sandbox).metadata.clear()
    tell(sandbox, "0" * 64)
    result = plugin(*FULL)
    assert result.code == 1
    assert "this tool did not make it: delete it, or choose another --container" in result.err
    assert copied(sandbox).metadata == {}


def test_when_the_version_was_verified_before_nothing_is_read_again(
    plugin: Plugin, sandbox: Sandbox, sha256: str
) -> None:
    plugin(*FULL)
    sandbox.exchanges.clear()
    result = plugin(*FULL)
    assert result.code == 0
    assert "was made from a VHD whose SHA-256 was verified" in result.err
    assert (reads(sandbox), writes(sandbox)) == ([], [])


@pytest.mark.parametrize("auth", ["login", "key"])
def test_when_the_version_is_there_and_was_not_verified_its_vhd_is(
    plugin: Plugin, sandbox: Sandbox, sha256: str, auth: str
) -> None:
    if auth == "key":
        without_data_role(sandbox)
    plugin("bootimage")
    result = plugin(*FULL)
    assert result.code == 0, result.err
    assert f"SHA-256 of VHD {BLOB}: verified" in result.err
    assert ours(sandbox).shared_keys is False


def test_when_the_version_is_there_and_its_vhd_is_wrong_both_are_to_be_made_anew(
    plugin: Plugin, sandbox: Sandbox, sha256: str
) -> None:
    plugin("bootimage")
    tell(sandbox, "0" * 64)
    result = plugin(*FULL)
    assert result.code == 1
    assert f"and image version rhcos-arm64-gen2/{VERSION} was made from it; delete that version" in result.err


@pytest.mark.parametrize("gone", ["blob", "account", "disk"])
def test_when_the_version_is_there_and_the_vhd_is_gone_it_says_that_nothing_can_be_verified(
    plugin: Plugin, sandbox: Sandbox, sha256: str, gone: str
) -> None:
    plugin("bootimage", *(("--staging=disk",) if gone == "disk" else ()))
    if gone == "blob":
        ours(sandbox).containers["vhd"].blobs.clear()
    elif gone == "account":
        del sandbox.world.accounts[ours(sandbox).name]
    result = plugin(*FULL)
    assert result.code == 1
    assert "was made without --verify full, and its VHD is gone: nothing is left to verify" in result.err


# What cannot be verified


@pytest.mark.parametrize("cause", ["none", "another build's", "another release's URL"])
def test_when_the_stream_tells_no_digest_of_it_nothing_is_asked_of_azure(
    plugin: Plugin, sandbox: Sandbox, cause: str
) -> None:
    words: list[str] = []
    if cause == "none":
        tell(sandbox, "")
    elif cause == "another build's":
        tell(sandbox, "0" * 64, release="418.94.202601010000-0")
    else:
        words = ["--source-url", "https://mirror.blob.core.windows.net/i/rhcos-419.96.202605010000-0-azure.aarch64.vhd"]
    result = plugin(*FULL, *words)
    assert result.code == 1
    assert "--verify full has nothing to compare with" in result.err
    assert [one for one in sandbox.exchanges if one["host"] != "kubernetes"] == []
