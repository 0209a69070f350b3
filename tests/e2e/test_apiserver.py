"""The sandbox's API and a real kube-apiserver with OpenShift's CRDs, asked the same.

Each case runs on both. A case that fails on "kube-apiserver" is a wrong expectation, one that fails on "sandbox" a
fault of the sandbox.
"""

from __future__ import annotations

import copy
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_arm64.errors import Denied, Refused
from kubectl_arm64.openshift.client import Cluster, ConnectionOptions, connect
from tests.e2e.api import MACHINESETS, MERGE, Answer, Api
from tests.e2e.control_plane import ControlPlane
from tests.judged import judges
from tests.sandbox import surroundings
from tests.sandbox.seeds.users import token
from tests.sandbox.server import Sandbox

SEEDED = "prod-7x2kq-worker-eastus1"


@dataclass(frozen=True)
class Asked:
    """One of the two API servers. `kubeconfig(user)` and `api(user)` speak as a user of the seed."""

    api: Callable[[str], Api]
    kubeconfig: Callable[[str], Path]


@pytest.fixture(params=["sandbox", "kube-apiserver"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Asked:
    if request.param == "kube-apiserver":
        real: ControlPlane = request.getfixturevalue("kube_apiserver")
        return Asked(real.api, real.kubeconfig)
    double: Sandbox = request.getfixturevalue("sandbox")
    ca = double.folder / "ca.pem"

    def kubeconfig(user: str) -> Path:
        bearer = token(double.world, user)
        alone = replace(double.world, kube_users={bearer: double.world.kube_users[bearer]})
        path = tmp_path / f"{user}.kubeconfig"
        path.write_text(surroundings.kubeconfig(alone, double.kubernetes, ca.read_bytes()))
        return path

    return Asked(lambda user: Api(double.kubernetes, ca, token(double.world, user)), kubeconfig)


@pytest.fixture
def admin(cluster: Asked) -> Api:
    return cluster.api("admin")


@pytest.fixture
def arm64(admin: Api) -> Iterator[dict[str, Any]]:
    """A MachineSet that nobody has applied yet; deleted in the end, since the real server outlives the test."""
    seeded = admin.get(f"{MACHINESETS}/{SEEDED}").body
    name = f"{SEEDED}-{uuid.uuid4().hex[:6]}"
    spec = copy.deepcopy(seeded["spec"])
    for labels in (spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"]):
        labels["machine.openshift.io/cluster-api-machineset"] = name
    metadata = {"name": name, "namespace": "openshift-machine-api"}
    yield {"apiVersion": seeded["apiVersion"], "kind": "MachineSet", "metadata": metadata, "spec": spec}
    admin.delete(f"{MACHINESETS}/{name}")


def with_replicas(machineset: dict[str, Any], replicas: int) -> dict[str, Any]:
    return {**machineset, "spec": {**machineset["spec"], "replicas": replicas}}


def managers(answer: Answer) -> set[tuple[str, str]]:
    return {(entry["manager"], entry["operation"]) for entry in answer.body["metadata"]["managedFields"]}


# Discovery


def test_when_asked_for_its_resources_it_names_machinesets_with_their_verbs(admin: Api) -> None:
    resources = admin.get("/apis/machine.openshift.io/v1beta1").body["resources"]
    machinesets = next(resource for resource in resources if resource["name"] == "machinesets")
    assert machinesets["kind"] == "MachineSet"
    assert machinesets["namespaced"] is True
    assert {"get", "list", "watch", "create", "patch", "delete"} <= set(machinesets["verbs"])
    assert "machinesets/status" in {resource["name"] for resource in resources}


@pytest.mark.parametrize("group", ["aro.openshift.io", "hypershift.openshift.io"])
def test_when_a_group_is_not_served_asking_for_it_is_404(admin: Api, group: str) -> None:
    answer = admin.get(f"/apis/{group}")
    assert (answer.status, answer.body) == (404, "404 page not found\n")


def test_when_kubectl_asks_it_lists_the_machinesets(cluster: Asked, go_programs: Path, tmp_path: Path) -> None:
    listed = subprocess.run(
        [go_programs / "kubectl", "get", "machinesets", "-n", "openshift-machine-api", "-o", "name"],
        env={"KUBECONFIG": str(cluster.kubeconfig("reader")), "HOME": str(tmp_path), "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"machineset.machine.openshift.io/{SEEDED}" in listed.stdout.splitlines()


# Reading


def test_when_a_machineset_does_not_exist_it_says_so_in_details(admin: Api) -> None:
    answer = admin.get(f"{MACHINESETS}/no-such-set")
    assert (answer.status, answer.reason) == (404, "NotFound")
    assert answer.body["details"] == {
        "name": "no-such-set",
        "group": "machine.openshift.io",
        "kind": "machinesets",
    }
    assert answer.body["message"] == 'machinesets.machine.openshift.io "no-such-set" not found'


def test_when_a_list_is_limited_the_next_page_continues_it(admin: Api) -> None:
    everything = admin.get(MACHINESETS).body["items"]
    first = admin.get(MACHINESETS, limit="2").body
    rest = admin.get(MACHINESETS, **{"limit": "2", "continue": first["metadata"]["continue"]}).body
    names = [item["metadata"]["name"] for item in first["items"] + rest["items"]]
    assert names == [item["metadata"]["name"] for item in everything][:4]


def test_when_the_token_is_unknown_it_is_401(admin: Api) -> None:
    answer = admin.as_stranger().get(MACHINESETS)
    assert (answer.status, answer.reason, answer.body["code"]) == (401, "Unauthorized", 401)


# Server-side apply


def test_when_applied_first_it_is_created_and_owned_by_the_applier(admin: Api, arm64: dict[str, Any]) -> None:
    answer = admin.apply(arm64)
    assert answer.status == 201
    assert answer.body["metadata"]["generation"] == 1
    assert managers(answer) == {("kubectl-arm64", "Apply")}


def test_when_applied_again_nothing_changes(admin: Api, arm64: dict[str, Any]) -> None:
    first = admin.apply(arm64)
    again = admin.apply(arm64)
    assert again.status == 200
    assert again.version == first.version


def test_when_the_spec_changes_the_generation_counts_it(admin: Api, arm64: dict[str, Any]) -> None:
    admin.apply(arm64)
    answer = admin.apply(with_replicas(arm64, 5))
    assert answer.status == 200
    assert answer.body["metadata"]["generation"] == 2
    assert answer.body["spec"]["replicas"] == 5


def test_when_a_field_is_no_longer_applied_it_is_removed(admin: Api, arm64: dict[str, Any]) -> None:
    provider = copy.deepcopy(arm64["spec"]["template"]["spec"]["providerSpec"]["value"])
    marked = copy.deepcopy(arm64)
    marked["spec"]["template"]["spec"]["providerSpec"]["value"] = {**provider, "ultraSSDCapability": "Disabled"}
    admin.apply(marked)
    answer = admin.apply(arm64)
    assert answer.body["spec"]["template"]["spec"]["providerSpec"]["value"] == provider


def test_when_another_manager_owns_a_field_applying_it_is_a_conflict(admin: Api, arm64: dict[str, Any]) -> None:
    admin.apply(with_replicas(arm64, 1))
    answer = admin.apply(with_replicas(arm64, 3), manager="argocd-controller")
    assert (answer.status, answer.reason) == (409, "Conflict")
    (cause,) = answer.body["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".spec.replicas")
    assert cause["message"] == 'conflict with "kubectl-arm64"'


def test_when_a_conflict_is_forced_the_field_changes_hands(admin: Api, arm64: dict[str, Any]) -> None:
    admin.apply(with_replicas(arm64, 1))
    assert admin.apply(with_replicas(arm64, 3), manager="argocd-controller", force="true").status == 200
    assert admin.apply(with_replicas(arm64, 1)).status == 409


def test_when_somebody_edited_a_field_applying_another_value_is_a_conflict(admin: Api, arm64: dict[str, Any]) -> None:
    name = arm64["metadata"]["name"]
    admin.apply(with_replicas(arm64, 1))
    edited = admin.send(
        "PATCH", f"{MACHINESETS}/{name}", {"spec": {"replicas": 2}}, MERGE, {"fieldManager": "kubectl-edit"}
    )
    assert edited.body["spec"]["replicas"] == 2
    answer = admin.apply(with_replicas(arm64, 1))
    assert answer.status == 409
    assert answer.body["details"]["causes"][0]["message"].startswith('conflict with "kubectl-edit"')


def test_when_the_same_value_is_applied_by_two_both_own_it(admin: Api, arm64: dict[str, Any]) -> None:
    admin.apply(arm64)
    answer = admin.apply(arm64, manager="argocd-controller")
    assert answer.status == 200
    assert managers(answer) == {("kubectl-arm64", "Apply"), ("argocd-controller", "Apply")}


def test_when_a_field_is_unknown_applying_it_is_refused(admin: Api, arm64: dict[str, Any]) -> None:
    wrong = {**arm64, "spec": {**arm64["spec"], "replicaz": 3}}
    answer = admin.apply(wrong, fieldValidation="Strict")
    assert answer.status == 500
    assert "field not declared in schema" in answer.body["message"]
    assert admin.get(f"{MACHINESETS}/{arm64['metadata']['name']}").status == 404


def test_when_a_field_has_the_wrong_type_applying_it_is_refused(admin: Api, arm64: dict[str, Any]) -> None:
    wrong: dict[str, Any] = {**arm64, "spec": {**arm64["spec"], "replicas": "three"}}
    assert admin.apply(wrong).status >= 400
    assert admin.get(f"{MACHINESETS}/{arm64['metadata']['name']}").status == 404


def test_when_the_manager_has_no_name_applying_is_refused(admin: Api, arm64: dict[str, Any]) -> None:
    answer = admin.apply(arm64, manager="")
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert "fieldManager" in answer.body["message"]


# Dry run


def test_when_it_is_a_dry_run_the_answer_is_whole_and_nothing_is_kept(admin: Api, arm64: dict[str, Any]) -> None:
    answer = admin.apply(arm64, dryRun="All")
    assert answer.status == 201
    assert answer.body["spec"]["replicas"] == arm64["spec"]["replicas"]
    assert admin.get(f"{MACHINESETS}/{arm64['metadata']['name']}").status == 404


def test_when_a_dry_run_would_change_a_set_the_live_one_stays(admin: Api, arm64: dict[str, Any]) -> None:
    first = admin.apply(with_replicas(arm64, 1))
    assert admin.apply(with_replicas(arm64, 4), dryRun="All").body["spec"]["replicas"] == 4
    assert admin.get(f"{MACHINESETS}/{arm64['metadata']['name']}").version == first.version


# Rights


def test_when_a_user_may_not_list_the_sentence_names_user_verb_and_resource(cluster: Asked) -> None:
    answer = cluster.api("nobody").get(MACHINESETS)
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert answer.body["message"] == (
        'machinesets.machine.openshift.io is forbidden: User "nobody" cannot list resource "machinesets" '
        'in API group "machine.openshift.io" in the namespace "openshift-machine-api"'
    )
    assert answer.body["details"] == {"group": "machine.openshift.io", "kind": "machinesets"}


def test_when_a_reader_applies_it_is_403_and_nothing_is_made(cluster: Asked, admin: Api, arm64: dict[str, Any]) -> None:
    answer = cluster.api("reader").apply(arm64)
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert "cannot patch resource" in answer.body["message"]
    assert admin.get(f"{MACHINESETS}/{arm64['metadata']['name']}").status == 404


def test_when_an_applier_applies_it_may_create_and_change(cluster: Asked, arm64: dict[str, Any]) -> None:
    applier = cluster.api("applier")
    assert applier.apply(with_replicas(arm64, 0)).status == 201
    assert applier.apply(with_replicas(arm64, 2)).status == 200


def test_when_asked_what_it_may_do_the_review_agrees_with_the_rules(cluster: Asked) -> None:
    def may(user: str, verb: str) -> bool:
        wanted = {
            "namespace": "openshift-machine-api",
            "verb": verb,
            "group": "machine.openshift.io",
            "resource": "machinesets",
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": wanted},
        }
        answer = cluster.api(user).create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        assert answer.status == 201
        return bool(answer.body["status"]["allowed"])

    assert may("applier", "patch")
    assert not may("reader", "patch")
    assert may("reader", "list")


# Watching


def test_when_a_machineset_is_made_and_deleted_a_watch_tells_both(admin: Api, arm64: dict[str, Any]) -> None:
    now = admin.get(MACHINESETS).body["metadata"]["resourceVersion"]
    name = arm64["metadata"]["name"]
    admin.apply(arm64)
    admin.delete(f"{MACHINESETS}/{name}")
    with admin.watch(MACHINESETS, resourceVersion=now) as events:
        told = [next(events) for _ in range(2)]
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in told] == [
        ("ADDED", name),
        ("DELETED", name),
    ]


# The plugin's own client


@pytest.fixture
def client(cluster: Asked) -> Iterator[Callable[[str], Cluster]]:
    """`client(user)`: the plugin's cluster, as that user."""
    opened: list[Cluster] = []

    def connected(user: str) -> Cluster:
        opened.append(connect(ConnectionOptions(kubeconfig=str(cluster.kubeconfig(user))), environ={}))
        return opened[-1]

    yield connected
    for each in opened:
        each.close()


@judges("read the cluster's configuration", "list nodes", "list MachineSets", "look for an API group")
def test_when_the_plugin_reads_the_cluster_nothing_is_missing(client: Callable[[str], Cluster]) -> None:
    documents = client("reader").read_documents()
    assert documents.denied == {}
    assert documents.infrastructure
    assert documents.infrastructure["status"]["infrastructureName"] == "prod-7x2kq"
    assert documents.cluster_version
    assert documents.cluster_version["status"]["history"]
    assert documents.bootimages
    assert documents.cloud_provider_config
    assert len(documents.nodes) == 6
    assert documents.aro is False


@judges("read the cluster's configuration", "list nodes", "list MachineSets")
def test_when_the_plugin_may_read_nothing_each_denial_is_noted(client: Callable[[str], Cluster]) -> None:
    denied = client("nobody").read_documents().denied
    assert "infrastructure" in denied
    assert 'User "nobody" cannot list resource "machinesets"' in denied["machinesets"]


@judges("apply a MachineSet")
def test_when_the_plugin_applies_twice_the_second_changes_nothing(
    client: Callable[[str], Cluster], arm64: dict[str, Any]
) -> None:
    applier = client("applier")
    first = applier.apply(arm64)
    again = applier.apply(arm64)
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


@judges("apply a MachineSet")
def test_when_the_plugin_meets_another_managers_field_it_refuses(
    client: Callable[[str], Cluster], admin: Api, arm64: dict[str, Any]
) -> None:
    admin.apply(with_replicas(arm64, 7), manager="argocd-controller")
    with pytest.raises(Refused, match=r"argocd-controller.*\.spec\.replicas|\.spec\.replicas.*argocd-controller"):
        client("applier").apply(with_replicas(arm64, 1))


@judges("apply a MachineSet")
def test_when_the_plugin_may_not_apply_it_is_denied(client: Callable[[str], Cluster], arm64: dict[str, Any]) -> None:
    with pytest.raises(Denied, match="cannot patch resource"):
        client("reader").apply(arm64)
