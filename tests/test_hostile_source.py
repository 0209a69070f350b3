"""A source that changes, shrinks, grows, vanishes, turns private or lies about its ranges.

Whatever it does, and whenever: one error, nothing published, a destination that no run takes for the VHD; and when the
source is well again, the same command goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.conftest import Plugin, Result
from tests.engines import (
    ASYNC,
    DISK,
    FALLBACK,
    PUT_PAGE,
    RANGES,
    Engine,
    assert_published,
    copies,
    is_complete,
    is_published,
    page_writes,
    public,
    publish,
    source,
    the_error,
)
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.vhd import vhd
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob
from tests.test_bootimage import BLOB

MIB = 1 << 20
SIZE = 64 * MIB
SOURCE_RANGES = "imagebucket.*comp=pagelist"
BY_PAGES = pytest.mark.parametrize("engine", [RANGES, DISK], ids=lambda each: each.name)
EVERY = pytest.mark.parametrize("engine", [RANGES, ASYNC, FALLBACK, DISK], ids=lambda each: each.name)
MOMENTS = pytest.mark.parametrize(
    ("engine", "nth"),
    [(RANGES, 1), (RANGES, 5), (RANGES, 12), (DISK, 5)],
    ids=["ranges, the first page", "ranges, in the middle", "ranges, the last page", "disk, in the middle"],
)


@pytest.fixture(autouse=True)
def well(sandbox: Sandbox) -> Blob:
    """The source as it should be."""
    publish(sandbox, vhd(MIB, SIZE))
    return source(sandbox)


def ended(result: Result, sandbox: Sandbox) -> str:
    """The error of a run that has left nothing which could be mistaken for the VHD."""
    assert result.code == 1, result.err
    assert not is_complete(sandbox)
    assert not is_published(sandbox)
    return the_error(result)


def goes_on(engine: Engine, plugin: Plugin, sandbox: Sandbox, well: Blob | None = None) -> None:
    """The source is well again, and the next run ends as it should."""
    engine.stop(sandbox)
    if well:
        public(sandbox).blobs[BLOB] = well
    public(sandbox).public_access = "Blob"
    assert_published(sandbox, engine.run(plugin))


# It changes


def changed() -> PageStore:
    return vhd(MIB, SIZE, seed=2)


def shrunk() -> PageStore:
    return vhd(MIB, SIZE // 2)


def grown() -> PageStore:
    return vhd(MIB, SIZE * 2)


CHANGES = pytest.mark.parametrize("to", [changed, shrunk, grown])


@MOMENTS
@CHANGES
def test_when_it_changes_once_the_copy_starts_over_and_says_so(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, to: Callable[[], PageStore], nth: int
) -> None:
    engine.in_the_middle(sandbox, lambda: publish(sandbox, to()), nth)
    result = engine.run(plugin)
    assert_published(sandbox, result)
    assert result.err.count("changed while it was copied: starting over") == 1


@BY_PAGES
@CHANGES
def test_when_it_keeps_changing_it_ends_in_one_error(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, to: Callable[[], PageStore]
) -> None:
    sandbox.fault(PUT_PAGE, method="PUT", nth=4, times=999, action="change", change=lambda: publish(sandbox, to()))
    error = ended(engine.run(plugin), sandbox)
    assert f"{BLOB} changed while it was copied; run `kubectl arm64 bootimage" in error
    goes_on(engine, plugin, sandbox)


@BY_PAGES
@pytest.mark.parametrize("status", [304, 412])
def test_when_the_service_says_that_it_changed_in_either_of_its_ways_it_ends_the_same(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, status: int
) -> None:
    unverified = {"x-ms-error-code": "CannotVerifyCopySource"}
    sandbox.fault(PUT_PAGE, method="PUT", nth=4, times=999, status=status, headers=unverified)
    assert "changed while it was copied" in ended(engine.run(plugin), sandbox)
    goes_on(engine, plugin, sandbox)


@pytest.mark.parametrize("engine", [ASYNC, FALLBACK], ids=lambda each: each.name)
@CHANGES
def test_when_it_changes_while_azure_copies_azures_reason_is_told(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, to: Callable[[], PageStore]
) -> None:
    engine.prepare(sandbox)
    engine.in_the_middle(sandbox, lambda: publish(sandbox, to()))
    assert "412 ConditionNotMet" in ended(engine.run(plugin), sandbox)
    goes_on(engine, plugin, sandbox)


# It vanishes, or turns private


@EVERY
def test_when_it_has_vanished_nothing_is_made(plugin: Plugin, sandbox: Sandbox, engine: Engine, well: Blob) -> None:
    engine.prepare(sandbox)
    public(sandbox).blobs.clear()
    error = ended(engine.run(plugin), sandbox)
    assert "the VHD is gone" in error
    assert sandbox.asked("PUT", "management") == []
    goes_on(engine, plugin, sandbox, well)


@MOMENTS
def test_when_it_vanishes_it_says_so_and_when_it_is_back_only_the_rest_is_copied(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, well: Blob, nth: int
) -> None:
    engine.in_the_middle(sandbox, public(sandbox).blobs.clear, nth)
    assert f"the VHD is gone: https://rhcos.blob.core.windows.net/imagebucket/{BLOB}; update" in ended(
        engine.run(plugin), sandbox
    )
    goes_on(engine, plugin, sandbox, well)
    assert set(page_writes(sandbox).values()) == {1}


@pytest.mark.parametrize("engine", [ASYNC, FALLBACK], ids=lambda each: each.name)
def test_when_it_vanishes_while_azure_copies_azures_reason_is_told(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, well: Blob
) -> None:
    engine.prepare(sandbox)
    engine.in_the_middle(sandbox, public(sandbox).blobs.clear)
    assert "404 BlobNotFound" in ended(engine.run(plugin), sandbox)
    goes_on(engine, plugin, sandbox, well)


@EVERY
def test_when_it_is_private_nothing_is_made(plugin: Plugin, sandbox: Sandbox, engine: Engine) -> None:
    engine.prepare(sandbox)
    public(sandbox).public_access = "None"
    assert "is not public" in ended(engine.run(plugin), sandbox)
    assert sandbox.asked("PUT", "management") == []
    goes_on(engine, plugin, sandbox)


@MOMENTS
def test_when_it_turns_private_its_401_is_not_taken_for_ours(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, nth: int
) -> None:
    engine.in_the_middle(sandbox, lambda: setattr(public(sandbox), "public_access", "None"), nth)
    assert "not public" in ended(engine.run(plugin), sandbox)
    asked = [each["headers"]["x-ms-range"] for each in sandbox.asked("PUT", PUT_PAGE)]
    assert len(asked) == len(set(asked))
    goes_on(engine, plugin, sandbox)
    assert set(page_writes(sandbox).values()) == {1}


@BY_PAGES
@pytest.mark.parametrize("told", [{}, {"x-ms-copy-source-status-code": "401"}], ids=["401 alone", "and the source's"])
def test_when_the_401_comes_without_a_challenge_no_token_is_renewed(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, told: Mapping[str, str]
) -> None:
    headers = {"x-ms-error-code": "CannotVerifyCopySource", **told}
    sandbox.fault(PUT_PAGE, method="PUT", nth=4, times=999, status=401, headers=headers)
    assert "the source is not public, or its SAS has expired" in ended(engine.run(plugin), sandbox)
    assert len(sandbox.asked("POST", "/oauth2/v2.0/token")) <= 2  # Resource Manager's and the storage's
    goes_on(engine, plugin, sandbox)


@MOMENTS
def test_when_a_firewall_closes_it_says_where_to_look(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, nth: int
) -> None:
    told = {"x-ms-error-code": "CannotVerifyCopySource", "x-ms-copy-source-status-code": "403"}
    sandbox.fault(PUT_PAGE, method="PUT", nth=nth, times=999, status=403, headers=told)
    error = ended(engine.run(plugin), sandbox)
    assert "the storage service is refused by the source" in error
    assert "network rules of both storage accounts" in error
    goes_on(engine, plugin, sandbox)
    assert set(page_writes(sandbox).values()) == {1}
    assert copies(sandbox) == 0


@MOMENTS
@pytest.mark.parametrize(("status", "code"), [(403, "AuthenticationFailed"), (409, "PublicAccessNotPermitted")])
def test_when_its_sas_ends_or_its_account_turns_private_that_is_what_is_said(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, nth: int, status: int, code: str
) -> None:
    told = {
        "x-ms-error-code": "CannotVerifyCopySource",
        "x-ms-copy-source-status-code": str(status),
        "x-ms-copy-source-error-code": code,
    }
    sandbox.fault(PUT_PAGE, method="PUT", nth=nth, times=999, status=status, headers=told)
    error = ended(engine.run(plugin), sandbox)
    assert "the source is not public, or its SAS has expired" in error
    assert "network rules" not in error
    assert copies(sandbox) == 0
    goes_on(engine, plugin, sandbox)


@EVERY
def test_when_a_firewall_keeps_this_machine_out_it_says_so(plugin: Plugin, sandbox: Sandbox, engine: Engine) -> None:
    sandbox.fault("/imagebucket/", times=99, status=403, headers={"x-ms-error-code": "AuthorizationFailure"})
    error = ended(engine.run(plugin), sandbox)
    assert "the network rules of its storage account refuse this machine" in error
    assert "Storage Blob Data Reader" not in error
    goes_on(engine, plugin, sandbox)


# It lies about its ranges


def ranges_xml(*spans: tuple[int, int], marker: str = "") -> dict[str, Any]:
    """An answer that tells `spans` (half-open)."""
    told = "".join(f"<PageRange><Start>{start}</Start><End>{end - 1}</End></PageRange>" for start, end in spans)
    more = f"<NextMarker>{marker}</NextMarker>" if marker else "<NextMarker/>"
    body = f'<?xml version="1.0" encoding="utf-8"?><PageList>{told}{more}</PageList>'
    return {"status": 200, "body": body, "headers": {"content-type": "application/xml"}}


FOOTER = (SIZE, SIZE + 512)
LIES: dict[str, tuple[Sequence[tuple[int, int]], str]] = {
    "none at all": ([], "its VHD footer is in none of them"),
    "without the footer": ([(0, 1024)], "its VHD footer is in none of them"),
    "out of order": ([(MIB, 2 * MIB), (0, 512), FOOTER], "0-512 is told after a range that ends at 2097152"),
    "overlapping": ([(0, MIB), (512, 2 * MIB), FOOTER], "512-2097152 is told after a range that ends at 1048576"),
    "twice": ([(0, MIB), (0, MIB), FOOTER], "0-1048576 is told after a range that ends at 1048576"),
    "unaligned": ([(0, 100), FOOTER], "0-100 are no whole pages"),
    "empty": ([(512, 512), FOOTER], "512-512 are no whole pages"),
    "backwards": ([(1024, 512), FOOTER], "1024-512 are no whole pages"),
    "beyond the end": ([(0, 512), (SIZE, SIZE + 1024)], "lies beyond its end at 67109376"),
}
LYING = pytest.mark.parametrize(
    ("engine", "told", "said"),
    [*((RANGES, *lie) for lie in LIES.values()), (DISK, *LIES["out of order"])],
    ids=[*LIES, "out of order, to a disk"],
)


@LYING
def test_when_its_ranges_cannot_be_no_page_is_copied(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, told: Sequence[tuple[int, int]], said: str
) -> None:
    sandbox.fault(SOURCE_RANGES, times=999, **ranges_xml(*told))
    error = ended(engine.run(plugin), sandbox)
    assert said in error
    assert "tells page ranges that cannot be" in error
    assert page_writes(sandbox) == {}
    goes_on(engine, plugin, sandbox)


@LYING
def test_when_it_begins_to_lie_while_it_is_copied_the_copy_is_not_taken(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, told: Sequence[tuple[int, int]], said: str
) -> None:
    sandbox.fault(SOURCE_RANGES, nth=2, times=999, **ranges_xml(*told))
    error = ended(engine.run(plugin), sandbox)
    assert said in error or "is not what was copied: the source has data at" in error
    goes_on(engine, plugin, sandbox)
    assert set(page_writes(sandbox).values()) == {1}


@BY_PAGES
@pytest.mark.parametrize("when", [1, 2])
@pytest.mark.parametrize("page", [(), ((0, 512),)], ids=["of nothing", "of the same"])
def test_when_its_list_never_ends_the_copy_does(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, when: int, page: tuple[tuple[int, int], ...]
) -> None:
    sandbox.fault(SOURCE_RANGES, nth=when, times=9999, **ranges_xml(*page, marker="2!12!MDAwMDAx"))
    assert "tells page ranges that cannot be" in ended(engine.run(plugin), sandbox)
    assert len(sandbox.asked("GET", SOURCE_RANGES)) < 20
    goes_on(engine, plugin, sandbox)


@BY_PAGES
def test_when_its_list_never_ends_under_ever_new_markers_the_copy_does_too(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    for nth in range(1, 99):
        sandbox.fault(SOURCE_RANGES, nth=nth, **ranges_xml(marker=f"2!12!{nth:08}"))
    assert "their list does not end; copy it with --copy async" in ended(engine.run(plugin), sandbox)
    goes_on(engine, plugin, sandbox)


@BY_PAGES
def test_when_it_tells_pages_that_it_no_longer_has_it_says_so(plugin: Plugin, sandbox: Sandbox, engine: Engine) -> None:
    told = {"x-ms-error-code": "CannotVerifyCopySource", "x-ms-copy-source-status-code": "416"}
    sandbox.fault(PUT_PAGE, method="PUT", nth=4, times=999, status=416, headers=told)
    assert "the source tells pages that it does not have; use --copy async" in ended(engine.run(plugin), sandbox)
    goes_on(engine, plugin, sandbox)


@BY_PAGES
def test_when_it_tells_more_than_it_has_the_disk_is_the_same_all_the_same(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    whole = [(0, SIZE + 512)]
    sandbox.fault(SOURCE_RANGES, times=999, **ranges_xml(*whole))
    result = engine.run(plugin)
    assert result.code == 0, result.err
    assert is_published(sandbox)
