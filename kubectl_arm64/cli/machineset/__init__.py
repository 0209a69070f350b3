"""`kubectl arm64 machineset`: print or apply the ARM64 clone of a worker MachineSet."""

from kubectl_arm64.cli.machineset.flags import BARE_VALUES, MachinesetFlags
from kubectl_arm64.cli.machineset.flow import command, run
from kubectl_arm64.cli.machineset.ports import Azure, Cluster, Ports

__all__ = ["BARE_VALUES", "Azure", "Cluster", "MachinesetFlags", "Ports", "command", "run"]
