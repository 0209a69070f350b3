"""The annotations by which the cluster autoscaler knows nodes that do not exist yet.

Sources: openshift/machine-api-provider-azure (it sets capacity and architecture), cluster-autoscaler-operator.
"""

from __future__ import annotations

from kubectl_arm64.cluster import Document
from kubectl_arm64.machineset.features import GPU, MEMORY, VCPU
from kubectl_arm64.machineset.template import mapping

LABELS = "capacity.cluster-autoscaler.kubernetes.io/labels"
ARCH = "kubernetes.io/arch"
MIN_SIZE = "machine.openshift.io/cluster-api-autoscaler-node-group-min-size"
MAX_SIZE = "machine.openshift.io/cluster-api-autoscaler-node-group-max-size"
_BETA_ARCH = "beta.kubernetes.io/arch"
_AUTOSCALER = "autoscaling.openshift.io/machineautoscaler"

STALE = frozenset(
    {
        VCPU,
        MEMORY,
        GPU,
        MIN_SIZE,
        MAX_SIZE,
        _AUTOSCALER,
        *(f"capacity.cluster-autoscaler.kubernetes.io/{what}" for what in ("cpu", "memory", "gpu-count", "gpu-type")),
    }
)


def arm64_labels(present: str) -> str:
    """The labels annotation with the architecture arm64, its other labels kept in their order."""
    pairs = [pair.strip() for pair in present.split(",") if pair.strip()]
    merged = [f"{key}=arm64" if (key := pair.partition("=")[0]) in (ARCH, _BETA_ARCH) else pair for pair in pairs]
    if f"{ARCH}=arm64" not in merged:
        merged.append(f"{ARCH}=arm64")
    return ",".join(merged)


def declared_architecture(machineset: Document) -> str:
    """The architecture that the labels annotation tells, "" when it tells none."""
    annotation = str(mapping(machineset, "metadata.annotations").get(LABELS, ""))
    pairs = (pair.strip().partition("=") for pair in annotation.split(","))
    return {key: value for key, _, value in pairs}.get(ARCH, "")


def autoscaled(machineset: Document) -> str:
    """`1 to 6 replicas` of a set that a MachineAutoscaler scales, "" of another."""
    annotations = mapping(machineset, "metadata.annotations")
    if MAX_SIZE not in annotations and _AUTOSCALER not in annotations:
        return ""
    return f"{annotations.get(MIN_SIZE, '0')} to {annotations.get(MAX_SIZE, '?')} replicas"
