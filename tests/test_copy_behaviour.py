"""What holds of a copy whichever way it goes: page by page, by Azure alone, or by Azure because pages are refused."""

from __future__ import annotations

import pytest

from tests.conftest import Plugin
from tests.engines import (
    ASYNC,
    FALLBACK,
    HEAD_OF_OURS,
    PUT_PAGE,
    RANGES,
    Engine,
    account,
    assert_published,
    copied,
    copies,
    is_complete,
    is_published,
    page_writes,
    publish,
    the_error,
)
from tests.forks import SIGKILLED, Forks, context, forks
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.vhd import vhd
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob
from tests.test_bootimage import BLOB, VERSION

__all__ = ["context", "forks"]  # fixtures

MIB = 1 << 20
OTHER = "https://mirror.blob.core.windows.net/images/other.vhd"
ENGINES = pytest.mark.parametrize("engine", [RANGES, ASYNC, FALLBACK], ids=lambda each: each.name)


@pytest.fixture(autouse=True)
def small(sandbox: Sandbox) -> None:
    publish(sandbox, vhd(MIB, 64 * MIB))


def work(sandbox: Sandbox) -> int:
    """Pages that were written more than once, and copies beyond the first."""
    return sum(times - 1 for times in page_writes(sandbox).values()) + max(0, copies(sandbox) - 1)


def stop_before_publishing(engine: Engine, plugin: Plugin, sandbox: Sandbox) -> Blob:
    """A finished copy of ours, and no image version."""
    engine.prepare(sandbox)
    sandbox.fault(f"/versions/{VERSION}", method="PUT", status=403)
    assert engine.run(plugin).code == 1
    engine.stop(sandbox)
    blob = copied(sandbox)
    assert blob
    return blob


# Done once, and gone on with


@ENGINES
def test_the_disk_is_the_sources_and_a_second_run_copies_nothing(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    engine.prepare(sandbox)
    assert_published(sandbox, engine.run(plugin))
    assert copies(sandbox) == (0 if engine.by_pages else 1)
    assert_published(sandbox, engine.run(plugin))
    assert work(sandbox) == 0


@ENGINES
def test_when_it_is_copied_and_not_published_the_next_run_uses_it(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    blob = stop_before_publishing(engine, plugin, sandbox)
    assert_published(sandbox, engine.run(plugin))
    assert copied(sandbox) is blob
    assert work(sandbox) == 0


@ENGINES
@pytest.mark.parametrize("after", [False, True])
def test_when_it_is_killed_in_the_middle_the_next_run_does_only_the_rest(
    forks: Forks, sandbox: Sandbox, engine: Engine, after: bool
) -> None:
    engine.prepare(sandbox)
    if engine.by_pages:
        sandbox.fault(PUT_PAGE, method="PUT", nth=5, action="kill", after=after)
    else:
        sandbox.fault(HEAD_OF_OURS, method="PUT", nth=1 if engine is ASYNC else 2, action="kill", after=after)
    code, said = forks.call("bootimage", *engine.words)
    assert code == SIGKILLED, said
    assert not is_complete(sandbox)
    engine.stop(sandbox)
    sandbox.advance(15)  # the lease of the killed run
    code, said = forks.call("bootimage", *engine.words)
    assert code == 0, said
    assert is_published(sandbox)
    assert work(sandbox) == 0


# What is in the way


def start_copy(sandbox: Sandbox, url: str, *, is_ours: bool) -> Blob:
    """A pending Copy Blob of `url` into our place."""
    blob = new_blob(vhd(MIB, 64 * MIB), sandbox.world.clock.now())
    blob.properties["copy"] = {
        "id": "00000000-0000-4000-8000-00000000c091",
        "source": url,
        "status": "pending",
        "done": 0,
        "total": blob.store.size,
        "completion": "",
        "description": "",
        "looks": -999,  # it does not end by itself
        "begun": sandbox.world.clock.now(),
        "from": ("mirror", "images", "other.vhd", '"0x8D"'),
    }
    if is_ours:
        blob.metadata["kubectl_arm64_release"] = "418.94.202512010000-0"
    account(sandbox).containers["vhd"].blobs[BLOB] = blob
    return blob


@ENGINES
def test_when_a_strangers_copy_of_something_else_is_pending_it_is_refused_with_its_id(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    stop_before_publishing(engine, plugin, sandbox)
    blob = start_copy(sandbox, OTHER, is_ours=False)
    error = the_error(result := engine.run(plugin))
    assert (result.code, copied(sandbox)) == (1, blob)
    assert f"a copy of {OTHER} into" in error
    assert "(copy ID 00000000-0000-4000-8000-00000000c091), and this tool did not start it" in error


@ENGINES
@pytest.mark.parametrize("is_ours", [False, True])
def test_when_a_pending_copy_may_be_aborted_it_is_and_ours_is_made(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, is_ours: bool
) -> None:
    stop_before_publishing(engine, plugin, sandbox)
    start_copy(sandbox, OTHER, is_ours=is_ours)
    result = engine.run(plugin, *(() if is_ours else ("--abort-copy",)))
    assert_published(sandbox, result)
    assert "copy 00000000-0000-4000-8000-00000000c091 of" in result.err


@ENGINES
def test_when_a_copy_of_the_same_vhd_is_pending_it_is_joined(plugin: Plugin, sandbox: Sandbox, engine: Engine) -> None:
    engine.prepare(sandbox)
    assert plugin("bootimage", "--no-wait").code == 8
    assert_published(sandbox, engine.run(plugin))
    assert (copies(sandbox), page_writes(sandbox)) == (1, {})


@ENGINES
def test_when_a_stranger_has_put_another_blob_there_it_stays_as_it_is(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    stop_before_publishing(engine, plugin, sandbox)
    stranger = new_blob(vhd(MIB, 64 * MIB, seed=9), sandbox.world.clock.now())
    account(sandbox).containers["vhd"].blobs[BLOB] = stranger
    before = dict(stranger.properties)
    error = the_error(result := engine.run(plugin))
    assert result.code == 1
    assert "this tool did not make it, and it is not the VHD to publish" in error
    assert copied(sandbox) is stranger
    assert stranger.properties == before


@ENGINES
def test_when_what_is_there_is_ours_and_broken_it_is_made_anew(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    blob = stop_before_publishing(engine, plugin, sandbox)
    blob.store.write(blob.store.size - 512, bytes(512))
    assert_published(sandbox, engine.run(plugin))
