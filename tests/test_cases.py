"""Bug reports of people who did this job by other means, each told again to this tool.

A case's number stands before its tests. What another file proves already is pointed to here and not repeated:

    S03  token of another tenant           test_azure_credentials (az by subscription, never by tenant),
                                           test_bad_input (both tenants and the command)
    S11  client gives up, Azure goes on    test_bootimage (8, then joined: one PUT)
    S13  definition of another kind        test_bad_input (each difference, before the copy)
    S15  ARO                               test_bad_input (bootimage, machineset), test_machineset_shared (ms-16)
    S16  generation 1                      test_bad_input (definition), test_sizes, test_azure_failures ("cannot boot")
    S26  blob as source.id                 test_bootimage (account and URI), test_swagger (the published schema)
    S31  source is no page blob            test_bad_input (block blob, gz, one byte short), test_copy_source
    S40  hosted cluster                    test_bad_input
"""

from __future__ import annotations

import inspect
import json
import re
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml

from kubectl_arm64.azure.credentials import sign_in
from tests.conftest import Plugin, Result
from tests.sandbox.entra.tokens import issue
from tests.sandbox.kubernetes.objects import find
from tests.sandbox.seeds.spec import SUBSCRIPTION
from tests.sandbox.server import Sandbox
from tests.test_bad_input import (
    ACCOUNT,
    CLONE,
    DEFINITION,
    GROUP,
    INFRA,
    VERSION,
    VHD,
    amd64_only,
    definition,
    in_westeurope_only,
    published,
    refused,
    version,
    with_properties,
    writes,
)

WORKER = f"{INFRA}-worker-eastus1"
SPEC = ("spec", "template", "spec", "providerSpec", "value")


def source(sandbox: Sandbox, name: str = WORKER) -> dict[str, Any]:
    """A MachineSet of the cluster."""
    return find(sandbox.world, "machinesets", name)


def spec_of(machineset: dict[str, Any]) -> dict[str, Any]:
    value: Any = machineset
    for key in SPEC:
        value = value[key]
    return dict(value)


def change_spec(machineset: dict[str, Any], **changes: Any) -> None:
    machineset["spec"]["template"]["spec"]["providerSpec"]["value"].update(changes)


def manifest_of(result: Result) -> dict[str, Any]:
    assert result.code == 0, result.err
    (document,) = yaml.safe_load_all(result.out)
    return dict(document)


# S05: enrolled in managed boot images without having asked (what `machineset` tells of it)


def enrolled_by_default(sandbox: Sandbox) -> None:
    """As 4.22 does it: the spec says nothing, the status says All."""
    managers = [{"apiGroup": "machine.openshift.io", "resource": "machinesets", "selection": {"mode": "All"}}]
    configuration = find(sandbox.world, "machineconfigurations", "cluster", "")
    configuration["status"]["managedBootImagesStatus"] = {"machineManagers": managers}


def test_when_the_clone_is_enrolled_that_and_the_price_of_opting_out_are_told(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    enrolled_by_default(sandbox)
    history = find(sandbox.world, "clusterversions", "version", "")["status"]["history"]
    history.append({**history[-1], "version": "4.11.5", "startedTime": "2022-09-01T08:20:00Z"})
    result = plugin("machineset")
    assert f"{CLONE} is enrolled in managed boot images (by the release's default)" in result.err
    assert "installed with 4.11.5, below the boot image limit 4.13.0" in result.err


def test_when_the_cluster_is_young_enough_opting_out_has_no_price(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    enrolled_by_default(sandbox)
    result = plugin("machineset")
    assert "is enrolled" in result.err
    assert "boot image limit" not in result.err


# S06: the image is not in the MachineSet's region


def test_when_the_machines_region_is_spelt_for_people_and_the_image_is_elsewhere_replication_is_advised(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    published(plugin, sandbox)
    change_spec(source(sandbox), location="East US 2")
    refused(
        plugin, sandbox, "machineset", "--apply",
        said=("is not in eastus2", "but in eastus", "`kubectl arm64 bootimage --target-region eastus2`"),
    )  # fmt: skip


def test_when_it_is_still_on_its_way_to_the_region_the_percentage_is_told_with_8(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    published(plugin, sandbox)
    sandbox.knobs.polls["versions"] = 5
    assert plugin("bootimage", "--target-region", "westus2", "--no-wait").code == 8
    version(sandbox)["properties"]["provisioningState"] = "Succeeded"  # and one region lags behind
    change_spec(source(sandbox), location="westus2")
    error = refused(plugin, sandbox, "machineset", code=8, said=("is not ready in westus2 yet", "waits for it"))
    assert re.search(r"\(\d+ %\)", error)


# S07: sizes that boot from NVMe alone


@pytest.mark.parametrize("controllers", ["NVMe,SCSI", "scsi, nvme", "NVMe"])
def test_when_the_definition_allows_nvme_in_any_spelling_a_v6_size_is_taken(
    plugin: Plugin, sandbox: Sandbox, controllers: str
) -> None:
    published(plugin, sandbox)
    with_properties(definition(sandbox), {"features": [{"name": "DiskControllerTypes", "value": controllers}]})
    assert spec_of(manifest_of(plugin("machineset", "--vm-size=Standard_D4ps_v6")))["vmSize"] == "Standard_D4ps_v6"


@pytest.mark.parametrize("features", [None, [{"name": "DiskControllerTypes", "value": "SCSI"}]])
def test_when_the_definition_allows_scsi_alone_a_v6_size_is_refused_and_a_v5_size_taken(
    plugin: Plugin, sandbox: Sandbox, features: Any
) -> None:
    published(plugin, sandbox)
    with_properties(definition(sandbox), {"features": features})
    refused(plugin, sandbox, "machineset", "--vm-size=Standard_D4ps_v6", said=("NVMe", "SCSI", "Standard_D4ps_v5"))
    assert spec_of(manifest_of(plugin("machineset")))["vmSize"] == "Standard_D4ps_v5"


# S12: the upload of the disk (that no byte passes through the client: test_bootimage)


def test_when_a_second_cluster_shares_the_gallery_it_finds_the_image_and_writes_nothing(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    shared = ("bootimage", "--gallery=rhcos_shared", f"--resource-group={GROUP}")
    first = plugin(*shared)
    assert first.code == 0, first.err
    find(sandbox.world, "infrastructures", "cluster", "")["status"]["infrastructureName"] = "second-9qd4w"
    sandbox.exchanges.clear()
    second = plugin(*shared)
    assert (second.code, second.out) == (0, first.out), second.err
    assert f"rhcos-arm64-gen2/{VERSION}: found" in second.err
    assert writes(sandbox) == []


# S14: the image named by hand


@pytest.mark.parametrize(
    "subscription", ["", f"/subscriptions/{SUBSCRIPTION}", f"/subscriptions/{SUBSCRIPTION.upper()}"]
)
def test_when_the_image_is_named_with_or_without_the_subscription_the_spec_has_it_without(
    plugin: Plugin, sandbox: Sandbox, subscription: str
) -> None:
    published(plugin, sandbox)
    path = f"{DEFINITION.removeprefix(f'/subscriptions/{SUBSCRIPTION}')}/versions/{VERSION}"
    image = spec_of(manifest_of(plugin("machineset", "--image", f"{subscription}{path}")))["image"]
    assert image == {"offer": "", "publisher": "", "resourceID": path, "sku": "", "version": ""}


def test_when_latest_is_asked_for_by_name_it_is_accepted(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    manifest = manifest_of(plugin("machineset", "--image", f"{DEFINITION}/versions/latest"))
    assert spec_of(manifest)["image"]["resourceID"].endswith("/versions/latest")


def test_when_the_version_failed_it_cannot_be_used(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    version(sandbox)["properties"]["provisioningState"] = "Failed"
    refused(plugin, sandbox, "machineset", said=("its provisioningState is Failed", "kubectl arm64 bootimage"))


# S21: az takes longer than ten seconds


def az_on_path(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> Path:
    """An `az` that writes down its words and runs the script; nobody else is signed in. Returns its record."""
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name)
    program, record = folder / "az", folder / "calls"
    program.write_text(f'#!/bin/sh\necho "$*" >> {record}\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return record


def az_answers(sandbox: Sandbox) -> str:
    """A shell script: the sandbox's tokens, as az prints them."""
    world, person = sandbox.world, sandbox.world.principals[0]

    def token(audience: str) -> str:
        return json.dumps({"accessToken": issue(world, person, audience, 3600), "expires_on": int(time.time()) + 3600})

    storage, arm = token("https://storage.azure.com"), token("https://management.azure.com")
    return f"case \"$*\" in *storage*) echo '{storage}';; *) echo '{arm}';; esac"


def test_az_has_a_minute_to_answer() -> None:
    # What the user reads when it is over: test_azure_credentials.
    assert inspect.signature(sign_in).parameters["az_seconds"].default == 60


def test_az_is_asked_once_for_each_scope_and_for_the_clusters_subscription(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record = az_on_path(sandbox, monkeypatch, tmp_path, az_answers(sandbox))
    result = plugin("bootimage")
    assert result.code == 0, result.err
    calls = record.read_text().splitlines()
    assert len(calls) == 2
    assert all(f"--subscription {SUBSCRIPTION}" in call and "--tenant" not in call for call in calls)


def test_when_az_is_not_signed_in_nothing_is_written(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sandbox.world.principals = sandbox.world.principals[:1]  # and the machine has no identity
    az_on_path(sandbox, monkeypatch, tmp_path, "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1")
    refused(plugin, sandbox, "bootimage", code=4, said=("az: it is not signed in", "az login --tenant"))


# S22: an empty spotVMOptions makes Spot VMs


def test_when_the_named_source_has_empty_spot_options_they_stay_and_are_told(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    change_spec(source(sandbox), spotVMOptions={})
    result = plugin("machineset", "--from", WORKER)
    assert spec_of(manifest_of(result))["spotVMOptions"] == {}
    assert "Spot VMs (an empty spotVMOptions counts)" in result.err
    regular = plugin("machineset", "--from", WORKER, "--no-spot")
    assert "spotVMOptions" not in spec_of(manifest_of(regular))
    assert "Spot" not in regular.err


def test_when_a_worker_has_empty_spot_options_another_one_is_cloned_unasked(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    change_spec(source(sandbox), spotVMOptions={})
    assert manifest_of(plugin("machineset"))["metadata"]["name"] == f"{INFRA}-worker-arm64-eastus2"


# S23: the clone is deleted within minutes by its source's owner


OWNERS = {
    "Hive": ("labels", "hive.openshift.io/machine-pool", "MachinePool"),
    "Argo CD": ("annotations", "argocd.argoproj.io/tracking-id", "Git"),
    "Helm": ("labels", "helm.sh/chart", "chart"),
    "Flux": ("labels", "kustomize.toolkit.fluxcd.io/name", "Git"),
}


@pytest.mark.parametrize(("where", "key", "way"), OWNERS.values(), ids=OWNERS)
def test_when_somebody_owns_the_source_the_applied_clone_has_no_mark_and_the_way_is_told(
    plugin: Plugin, sandbox: Sandbox, where: str, key: str, way: str
) -> None:
    published(plugin, sandbox)
    source(sandbox)["metadata"].setdefault(where, {})[key] = "workers"
    result = plugin("machineset", "--apply")
    assert result.code == 0, result.err
    assert key not in json.dumps(find(sandbox.world, "machinesets", CLONE))
    (warning,) = [line for line in result.err.splitlines() if "is owned by" in line]
    assert way in warning


# S25: a copy of the documented procedure is still running


def test_when_a_copy_started_by_hand_is_pending_it_is_joined_by_looks_at_its_properties_alone(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    sandbox.knobs.copy_outcome = "stuck"
    assert plugin("bootimage", "--copy=async", "--no-wait").code == 8
    blob = sandbox.world.accounts[ACCOUNT].containers["vhd"].blobs[VHD]
    blob.metadata.clear()
    sandbox.knobs.copy_outcome = "success"
    sandbox.knobs.polls["copy"] = 5
    sandbox.exchanges.clear()
    result = plugin("bootimage")
    assert result.code == 0, result.err
    asked = sandbox.asked("", f"{ACCOUNT}.*{VHD}")
    assert [one["method"] for one in asked[:5]] == ["HEAD"] * 5
    # What else is asked while the copy is pending would have been answered 409 PendingCopyOperation.
    assert {one["status"] for one in asked} <= {200, 206}
    assert {one["method"] for one in asked} == {"HEAD", "GET"}


# S27: the pipeline's federated assertion has run out


def test_when_the_assertion_ends_before_the_storage_token_nothing_is_written_and_the_login_step_is_named(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "assertion"
    now = int(time.time())
    file.write_text(jwt.encode({"sub": "pipeline", "nbf": now - 60, "exp": now + 300}, "k" * 32))
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    run_out = {
        "error": "invalid_client",
        "error_description": "AADSTS700024: Client assertion is not within its valid time range.",
        "error_codes": [700024],
    }
    sandbox.fault("/oauth2/v2.0/token", nth=2, times=9, status=401, body=json.dumps(run_out))
    refused(
        plugin, sandbox, "bootimage", "--gallery=golden", code=4,
        said=("the pipeline's sign-in has expired (AADSTS700024)", "login step", "bootimage --gallery=golden"),
    )  # fmt: skip
    assert len(sandbox.asked("POST", "/oauth2/v2.0/token")) == 2


def test_when_the_login_step_is_repeated_the_same_command_goes_on(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert plugin("bootimage", "--no-wait").code == 8
    file = tmp_path / "assertion"
    now = int(time.time())
    file.write_text(jwt.encode({"sub": "pipeline", "nbf": now - 60, "exp": now + 300}, "k" * 32))
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    result = plugin("bootimage")
    assert result.code == 0, result.err
    assert len(sandbox.asked("PUT", f"{ACCOUNT}[?]")) == 1


# S33: one region, two spellings


def test_when_regions_are_spelt_in_both_ways_each_is_wanted_once_and_nothing_is_left_to_do(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    both = ("bootimage", "--target-region=eastus", "--target-region=East US", "--target-region=West US 2")
    assert plugin(*both, "--target-region=westus2").code == 0
    (put,) = sandbox.asked("PUT", f"/versions/{VERSION}")
    names = [region["name"] for region in put["request"]["properties"]["publishingProfile"]["targetRegions"]]
    assert names == ["eastus", "westus2"]
    sandbox.exchanges.clear()
    assert plugin(*both).code == 0
    assert writes(sandbox) == []


def test_when_a_version_is_somebody_elses_and_lacks_a_region_it_is_not_changed(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    published(plugin, sandbox)
    in_westeurope_only(sandbox)
    version(sandbox)["tags"] = {}
    refused(
        plugin, sandbox, "bootimage", said=("is not in eastus", "this tool did not make it", "az sig image-version")
    )


# S36: the cluster runs the payload for one architecture (refused and warned of: test_bad_input)


def test_when_the_payload_is_not_multi_the_manifest_is_printed_all_the_same(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    amd64_only(sandbox)
    result = plugin("machineset")
    assert manifest_of(result)["metadata"]["name"] == CLONE
    assert "Warning: the payload of 4.18.34 is amd64 only" in result.err


def payload_unknown(sandbox: Sandbox) -> None:
    """As before 4.12, when neither the desired update nor a condition tells."""
    sandbox.reset("4.11")
    status = find(sandbox.world, "clusterversions", "version", "")["status"]
    status["conditions"] = [each for each in status["conditions"] if each["type"] != "ReleaseAccepted"]


def test_when_the_payload_is_not_told_apply_asks_for_yes(plugin: Plugin, sandbox: Sandbox) -> None:
    payload_unknown(sandbox)
    published(plugin, sandbox)
    refused(plugin, sandbox, "machineset", "--apply", said=("OpenShift 4.11.9 does not tell", "multi", "--yes"))
    result = plugin("machineset", "--apply", "--yes")
    assert result.code == 0, result.err
    assert "Warning: OpenShift 4.11.9 does not tell" in result.err


# S41: the autoscaler never starts from zero


def test_the_clone_tells_the_autoscaler_its_architecture_and_keeps_other_labels(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    published(plugin, sandbox)
    labels = "capacity.cluster-autoscaler.kubernetes.io/labels"
    source(sandbox)["metadata"]["annotations"][labels] = "topology.example.com/rack=a,kubernetes.io/arch=amd64"
    annotations = manifest_of(plugin("machineset"))["metadata"]["annotations"]
    assert sorted(annotations[labels].split(",")) == ["kubernetes.io/arch=arm64", "topology.example.com/rack=a"]
    assert not [key for key in annotations if key.startswith("machine.openshift.io/")]


def test_when_a_machine_autoscaler_scales_the_source_that_the_clone_has_none_is_said(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    published(plugin, sandbox)
    source(sandbox)["metadata"]["annotations"]["machine.openshift.io/cluster-api-autoscaler-node-group-max-size"] = "6"
    result = plugin("machineset")
    assert f"a MachineAutoscaler scales {WORKER}" in result.err
    assert f"none scales {CLONE}" in result.err


# S43: OKD has no multi payload


@pytest.mark.parametrize("told", ["4.18.0-okd-scos.3", "4.17.0-0.okd-2026-01-10-110000"])
def test_on_okd_moving_to_the_multi_payload_is_not_advised(plugin: Plugin, sandbox: Sandbox, told: str) -> None:
    amd64_only(sandbox)
    find(sandbox.world, "clusterversions", "version", "")["status"]["desired"]["version"] = told
    error = refused(plugin, sandbox, "machineset", "--apply", said=(told, "OKD publishes no multi payload"))
    assert "--to-multi-arch" not in error


@pytest.mark.parametrize("words", [("machineset", "--apply"), ("machineset", "--apply", "--yes")])
def test_on_okd_that_tells_no_architecture_nothing_is_applied(
    plugin: Plugin, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    status = find(sandbox.world, "clusterversions", "version", "")["status"]
    status["desired"] = {"version": "4.17.0-okd-scos.0"}
    status["conditions"] = []
    refused(plugin, sandbox, *words, said=("4.17.0-okd-scos.0", "OKD publishes no multi payload"))
    assert "OKD publishes no multi payload" in plugin("bootimage", "--dry-run").err
