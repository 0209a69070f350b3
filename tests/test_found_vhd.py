"""A VHD that an earlier run left: it is published as it is while it is the source's, and else copied anew."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Plugin
from tests.copying import same_bytes
from tests.engines import (
    ASYNC,
    DISK,
    FALLBACK,
    PUT_PAGE,
    RANGES,
    Engine,
    account,
    assert_published,
    copied,
    copies,
    is_published,
    page_writes,
    public,
    publish,
    source,
    the_error,
)
from tests.sandbox.blob.vhd import vhd
from tests.sandbox.server import Sandbox
from tests.test_bootimage import BLOB, VERSION

MIB = 1 << 20
SIZE = 64 * MIB
REFUSED = json.dumps({"error": {"code": "InvalidParameter", "message": "no image of that"}})
EVERY = pytest.mark.parametrize("engine", [RANGES, ASYNC, FALLBACK, DISK], ids=lambda each: each.name)
BY_AZURE = pytest.mark.parametrize("engine", [ASYNC, FALLBACK], ids=lambda each: each.name)


def leave(engine: Engine, plugin: Plugin, sandbox: Sandbox) -> None:
    """The VHD is complete, and there is no image version of it."""
    publish(sandbox, vhd(MIB, SIZE))
    engine.prepare(sandbox)
    refused = sandbox.fault("/versions/", method="PUT", times=99, status=400, body=REFUSED)
    assert engine.run(plugin).code == 1
    sandbox.knobs.faults.remove(refused)
    sandbox.exchanges.clear()


@EVERY
def test_when_it_is_the_sources_it_is_not_copied_again(plugin: Plugin, sandbox: Sandbox, engine: Engine) -> None:
    leave(engine, plugin, sandbox)
    assert_published(sandbox, engine.run(plugin))
    assert (page_writes(sandbox), copies(sandbox)) == ({}, 0)


@EVERY
def test_when_the_source_changed_since_it_is_copied_anew_and_that_is_said(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    leave(engine, plugin, sandbox)
    publish(sandbox, vhd(MIB, SIZE, seed=7))
    assert "the source changed since it was copied" in engine.run(plugin, "--dry-run").out
    assert_published(sandbox, engine.run(plugin))
    assert page_writes(sandbox) or copies(sandbox)


@EVERY
def test_when_the_source_is_gone_since_it_is_published_all_the_same(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    leave(engine, plugin, sandbox)
    well = public(sandbox).blobs.pop(BLOB)
    result = engine.run(plugin)
    public(sandbox).blobs[BLOB] = well
    assert_published(sandbox, result)


@BY_AZURE
def test_when_azures_copy_lacks_a_range_it_is_found_out(plugin: Plugin, sandbox: Sandbox, engine: Engine) -> None:
    leave(engine, plugin, sandbox)
    blob = copied(sandbox)
    assert blob is not None
    start, end = next(blob.store.ranges())
    blob.store.clear(start, end - start)
    assert "the source has data at bytes 0-" in engine.run(plugin, "--dry-run").out
    assert_published(sandbox, engine.run(plugin))


@pytest.mark.parametrize("engine", [RANGES, ASYNC, FALLBACK], ids=lambda each: each.name)
def test_when_it_is_named_as_the_source_of_itself_it_is_published_and_never_written_to(
    plugin: Plugin, sandbox: Sandbox, engine: Engine
) -> None:
    leave(engine, plugin, sandbox)
    itself = f"--source-url=https://{account(sandbox).name}.blob.core.windows.net/vhd/{BLOB}"
    result = engine.run(plugin, itself)
    assert result.code == 0, result.err
    assert is_published(sandbox)
    blob = copied(sandbox)
    assert blob is not None
    assert same_bytes(source(sandbox).store, blob.store)
    assert (page_writes(sandbox), copies(sandbox)) == ({}, 0)


def test_when_half_a_vhd_is_named_as_the_source_of_itself_that_is_refused_and_it_stays(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    publish(sandbox, vhd(MIB, SIZE))
    stopped = sandbox.fault(PUT_PAGE, method="PUT", nth=5, times=99, status=403)
    assert plugin("bootimage", "--staging=account").code == 1
    sandbox.knobs.faults.remove(stopped)
    blob = copied(sandbox)
    assert blob is not None
    there = list(blob.store.ranges())
    result = plugin("bootimage", f"--source-url=https://{account(sandbox).name}.blob.core.windows.net/vhd/{BLOB}")
    assert result.code == 1
    assert "would be copied onto itself" in the_error(result)
    assert list(blob.store.ranges()) == there
    assert VERSION not in str(list(sandbox.world.resources))


@EVERY
@pytest.mark.parametrize("name", ["中文.vhd", "mit leerzeichen ä.vhd"])
def test_when_the_source_has_a_name_in_any_script_it_is_copied(
    plugin: Plugin, sandbox: Sandbox, engine: Engine, name: str
) -> None:
    publish(sandbox, vhd(MIB, SIZE))
    engine.prepare(sandbox)
    public(sandbox).blobs[name] = source(sandbox)
    url = f"--source-url=https://RHCOS.blob.core.windows.net/imagebucket/{name}"
    result = engine.run(plugin, url)
    assert result.code == 0, result.err
    assert is_published(sandbox)


def test_when_the_source_url_has_a_password_it_is_refused_without_showing_it(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin("bootimage", "--source-url=https://jane:passw0rd@rhcos.blob.core.windows.net/imagebucket/x.vhd")
    assert result.code == 1
    assert "--source-url has a user name" in the_error(result)
    assert "passw0rd" not in result.err
