"""`kubectl arm64 machineset`, from the command line to the sandbox's cluster and back."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.conftest import Plugin
from tests.sandbox.server import Sandbox
from tests.templates import spec_of

NAME = "prod-7x2kq-worker-arm64-eastus1"
LINE = f"machineset.machine.openshift.io/{NAME}"
MACHINESETS = ("machine.openshift.io/v1beta1", "machinesets", "openshift-machine-api")


def live(sandbox: Sandbox, name: str = NAME) -> dict[str, Any]:
    return sandbox.world.objects[(*MACHINESETS, name)]


@pytest.fixture
def published(plugin: Plugin) -> str:
    """The boot image's resource ID."""
    result = plugin("bootimage", "-o", "name")
    assert result.code == 0, result.err
    return result.out.strip()


def test_when_the_image_is_published_it_is_found_and_the_set_applied_once(
    plugin: Plugin, sandbox: Sandbox, published: str
) -> None:
    (printed,) = yaml.safe_load_all(plugin("machineset").out)
    first, second = plugin("machineset", "--apply"), plugin("machineset", "--apply")
    assert (first.code, first.out) == (0, f"{LINE} created\n"), first.err
    assert (second.code, second.out) == (0, f"{LINE} unchanged\n"), second.err
    assert live(sandbox)["spec"] == printed["spec"]
    assert spec_of(live(sandbox))["image"]["resourceID"] == published
    assert plugin("machineset", "--diff").code == 0


def test_when_it_is_not_published_the_command_is_named_with_the_same_flags(plugin: Plugin) -> None:
    result = plugin("machineset", "--gallery", "golden", "--apply")
    assert (result.code, result.out) == (1, "")
    assert "run `kubectl arm64 bootimage --gallery golden` first, or add --publish" in result.err


def test_when_publish_is_given_stdout_holds_the_manifest_alone(plugin: Plugin) -> None:
    result = plugin("machineset", "--publish")
    assert result.code == 0, result.err
    assert [document["kind"] for document in yaml.safe_load_all(result.out)] == ["MachineSet"]
    assert "Next:" not in result.err


def test_when_another_writer_owns_the_image_that_is_one_line_and_force_conflicts_takes_it(
    plugin: Plugin, sandbox: Sandbox, published: str
) -> None:
    plugin("machineset", "--apply")
    image = spec_of(live(sandbox))["image"]
    image["resourceID"] = "/resourceGroups/other"
    path = ("spec", "template", "spec", "providerSpec", "value", "image", "resourceID")
    fields: dict[str, Any] = {}
    for key in reversed(path):
        fields = {f"f:{key}": fields}
    (ours,) = live(sandbox)["metadata"]["managedFields"]
    other = {**ours, "manager": "machine-config-controller", "operation": "Update", "fieldsV1": fields}
    live(sandbox)["metadata"]["managedFields"].append(other)
    refused = plugin("machineset", "--apply")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("error: ")
    assert "machine-config-controller" in refused.err
    assert plugin("machineset", "--apply", "--force-conflicts").out == f"{LINE} configured\n"
    assert spec_of(live(sandbox))["image"]["resourceID"] == published


def test_when_the_region_has_no_zones_the_clone_has_none(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.reset("4.11")
    result = plugin("machineset", "--publish", "--all-zones")
    assert result.code == 0, result.err
    (manifest,) = yaml.safe_load_all(result.out)
    assert manifest["metadata"]["name"] == "docs-4wl9m-worker-arm64-westus"
    assert spec_of(manifest)["zone"] == ""


def test_when_bare_flags_and_equals_signs_are_written_as_kubectl_takes_them_they_are_read(
    plugin: Plugin, published: str
) -> None:
    result = plugin("machineset", "--apply", "--dry-run", "--taint", "-o=name")
    assert (result.code, result.out) == (0, f"{LINE}\n"), result.err
