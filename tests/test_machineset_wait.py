"""`machineset --apply --wait`: until every node is Ready, a machine has failed, or the time is over."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest

from kubectl_arm64.cli.machineset.waiting import Wait
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import Denied, Failure, NotFinished, NotFound, SignInRequired, Unavailable
from kubectl_arm64.machineset import rollout
from kubectl_arm64.pipeline.step import Pace
from tests.conftest import Plugin
from tests.doubles.machine_api import MemoryCluster, documents
from tests.sandbox.kubernetes.kinds import BY_PLURAL
from tests.sandbox.kubernetes.objects import find
from tests.sandbox.kubernetes.schema import schema_of, unknown_fields, wrong_types
from tests.sandbox.seeds.users import token
from tests.sandbox.server import Sandbox
from tests.templates import worker

SET = "prod-x7k2p-worker-eastus1"
NAME = "prod-7x2kq-worker-arm64-eastus1"
AGAIN = "run the same command again"
QUOTA = "Operation could not be completed as it results in exceeding approved standardDPSv5Family Cores quota"


def machine(name: str = f"{SET}-abcde", **status: Any) -> dict[str, Any]:
    labels = worker(SET)["spec"]["template"]["metadata"]["labels"]
    return {"metadata": {"name": name, "labels": labels}, "status": status}


def machineset(ready: int = 0, observed: int = 2, replicas: int = 1) -> dict[str, Any]:
    document = worker(SET)
    document["metadata"] |= {"generation": 2, "uid": "00000000-0000-4000-8000-0000000000c1"}
    document["spec"]["replicas"] = replicas
    document["status"] = {"readyReplicas": ready, "observedGeneration": observed}
    return document


@dataclass
class Cluster(MemoryCluster):
    """Each look at the sets shows the next of `scenes`, the sets and their machines; a Failure is raised."""

    scenes: list[Any] = field(default_factory=list)
    seen: Any = ()

    def list_machinesets(self) -> list[Document]:
        scene = self.scenes.pop(0) if len(self.scenes) > 1 else self.scenes[0]
        if isinstance(scene, Failure):
            raise scene
        shown, self.seen = scene
        return list(shown)

    def list_machines(self) -> list[Document]:
        if isinstance(self.seen, Failure):
            raise self.seen
        return list(self.seen)


@dataclass
class Watch:
    """A clock that only sleeping moves."""

    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Desk:
    """A wait with a look every ten seconds; `told` is what stood on stderr."""

    watch: Watch = field(default_factory=Watch)
    err: io.StringIO = field(default_factory=io.StringIO)

    def wait(self, *scenes: Any, timeout: float = 60.0) -> None:
        cluster = Cluster(documents([]), scenes=list(scenes))
        pace = Pace(10.0, timeout, lambda: self.watch.now, self.watch.sleep)
        Wait(cluster, "openshift-machine-api", pace, Streams(io.StringIO(), self.err)).until_ready([SET])

    @property
    def told(self) -> list[str]:
        return self.err.getvalue().splitlines()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_when_a_machine_comes_up_each_phase_is_told_once(desk: Desk) -> None:
    provisioning = [machineset()], [machine(phase="Provisioning")]
    desk.wait(
        ([machineset(observed=1)], []),
        ([machineset()], [machine()]),
        provisioning,
        provisioning,
        ([machineset()], [machine(phase="Running")]),
        ([machineset(ready=1)], [machine(phase="Running")]),
    )
    assert desk.watch.now == 50
    assert desk.told == [
        f"MachineSet {SET} has 0 of 1 machines with a Ready node",
        f"machine {SET}-abcde: created",
        f"machine {SET}-abcde: Provisioning",
        f"machine {SET}-abcde: Running",
        f"MachineSet {SET} has 1 of 1 machines with a Ready node",
    ]


def test_when_the_controller_has_not_seen_the_new_spec_its_numbers_do_not_count(desk: Desk) -> None:
    desk.wait(([machineset(ready=1, observed=1)], []), ([machineset(ready=1)], []))
    assert desk.watch.now == 10


def test_when_no_machine_is_wanted_there_is_nothing_to_wait_for(desk: Desk) -> None:
    desk.wait(([machineset(replicas=0)], []))
    assert desk.watch.now == 0


@pytest.mark.parametrize(
    ("sentence", "advice"),
    [
        (QUOTA, "raise the quota of that size's family in the region"),
        ("SkuNotAvailable: Standard_D4ps_v5 is not available in eastus", "take another --vm-size, --zone or region"),
        ("ZonalAllocationFailed", "take another --zone or --vm-size, or try later"),
        ("subnet not found", "mend what it says"),
    ],
)
def test_when_a_machine_fails_it_ends_with_the_reason_and_what_helps(desk: Desk, sentence: str, advice: str) -> None:
    failed = machine(phase="Failed", errorReason="InvalidConfiguration", errorMessage=sentence)
    with pytest.raises(Failure) as caught:
        desk.wait(([machineset()], [failed]))
    assert caught.value.exit_code == 1
    assert caught.value.what == f"machine {SET}-abcde failed: InvalidConfiguration: {sentence}"
    assert advice in caught.value.advice
    assert f"`oc delete machines.machine.openshift.io {SET}-abcde -n openshift-machine-api`" in caught.value.advice


def test_when_azure_refuses_and_the_machine_api_tries_again_the_sentence_is_told(desk: Desk) -> None:
    refused = {"conditions": [{"type": "MachineCreated", "status": "False", "message": QUOTA}]}
    desk.wait(
        ([machineset()], [machine(phase="Provisioning", providerStatus=refused)]),
        ([machineset(ready=1)], [machine(phase="Running")]),
    )
    assert f"machine {SET}-abcde: Provisioning: {QUOTA}" in desk.told


def test_when_the_time_is_over_the_command_that_waits_on_is_named(desk: Desk) -> None:
    with pytest.raises(NotFinished) as caught:
        desk.wait(([machineset()], [machine(phase="Provisioned")]), timeout=25)
    assert (caught.value.exit_code, desk.watch.now) == (8, 25)
    assert f"{SET} has 0 of 1 machines with a Ready node" in caught.value.what
    assert caught.value.advice == f"the cluster goes on by itself; to wait on, {AGAIN}"


def test_when_the_api_server_is_away_for_a_while_it_looks_again(desk: Desk) -> None:
    away = Unavailable("the API server cannot answer now: the server is currently unable to handle the request")
    desk.wait(([machineset()], []), away, away, ([machineset(ready=1)], []))
    assert desk.told[1] == f"Warning: {away.what}; looking again"
    assert len(desk.told) == 3


def test_when_the_sign_in_ends_the_command_that_waits_on_is_named(desk: Desk) -> None:
    with pytest.raises(SignInRequired, match=f"`oc login`; then, to wait on, {AGAIN}"):
        desk.wait(([machineset()], []), SignInRequired("no longer valid", "`oc login`"))


def test_when_the_set_is_deleted_meanwhile_it_says_so(desk: Desk) -> None:
    with pytest.raises(NotFound, match=f"MachineSet {SET} is gone"):
        desk.wait(([machineset()], []), ([], []))


def test_when_machines_may_not_be_listed_it_says_what_is_not_seen_and_goes_by_the_numbers(desk: Desk) -> None:
    denied = Denied('machines.machine.openshift.io is forbidden: User "dev" cannot list resource "machines"')
    desk.wait(([machineset()], denied), ([machineset()], denied), ([machineset(ready=1)], denied))
    assert [line for line in desk.told if line.startswith("Warning: ")] == [
        f"Warning: phases and failures of the machines are not seen: {denied.what}"
    ]


def test_when_another_owner_controls_a_machine_it_is_not_the_sets() -> None:
    other = {"controller": True, "kind": "MachineSet", "uid": "00000000-0000-4000-8000-0000000000c2"}
    stranger = machine("stranger", phase="Failed")
    stranger["metadata"]["ownerReferences"] = [other]
    unlabelled = {"metadata": {"name": "unlabelled"}, "status": {}}
    seen = rollout(machineset(), [machine(), stranger, unlabelled])
    assert [each.name for each in seen.machines] == [f"{SET}-abcde"]


class TestOnTheSandbox:
    @pytest.fixture(autouse=True)
    def published(self, plugin: Plugin) -> None:
        assert plugin("bootimage").code == 0

    def test_when_it_waits_it_ends_with_the_node_ready(self, plugin: Plugin, sandbox: Sandbox) -> None:
        result = plugin("machineset", "--apply", "--wait", "--replicas=2")
        assert (result.code, result.out) == (0, f"machineset.machine.openshift.io/{NAME} created\n"), result.err
        phases = [line.rpartition(" ")[2] for line in result.err.splitlines() if line.startswith("machine ")]
        assert phases[::2] == phases[1::2] == ["Provisioning", "Provisioned", "Running"]
        assert result.err.splitlines()[-1] == f"MachineSet {NAME} has 2 of 2 machines with a Ready node"
        node = find(sandbox.world, "nodes", f"{NAME}-q7z00", "")
        assert node["metadata"]["labels"]["kubernetes.io/arch"] == "arm64"

    def test_when_what_it_sees_is_judged_by_the_crds_it_fits(self, plugin: Plugin, sandbox: Sandbox) -> None:
        assert plugin("machineset", "--apply", "--wait", "--all-zones").code == 0
        for (group_version, plural, _, _), each in sandbox.world.objects.items():
            if plural in ("machines", "machinesets", "nodes"):
                schema = schema_of(BY_PLURAL[group_version, plural])
                assert [*unknown_fields(schema, each), *wrong_types(schema, each)] == []

    def test_when_machines_fail_it_ends_with_azures_sentence(self, plugin: Plugin, sandbox: Sandbox) -> None:
        sandbox.knobs.machine_error = QUOTA
        result = plugin("machineset", "--apply", "--wait")
        assert result.code == 1
        assert f"error: machine {NAME}-q7z00 failed: InvalidConfiguration: {QUOTA}; raise the quota" in result.err

    def test_when_azure_goes_on_refusing_the_time_runs_out(self, plugin: Plugin, sandbox: Sandbox) -> None:
        sandbox.knobs.machine_error, sandbox.knobs.machine_fails = QUOTA, False
        for _ in range(2):  # a look each
            result = plugin("machineset", "--apply", "--wait", "--timeout=0")
            assert result.code == 8
        assert f"machine {NAME}-q7z00: Provisioning: {QUOTA}" in result.err
        assert "to wait on, run `kubectl arm64 machineset --apply --wait --timeout=0` again" in result.err

    def test_when_the_clock_moves_the_machines_do_whether_or_not_they_are_looked_at(
        self, plugin: Plugin, sandbox: Sandbox
    ) -> None:
        sandbox.knobs.machine_seconds = 60
        assert plugin("machineset", "--apply").code == 0
        for _ in range(4):
            assert plugin("machineset", "--apply", "--wait", "--timeout=0").code == 8
            sandbox.advance(61)
        assert plugin("machineset", "--apply", "--wait", "--timeout=0").code == 0

    def test_when_the_api_server_is_out_for_a_moment_it_waits_on(self, plugin: Plugin, sandbox: Sandbox) -> None:
        sandbox.fault("/machines[?]", method="GET", status=503, times=3)
        result = plugin("machineset", "--apply", "--wait")
        assert result.code == 0, result.err
        assert "cannot answer now" in result.err

    def test_when_machines_may_not_be_listed_the_set_alone_is_watched(self, plugin: Plugin, sandbox: Sandbox) -> None:
        sandbox.knobs.machine_seconds = 0.001
        user = sandbox.world.kube_users[token(sandbox.world, "applier")]
        readable = ["machinesets", "infrastructures", "clusterversions", "configmaps", "secrets"]
        user["rules"] = [
            {"apiGroups": ["*"], "resources": [*readable, "nodes", "machineconfigurations"], "verbs": ["get", "list"]},
            {"apiGroups": ["machine.openshift.io"], "resources": ["machinesets"], "verbs": ["create", "patch"]},
        ]
        result = plugin("machineset", "--apply", "--wait", f"--token={token(sandbox.world, 'applier')}")
        assert result.code == 0, result.err
        assert "Warning: phases and failures of the machines are not seen" in result.err

    def test_when_it_is_scaled_down_the_surplus_goes_with_its_nodes(self, plugin: Plugin, sandbox: Sandbox) -> None:
        plugin("machineset", "--apply", "--wait", "--replicas=2")
        assert plugin("machineset", "--apply", "--wait", "--replicas=1").code == 0
        names = {key[3] for key in sandbox.world.objects if key[1] in ("machines", "nodes") and NAME in key[3]}
        assert names == {f"{NAME}-q7z00"}

    @pytest.mark.parametrize("words", [(), ("--diff",), ("--apply", "--dry-run=server"), ("--apply", "--dry-run")])
    def test_when_nothing_is_applied_there_is_nothing_to_wait_for(self, plugin: Plugin, words: tuple[str, ...]) -> None:
        result = plugin("machineset", "--wait", *words)
        assert result.code == (2 if "--diff" in words else 1)
        assert "error: --wait is of --apply that applies" in result.err

    def test_when_wait_is_false_it_ends_when_the_set_is_applied(self, plugin: Plugin, sandbox: Sandbox) -> None:
        assert plugin("machineset", "--apply", "--wait=false").code == 0
        assert sandbox.asked("GET", "/machines[?]") == []
