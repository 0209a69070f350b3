"""What the machine API makes of MachineSets: machines, their virtual machines' nodes, and the sets' status.

Phases and errors: openshift/api machine/v1beta1, machine-api-operator pkg/controller/{machine,machineset},
machine-api-provider-azure. Inferred: how long each phase takes, and that a machine without a phase is seen at all.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.sandbox.knobs import Knobs
from tests.sandbox.kubernetes.kinds import MACHINE_API
from tests.sandbox.kubernetes.objects import Object, find, key_of, kind_of, plant
from tests.sandbox.kubernetes.selection import matches_labels
from tests.sandbox.world import World

V1BETA1 = f"{MACHINE_API}/v1beta1"
PHASES = ("", "Provisioning", "Provisioned", "Running")  # the last while the node is not Ready yet, and after
_WORKER = "node-role.kubernetes.io/worker"


def reconcile(world: World, knobs: Knobs, *, looked: bool) -> None:
    """What the controllers have done by now; `looked`: somebody looks at the machines."""
    if not (looked or knobs.machine_seconds):
        return
    for machineset in list(_all(world, "machinesets")):
        members = _scaled(world, machineset)
        for machine in members:
            if _is_due(world, machine, knobs):
                _go_on(world, machine, knobs)
        _tell_status(world, machineset)


def _scaled(world: World, machineset: Object) -> list[Object]:
    """Its machines, as many as it wants; the newest go first where there are too many."""
    wanted = machineset["spec"].get("replicas", 1)
    members = _members(world, machineset)
    for surplus in members[wanted:]:
        _delete(world, surplus)
    taken = {each["metadata"]["name"] for each in members}
    new = [_machine(world, machineset, taken, number) for number in range(wanted - len(members))]
    return [*members[:wanted], *(plant(world, each) for each in new)]


def _machine(world: World, machineset: Object, taken: set[str], number: int) -> Object:
    template = machineset["spec"]["template"]
    name = next(
        name for each in range(number, 99) if (name := f"{machineset['metadata']['name']}-q7z{each:02}") not in taken
    )
    taken.add(name)
    owner = {
        "apiVersion": V1BETA1,
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": "MachineSet",
        "name": machineset["metadata"]["name"],
        "uid": machineset["metadata"]["uid"],
    }
    return {
        "apiVersion": V1BETA1,
        "kind": "Machine",
        "metadata": {
            "name": name,
            "namespace": machineset["metadata"]["namespace"],
            "labels": dict(template["metadata"]["labels"]),
            "ownerReferences": [owner],
            "creationTimestamp": _stamp(world),
        },
        "spec": copy.deepcopy(template["spec"]),
        "status": {"lastUpdated": _stamp(world)},
    }


def _is_due(world: World, machine: Object, knobs: Knobs) -> bool:
    """Whether its phase is over; seeded machines are done, and their status has no time."""
    if "lastUpdated" not in machine["status"] or machine["status"].get("phase") == "Failed":
        return False
    since = datetime.fromisoformat(machine["status"]["lastUpdated"]).timestamp()
    return int(world.clock.now()) - since >= knobs.machine_seconds


def _go_on(world: World, machine: Object, knobs: Knobs) -> None:
    status = machine["status"]
    phase = status.get("phase", "")
    if phase == "Provisioning" and knobs.machine_error:
        _refused(world, machine, knobs)
        return
    if phase == PHASES[-1]:
        _node_of(world, machine)["status"]["conditions"][0] |= {"status": "True", "reason": "KubeletReady"}
        return
    status |= {"phase": PHASES[PHASES.index(phase) + 1], "lastUpdated": _stamp(world)}
    if status["phase"] == "Provisioned":
        machine["spec"]["providerID"] = _provider_id(world, machine)
        status["providerStatus"] = {"vmId": _provider_id(world, machine), "vmState": "Running"}
    elif status["phase"] == "Running":
        node = plant(world, _node(world, machine))
        status["nodeRef"] = {"kind": "Node", "name": node["metadata"]["name"], "uid": node["metadata"]["uid"]}


def _refused(world: World, machine: Object, knobs: Knobs) -> None:
    condition = {
        "type": "MachineCreated",
        "status": "False",
        "reason": "MachineCreationFailed",
        "message": knobs.machine_error,
        "lastTransitionTime": _stamp(world),
    }
    machine["status"]["providerStatus"] = {"conditions": [condition]}
    if knobs.machine_fails:
        machine["status"] |= {
            "phase": "Failed",
            "errorReason": "InvalidConfiguration",
            "errorMessage": knobs.machine_error,
        }


def _tell_status(world: World, machineset: Object) -> None:
    """As the controller does: numbers that are 0 are left out, but for `replicas`."""
    members = _members(world, machineset)
    ready = sum(1 for machine in members if _has_ready_node(world, machine))
    counts = {"availableReplicas": ready, "fullyLabeledReplicas": len(members), "readyReplicas": ready}
    machineset["status"] = {
        **{name: count for name, count in counts.items() if count},
        "observedGeneration": machineset["metadata"].get("generation", 1),
        "replicas": len(members),
    }


def _has_ready_node(world: World, machine: Object) -> bool:
    if "nodeRef" not in machine["status"]:
        return False
    conditions = _node_of(world, machine)["status"]["conditions"]
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _node_of(world: World, machine: Object) -> Object:
    return find(world, "nodes", machine["status"]["nodeRef"]["name"], "")


def _node(world: World, machine: Object) -> Object:
    """A worker's, made anew for this machine; it is not Ready yet."""
    name, value = machine["metadata"]["name"], machine["spec"]["providerSpec"]["value"]
    model = _worker(world)
    made: Object = copy.deepcopy({key: model[key] for key in ("apiVersion", "kind", "status")})
    architecture = "arm64" if "p" in value["vmSize"].split("_")[1][1:] else "amd64"
    zone = f"{value['location']}-{value['zone']}" if value.get("zone") else "0"
    own = {
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": name,
        "node.kubernetes.io/instance-type": value["vmSize"],
        "topology.kubernetes.io/zone": zone,
    }
    made["metadata"] = {
        "name": name,
        "labels": model["metadata"]["labels"] | own,
        "annotations": {f"{MACHINE_API}/machine": f"{machine['metadata']['namespace']}/{name}"},
        "creationTimestamp": _stamp(world),
    }
    made["spec"] = {"providerID": _provider_id(world, machine)}
    made["status"]["addresses"] = [{"address": name, "type": "Hostname"}]
    made["status"]["nodeInfo"]["architecture"] = architecture
    made["status"]["conditions"][0] |= {"status": "False", "reason": "KubeletNotReady"}
    return made


def _worker(world: World) -> Object:
    return next(each for each in _all(world, "nodes") if _WORKER in each["metadata"]["labels"])


def _provider_id(world: World, machine: Object) -> str:
    """As the model's, which names the subscription."""
    name = machine["metadata"]["name"]
    return re.sub(r"[^/]+$", name, _worker(world)["spec"]["providerID"])


def _members(world: World, machineset: Object) -> list[Object]:
    selector = ",".join(f"{key}={value}" for key, value in machineset["spec"]["selector"]["matchLabels"].items())
    found = [each for each in _all(world, "machines") if matches_labels(selector, each["metadata"].get("labels", {}))]
    return sorted(found, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"]))


def _delete(world: World, machine: Object) -> None:
    """The machine, its virtual machine and its node."""
    if reference := machine["status"].get("nodeRef"):
        world.objects.pop(("v1", "nodes", "", reference["name"]), None)
    del world.objects[key_of(kind_of(machine), machine["metadata"]["namespace"], machine["metadata"]["name"])]


def _all(world: World, plural: str) -> Iterator[Object]:
    return (each for key, each in list(world.objects.items()) if key[1] == plural)


def _stamp(world: World) -> str:
    return datetime.fromtimestamp(world.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
