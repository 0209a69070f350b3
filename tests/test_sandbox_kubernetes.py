"""The sandbox's API server, held to what kube-apiserver and machine-api-operator's webhooks do."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.kube_api import JSON_PATCH, MACHINESETS, Api, arm64_machineset, provider_spec
from tests.sandbox.kubernetes.objects import find, plant
from tests.sandbox.seeds import SEEDS
from tests.sandbox.server import Sandbox

WORKER = f"{MACHINESETS}/prod-7x2kq-worker-eastus1"
NEW = "prod-7x2kq-worker-arm64-eastus1"
INFRASTRUCTURE = "/apis/config.openshift.io/v1/infrastructures/cluster"


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def manifest(api: Api) -> dict[str, Any]:
    return arm64_machineset(api.world)


def names(listed: dict[str, Any]) -> list[str]:
    return [each["metadata"]["name"] for each in listed["items"]]


# Who may do what


@pytest.mark.parametrize("user", ["", "a-token-of-nobody"])
def test_when_the_token_is_missing_or_unknown_it_answers_401(api: Api, user: str) -> None:
    answer = api.get(INFRASTRUCTURE, user=user)
    assert (answer.code, answer.message, answer.json["reason"]) == (401, "Unauthorized", "Unauthorized")


def test_when_a_reader_applies_it_answers_403_in_the_server_s_words(api: Api, manifest: dict[str, Any]) -> None:
    answer = api.apply(manifest, user="reader")
    assert answer.code == 403
    assert answer.message == (
        f'machinesets.machine.openshift.io "{NEW}" is forbidden: User "reader" cannot patch resource "machinesets" '
        'in API group "machine.openshift.io" in the namespace "openshift-machine-api"'
    )
    assert answer.json["details"] == {"name": NEW, "group": "machine.openshift.io", "kind": "machinesets"}


def test_when_nobody_reads_in_the_cluster_scope_the_sentence_says_so(api: Api) -> None:
    assert api.get(INFRASTRUCTURE, user="nobody").message == (
        'infrastructures.config.openshift.io "cluster" is forbidden: User "nobody" cannot get resource '
        '"infrastructures" in API group "config.openshift.io" at the cluster scope'
    )


def test_when_an_applier_writes_it_may_apply_machinesets_and_nothing_else(api: Api, manifest: dict[str, Any]) -> None:
    assert api.apply(manifest, user="applier").code == 201
    assert api.ask("DELETE", f"{MACHINESETS}/{NEW}", user="applier").code == 403


def test_when_an_apply_would_create_it_needs_the_right_to_create(api: Api, manifest: dict[str, Any]) -> None:
    api.world.kube_users["t"] = {
        "name": "patcher",
        "groups": ["system:authenticated"],
        "rules": [{"apiGroups": ["*"], "resources": ["machinesets"], "verbs": ["patch"]}],
    }
    assert "cannot create resource" in api.apply(manifest, user="patcher").message


@pytest.mark.parametrize(("user", "verb", "allowed"), [("applier", "patch", True), ("reader", "patch", False)])
def test_when_asked_for_its_rights_it_answers_by_role(api: Api, user: str, verb: str, allowed: bool) -> None:
    wanted = {"group": "machine.openshift.io", "resource": "machinesets", "verb": verb}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = api.ask("POST", path, {"spec": {"resourceAttributes": wanted}}, user=user)
    assert answer.code == 201
    assert answer.json["status"] == {"allowed": allowed}


def test_when_asked_who_one_is_it_answers_the_name(api: Api) -> None:
    answer = api.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, user="reader")
    assert answer.json["status"]["userInfo"]["username"] == "reader"


# Discovery


def test_it_serves_its_version_without_a_token_and_as_the_cluster_s_release(api: Api) -> None:
    assert api.get("/version", user="").json["gitVersion"].startswith("v1.31.")


def test_it_lists_its_groups_and_their_resources(api: Api) -> None:
    groups = [each["name"] for each in api.get("/apis").json["groups"]]
    assert "machine.openshift.io" in groups
    listed = api.get("/apis/machine.openshift.io/v1beta1").json
    assert {"machinesets", "machinesets/status", "machines"} <= {each["name"] for each in listed["resources"]}


def test_when_the_cluster_is_not_aro_it_has_no_such_group_and_when_it_is_it_has(api: Api) -> None:
    assert api.get("/apis/aro.openshift.io").code == 404
    api.world.unserved_groups.discard("aro.openshift.io")
    assert api.get("/apis/aro.openshift.io").json["name"] == "aro.openshift.io"


def test_when_the_machine_api_is_not_served_machinesets_are_404(api: Api) -> None:
    api.world.unserved_groups.add("machine.openshift.io")
    answer = api.get(MACHINESETS)
    assert (answer.code, answer.text) == (404, "404 page not found\n")


def test_it_tells_kubectl_that_a_patch_knows_dry_run_and_field_validation(api: Api) -> None:
    paths = api.get("/openapi/v3/apis/machine.openshift.io/v1beta1").json["paths"]
    patch = paths["/apis/machine.openshift.io/v1beta1/namespaces/{namespace}/machinesets/{name}"]["patch"]
    assert {"dryRun", "fieldValidation"} <= {each["name"] for each in patch["parameters"]}


# Reading


def test_when_an_object_is_unknown_it_answers_404_by_its_full_resource_name(api: Api) -> None:
    answer = api.get(f"{MACHINESETS}/absent")
    assert (answer.code, answer.message) == (404, 'machinesets.machine.openshift.io "absent" not found')


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"labelSelector": "machine.openshift.io/cluster-api-machine-role=infra"}, ["prod-7x2kq-infra-eastus1"]),
        (
            {"labelSelector": "machine.openshift.io/cluster-api-machine-role notin (worker)"},
            ["prod-7x2kq-infra-eastus1"],
        ),
        ({"labelSelector": "!machine.openshift.io/cluster-api-machine-role"}, []),
        ({"fieldSelector": "metadata.name=prod-7x2kq-worker-eastus2"}, ["prod-7x2kq-worker-eastus2"]),
    ],
)
def test_when_selected_it_lists_what_matches(api: Api, query: dict[str, str], expected: list[str]) -> None:
    assert names(api.get(MACHINESETS, **query).json) == expected


@pytest.mark.parametrize(
    "query", [{"labelSelector": "a in b"}, {"fieldSelector": "name"}, {"fieldSelector": "spec.replicas=1"}]
)
def test_when_a_selector_is_broken_or_not_the_kind_s_it_answers_400(api: Api, query: dict[str, str]) -> None:
    assert api.get(MACHINESETS, **query).code == 400
    assert api.get(MACHINESETS, watch="true", **query).code == 400


def test_when_limited_it_pages(api: Api) -> None:
    first = api.get(MACHINESETS, limit=3).json
    rest = api.get(MACHINESETS, limit=3, **{"continue": first["metadata"]["continue"]}).json
    assert first["metadata"]["remainingItemCount"] == 1
    assert names(first) + names(rest) == names(api.get(MACHINESETS).json)


def test_when_a_table_is_wanted_it_has_the_kind_s_own_columns(api: Api) -> None:
    table = api.get(MACHINESETS, accept="application/json;as=Table;v=v1;g=meta.k8s.io").json
    assert [each["name"] for each in table["columnDefinitions"]][:3] == ["Name", "Desired", "Current"]
    assert table["rows"][1]["cells"][:2] == ["prod-7x2kq-worker-eastus1", 1]


# Create, update, patch, delete


def test_when_created_it_has_an_identity_and_the_creator_owns_its_fields(api: Api, manifest: dict[str, Any]) -> None:
    made = api.ask("POST", MACHINESETS, manifest, fieldManager="somebody").json
    assert made["metadata"]["generation"] == 1
    assert made["metadata"]["uid"]
    (owner,) = made["metadata"]["managedFields"]
    assert (owner["manager"], owner["operation"]) == ("somebody", "Update")
    assert api.get(f"{MACHINESETS}/{NEW}").json == made


def test_when_it_exists_create_answers_409(api: Api, manifest: dict[str, Any]) -> None:
    api.ask("POST", MACHINESETS, manifest)
    answer = api.ask("POST", MACHINESETS, manifest)
    assert (answer.code, answer.json["reason"]) == (409, "AlreadyExists")


def test_when_the_namespace_is_missing_create_answers_404(api: Api) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    assert api.ask("POST", "/api/v1/namespaces/absent/configmaps", body).message == 'namespaces "absent" not found'


def test_when_replaced_from_an_older_reading_it_answers_409(api: Api) -> None:
    read = api.get(WORKER).json
    api.merge(WORKER, {"spec": {"replicas": 2}})
    answer = api.ask("PUT", WORKER, read)
    assert answer.code == 409
    assert "the object has been modified" in answer.message


def test_when_the_spec_changes_the_generation_grows_and_with_a_label_it_does_not(api: Api) -> None:
    assert api.merge(WORKER, {"metadata": {"labels": {"team": "blue"}}}).json["metadata"]["generation"] == 1
    assert api.merge(WORKER, {"spec": {"replicas": 2}}).json["metadata"]["generation"] == 2


def test_when_labels_are_emptied_they_are_gone(api: Api) -> None:
    labels = api.get(WORKER).json["metadata"]["labels"]
    patched = api.merge(WORKER, {"metadata": {"labels": dict.fromkeys(labels)}})
    assert "labels" not in patched.json["metadata"]


def test_when_a_merge_patch_is_no_object_it_answers_400(api: Api) -> None:
    assert api.merge(WORKER, ["replicas"]).code == 400


def test_when_json_patched_it_takes_each_operation_and_a_failed_test_is_422(api: Api) -> None:
    replace = {"op": "replace", "path": "/spec/replicas", "value": 5}
    assert api.ask("PATCH", WORKER, [replace], media=JSON_PATCH).json["spec"]["replicas"] == 5
    wrong = {"op": "test", "path": "/spec/replicas", "value": 1}
    assert api.ask("PATCH", WORKER, [wrong, replace], media=JSON_PATCH).code == 422


def test_when_a_custom_resource_gets_a_strategic_patch_it_answers_415(api: Api) -> None:
    assert api.ask("PATCH", WORKER, {}, media="application/strategic-merge-patch+json").code == 415


def test_when_the_status_is_sent_to_the_resource_it_is_left_alone_and_its_subresource_writes_it(api: Api) -> None:
    status = {"status": {"readyReplicas": 0}}
    assert api.merge(WORKER, status).json["status"]["readyReplicas"] == 1
    assert api.merge(f"{WORKER}/status", status).json["status"]["readyReplicas"] == 0
    assert api.get(WORKER).json["metadata"]["generation"] == 1


def test_when_deleted_it_is_gone(api: Api) -> None:
    assert api.ask("DELETE", WORKER).json["status"] == "Success"
    assert api.get(WORKER).code == 404


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_when_it_is_a_dry_run_nothing_stays(api: Api, manifest: dict[str, Any], method: str) -> None:
    before = copy.deepcopy(api.world.objects)
    if method == "POST":
        answer = api.ask("POST", MACHINESETS, manifest, dryRun="All")
    elif method == "PATCH":
        answer = api.apply(manifest, dryRun="All")
    else:
        answer = api.ask("DELETE", WORKER, dryRun="All")
    assert answer.code in (200, 201)
    assert api.world.objects == before


def test_when_a_field_is_unknown_validation_refuses_warns_or_drops(api: Api) -> None:
    patch = {"spec": {"replica": 3}}
    assert (
        'strict decoding error: unknown field "spec.replica"'
        in api.merge(WORKER, patch, fieldValidation="Strict").message
    )
    warned = api.merge(WORKER, patch)
    assert warned.warnings == ['299 - "unknown field \\"spec.replica\\""']
    assert "replica" not in warned.json["spec"]
    assert api.merge(WORKER, patch, fieldValidation="Ignore").warnings == []


def test_when_a_type_is_wrong_it_answers_422_with_the_field(api: Api) -> None:
    assert api.merge(WORKER, {"spec": {"replicas": "two"}}).message == (
        'MachineSet.machine.openshift.io "prod-7x2kq-worker-eastus1" is invalid: spec.replicas: Invalid value: '
        '"string": spec.replicas in body must be of type integer: "string"'
    )


def test_when_a_declared_field_is_null_it_answers_422_and_inside_the_provider_spec_it_does_not(
    api: Api, manifest: dict[str, Any]
) -> None:
    provider_spec(manifest)["natRule"] = None
    manifest["spec"]["template"]["spec"]["taints"] = None
    assert api.ask("POST", MACHINESETS, manifest).message.endswith(
        'Invalid value: "null": spec.template.spec.taints in body must be of type array: "null"'
    )
    del manifest["spec"]["template"]["spec"]["taints"]
    assert api.ask("POST", MACHINESETS, manifest).code == 201


# Server-side apply


def test_when_applied_first_it_is_created_and_when_again_nothing_changes(api: Api, manifest: dict[str, Any]) -> None:
    first, second = api.apply(manifest), api.apply(manifest)
    assert (first.code, second.code) == (201, 200)
    assert first.json == second.json


def test_when_applied_it_owns_what_it_sent_leaf_by_leaf(api: Api, manifest: dict[str, Any]) -> None:
    (owner,) = api.apply(manifest).json["metadata"]["managedFields"]
    assert (owner["manager"], owner["operation"]) == ("kubectl-arm64", "Apply")
    value = owner["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:providerSpec"]["f:value"]
    assert value["f:image"]["f:resourceID"] == {}
    assert value["f:diagnostics"] == {}


def test_when_another_changed_a_field_apply_conflicts_until_forced(api: Api, manifest: dict[str, Any]) -> None:
    api.apply(manifest)
    api.merge(f"{MACHINESETS}/{NEW}", {"spec": {"replicas": 4}}, agent="kubectl/v1.31")
    refused = api.apply(manifest)
    assert refused.code == 409
    assert refused.message == (
        'Apply failed with 1 conflict: conflict with "kubectl" using machine.openshift.io/v1beta1: .spec.replicas'
    )
    assert refused.json["details"]["causes"][0]["field"] == ".spec.replicas"
    forced = api.apply(manifest, force="true").json
    assert forced["spec"]["replicas"] == 1
    assert [each["manager"] for each in forced["metadata"]["managedFields"]] == ["kubectl-arm64"]


def test_when_several_fields_conflict_each_is_named_below_its_manager(api: Api, manifest: dict[str, Any]) -> None:
    machine = manifest["spec"]["template"]["spec"]
    machine["taints"] = [{"key": "multi-arch.openshift.io/arch", "value": "arm64", "effect": "NoSchedule"}]
    api.apply(manifest)
    other = copy.deepcopy(manifest)
    other["spec"]["template"]["spec"]["taints"] = []
    other["spec"]["replicas"] = 3
    provider_spec(other)["vmSize"] = "Standard_D8ps_v5"
    assert api.apply(other, manager="argocd").message == (
        'Apply failed with 3 conflicts: conflicts with "kubectl-arm64":\n'
        "- .spec.replicas\n- .spec.template.spec.taints\n- .spec.template.spec.providerSpec.value.vmSize"
    )


def test_when_the_installer_s_machineset_is_applied_to_its_fields_are_the_installer_s(api: Api) -> None:
    live = find(api.world, "machinesets", "prod-7x2kq-worker-eastus1")
    applied = {key: live[key] for key in ("apiVersion", "kind")} | {
        "metadata": {"name": live["metadata"]["name"]},
        "spec": {"replicas": 2},
    }
    assert 'conflict with "cluster-bootstrap"' in api.apply(applied).message


def test_when_a_field_is_no_longer_applied_it_is_removed_and_others_fields_stay(
    api: Api, manifest: dict[str, Any]
) -> None:
    manifest["metadata"]["annotations"] = {"ours": "1"}
    api.apply(manifest)
    api.merge(f"{MACHINESETS}/{NEW}", {"metadata": {"annotations": {"theirs": "1"}}})
    manifest["metadata"]["annotations"] = {}
    assert api.apply(manifest).json["metadata"]["annotations"] == {"theirs": "1"}


def test_when_a_boolean_becomes_a_number_it_is_a_change(api: Api, manifest: dict[str, Any]) -> None:
    provider_spec(manifest)["spotVMOptions"] = {"maxPrice": True}
    api.apply(manifest)
    provider_spec(manifest)["spotVMOptions"] = {"maxPrice": 1}
    assert api.apply(manifest).json["metadata"]["generation"] == 2


def test_when_a_declared_part_has_an_unknown_field_apply_refuses_as_the_server_does(
    api: Api, manifest: dict[str, Any]
) -> None:
    manifest["spec"]["replica"] = 1
    answer = api.apply(manifest)
    assert answer.message == (
        f"failed to create typed patch object (openshift-machine-api/{NEW}; machine.openshift.io/v1beta1, "
        "Kind=MachineSet): .spec.replica: field not declared in schema"
    )
    assert answer.code == 500
    assert "reason" not in answer.json


def test_when_an_applied_value_is_of_another_type_apply_refuses_as_the_server_does(
    api: Api, manifest: dict[str, Any]
) -> None:
    manifest["spec"]["replicas"] = True
    assert api.apply(manifest).message.endswith(".spec.replicas: expected numeric (int or float), got bool")


def test_when_replicas_are_no_longer_applied_they_return_to_their_default(api: Api, manifest: dict[str, Any]) -> None:
    manifest["spec"]["replicas"] = 3
    api.apply(manifest)
    del manifest["spec"]["replicas"]
    assert api.apply(manifest).json["spec"]["replicas"] == 1


def test_when_time_passes_an_entry_is_of_its_manager_s_last_change(api: Api, manifest: dict[str, Any]) -> None:
    first = api.apply(manifest).json["metadata"]["managedFields"][0]["time"]
    api.world.clock.offset += 3600
    assert api.apply(manifest).json["metadata"]["managedFields"][0]["time"] == first
    api.merge(f"{MACHINESETS}/{NEW}", {"spec": {"replicas": 4}})
    ours, theirs = api.get(f"{MACHINESETS}/{NEW}").json["metadata"]["managedFields"]
    assert ours["time"] == first < theirs["time"]


def test_when_no_manager_is_named_apply_refuses(api: Api, manifest: dict[str, Any]) -> None:
    assert "fieldManager: Required value" in api.apply(manifest, manager="").message


def test_when_an_object_has_no_owners_the_first_apply_meets_before_first_apply(api: Api) -> None:
    live = find(api.world, "machinesets", "prod-7x2kq-worker-eastus1")
    del live["metadata"]["managedFields"]
    applied = {"apiVersion": live["apiVersion"], "kind": live["kind"], "spec": {"replicas": 9}}
    applied["metadata"] = {"name": live["metadata"]["name"]}
    assert 'conflict with "before-first-apply"' in api.apply(applied).message


# machine-api-operator's admission


def denied(reason: str) -> str:
    return f'admission webhook "validation.machineset.machine.openshift.io" denied the request: {reason}'


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"image": {"resourceID": "/resourceGroups/g/i", "type": "MarketplaceNoPlan"}},
            "providerSpec.image.resourceID: Required value: resourceID is already specified, "
            "other fields such as [Offer, Publisher, SKU, Version] should not be set",
        ),
        (
            {"subnet": ""},
            "providerSpec.subnet: Required value: must provide a subnet when a virtual network is specified",
        ),
        (
            {"osDisk": {"diskSizeGB": 128, "diskSettings": {"ephemeralStorageLocation": "Local"}}},
            'providerSpec.osDisk.cachingType: Invalid value: "": '
            "Instances using an ephemeral OS disk support only Readonly caching",
        ),
        (
            {"osDisk": {}},
            "providerSpec.osDisk.diskSizeGB: Invalid value: 0: "
            "diskSizeGB must be greater than zero and less than 32768",
        ),
        (
            {"image": {"offer": "aro4", "publisher": "azureopenshift", "sku": "420-arm"}},
            "providerSpec.image.Version: Required value: Version must be provided",
        ),
    ],
)
def test_when_the_provider_spec_is_wrong_admission_denies(
    api: Api, manifest: dict[str, Any], change: dict[str, Any], reason: str
) -> None:
    provider_spec(manifest).update(change)
    answer = api.apply(manifest)
    assert (answer.code, answer.message) == (403, denied(reason))
    assert api.get(f"{MACHINESETS}/{NEW}").code == 404


def test_when_tags_are_a_list_admission_cannot_read_them(api: Api, manifest: dict[str, Any]) -> None:
    provider_spec(manifest)["tags"] = [{"name": "team", "value": "blue"}]
    assert api.apply(manifest).message.endswith(
        "json: cannot unmarshal array into Go struct field AzureMachineProviderSpec.tags of type map[string]string"
    )


def test_when_the_selector_misses_the_template_s_labels_admission_denies(api: Api, manifest: dict[str, Any]) -> None:
    manifest["spec"]["selector"]["matchLabels"]["team"] = "blue"
    assert "`selector` does not match template `labels`" in api.apply(manifest).message


def test_when_the_selector_changes_on_update_admission_denies(api: Api) -> None:
    patch = {"matchLabels": {"machine.openshift.io/cluster-api-machineset": None}}
    assert api.merge(WORKER, {"spec": {"selector": patch}}).message == denied(
        "spec.selector: Forbidden: selector is immutable"
    )


def test_when_the_size_is_empty_create_takes_the_control_plane_s_and_the_next_apply_is_denied(
    api: Api, manifest: dict[str, Any]
) -> None:
    provider_spec(manifest)["vmSize"] = ""
    assert provider_spec(api.apply(manifest).json)["vmSize"] == "Standard_D4s_V3"
    assert api.apply(manifest).message == denied(
        "providerSpec.vmSize: Required value: vmSize should be set to one of the supported Azure VM sizes"
    )


def test_when_a_marketplace_image_is_complete_admission_allows_it(api: Api, manifest: dict[str, Any]) -> None:
    provider_spec(manifest)["image"] = {
        "offer": "aro4",
        "publisher": "azureopenshift",
        "resourceID": "",
        "sku": "420-arm",
        "type": "MarketplaceNoPlan",
        "version": "9.6.20251015",
    }
    assert api.apply(manifest).code == 201


def test_when_a_provider_spec_field_is_unknown_create_drops_it_without_a_word(
    api: Api, manifest: dict[str, Any]
) -> None:
    provider_spec(manifest)["sshPrivateKey"] = ""
    answer = api.apply(manifest)
    assert answer.warnings == []
    assert "sshPrivateKey" not in provider_spec(answer.json)


def test_when_the_zone_is_empty_create_drops_it_and_the_next_apply_brings_it_back(
    api: Api, manifest: dict[str, Any]
) -> None:
    provider_spec(manifest)["zone"] = ""
    assert "zone" not in provider_spec(api.apply(manifest).json)
    second, third = api.apply(manifest).json, api.apply(manifest).json
    assert provider_spec(second)["zone"] == ""
    assert second == third


def test_when_spot_options_are_empty_create_keeps_them(api: Api, manifest: dict[str, Any]) -> None:
    provider_spec(manifest)["spotVMOptions"] = {}
    assert provider_spec(api.apply(manifest).json)["spotVMOptions"] == {}


@pytest.mark.parametrize(
    ("version", "metadata", "settings", "disk"),
    [
        ("4.16.8", {"creationTimestamp": None}, {}, {"storageAccountType": "Premium_LRS"}),
        (
            "4.18.34",
            {"creationTimestamp": None},
            {},
            {"storageAccountType": "Premium_LRS", "securityProfile": {"diskEncryptionSet": {}}},
        ),
        (
            "4.21.3",
            {},
            {"securityType": ""},
            {"storageAccountType": "Premium_LRS", "securityProfile": {"diskEncryptionSet": {}}},
        ),
    ],
)
def test_when_create_writes_the_spec_back_its_empty_members_are_the_release_s(
    api: Api,
    manifest: dict[str, Any],
    version: str,
    metadata: dict[str, Any],
    settings: dict[str, Any],
    disk: dict[str, Any],
) -> None:
    """From 4.21 on and for 4.18 as the operator's webhooks of then do it (tests/e2e/test_admission.py)."""
    api.world.objects["config.openshift.io/v1", "clusterversions", "", "version"]["status"]["desired"]["version"] = (
        version
    )
    provider_spec(manifest)["securityProfile"] = {"settings": {}}
    provider_spec(manifest)["osDisk"]["managedDisk"] = {"storageAccountType": "Premium_LRS"}
    made = provider_spec(api.apply(manifest).json)
    assert (made["metadata"], made["securityProfile"]["settings"]) == (metadata, settings)
    assert made["osDisk"]["managedDisk"] == disk


def test_when_a_number_stands_for_a_word_create_reads_it_as_the_word(api: Api, manifest: dict[str, Any]) -> None:
    provider_spec(manifest)["zone"] = 1
    assert provider_spec(api.apply(manifest).json)["zone"] == "1"


def test_when_admission_adds_a_default_nobody_owns_it(api: Api, manifest: dict[str, Any]) -> None:
    del provider_spec(manifest)["diagnostics"]
    made = api.apply(manifest).json
    assert provider_spec(made)["diagnostics"] == {}
    assert "diagnostics" not in str(made["metadata"]["managedFields"])
    assert api.apply(manifest).json == made


def test_when_the_provider_spec_has_no_kind_admission_only_warns(api: Api, manifest: dict[str, Any]) -> None:
    del provider_spec(manifest)["kind"]
    (warning,) = api.apply(manifest).warnings
    assert "incorrect GroupVersionKind for AzureMachineProviderSpec object" in warning


def test_when_the_credentials_are_missing_admission_only_warns(api: Api, manifest: dict[str, Any]) -> None:
    provider_spec(manifest)["credentialsSecret"] = {"name": "absent", "namespace": "openshift-machine-api"}
    answer = api.apply(manifest)
    assert answer.code == 201
    assert "Expected CredentialsSecret to exist" in answer.warnings[0]


# Watch, and changes from outside


def test_when_watched_it_tells_what_is_there_and_what_changes(api: Api) -> None:
    events = api.watch(
        MACHINESETS, ("PATCH", WORKER, {"spec": {"replicas": 2}}), ("DELETE", WORKER, None), expect=6, timeoutSeconds=5
    )
    told = [(each["type"], each["object"]["metadata"]["name"]) for each in events]
    assert told[-2:] == [("MODIFIED", "prod-7x2kq-worker-eastus1"), ("DELETED", "prod-7x2kq-worker-eastus1")]
    assert {what for what, _ in told[:4]} == {"ADDED"}


def test_when_watched_from_a_resource_version_it_tells_only_what_came_after(api: Api) -> None:
    since = api.get(MACHINESETS).json["metadata"]["resourceVersion"]
    api.merge(WORKER, {"spec": {"replicas": 2}})
    (event,) = api.watch(MACHINESETS, expect=1, resourceVersion=since, timeoutSeconds=5)
    assert (event["type"], event["object"]["spec"]["replicas"]) == ("MODIFIED", 2)


def test_when_its_time_is_over_a_watch_ends(api: Api) -> None:
    since = api.get(MACHINESETS).json["metadata"]["resourceVersion"]
    assert api.watch(MACHINESETS, expect=1, resourceVersion=since, timeoutSeconds=0.01) == []


def test_when_the_resource_version_is_too_old_a_watch_says_410(api: Api) -> None:
    (event,) = api.watch(MACHINESETS, expect=1, resourceVersion=1, timeoutSeconds=5)
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_when_a_test_changes_the_world_the_server_gives_the_change_a_resource_version(api: Api) -> None:
    before = api.get(WORKER).json["metadata"]["resourceVersion"]
    find(api.world, "machinesets", "prod-7x2kq-worker-eastus1")["spec"]["replicas"] = 0
    after = api.get(WORKER).json
    assert after["spec"]["replicas"] == 0
    assert int(after["metadata"]["resourceVersion"]) > int(before)


def test_when_the_world_is_replaced_it_serves_the_new_one(api: Api) -> None:
    api.get(WORKER)
    api.given.world = SEEDS["4.11"]()
    assert names(api.get(MACHINESETS).json) == ["docs-4wl9m-worker-westus"]


def test_when_a_test_plants_an_object_it_is_served(api: Api) -> None:
    metadata = {"name": "arm64", "namespace": "openshift-machine-api"}
    scaler = {"apiVersion": "autoscaling.openshift.io/v1beta1", "kind": "MachineAutoscaler", "metadata": metadata}
    plant(api.world, scaler)
    path = "/apis/autoscaling.openshift.io/v1beta1/machineautoscalers"
    assert names(api.get(path).json) == ["arm64"]


# The same over TLS, with the official client


def test_the_official_client_reads_and_is_refused_on_the_running_sandbox(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes import client, config

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings: Any = client.Configuration()
    load: Any = config.load_kube_config
    load(config_file=str(sandbox.folder / "kubeconfig"), client_configuration=settings)
    with client.ApiClient(settings) as connection:
        nodes: Any = client.CoreV1Api(connection).list_node()
        assert {each.status.node_info.architecture for each in nodes.items} == {"amd64"}
        custom: Any = client.CustomObjectsApi(connection)
        where = ("machine.openshift.io", "v1beta1", "openshift-machine-api", "machinesets")
        assert len(custom.list_namespaced_custom_object(*where)["items"]) == 4
        with pytest.raises(client.ApiException) as refused:
            custom.get_namespaced_custom_object(*where, "absent")
        assert refused.value.status == 404
