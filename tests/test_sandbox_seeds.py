"""The seeded clusters: what each of them is there to show."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.sandbox.kubernetes.kinds import BY_PLURAL
from tests.sandbox.kubernetes.objects import find
from tests.sandbox.kubernetes.schema import schema_of, unknown_fields, wrong_types
from tests.sandbox.seeds import DEFAULT, SEEDS
from tests.sandbox.seeds.users import token
from tests.sandbox.world import World

CONFIG = "openshift-config"
MCO = "openshift-machine-config-operator"


def of(world: World, plural: str) -> list[dict[str, Any]]:
    return [each for (_, stored, _, _), each in world.objects.items() if stored == plural]


def workers(world: World) -> list[dict[str, Any]]:
    return [each for each in of(world, "machinesets") if "-worker-" in each["metadata"]["name"]]


def value(machineset: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = machineset["spec"]["template"]["spec"]["providerSpec"]["value"]
    return found


def stream(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(find(world, "configmaps", "coreos-bootimages", MCO)["data"]["stream"])
    return found


def azure_disk(world: World, architecture: str) -> dict[str, str]:
    found: dict[str, str] = stream(world)["architectures"][architecture]["rhel-coreos-extensions"]["azure-disk"]
    return found


def infrastructure(world: World) -> dict[str, Any]:
    found: dict[str, Any] = find(world, "infrastructures", "cluster")["status"]
    return found


@pytest.fixture(params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    return SEEDS[request.param]()


def test_the_default_seed_is_there() -> None:
    assert DEFAULT in SEEDS


def test_each_call_makes_a_world_of_its_own() -> None:
    first, second = SEEDS["4.18"](), SEEDS["4.18"]()
    workers(first)[0]["spec"]["replicas"] = 7
    first.kube_users.clear()
    assert workers(second)[0]["spec"]["replicas"] == 1
    assert token(second, "admin")


def test_every_object_fits_the_schema_of_its_kind(world: World) -> None:
    for (group_version, plural, _, _), each in world.objects.items():
        declared = schema_of(BY_PLURAL[group_version, plural])
        assert [*unknown_fields(declared, each), *wrong_types(declared, each)] == []


def test_every_object_says_who_made_it_and_no_two_share_an_identity(world: World) -> None:
    metadata = [each["metadata"] for each in world.objects.values()]
    assert all(each["managedFields"] for each in metadata)
    assert len({each["uid"] for each in metadata}) == len(metadata)
    assert len({each["resourceVersion"] for each in metadata}) == len(metadata)


def test_every_object_lies_in_a_namespace_that_exists(world: World) -> None:
    existing = {each["metadata"]["name"] for each in of(world, "namespaces")} | {""}
    assert {namespace for _, _, namespace, _ in world.objects} <= existing


def test_every_cluster_agrees_with_itself_on_subscription_tenant_group_and_region(world: World) -> None:
    config = json.loads(find(world, "configmaps", "cloud-provider-config", CONFIG)["data"]["config"])
    assert config["subscriptionId"] in world.subscriptions
    assert config["tenantId"] in world.tenants
    assert config["cloud"] == world.cloud.name == infrastructure(world)["platformStatus"]["azure"]["cloudName"]
    assert config["resourceGroup"] == infrastructure(world)["platformStatus"]["azure"]["resourceGroupName"]
    assert {value(each)["location"] for each in of(world, "machinesets")} == {config["location"]}
    for node in of(world, "nodes"):
        assert node["metadata"]["labels"]["topology.kubernetes.io/region"] == config["location"]
        assert node["spec"]["providerID"].startswith(f"azure:///subscriptions/{config['subscriptionId']}/")


def test_every_machine_has_its_node_and_every_worker_its_machineset(world: World) -> None:
    nodes = {each["metadata"]["name"] for each in of(world, "nodes")}
    machines = of(world, "machines")
    assert {each["status"]["nodeRef"]["name"] for each in machines} == nodes
    for machineset in workers(world):
        wanted = machineset["spec"]["selector"]["matchLabels"].items()
        members = [each for each in machines if wanted <= each["metadata"]["labels"].items()]
        assert len(members) == machineset["spec"]["replicas"]


def test_every_stream_names_both_architectures_with_the_digest_of_the_uncompressed_disk(world: World) -> None:
    for architecture in ("aarch64", "x86_64"):
        disk = azure_disk(world, architecture)
        assert disk["url"].endswith(f"/imagebucket/rhcos-{disk['release']}-azure.{architecture}.vhd")
        artifact = stream(world)["architectures"][architecture]["artifacts"]["azure"]
        assert artifact["release"] == disk["release"]
        assert len(artifact["formats"]["vhd.gz"]["disk"]["uncompressed-sha256"]) == 64


def test_every_worker_boots_with_ignition_3(world: World) -> None:
    for machineset in workers(world):
        secret = find(world, "secrets", value(machineset)["userDataSecret"]["name"])
        ignition = json.loads(base64.b64decode(secret["data"]["userData"]))["ignition"]
        assert ignition["version"].startswith("3.")
        assert ignition["config"]["merge"]


def test_4_18_is_a_multi_cluster_in_three_zones_of_eastus_with_tags() -> None:
    world = SEEDS["4.18"]()
    assert [each["metadata"]["name"] for each in workers(world)] == [
        "prod-7x2kq-worker-eastus1",
        "prod-7x2kq-worker-eastus2",
        "prod-7x2kq-worker-eastus3",
    ]
    assert [value(each)["zone"] for each in workers(world)] == ["1", "2", "3"]
    assert value(workers(world)[0])["image"]["resourceID"] == (
        "/resourceGroups/prod-7x2kq-rg/providers/Microsoft.Compute"
        "/galleries/gallery_prod_7x2kq/images/prod-7x2kq-gen2/versions/latest"
    )
    version = find(world, "clusterversions", "version")["status"]
    assert version["desired"]["architecture"] == "Multi"
    assert any(
        each["type"] == "ReleaseAccepted" and 'architecture="Multi"' in each["message"]
        for each in version["conditions"]
    )
    assert {"key": "costCenter", "value": "0042"} in infrastructure(world)["platformStatus"]["azure"]["resourceTags"]


def test_4_11_has_one_machineset_without_a_zone_and_tells_of_multi_only_in_a_message() -> None:
    world = SEEDS["4.11"]()
    (machineset,) = workers(world)
    assert machineset["metadata"]["name"].endswith("-worker-westus")
    assert value(machineset)["zone"] == ""
    assert "architecture" not in find(world, "clusterversions", "version")["status"]["desired"]
    assert azure_disk(world, "aarch64")["release"] != azure_disk(world, "x86_64")["release"]


def test_4_20_names_releases_by_date_and_a_marketplace_image() -> None:
    world = SEEDS["4.20"]()
    assert azure_disk(world, "aarch64")["release"] == "9.6.20260217-1"
    marketplace = stream(world)["architectures"]["aarch64"]["rhel-coreos-extensions"]["marketplace"]["azure"]
    assert marketplace["no-purchase-plan"]["hyperVGen2"]["sku"] == "420-arm"


def test_only_the_arm64_seed_has_an_arm64_control_plane() -> None:
    def control_plane(world: World) -> set[str]:
        masters = [each for each in of(world, "nodes") if "-master-" in each["metadata"]["name"]]
        assert len(masters) == 3
        return {each["status"]["nodeInfo"]["architecture"] for each in masters}

    found = {name: control_plane(seed()) for name, seed in SEEDS.items()}
    assert [name for name, architectures in found.items() if architectures == {"arm64"}] == ["arm64-control-plane"]


def test_usgov_is_private_and_lives_in_the_government_cloud_beside_a_network_of_its_own() -> None:
    world = SEEDS["usgov"]()
    assert world.cloud.management == "management.usgovcloudapi.net"
    azure = infrastructure(world)["platformStatus"]["azure"]
    assert azure["networkResourceGroupName"] != azure["resourceGroupName"]
    assert {value(each)["publicLoadBalancer"] for each in workers(world)} == {""}
