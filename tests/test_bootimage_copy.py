"""`bootimage --copy`: page by page, by Azure alone, or what works."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Plugin, Result
from tests.sandbox.server import Sandbox

PUT_PAGE = "comp=page(&|$)"


def pages_written(sandbox: Sandbox) -> int:
    return len([each for each in sandbox.asked("PUT", PUT_PAGE) if each["status"] == 201])


def copies_started(sandbox: Sandbox) -> int:
    return len(
        [each for each in sandbox.asked("PUT") if each["status"] == 202 and "x-ms-copy-id" in each["response_headers"]]
    )


@pytest.mark.parametrize("words", [(), ("--copy=auto",), ("--copy=ranges", "--parallel=2")])
def test_when_nothing_is_there_its_data_is_copied_page_by_page(
    plugin: Plugin, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    result = plugin("bootimage", *words)
    assert (result.code, copies_started(sandbox)) == (0, 0), result.err
    assert pages_written(sandbox) == 12  # as many extents


def test_when_it_is_run_again_nothing_is_copied(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    assert plugin("bootimage").code == 0
    assert pages_written(sandbox) == 12


def test_when_the_copy_breaks_off_the_next_run_goes_on_with_it(plugin: Plugin, sandbox: Sandbox) -> None:
    fault = sandbox.fault(PUT_PAGE, method="PUT", nth=6, times=99, status=403)
    assert plugin("bootimage").code == 1
    sandbox.knobs.faults.remove(fault)
    assert plugin("bootimage").code == 0
    assert pages_written(sandbox) == 12


def test_when_the_account_takes_only_its_key_it_copies_by_a_sas(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage", "--storage-auth=key").code == 0
    assert pages_written(sandbox) == 12


def test_when_azure_is_to_copy_alone_no_page_is_written(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage", "--copy=async").code == 0
    assert (copies_started(sandbox), pages_written(sandbox)) == (1, 0)


def test_when_nobody_waits_azure_copies_alone(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage", "--no-wait").code == 8
    assert (copies_started(sandbox), pages_written(sandbox)) == (1, 0)


def test_when_pages_are_demanded_and_nobody_waits_it_says_what_goes_together(plugin: Plugin) -> None:
    result = plugin("bootimage", "--copy=ranges", "--no-wait")
    assert result.code == 1
    assert "--no-wait needs Azure's own copy; leave out --copy=ranges" in result.err


@pytest.mark.parametrize("number", ["0", "65"])
def test_when_too_many_or_no_requests_are_asked_for_the_limits_are_told(plugin: Plugin, number: str) -> None:
    assert f"--parallel must be from 1 to 64, not {number}" in plugin("bootimage", "--parallel", number).err


REFUSED: dict[str, Any] = {
    "status": 403,
    "headers": {"x-ms-error-code": "CannotVerifyCopySource", "x-ms-copy-source-status-code": "403"},
}


def refused(sandbox: Sandbox, plugin: Plugin, *words: str) -> Result:
    """A firewall stands between the accounts."""
    sandbox.fault(PUT_PAGE, method="PUT", times=999, **REFUSED)
    return plugin("bootimage", *words)


def test_s24_when_the_service_may_not_read_the_source_azures_own_copy_is_tried(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    result = refused(sandbox, plugin)
    assert (result.code, copies_started(sandbox)) == (0, 1)
    assert "leaving it to Azure's asynchronous copy" in result.err


def test_s24_when_that_fails_too_both_are_told_with_the_network_rules(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.knobs.copy_outcome = "failed"
    result = refused(sandbox, plugin)
    assert result.code == 1
    assert "source: 403" in result.err
    assert "look at the network rules" in result.err


def test_when_ranges_are_demanded_there_is_no_other_way(plugin: Plugin, sandbox: Sandbox) -> None:
    assert refused(sandbox, plugin, "--copy=ranges").code == 1
    assert copies_started(sandbox) == 0
