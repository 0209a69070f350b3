"""An image version that failed, and one that is on its way out: both are made anew in one run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.azure_access import group, reach
from tests.conftest import Plugin
from tests.sandbox.server import Sandbox
from tests.test_bootimage import VERSION, resource_id, writes


def version(sandbox: Sandbox) -> dict[str, Any]:
    (body,) = [body for key, body in sandbox.world.resources.items() if key.endswith(f"/versions/{VERSION}")]
    return body


def kinds(sandbox: Sandbox) -> list[str]:
    """What was written to the image version."""
    return [one["method"] for one in sandbox.asked("", f"/versions/{VERSION}") if one["method"] != "GET"]


@pytest.fixture
def failed(plugin: Plugin, sandbox: Sandbox) -> None:
    """One of ours that Azure could not replicate; deleting takes its time."""
    assert plugin("bootimage").code == 0
    version(sandbox)["properties"]["provisioningState"] = "Failed"
    sandbox.knobs.polls["delete"] = 4
    sandbox.exchanges.clear()


@pytest.mark.usefixtures("failed")
def test_when_ours_failed_it_is_deleted_and_made_again_however_long_that_takes(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    result = plugin("bootimage")
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    assert "being deleted; it is made again" in result.err
    assert kinds(sandbox) == ["DELETE", "PUT"]
    assert version(sandbox)["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.usefixtures("failed")
def test_when_a_deletion_is_under_way_already_it_is_awaited_and_the_version_made_again(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = reach(sandbox, monkeypatch, [])
    azure.galleries.delete_version(group(sandbox), "rhcos_prod_7x2kq", "rhcos-arm64-gen2", VERSION)
    sandbox.exchanges.clear()
    result = plugin("bootimage")
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    assert kinds(sandbox) == ["PUT"]


@pytest.mark.usefixtures("failed")
def test_the_plan_says_that_it_is_made_again(plugin: Plugin, sandbox: Sandbox) -> None:
    assert "an earlier attempt failed: it is deleted and made again" in plugin("bootimage", "--dry-run").out
    assert writes(sandbox) == []
