"""The kinds that the sandbox's API server serves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One served resource; `group` is "" for the core group, `columns` are its own printer columns (name, path)."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    status: bool = True  # has a status subresource
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def group_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As error messages name it: `machinesets.machine.openshift.io`, `secrets`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_MACHINE_COLUMNS = (
    ("Phase", "status.phase"),
    ("Type", r"metadata.labels.machine\.openshift\.io/instance-type"),
    ("Region", r"metadata.labels.machine\.openshift\.io/region"),
    ("Zone", r"metadata.labels.machine\.openshift\.io/zone"),
)
_MACHINESET_COLUMNS = (
    ("Desired", "spec.replicas"),
    ("Current", "status.replicas"),
    ("Ready", "status.readyReplicas"),
    ("Available", "status.availableReplicas"),
)
_AUTOSCALER_COLUMNS = (
    ("Ref Kind", "spec.scaleTargetRef.kind"),
    ("Ref Name", "spec.scaleTargetRef.name"),
    ("Min", "spec.minReplicas"),
    ("Max", "spec.maxReplicas"),
)

MACHINE_API = "machine.openshift.io"
KINDS = (
    Kind("", "v1", "ConfigMap", "configmaps", True, ("cm",), status=False),
    Kind("", "v1", "Namespace", "namespaces", False, ("ns",), columns=(("Status", "status.phase"),)),
    Kind("", "v1", "Node", "nodes", False, ("no",), columns=(("Version", "status.nodeInfo.kubeletVersion"),)),
    Kind("", "v1", "Pod", "pods", True, ("po",), columns=(("Status", "status.phase"),)),
    Kind("", "v1", "Secret", "secrets", True, status=False, columns=(("Type", "type"),)),
    Kind("aro.openshift.io", "v1alpha1", "Cluster", "clusters", False),
    Kind(
        "autoscaling.openshift.io",
        "v1beta1",
        "MachineAutoscaler",
        "machineautoscalers",
        True,
        ("ma",),
        columns=_AUTOSCALER_COLUMNS,
    ),
    Kind("config.openshift.io", "v1", "ClusterOperator", "clusteroperators", False, ("co",)),
    Kind(
        "config.openshift.io",
        "v1",
        "ClusterVersion",
        "clusterversions",
        False,
        columns=(("Version", "status.desired.version"),),
    ),
    Kind("config.openshift.io", "v1", "Infrastructure", "infrastructures", False),
    Kind(MACHINE_API, "v1beta1", "Machine", "machines", True, columns=_MACHINE_COLUMNS),
    Kind(MACHINE_API, "v1beta1", "MachineSet", "machinesets", True, columns=_MACHINESET_COLUMNS),
    Kind("operator.openshift.io", "v1", "MachineConfiguration", "machineconfigurations", False),
)

BY_KIND = {(kind.group_version, kind.kind): kind for kind in KINDS}
BY_PLURAL = {(kind.group_version, kind.plural): kind for kind in KINDS}
