"""`kubectl arm64 machineset`, from the command line to the sandbox's cluster and back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_arm64.cli.machineset.images import NEW_DEFINITION
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


def test_when_the_cluster_denies_a_read_that_is_done_without_one_warning_says_what_was_not_checked(
    plugin: Plugin, sandbox: Sandbox, published: str
) -> None:
    sandbox.fault("machineconfigurations/cluster", status=403, body=json.dumps({"kind": "Status", "message": "denied"}))
    result = plugin("machineset", "--apply")
    assert (result.code, result.out) == (0, f"{LINE} created\n")
    (warning,) = result.err.splitlines()
    assert warning == (
        "Warning: not checked whether the Machine Config Operator manages the boot image of the MachineSet: "
        "the API server says: denied"
    )


WRITES = ("PUT", "POST", "PATCH", "DELETE")


def written(sandbox: Sandbox) -> list[str]:
    """What was written to Azure; a token is asked for with POST, too."""
    return [
        f"{exchange['method']} {exchange['path']}"
        for exchange in sandbox.exchanges
        if exchange["method"] in WRITES and exchange["host"] == sandbox.world.cloud.management
    ]


def test_what_a_new_definition_is_taken_to_allow_is_what_bootimage_gives_it(sandbox: Sandbox, published: str) -> None:
    (definition,) = (each for each in sandbox.world.resources.values() if each["type"].endswith("galleries/images"))
    told = {entry["name"].lower(): entry["value"] for entry in definition["properties"]["features"]}
    assert told == NEW_DEFINITION


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--diff",), 1),
        (("--apply", "--dry-run=client"), 0),
        (("--apply", "--dry-run=server"), 0),
        (("--apply", "--vm-size=Standard_D4s_v3"), 1),
        (("--apply", "--zone=9"), 1),
        (("--apply", "--name=prod-7x2kq-infra-eastus1"), 1),
    ],
)
def test_when_nothing_comes_of_it_publish_writes_nothing(
    plugin: Plugin, sandbox: Sandbox, words: tuple[str, ...], code: int
) -> None:
    result = plugin("machineset", "--publish", *words)
    assert (result.code, written(sandbox)) == (code, []), result.err
    assert ("would be published first" in result.err) == ("error:" not in result.err)


def test_when_the_user_may_not_write_machinesets_nothing_is_published(plugin: Plugin, sandbox: Sandbox) -> None:
    token = next(token for token, user in sandbox.world.kube_users.items() if user["name"] == "reader")
    result = plugin("machineset", "--publish", "--apply", f"--token={token}")
    assert (result.code, written(sandbox)) == (1, [])
    assert 'cannot patch resource "machinesets"' in result.err


def test_when_the_payload_is_not_multi_nothing_is_published(plugin: Plugin, sandbox: Sandbox) -> None:
    (version,) = (each for (_, kind, _, _), each in sandbox.world.objects.items() if kind == "clusterversions")
    version["status"]["desired"].pop("architecture", None)
    for condition in version["status"]["conditions"]:
        condition["message"] = condition.get("message", "").replace("Multi", "amd64")
    result = plugin("machineset", "--publish", "--apply")
    assert (result.code, written(sandbox)) == (1, [])
    assert "--to-multi-arch" in result.err


def test_when_an_earlier_publication_failed_publish_makes_it_again(
    plugin: Plugin, sandbox: Sandbox, published: str
) -> None:
    (version,) = (each for each in sandbox.world.resources.values() if each["type"].endswith("images/versions"))
    version["properties"]["provisioningState"] = "Failed"
    result = plugin("machineset", "--publish", "--apply")
    assert (result.code, result.out) == (0, f"{LINE} created\n"), result.err
    assert any(f"versions/{version['name']}" in line for line in written(sandbox))


def test_when_the_namespace_is_wrong_the_error_names_it(plugin: Plugin) -> None:
    result = plugin("machineset", "-n", "default")
    assert result.code == 1
    assert "no MachineSet in namespace default" in result.err


def test_when_the_version_latest_is_not_asked_for_by_id_it_is_no_version(plugin: Plugin, published: str) -> None:
    result = plugin("machineset", "--image-version=latest")
    assert (result.code, result.out) == (1, "")
    assert "'latest' as the name of an image version" in result.err


def test_when_it_publishes_the_cluster_and_the_kubeconfig_are_read_once(plugin: Plugin, sandbox: Sandbox) -> None:
    end, beginning = os.pipe()  # as `--kubeconfig <(...)` gives one
    os.write(beginning, Path(os.environ["KUBECONFIG"]).read_bytes())
    os.close(beginning)
    result = plugin("machineset", "--publish", "--apply", f"--kubeconfig=/proc/{os.getpid()}/fd/{end}")
    os.close(end)
    assert result.code == 0, result.err
    assert len(sandbox.asked("GET", "/infrastructures/cluster")) == 1
