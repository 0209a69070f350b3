"""docs/roles.yaml on a real kube-apiserver: enough for what the README promises, and nothing in it is idle.

A user of each case is impersonated, with the roles bound, all of them or all but one verb.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from kubectl_arm64.cluster import ClusterFacts, facts
from kubectl_arm64.openshift.client import ConnectionOptions, connect
from tests.conftest import ROOT, Plugin, Result
from tests.e2e.api import MACHINESETS, Api
from tests.e2e.control_plane import ControlPlane
from tests.judged import judges

Role = dict[str, Any]
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
IMAGE = (
    "/resourceGroups/prod-7x2kq-rg/providers/Microsoft.Compute/galleries/rhcos_prod_7x2kq"
    "/images/rhcos-arm64-gen2/versions/20260202.2246.418094000"
)


def documented() -> list[Role]:
    return list(yaml.safe_load_all((ROOT / "docs" / "roles.yaml").read_text()))


@dataclass(frozen=True)
class Right:
    """One verb on one resource in one role of docs/roles.yaml."""

    role: str
    namespace: str
    resource: str
    name: str
    verb: str

    def __str__(self) -> str:
        where = [part for part in (self.namespace, self.name) if part]
        return " ".join([self.verb, self.resource, *(["/".join(where)] if where else [])])


def rights() -> Iterator[Right]:
    """Everything that docs/roles.yaml grants."""
    for role in documented():
        metadata = role["metadata"]
        for rule in role["rules"]:
            for resource in rule["resources"]:
                for name in rule.get("resourceNames", [""]):
                    for verb in rule["verbs"]:
                        yield Right(metadata["name"], metadata.get("namespace", ""), resource, name, verb)


# What is seen when a right is missing: the words of a command, and what it says.

BOOTIMAGE, APPLY = ("bootimage", "--dry-run"), ("machineset", "--apply", "--dry-run=server", "--image", "IMAGE")
# No controller makes machines there: the time is over at once.
WAITED = "prod-7x2kq-worker-waited"
WAIT = ("machineset", "--apply", "--wait", "--timeout=0", f"--name={WAITED}", "--image", "IMAGE")
SAID: dict[str, tuple[tuple[str, ...], str]] = {
    "get infrastructures": (BOOTIMAGE, "error: the cluster does not let its Infrastructure be read"),
    "get clusterversions": (APPLY, "error: the cluster does not tell whether its release payload is the multi-"),
    "get configmaps openshift-machine-config-operator/coreos-bootimages": (
        BOOTIMAGE,
        'error: the API server says: configmaps "coreos-bootimages" is forbidden',
    ),
    "list machinesets openshift-machine-api": (APPLY, "cannot list resource"),
    "get secrets openshift-machine-api/worker-user-data": (APPLY, "Warning: not checked that Secret worker-user-data"),
    "list machines openshift-machine-api": (WAIT, "Warning: phases and failures of the machines are not seen"),
    "create machinesets openshift-machine-api": (APPLY, "cannot create resource"),
    "patch machinesets openshift-machine-api": (APPLY, "cannot patch resource"),
}
# Or what the tool does not know any more, and so cannot refuse or say.
UNKNOWN: dict[str, str] = {
    "get machineconfigurations": "managed_boot_images",  # which images would degrade the cluster
    "list nodes": "control_plane_architectures",  # whether its control plane is one that allows ARM64 beside it
    "get configmaps openshift-config/cloud-provider-config": "tenant",  # whom to sign in with
}


def test_each_right_in_the_roles_is_shown_to_be_needed() -> None:
    assert sorted([*SAID, *UNKNOWN]) == sorted(str(right) for right in rights())


@pytest.fixture(scope="module")
def cluster(kube_apiserver: ControlPlane) -> ControlPlane:
    """With boot images that the Machine Config Operator manages."""
    admin = kube_apiserver.api("admin")
    path = "/apis/operator.openshift.io/v1/machineconfigurations/cluster"
    live = admin.get(path).body
    manager = {"resource": "machinesets", "apiGroup": "machine.openshift.io", "selection": {"mode": "All"}}
    status = {**live.get("status", {}), "managedBootImagesStatus": {"machineManagers": [manager]}}
    answer = admin.send("PUT", f"{path}/status", {**live, "status": status})
    assert answer.status == 200, answer.body
    return kube_apiserver


@pytest.fixture
def bound(cluster: ControlPlane) -> Callable[[Sequence[Role]], str]:
    """`bound(roles)`: a user with these roles and no others."""
    admin = cluster.api("admin")

    def named(roles: Sequence[Role]) -> str:
        user = f"roles-{uuid.uuid4().hex[:8]}"
        for role in roles:
            _bind(admin, user, role)
        _wait(admin, user, roles)
        return user

    return named


@pytest.fixture
def plugin_as(plugin: Plugin, cluster: ControlPlane) -> Callable[..., Result]:
    """`plugin_as(user, words)`: the command line, on the sandbox's Azure and the real API server."""
    kubeconfig = str(cluster.kubeconfig("admin"))
    return lambda user, *words: plugin(*words, "--kubeconfig", kubeconfig, "--as", user)


@pytest.fixture
def published(plugin: Plugin) -> None:
    """IMAGE exists."""
    assert plugin("bootimage").code == 0


@pytest.fixture
def facts_for(cluster: ControlPlane) -> Callable[[str], ClusterFacts]:
    def read(user: str) -> ClusterFacts:
        options = ConnectionOptions(kubeconfig=str(cluster.kubeconfig("admin")), as_user=user)
        with closing(connect(options, environ={})) as client:
            return facts(client.read_documents())

    return read


@judges(
    "read the cluster's configuration",
    "list nodes",
    "list MachineSets",
    "look for an API group",
    "read the user data's Secret",
    "apply a MachineSet",
)
def test_when_both_roles_are_bound_every_command_does_its_work(
    bound: Callable[..., str], plugin_as: Callable[..., Result], cluster: ControlPlane
) -> None:
    user = bound(documented())
    published = plugin_as(user, "bootimage", "-o", "name")
    assert published.code == 0, published.err
    applied, again = plugin_as(user, "machineset", "--apply"), plugin_as(user, "machineset", "--apply")
    (name,) = {result.out.split()[0].rpartition("/")[2] for result in (applied, again)}
    try:
        assert (applied.code, applied.out.split()[1]) == (0, "created"), applied.err
        assert (again.code, again.out.split()[1]) == (0, "unchanged"), again.err
        assert not any(word in applied.err for word in ("forbidden", "not checked", "does not tell"))
        assert plugin_as(user, "machineset", "--diff").code == 0
    finally:
        cluster.api("admin").delete(f"{MACHINESETS}/{name}")


def test_when_the_reader_is_bound_alone_it_reads_all_and_prints(
    published: None,
    bound: Callable[..., str],
    plugin_as: Callable[..., Result],
    facts_for: Callable[[str], ClusterFacts],
) -> None:
    user = bound([role for role in documented() if role["metadata"]["name"] == "kubectl-arm64-reader"])
    assert facts_for(user).denied == {}
    for words in (("bootimage", "--dry-run"), ("machineset", "--image", IMAGE)):
        ran = plugin_as(user, *words)
        assert ran.code == 0, ran.err
        assert "forbidden" not in ran.err
    assert "cannot patch resource" in plugin_as(user, *_words(APPLY)).err


@judges(
    "read the cluster's configuration",
    "list MachineSets",
    "list Machines",
    "read the user data's Secret",
    "apply a MachineSet",
)
@pytest.mark.parametrize("right", [each for each in rights() if str(each) in SAID], ids=str)
def test_when_a_right_is_missing_the_command_says_so(
    right: Right, published: None, bound: Callable[..., str], plugin_as: Callable[..., Result], cluster: ControlPlane
) -> None:
    words, said = SAID[str(right)]
    try:
        assert said in plugin_as(bound(without(right)), *_words(words)).err
        assert said not in plugin_as(bound(documented()), *_words(words)).err
    finally:
        cluster.api("admin").delete(f"{MACHINESETS}/{WAITED}")


@judges("read the cluster's configuration", "list nodes")
@pytest.mark.parametrize("right", [each for each in rights() if str(each) in UNKNOWN], ids=str)
def test_when_a_right_is_missing_something_is_not_known(
    right: Right, bound: Callable[..., str], facts_for: Callable[[str], ClusterFacts]
) -> None:
    field = UNKNOWN[str(right)]
    nothing = getattr(ClusterFacts(), field)
    assert getattr(facts_for(bound(documented())), field) != nothing
    assert getattr(facts_for(bound(without(right))), field) == nothing


def _words(words: Sequence[str]) -> list[str]:
    return [IMAGE if word == "IMAGE" else word for word in words]


def without(missing: Right) -> list[Role]:
    """The documented roles less one right."""
    roles = documented()
    for role in roles:
        metadata = role["metadata"]
        if (metadata["name"], metadata.get("namespace", "")) == (missing.role, missing.namespace):
            role["rules"] = [kept for rule in role["rules"] for kept in _less(rule, missing)]
    return roles


def _less(rule: dict[str, Any], missing: Right) -> Iterator[dict[str, Any]]:
    """`rule`, a rule for each resource, without the verb on the one."""
    for resource in rule["resources"]:
        verbs = [verb for verb in rule["verbs"] if (resource, verb) != (missing.resource, missing.verb)]
        if verbs:
            yield {**rule, "resources": [resource], "verbs": verbs}


def _bind(admin: Api, user: str, role: Role) -> None:
    """Make a role of the user's own, and bind it."""
    kind, namespace = role["kind"], role["metadata"].get("namespace")
    root = f"{_RBAC}/namespaces/{namespace}" if namespace else _RBAC
    metadata = {"name": f"{user}-{role['metadata']['name']}"}
    reference = {"kind": kind, "name": metadata["name"], "apiGroup": "rbac.authorization.k8s.io"}
    subject = {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
    bodies = {
        f"{kind.lower()}s": {"metadata": metadata, "rules": role["rules"]},
        f"{kind.lower()}bindings": {"metadata": metadata, "roleRef": reference, "subjects": [subject]},
    }
    for plural, body in bodies.items():
        answer = admin.create(f"{root}/{plural}", body)
        assert answer.status == 201, answer.body


def _wait(admin: Api, user: str, roles: Sequence[Role]) -> None:
    """Until the authorizer, which watches roles and bindings, grants what they say."""
    for role in roles:
        for rule in role["rules"]:
            wanted = {
                "group": rule["apiGroups"][0],
                "resource": rule["resources"][0],
                "name": rule.get("resourceNames", [""])[0],
                "namespace": role["metadata"].get("namespace", ""),
                "verb": rule["verbs"][0],
            }
            assert any(_allowed(admin, user, wanted) for _ in range(500)), wanted


def _allowed(admin: Api, user: str, wanted: dict[str, str]) -> bool:
    spec = {"user": user, "resourceAttributes": wanted}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    answer = admin.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    return bool(answer.body["status"]["allowed"])
