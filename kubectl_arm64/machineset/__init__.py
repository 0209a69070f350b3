"""Template + image + size -> the ARM64 MachineSet. Pure.

Rules: machine-api-operator's admission (pkg/webhooks) and machine-api-provider-azure. What ARM64 needs is
changed and nothing else: unknown fields and empty maps of the template are kept as they are.
"""

from kubectl_arm64.machineset.checks import check_template
from kubectl_arm64.machineset.clone import Changes, Clone, clone
from kubectl_arm64.machineset.features import Capacity, capacity, needs
from kubectl_arm64.machineset.live import FIELD_MANAGER, as_admitted, differs, is_ours, made_by
from kubectl_arm64.machineset.naming import clone_name
from kubectl_arm64.machineset.reading import parse_templates
from kubectl_arm64.machineset.rollout import Machine, Rollout, failure_of, rollout
from kubectl_arm64.machineset.scheduling import MULTI_ARCH_TAINT, parse_node_label, parse_taint
from kubectl_arm64.machineset.selection import default_template, unfit
from kubectl_arm64.machineset.template import (
    API_VERSION,
    CLUSTER_LABEL,
    clusters_of,
    location_of,
    name_of,
    provider_spec,
)
from kubectl_arm64.machineset.userdata import ignition_version, user_data_problem

__all__ = [
    "API_VERSION",
    "CLUSTER_LABEL",
    "FIELD_MANAGER",
    "MULTI_ARCH_TAINT",
    "Capacity",
    "Changes",
    "Clone",
    "Machine",
    "Rollout",
    "as_admitted",
    "capacity",
    "check_template",
    "clone",
    "clone_name",
    "clusters_of",
    "default_template",
    "differs",
    "failure_of",
    "ignition_version",
    "is_ours",
    "location_of",
    "made_by",
    "name_of",
    "needs",
    "parse_node_label",
    "parse_taint",
    "parse_templates",
    "provider_spec",
    "rollout",
    "unfit",
    "user_data_problem",
]
