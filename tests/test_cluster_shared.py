"""Real documents of clusters (data/cluster), each put into the sandbox's cluster, and what both commands make of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Plugin
from tests.sandbox.arm.resource_groups import resource_group
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.kubernetes.objects import find, plant
from tests.sandbox.seeds.spec import SUBSCRIPTION
from tests.sandbox.server import Sandbox
from tests.test_bad_input import CLONE, published, refused
from tests.test_streams_shared import IMAGES, disk

CONFIG = ("v1", "configmaps", "openshift-config", "cloud-provider-config")

Install = Callable[[str], None]


@pytest.fixture
def install(sandbox: Sandbox, shared_data: Path | None) -> Install:
    """Put the documents of a file, named by its number, into the cluster."""
    if shared_data is None:
        pytest.skip("no shared data (the summary says so); test_cluster and test_bad_input cover the same ground")
    folder = shared_data / "data" / "cluster"

    def call(number: str) -> None:
        (file,) = folder.glob(f"cl-{number}-*.yaml")
        document = yaml.safe_load(file.read_text())
        for each in document["items"] if document["kind"] == "List" else [document]:
            plant(sandbox.world, each)

    return call


def forget(sandbox: Sandbox, plural: str) -> None:
    """The cluster has none of these any more."""
    for key in [key for key in sandbox.world.objects if key[1] == plural]:
        del sandbox.world.objects[key]


def tags_of(sandbox: Sandbox) -> list[dict[str, str]]:
    """Those that account, gallery, definition and version were made with."""
    puts = sandbox.asked("PUT", "management.*/(storageAccounts|galleries)/")
    return [put["request"]["tags"] for put in puts if put["request"].get("location")]


def test_every_file_is_judged(shared_data: Path | None) -> None:
    if shared_data is None:
        pytest.skip("no shared data (the summary says so)")
    numbers = sorted(file.name[:5] for file in (shared_data / "data" / "cluster").glob("cl-*.yaml"))
    assert numbers == [f"cl-{number:02}" for number in range(1, 14)]


@pytest.mark.parametrize("command", ["bootimage", "machineset"])
def test_cl_01_when_infrastructure_is_bare_paths_and_flags_are_named(
    plugin: Plugin, sandbox: Sandbox, install: Install, command: str
) -> None:
    install("01")
    refused(
        plugin, sandbox, command,
        said=("status.infrastructureName", "azure.resourceGroupName", "--infra-name", "--resource-group"),
    )  # fmt: skip


def test_cl_01_when_the_flags_say_it_instead_it_is_published(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    install("01")
    words = ("--infra-name=prod-7x2kq", "--resource-group=prod-7x2kq-rg")
    assert plugin("bootimage", *words).code == 0
    assert plugin("machineset", *words).code == 0


def test_cl_02_the_organisations_tags_are_on_every_resource_and_nothing_claims_to_be_owned(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    install("02")
    group = resource_group(SUBSCRIPTION, "prod1-5r2mq-rg", "eastus")
    sandbox.world.resources[group["id"].lower()] = group
    result = plugin("bootimage")
    assert result.code == 0, result.err
    assert "/galleries/rhcos_prod1_5r2mq/" in result.out
    made = tags_of(sandbox)
    assert len(made) == 4
    for tags in made:
        assert {"costCenter": "0042", "owner": "platform"}.items() <= tags.items()
        assert not [name for name in tags if name.startswith("kubernetes.io_cluster")]


def test_cl_03_it_is_multi_and_nothing_is_to_be_warned_of(plugin: Plugin, sandbox: Sandbox, install: Install) -> None:
    install("03")
    published(plugin, sandbox)
    assert "Warning" not in plugin("bootimage").err
    assert plugin("machineset", "--apply").code == 0


def test_cl_03_and_09_when_the_clone_is_enrolled_the_price_of_opting_out_is_told(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    install("03")
    install("09")
    published(plugin, sandbox)
    result = plugin("machineset", "--apply")
    assert result.code == 0, result.err
    assert f"{CLONE} is enrolled in managed boot images (by the release's default)" in result.err
    assert "installed with 4.11.5, below the boot image limit 4.13.0" in result.err
    assert "Upgradeable=False" in result.err


def test_cl_04_it_is_multi_by_the_conditions_word_in_lower_case(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    install("04")
    published(plugin, sandbox)
    result = plugin("machineset", "--apply")
    assert (result.code, result.err) == (0, "")


def test_cl_05_subscription_and_tenant_come_out_of_it_without_a_secret(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    install("05")
    forget(sandbox, "nodes")
    result = plugin("bootimage")
    assert result.code == 0, result.err
    assert sandbox.asked("PUT", f"/subscriptions/{SUBSCRIPTION}/")
    assert sandbox.asked("", "^kubernetes.*/secrets") == []


def test_cl_06_when_it_tells_the_cloud_alone_the_nodes_tell_the_subscription(
    plugin: Plugin, sandbox: Sandbox, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.reset("usgov")
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    del sandbox.world.objects[CONFIG]
    del find(sandbox.world, "infrastructures", "cluster", "")["status"]["platformStatus"]["azure"]["cloudName"]
    install("06")
    result = plugin("bootimage")
    assert result.code == 0, result.err
    assert sandbox.asked("PUT", r"management\.usgovcloudapi\.net")


def test_cl_06_when_the_nodes_do_not_tell_it_either_the_flag_is_named(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    del sandbox.world.objects[CONFIG]
    forget(sandbox, "nodes")
    install("06")
    refused(plugin, sandbox, "bootimage", said=("subscriptionId", "give --subscription"))


def test_cl_07_when_the_stub_lacks_its_version_that_is_a_warning(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    install("07")
    published(plugin, sandbox)
    result = plugin("machineset", "--apply")
    assert result.code == 0, result.err
    assert "Warning: Secret worker-user-data has no ignition.version" in result.err


def test_cl_08_when_the_stub_is_of_spec_2_it_is_refused_unless_forced(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    install("08")
    published(plugin, sandbox)
    refused(
        plugin, sandbox, "machineset", "--apply",
        said=("Secret worker-user-data", "spec 2.2.0", "worker-user-data-managed", "--force"),
    )  # fmt: skip
    forced = plugin("machineset", "--force")
    assert forced.code == 0
    assert "Warning: Secret worker-user-data holds an Ignition stub of spec 2.2.0" in forced.err


def test_cl_10_when_a_label_enrols_it_the_clone_keeps_it_and_is_announced(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    install("10")
    published(plugin, sandbox)
    assert "enrolled" not in plugin("machineset").err
    source: dict[str, Any] = find(sandbox.world, "machinesets", "prod-7x2kq-worker-eastus1")
    source["metadata"]["labels"]["test"] = "boot"
    result = plugin("machineset", "--apply")
    assert result.code == 0, result.err
    assert f"{CLONE} is enrolled in managed boot images (by its label test=boot)" in result.err
    assert find(sandbox.world, "machinesets", CLONE)["metadata"]["labels"]["test"] == "boot"


def test_cl_11_the_nodes_alone_tell_subscription_and_region(plugin: Plugin, sandbox: Sandbox, install: Install) -> None:
    del sandbox.world.objects[CONFIG]
    forget(sandbox, "nodes")
    forget(sandbox, "machinesets")
    install("11")
    result = plugin("bootimage", "-o=json")
    assert result.code == 0, result.err
    found = yaml.safe_load(result.out)
    assert found["location"] == "eastus"
    assert found["id"].startswith(f"/subscriptions/{SUBSCRIPTION}/")


def test_cl_12_the_release_4_10_has_x86_64_alone(plugin: Plugin, sandbox: Sandbox, install: Install) -> None:
    install("12")
    for command in ("bootimage", "machineset"):
        refused(plugin, sandbox, command, said=("release 4.10 has no ARM64 boot image for Azure", "4.11 is the first"))
    name = "rhcos-410.84.202111111322-0-azure.x86_64.vhd"
    world = sandbox.world
    world.accounts["rhcos"].containers["imagebucket"].blobs[name] = new_blob(disk(), world.clock.now())
    result = plugin("bootimage", "--architecture=x86_64", "-o=json")
    assert result.code == 0, result.err
    assert yaml.safe_load(result.out)["source"] == f"{IMAGES}/{name}"


def test_cl_13_a_cluster_that_cannot_be_upgraded_is_no_obstacle(
    plugin: Plugin, sandbox: Sandbox, install: Install
) -> None:
    install("13")
    assert plugin("bootimage").code == 0
    assert plugin("machineset", "--apply").code == 0
