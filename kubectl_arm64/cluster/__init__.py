"""What the cluster tells: raw documents -> ClusterFacts, and the preconditions on them. Pure.

Sources: openshift/api config/v1 (Infrastructure, ClusterVersion), operator/v1 (MachineConfiguration);
the Azure cloud provider's configuration in openshift-config/cloud-provider-config.
"""

from kubectl_arm64.cluster.documents import Document, Documents, at
from kubectl_arm64.cluster.managed import ManagedBootImages
from kubectl_arm64.cluster.preconditions import (
    check_bootimage_preconditions,
    check_machineset_preconditions,
    opt_out_price,
    require,
)
from kubectl_arm64.cluster.reading import ClusterFacts, facts
from kubectl_arm64.cluster.selector import selects

__all__ = [
    "ClusterFacts",
    "Document",
    "Documents",
    "ManagedBootImages",
    "at",
    "check_bootimage_preconditions",
    "check_machineset_preconditions",
    "facts",
    "opt_out_price",
    "require",
    "selects",
]
