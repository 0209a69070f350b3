"""Which of the cluster's MachineSets is cloned when none is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import Failure, NotFound
from kubectl_arm64.machineset.autoscaler import declared_architecture
from kubectl_arm64.machineset.checks import check_template
from kubectl_arm64.machineset.features import has_gpu
from kubectl_arm64.machineset.template import at, mapping, name_of, provider_spec, zone_of
from kubectl_arm64.sizes import named_arm64

ROLE = "machine.openshift.io/cluster-api-machine-role"
NODE_ROLE = "node-role.kubernetes.io/"

_SPECIAL_LABELS = {
    "cluster.ocs.openshift.io/openshift-storage": "storage",
    "submariner.io/gateway": "gateway",
    f"{NODE_ROLE}infra": "infra",
}


def default_template(machinesets: Sequence[Document], zone: str | None = None) -> Document:
    """The worker MachineSet to clone when none is named: of `zone` where one fits, else of the lowest zone, then name.

    Raises NotFound naming each set and why it is not fit.
    """
    reasons = {name_of(machineset): unfit(machineset) for machineset in machinesets}
    fit = [machineset for machineset in machinesets if not reasons[name_of(machineset)]]
    if not fit:
        raise NotFound(_none_fits(reasons), "name a source with --from, or give one with -f")
    return min(fit, key=lambda each: (zone is not None and zone_of(each) != zone, zone_of(each), name_of(each)))


def _none_fits(reasons: dict[str, str]) -> str:
    if not reasons:
        return "the cluster has no MachineSet to clone"
    return "no MachineSet is fit to be cloned: " + "; ".join(f"{name}: {why}" for name, why in sorted(reasons.items()))


def unfit(machineset: Document) -> str:
    """Why a set is not cloned unasked, "" when it may be."""
    try:
        check_template(machineset)
    except Failure as failure:
        return failure.what
    return ", ".join(_reasons(machineset))


def _reasons(machineset: Document) -> Iterator[str]:
    spec = provider_spec(machineset)
    if at(machineset, "metadata.deletionTimestamp"):
        yield "is being deleted"
    if (role := role_of(machineset)) != "worker":
        yield f"role {role or 'unknown'}, not worker"
    if is_arm64(machineset):
        yield f"is ARM64 already ({spec.get('vmSize')})"
    if has_gpu(machineset):
        yield f"has a GPU ({spec.get('vmSize')})"
    if at(machineset, "spec.template.spec.taints"):
        yield "its nodes have a taint"
    if spec.get("spotVMOptions") is not None:
        yield "its machines are Spot VMs"
    if spec.get("publicIP") is True:
        yield "its machines have a public address"
    for purpose in special_purposes(machineset):
        yield f"{purpose} label"


def role_of(machineset: Document) -> str:
    """The role of its machines; a node role other than worker's outdoes the machine's label."""
    roles = {
        key.removeprefix(NODE_ROLE)
        for key in mapping(machineset, "spec.template.spec.metadata.labels")
        if key.startswith(NODE_ROLE)
    }
    labels = mapping(machineset, "spec.template.metadata.labels")
    stated = str(labels.get(ROLE) or mapping(machineset, "metadata.labels").get(ROLE) or "")
    others = sorted(roles - {"worker"})
    return others[0] if others else stated or ("worker" if roles else "")


def special_purposes(machineset: Document) -> list[str]:
    """Which of infra, storage and gateway its nodes' labels say."""
    labels = {
        **mapping(machineset, "spec.template.spec.metadata.labels"),
        **mapping(machineset, "spec.template.metadata.labels"),
    }
    return sorted({purpose for key, purpose in _SPECIAL_LABELS.items() if key in labels})


def is_arm64(machineset: Document) -> bool:
    """Whether its machines are ARM64: by the size's name, else by what the autoscaler is told."""
    vm_size = str(provider_spec(machineset).get("vmSize") or "")
    return named_arm64(vm_size) or declared_architecture(machineset) == "arm64"
