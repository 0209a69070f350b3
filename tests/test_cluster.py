"""What a cluster tells about itself, and what is refused or warned of before anything is made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_arm64 import cluster
from kubectl_arm64.cluster import ClusterFacts, Document, Documents, ManagedBootImages
from kubectl_arm64.errors import Denied, Unsupported, UsageError
from kubectl_arm64.stream import Architecture

SUBSCRIPTION = "00000000-0000-4000-8000-00000000c001"
TENANT = "00000000-0000-4000-8000-00000000d001"

FACTS = ClusterFacts(
    infra_name="prod-7x2kq",
    platform="Azure",
    resource_group="prod-7x2kq-rg",
    location="eastus",
    subscription=SUBSCRIPTION,
    tenant=TENANT,
    version="4.18.34",
    multi_payload=True,
    initial_version="4.18.2",
    machinesets=3,
    control_plane_architectures=frozenset({"amd64"}),
)


def infrastructure(azure: dict[str, Any] | None = None, **status: Any) -> Document:
    told = {
        "infrastructureName": "prod-7x2kq",
        "controlPlaneTopology": "HighlyAvailable",
        "platform": "Azure",
        "platformStatus": {
            "type": "Azure",
            "azure": {"cloudName": "AzurePublicCloud", "resourceGroupName": "prod-7x2kq-rg", **(azure or {})},
        },
    }
    return {"kind": "Infrastructure", "status": {**told, **status}}


def machineset(location: str = "eastus", role: str = "worker", image: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "metadata": {"name": f"prod-7x2kq-{role}-{location}", "labels": {}},
        "spec": {
            "template": {
                "metadata": {"labels": {"machine.openshift.io/cluster-api-machine-role": role}},
                "spec": {"providerSpec": {"value": {"location": location, "image": image or {}}}},
            }
        },
    }


def node(role: str = "worker", architecture: str = "amd64", **labels: str) -> Document:
    return {
        "metadata": {"labels": {f"node-role.kubernetes.io/{role}": "", **labels}},
        "spec": {"providerID": f"azure:///subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/x"},
        "status": {"nodeInfo": {"architecture": architecture}},
    }


def version(desired: dict[str, str], message: str = "", accepted: str = "True") -> Document:
    condition = {"type": "ReleaseAccepted", "status": accepted, "message": message}
    return {"status": {"desired": desired, "conditions": [{"type": "Available"}, condition] if message else None}}


def provider_config(text: str, key: str = "config") -> Document:
    return {"kind": "ConfigMap", "data": {key: text}}


# What the documents tell


def test_infrastructure_tells_name_groups_cloud_and_tags() -> None:
    tags = [{"key": "costCenter", "value": "0042"}, {"key": "owner", "value": "platform"}]
    document = infrastructure({"networkResourceGroupName": "prod-network", "resourceTags": tags})
    found = cluster.facts(Documents(infrastructure=document, machinesets=()))
    assert (found.platform, found.infra_name, found.cloud) == ("Azure", "prod-7x2kq", "AzurePublicCloud")
    assert found.resource_group == "prod-7x2kq-rg"
    assert found.resource_tags == {"costCenter": "0042", "owner": "platform"}


@pytest.mark.parametrize(
    ("told", "cloud"),
    [
        ("", "AzurePublicCloud"),
        ("AZUREPUBLICCLOUD", "AzurePublicCloud"),
        ("AzureCloud", "AzurePublicCloud"),
        ("AzureUSGovernment", "AzureUSGovernmentCloud"),
        ("AzureUSGovernmentCloud", "AzureUSGovernmentCloud"),
        ("AzureChinaCloud", "AzureChinaCloud"),
        ("AzureStackCloud", "AzureStackCloud"),
        ("AzureGermanCloud", "AzureGermanCloud"),
    ],
)
def test_a_cloud_has_one_name_whatever_its_spelling(told: str, cloud: str) -> None:
    assert cluster.facts(Documents(infrastructure=infrastructure({"cloudName": told}))).cloud == cloud


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("config", json.dumps({"tenantId": TENANT, "subscriptionId": SUBSCRIPTION}, indent="\t")),
        ("config", json.dumps({"tenantID": TENANT, "SubscriptionID": SUBSCRIPTION})),
        ("cloud.conf", json.dumps({"tenantId": TENANT, "subscriptionId": SUBSCRIPTION})),
        ("config", f"tenantId: {TENANT}\nsubscriptionId: {SUBSCRIPTION}\n"),
    ],
    ids=["tabs", "other case", "cloud.conf", "YAML"],
)
def test_subscription_and_tenant_come_from_the_cloud_providers_configuration(key: str, text: str) -> None:
    found = cluster.facts(Documents(cloud_provider_config=provider_config(text, key)))
    assert (found.subscription, found.tenant) == (SUBSCRIPTION, TENANT)


def test_infrastructure_names_the_key_of_the_configuration() -> None:
    document = {"spec": {"cloudConfig": {"key": "azure.json"}}, **infrastructure()}
    told = provider_config(json.dumps({"subscriptionId": SUBSCRIPTION}), "azure.json")
    assert cluster.facts(Documents(infrastructure=document, cloud_provider_config=told)).subscription == SUBSCRIPTION


@pytest.mark.parametrize(
    "text",
    ["{broken", "", "- a list", "[1]", '{"cloud": "AzureUSGovernmentCloud"}', "a: 2026-13-45", "[" * 5000],
    ids=lambda text: text[:20],
)
def test_when_the_configuration_does_not_tell_a_nodes_provider_id_does(text: str) -> None:
    found = cluster.facts(Documents(cloud_provider_config=provider_config(text), nodes=[node()]))
    assert found.subscription == SUBSCRIPTION
    assert found.tenant == ""


def test_the_configuration_tells_the_cloud_where_infrastructure_does_not() -> None:
    told = provider_config('{\n\t"cloud": "AzureUSGovernmentCloud"\n}\n', "cloud.conf")
    assert cluster.facts(Documents(cloud_provider_config=told)).cloud == "AzureUSGovernmentCloud"


def test_the_region_is_the_worker_machinesets() -> None:
    sets = [machineset("northeurope", "infra"), machineset(), machineset()]
    assert cluster.facts(Documents(machinesets=sets, nodes=[node()])).location == "eastus"


@pytest.mark.parametrize("label", ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"])
def test_without_a_machineset_the_region_is_a_nodes_label(label: str) -> None:
    nodes = [node(), node(**{label: "westus"})]
    told = provider_config('{"location": "elsewhere"}')
    assert cluster.facts(Documents(nodes=nodes, cloud_provider_config=told)).location == "westus"


def test_without_machineset_and_node_the_region_is_the_configurations() -> None:
    told = provider_config('{"location": "westeurope"}')
    assert cluster.facts(Documents(machinesets=(), cloud_provider_config=told)).location == "westeurope"


ACCEPTED = 'Payload loaded version="4.18.34" image="registry.example.com/ocp@sha256:1" architecture="{}"'


@pytest.mark.parametrize(
    ("document", "multi", "only"),
    [
        (version({"version": "4.21.3", "architecture": "Multi"}), True, ""),
        (version({"version": "4.18.34"}, ACCEPTED.format("Multi")), True, ""),
        (version({"version": "4.12.30"}, ACCEPTED.format("multi")), True, ""),
        (version({"version": "4.18.34"}, ACCEPTED.format("amd64")), False, "amd64"),
        (version({"version": "4.21.3", "architecture": "AMD64"}), False, "amd64"),
        (version({"version": "4.21.3"}), False, ""),
        (version({"version": "4.18.34"}, ACCEPTED.format("Multi"), accepted="False"), None, ""),
        (version({"version": "4.11.9"}), None, ""),
        (None, None, ""),
    ],
)
def test_the_payload_is_multi_when_the_cluster_version_says_so(
    document: Document | None, multi: bool | None, only: str
) -> None:
    found = cluster.facts(Documents(cluster_version=document))
    assert (found.multi_payload, found.payload_architecture) == (multi, only)


def test_the_oldest_entry_of_the_history_is_the_installation() -> None:
    document = {"status": {"history": [{"version": "4.21.3"}, {"version": "4.18.1"}, {"version": "4.11.5"}]}}
    found = cluster.facts(Documents(cluster_version=document))
    assert (found.version, found.initial_version) == ("4.21.3", "4.11.5")


def test_the_nodes_tell_the_architectures_of_the_control_plane() -> None:
    nodes = [node("master"), node("control-plane"), node(architecture="arm64")]
    found = cluster.facts(Documents(nodes=nodes))
    assert found.control_plane_architectures == {"amd64"}


@pytest.mark.parametrize("told", ["4.15.0-0.okd-2024-03-10-010116", "4.19.0-okd-scos.3"])
def test_an_okd_version_is_recognised(told: str) -> None:
    assert cluster.facts(Documents(cluster_version=version({"version": told}))).okd


ARO_IMAGE = {"publisher": "azureopenshift", "offer": "aro4", "sku": "aro_414"}


def test_aro_is_recognised_by_its_api_group() -> None:
    assert cluster.facts(Documents(aro=True)).aro


def test_before_4_20_its_image_tells_aro_too() -> None:
    documents = Documents(cluster_version=version({"version": "4.18.34"}), machinesets=[machineset(image=ARO_IMAGE)])
    assert cluster.facts(documents).aro


def test_from_4_20_on_the_image_of_aro_is_every_clusters() -> None:
    documents = Documents(cluster_version=version({"version": "4.21.3"}), machinesets=[machineset(image=ARO_IMAGE)])
    assert not cluster.facts(documents).aro


def test_a_control_plane_elsewhere_is_a_hosted_cluster() -> None:
    document = infrastructure(controlPlaneTopology="External")
    assert cluster.facts(Documents(infrastructure=document, machinesets=())).hosted


def test_without_the_machineset_api_it_is_a_hosted_cluster() -> None:
    assert cluster.facts(Documents(infrastructure=infrastructure())).hosted


def test_when_machinesets_may_not_be_read_that_says_nothing_of_hosting() -> None:
    documents = Documents(infrastructure=infrastructure(), denied={"machinesets": "machinesets is forbidden"})
    assert not cluster.facts(documents).hosted


@pytest.mark.parametrize("azure", [{"cloudName": "AzureStackCloud"}, {"armEndpoint": "https://management.stack.local"}])
def test_azure_stack_is_recognised(azure: dict[str, str]) -> None:
    assert cluster.facts(Documents(infrastructure=infrastructure(azure))).azure_stack


@pytest.mark.parametrize("odd", [{}, {"status": None}, {"status": {"platformStatus": "Azure", "history": {}}}])
def test_when_documents_are_misshapen_nothing_is_raised(odd: Document) -> None:
    documents = Documents(odd, odd, odd, odd, odd, machinesets=[odd], nodes=[odd])
    assert cluster.facts(documents) == ClusterFacts(machinesets=1)


# Managed boot images


def manager(selection: dict[str, Any], resource: str = "machinesets") -> dict[str, Any]:
    return {
        "machineManagers": [{"apiGroup": "machine.openshift.io", "resource": resource, "selection": selection}],
    }


def managed(status: dict[str, Any], spec: dict[str, Any] | None = None) -> ManagedBootImages:
    document = {"spec": {"managedBootImages": spec} if spec else {}, "status": {"managedBootImagesStatus": status}}
    return cluster.facts(Documents(machine_configuration=document)).managed_boot_images


def test_when_the_status_says_all_every_set_is_enrolled_though_the_spec_says_nothing() -> None:
    found = managed(manager({"mode": "All"}))
    assert found.by_default
    assert found.enrols(machineset())


def test_when_the_spec_asks_for_it_it_is_not_by_default() -> None:
    assert not managed(manager({"mode": "All"}), manager({"mode": "All"})).by_default


@pytest.mark.parametrize("status", [{}, manager({"mode": "None"}), manager({"mode": "All"}, "controlplanemachinesets")])
def test_when_no_machinesets_are_selected_none_is_enrolled(status: dict[str, Any]) -> None:
    assert not managed(status).enrols(machineset())


@pytest.mark.parametrize(
    ("labels", "enrolled"), [({"test": "boot", "tier": "web"}, True), ({"test": "other"}, False), ({}, False)]
)
def test_when_selected_by_label_a_set_with_that_label_is_enrolled(labels: dict[str, str], enrolled: bool) -> None:
    selector = {"machineResourceSelector": {"matchLabels": {"test": "boot"}}}
    candidate = machineset()
    candidate["metadata"]["labels"] = labels
    assert managed(manager({"mode": "Partial", "partial": selector})).enrols(candidate) is enrolled


@pytest.mark.parametrize(
    ("operator", "values", "labels", "enrolled"),
    [
        ("In", ["a", "b"], {"tier": "b"}, True),
        ("In", ["a", "b"], {}, False),
        ("NotIn", ["a"], {"tier": "b"}, True),
        ("NotIn", ["a"], {}, True),
        ("NotIn", ["a"], {"tier": "a"}, False),
        ("Exists", None, {"tier": ""}, True),
        ("Exists", None, {}, False),
        ("DoesNotExist", None, {}, True),
        ("DoesNotExist", None, {"tier": ""}, False),
        ("Unheard", None, {}, False),
    ],
)
def test_expressions_select_as_kubernetes_does(
    operator: str, values: list[str] | None, labels: dict[str, str], enrolled: bool
) -> None:
    expression = {"key": "tier", "operator": operator, **({"values": values} if values else {})}
    candidate = machineset()
    candidate["metadata"]["labels"] = labels
    assert ManagedBootImages("Partial", {}, [expression]).enrols(candidate) is enrolled


def test_what_the_machine_config_operator_skips_is_not_enrolled() -> None:
    everything = ManagedBootImages("All")
    owned, windows, confidential, rhel10, rhel9 = (machineset() for _ in range(5))
    owned["metadata"]["ownerReferences"] = [{"kind": "MachinePool", "name": "worker"}]
    windows["spec"]["template"]["metadata"]["labels"]["machine.openshift.io/os-id"] = "Windows"
    value = confidential["spec"]["template"]["spec"]["providerSpec"]["value"]
    value["securityProfile"] = {"settings": {"securityType": "ConfidentialVM"}}
    rhel10["metadata"]["labels"]["machineconfiguration.openshift.io/osstream"] = "rhel-10"
    rhel9["metadata"]["labels"]["machineconfiguration.openshift.io/osstream"] = "rhel-9"
    assert [everything.enrols(each) for each in (owned, windows, confidential, rhel10)] == [False] * 4
    assert everything.enrols(rhel9)


def test_on_an_old_installation_opting_out_has_a_price() -> None:
    old = replace(FACTS, initial_version="4.11.5", managed_boot_images=ManagedBootImages("All"))
    assert "4.11.5, below the boot image limit 4.13.0" in cluster.opt_out_price(old)
    assert cluster.opt_out_price(replace(old, initial_version="4.13.0")) == ""
    assert cluster.opt_out_price(replace(old, managed_boot_images=ManagedBootImages())) == ""


# What must be known


def test_when_facts_are_missing_one_error_names_their_paths_and_flags() -> None:
    bare = cluster.facts(Documents(infrastructure={"status": {"platformStatus": {"type": "Azure", "azure": {}}}}))
    with pytest.raises(UsageError) as refused:
        cluster.require(bare, "infra_name", "resource_group", "location", "subscription")
    for told in ("status.infrastructureName", "status.platformStatus.azure.resourceGroupName", "providerID"):
        assert told in refused.value.what
    assert refused.value.advice == "give --infra-name, --resource-group, --location and --subscription"


def test_when_nothing_is_missing_nothing_is_raised() -> None:
    cluster.require(FACTS, "infra_name", "resource_group", "location", "subscription")


def test_when_reading_was_denied_the_error_says_so() -> None:
    sentence = 'nodes is forbidden: User "dev" cannot list resource "nodes"'
    with pytest.raises(UsageError, match="cannot list resource"):
        cluster.require(ClusterFacts(denied={"nodes": sentence}), "location")


# Preconditions


def refusals(facts: ClusterFacts) -> set[str]:
    """The error of both commands, which must be the same."""
    said = set()
    with pytest.raises((Unsupported, Denied)) as refused:
        cluster.check_bootimage_preconditions(facts)
    said.add(str(refused.value))
    for apply in (False, True):
        with pytest.raises((Unsupported, Denied)) as refused:
            cluster.check_machineset_preconditions(facts, apply=apply, yes=True)
        said.add(str(refused.value))
    return said


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(FACTS, platform="AWS"), "platform is AWS, not Azure"),
        (
            replace(FACTS, platform=""),
            "not an OpenShift cluster: it has no infrastructure/cluster with a platform; name",
        ),
        (replace(FACTS, platform="", denied={"infrastructure": "is forbidden"}), "--stream-file"),
        (replace(FACTS, aro=True), "does not take gallery images"),
        (replace(FACTS, hosted=True), "NodePool"),
        (replace(FACTS, azure_stack=True), "Azure Stack Hub"),
        (replace(FACTS, cloud="AzureGermanCloud"), "AzureGermanCloud is unknown"),
    ],
)
def test_where_no_gallery_image_can_boot_every_command_is_refused(facts: ClusterFacts, said: str) -> None:
    (message,) = refusals(facts)
    assert said in message


def test_on_a_multi_payload_there_is_nothing_to_say() -> None:
    assert cluster.check_bootimage_preconditions(FACTS) == []
    assert cluster.check_machineset_preconditions(FACTS, apply=True, yes=False) == []


SINGLE = replace(FACTS, multi_payload=False, payload_architecture="amd64")


def test_on_a_payload_for_one_architecture_only_apply_is_refused() -> None:
    with pytest.raises(Unsupported) as refused:
        cluster.check_machineset_preconditions(SINGLE, apply=True, yes=True)
    assert str(refused.value) == (
        "the payload of 4.18.34 is amd64 only: arm64 nodes cannot run it; move to the multi payload of the same "
        "version first: `oc adm upgrade --to-multi-arch` (it cannot be joined with --to or --to-latest)"
    )
    (warning,) = cluster.check_bootimage_preconditions(SINGLE)
    assert warning == str(refused.value)
    assert cluster.check_machineset_preconditions(SINGLE, apply=False, yes=False) == [warning]


def test_on_okd_moving_to_the_multi_payload_is_not_advised() -> None:
    okd = replace(SINGLE, okd=True)
    with pytest.raises(Unsupported, match="OKD publishes no multi payload") as refused:
        cluster.check_machineset_preconditions(okd, apply=True, yes=True)
    assert "--to-multi-arch" not in str(refused.value)


def test_on_okd_that_tells_no_architecture_yes_does_not_answer_it() -> None:
    silent = replace(FACTS, version="4.17.0-okd-scos.0", okd=True, multi_payload=None)
    for yes in (False, True):
        with pytest.raises(Unsupported, match=r"4\.17\.0-okd-scos\.0 is for one architecture only.* no multi payload"):
            cluster.check_machineset_preconditions(silent, apply=True, yes=yes)
    (warning,) = cluster.check_bootimage_preconditions(silent)
    assert "OKD publishes no multi payload" in warning
    assert cluster.check_machineset_preconditions(silent, apply=False, yes=False) == [warning]


def test_when_the_payload_is_not_told_apply_asks_for_yes() -> None:
    silent = replace(FACTS, version="4.11.9", multi_payload=None)
    with pytest.raises(UsageError, match=r"OpenShift 4\.11\.9 does not tell .*oc adm release info.* add --yes"):
        cluster.check_machineset_preconditions(silent, apply=True, yes=False)
    (warning,) = cluster.check_machineset_preconditions(silent, apply=True, yes=True)
    assert cluster.check_bootimage_preconditions(silent) == [warning]


def test_arm64_workers_of_an_arm64_cluster_need_no_multi_payload() -> None:
    homogeneous = replace(
        SINGLE, version="4.14.8", payload_architecture="arm64", control_plane_architectures=frozenset({"arm64"})
    )
    assert cluster.check_machineset_preconditions(homogeneous, apply=True, yes=False) == []


def test_x86_64_workers_of_an_arm64_control_plane_need_it() -> None:
    arm = replace(SINGLE, payload_architecture="arm64", control_plane_architectures=frozenset({"arm64"}))
    with pytest.raises(Unsupported, match="is arm64 only: amd64 nodes"):
        cluster.check_machineset_preconditions(arm, apply=True, yes=True, architecture=Architecture.X86_64)
    multi = replace(arm, multi_payload=True)
    assert cluster.check_machineset_preconditions(multi, apply=True, yes=False, architecture=Architecture.X86_64) == []


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(FACTS, version="4.10.3"), r"4\.11 is the first"),
        (
            replace(FACTS, version="4.15.9", control_plane_architectures=frozenset({"arm64"})),
            "an x86_64 control plane only; update to 4.16",
        ),
    ],
)
def test_what_the_documentation_excludes_is_refused_on_apply_and_warned_of_before(
    facts: ClusterFacts, said: str
) -> None:
    with pytest.raises(Unsupported, match=said) as refused:
        cluster.check_machineset_preconditions(facts, apply=True, yes=True)
    assert cluster.check_bootimage_preconditions(facts) == [str(refused.value)]


FORBIDDEN = 'is forbidden: User "dev" cannot get resource'


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(FACTS, tenant="", denied={"cloud_provider_config": FORBIDDEN}), "tenant is not known"),
        (
            replace(FACTS, version="4.15.9", control_plane_architectures=frozenset(), denied={"nodes": FORBIDDEN}),
            "not checked that the control plane is one beside which",
        ),
    ],
)
def test_when_a_read_is_denied_both_commands_say_once_what_was_not_checked(facts: ClusterFacts, said: str) -> None:
    (warning,) = cluster.check_bootimage_preconditions(facts)
    assert said in warning
    assert FORBIDDEN in warning
    for apply in (False, True):
        assert cluster.check_machineset_preconditions(facts, apply=apply, yes=True) == [warning]


def test_when_the_machine_configuration_is_denied_only_machineset_says_so() -> None:
    facts = replace(FACTS, denied={"machine_configuration": FORBIDDEN})
    assert cluster.check_bootimage_preconditions(facts) == []
    for apply in (False, True):
        (warning,) = cluster.check_machineset_preconditions(facts, apply=apply, yes=True)
        assert warning.startswith("not checked whether the Machine Config Operator manages the boot image")


@pytest.mark.parametrize("denied", ["nodes", "cloud_provider_config", "machinesets", "aro"])
def test_when_what_is_denied_is_known_from_elsewhere_or_does_not_matter_nothing_is_said(denied: str) -> None:
    facts = replace(FACTS, version="4.16.0", denied={denied: FORBIDDEN})
    assert cluster.check_machineset_preconditions(facts, apply=True, yes=True) == []


def test_from_4_16_on_nodes_that_may_not_be_read_hide_nothing() -> None:
    facts = replace(FACTS, version="4.16.0", control_plane_architectures=frozenset(), denied={"nodes": FORBIDDEN})
    assert cluster.check_machineset_preconditions(facts, apply=True, yes=True) == []


def test_from_4_16_on_the_control_plane_may_be_arm64() -> None:
    facts = replace(FACTS, version="4.16.0", control_plane_architectures=frozenset({"arm64"}))
    assert cluster.check_machineset_preconditions(facts, apply=True, yes=False) == []


def test_up_to_4_15_a_cluster_without_machinesets_must_be_vouched_for() -> None:
    facts = replace(FACTS, version="4.14.8", machinesets=0)
    with pytest.raises(UsageError, match="seems to be user-provisioned"):
        cluster.check_machineset_preconditions(facts, apply=True, yes=False)
    (warning,) = cluster.check_machineset_preconditions(facts, apply=True, yes=True)
    assert "user-provisioned" in warning
    assert cluster.check_machineset_preconditions(replace(facts, version="4.16.1"), apply=True, yes=False) == []


# The real documents


def real(shared_data: Path | None, number: str) -> Document:
    if shared_data is None:
        pytest.skip("no shared data (the summary says so)")
    (file,) = (shared_data / "data" / "cluster").glob(f"{number}-*.yaml")
    document: Document = yaml.safe_load(file.read_text())
    return document


def test_cl_01_the_bare_infrastructure_names_what_is_missing(shared_data: Path | None) -> None:
    bare = cluster.facts(Documents(infrastructure=real(shared_data, "cl-01"), machinesets=()))
    assert cluster.check_bootimage_preconditions(replace(bare, multi_payload=True)) == []
    with pytest.raises(UsageError, match=r"infrastructureName .*resourceGroupName .*--infra-name and --resource-group"):
        cluster.require(bare, "infra_name", "resource_group")


def test_cl_02_tells_tags(shared_data: Path | None) -> None:
    found = cluster.facts(Documents(infrastructure=real(shared_data, "cl-02")))
    assert found.infra_name == "prod1-5r2mq"
    assert found.resource_tags == {"costCenter": "0042", "owner": "platform"}


def test_cl_03_is_multi_and_old_enough_that_opting_out_has_a_price(shared_data: Path | None) -> None:
    documents = Documents(cluster_version=real(shared_data, "cl-03"), machine_configuration=real(shared_data, "cl-09"))
    found = cluster.facts(documents)
    assert (found.multi_payload, found.version) == (True, "4.21.3")
    assert "4.11.5" in cluster.opt_out_price(found)
    assert found.managed_boot_images == ManagedBootImages("All", by_default=True)


def test_cl_04_is_multi_by_the_conditions_word(shared_data: Path | None) -> None:
    assert cluster.facts(Documents(cluster_version=real(shared_data, "cl-04"))).multi_payload is True


def test_cl_05_tells_subscription_and_tenant(shared_data: Path | None) -> None:
    found = cluster.facts(Documents(cloud_provider_config=real(shared_data, "cl-05")))
    assert (found.subscription, found.tenant, found.location) == (SUBSCRIPTION, TENANT, "westeurope")


def test_cl_06_and_cl_11_tell_the_cloud_and_by_the_nodes_the_rest(shared_data: Path | None) -> None:
    nodes = real(shared_data, "cl-11")["items"]
    found = cluster.facts(Documents(cloud_provider_config=real(shared_data, "cl-06"), nodes=nodes))
    assert (found.cloud, found.subscription, found.location) == ("AzureUSGovernmentCloud", SUBSCRIPTION, "eastus")
    assert found.control_plane_architectures == {"amd64"}


def test_cl_10_enrols_ms_21_by_its_label(shared_data: Path | None) -> None:
    found = cluster.facts(Documents(machine_configuration=real(shared_data, "cl-10"))).managed_boot_images
    assert shared_data is not None
    (file,) = (shared_data / "data" / "machinesets").glob("ms-21-*.yaml")
    source = yaml.safe_load(file.read_text())
    assert found.enrols(source)
    del source["metadata"]["labels"]["test"]
    assert not found.enrols(source)
