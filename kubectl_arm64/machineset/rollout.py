"""How far the machines of a MachineSet are. Pure.

Phases: openshift/api machine/v1beta1 (MachineStatus); machine-api-provider-azure writes why Azure made no machine into
the condition MachineCreated of `status.providerStatus`, and the phase Failed only for what will not mend by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import Failure
from kubectl_arm64.machineset.template import at, mapping, name_of, selects

_FAILED = "Failed"
# What Azure's sentences hold, in lower case -> what to do about it.
_ADVICE = {
    "quota": "raise the quota of that size's family in the region (`az vm list-usage`), or take another --vm-size",
    "skunotavailable": "take another --vm-size, --zone or region",
    "allocationfailed": "Azure has no such machine free there now: take another --zone or --vm-size, or try later",
    "overconstrained": "Azure has no such machine free there now: take another --zone or --vm-size, or try later",
}


@dataclass(frozen=True)
class Machine:
    """One machine: its phase ("" before the first), and what the provider says is wrong, "" when nothing."""

    name: str
    phase: str = ""
    trouble: str = ""

    @property
    def failed(self) -> bool:
        """Whether it stays as it is until somebody deletes it."""
        return self.phase == _FAILED

    def __str__(self) -> str:
        return f"machine {self.name}: {self.phase or 'created'}{': ' * bool(self.trouble)}{self.trouble}"


@dataclass(frozen=True)
class Rollout:
    """One look at a MachineSet: machines that are wanted, those whose nodes are Ready, and each one's state."""

    name: str
    wanted: int
    ready: int
    observed: bool  # the controller has seen this generation of the spec
    machines: Sequence[Machine] = ()

    @property
    def done(self) -> bool:
        return self.observed and self.ready == self.wanted

    def __str__(self) -> str:
        return f"{self.name} has {self.ready} of {self.wanted} machines with a Ready node"


def rollout(machineset: Document, machines: Iterable[Document]) -> Rollout:
    """Of `machines`, those that the set owns."""
    generation = at(machineset, "metadata.generation") or 0
    return Rollout(
        name_of(machineset),
        wanted=_wanted(machineset),
        ready=at(machineset, "status.readyReplicas") or 0,
        observed=(at(machineset, "status.observedGeneration") or 0) >= generation,
        machines=sorted((_machine(each) for each in _owned(machineset, machines)), key=lambda each: each.name),
    )


def failure_of(machine: Machine, namespace: str) -> Failure:
    """The error for a machine that failed: the provider's own reason and sentence, and what helps against it."""
    said = machine.trouble.lower()
    cure = next((advice for word, advice in _ADVICE.items() if word in said), "mend what it says")
    return Failure(
        f"machine {machine.name} failed: {machine.trouble or 'without a reason'}",
        f"{cure}; then `oc delete machines.machine.openshift.io {machine.name} -n {namespace}`, and another is made",
    )


def _wanted(machineset: Document) -> int:
    """The API's default is one."""
    replicas = at(machineset, "spec.replicas")
    return 1 if replicas is None else int(replicas)


def _owned(machineset: Document, machines: Iterable[Document]) -> Iterator[Document]:
    """The controller takes what the selector selects, unless another owner controls it."""
    uid = at(machineset, "metadata.uid")
    for machine in machines:
        owners: Sequence[Mapping[str, object]] = at(machine, "metadata.ownerReferences") or ()
        if selects(machineset, mapping(machine, "metadata.labels")) and all(
            owner.get("uid") == uid for owner in owners if owner.get("controller")
        ):
            yield machine


def _machine(document: Document) -> Machine:
    status = mapping(document, "status")
    told = [str(status[key]) for key in ("errorReason", "errorMessage") if status.get(key)]
    trouble = ": ".join(told) or _not_created(status)
    return Machine(name_of(document), str(status.get("phase") or ""), " ".join(trouble.split()))


def _not_created(status: Document) -> str:
    """Such as an exhausted quota, against which the controller tries again and again."""
    conditions: Sequence[Mapping[str, object]] = at(status, "providerStatus.conditions") or ()
    for condition in conditions:
        if condition.get("type") == "MachineCreated" and condition.get("status") == "False":
            return str(condition.get("message") or condition.get("reason") or "")
    return ""
