"""The command tree: what each command is for, its flags, its examples, and what runs it.

`python -m scripts.reference` renders the help, the reference and the man page from it. A command's own modules are
imported when it is looked up, so that no command loads another's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kubectl_arm64.cli.options import ConnectionFlags, ImageFlags

if TYPE_CHECKING:
    from kubectl_arm64.cli.invocation import Invocation
    from kubectl_arm64.cli.output import Streams

ABOUT = "ARM64 boot images and MachineSets for OpenShift on Azure."


@dataclass(frozen=True)
class Example:
    """One line of a command's help; `code` is the exit code that it ends with."""

    what: str
    line: str
    code: int = 0


@dataclass(frozen=True)
class Command:
    """One subcommand.

    `groups` are the dataclasses of its flags, and `run` takes how the tool was called, where it writes, and one value
    of each group; it returns the exit code. `bare` are flags that may stand without a value: flag -> its value then.
    """

    summary: str
    description: str
    examples: tuple[Example, ...]
    groups: tuple[type, ...]
    run: Callable[..., int]
    bare: Mapping[str, str] = field(default_factory=dict)


def _bootimage() -> Command:
    from kubectl_arm64.cli import bootimage

    def run(invocation: Invocation, streams: Streams, own: Any, image: Any, connection: Any) -> int:
        bootimage.run(connection, image, own, invocation, streams)
        return 0

    return Command(
        "Publish OpenShift's boot image through Azure and print its resource ID",
        "Publish OpenShift's boot image through Azure and print its resource ID.\n\n"
        "A server-side copy of the image's VHD goes into a storage account, and from there into an Azure Compute "
        "Gallery. What exists is found, what is missing is made, what is not ours is refused: run it again to go on.",
        (
            Example(
                "Publish the boot image of the cluster of the current context", "kubectl arm64 bootimage --timeout=30m"
            ),
            Example("Show what exists and what would be made, and write nothing", "kubectl arm64 bootimage --dry-run"),
            Example(
                "Replicate it to another region, and tag what is made",
                "kubectl arm64 bootimage --target-region=westeurope --tag=cost-center=4711",
            ),
            Example("Print the result for a program", "kubectl arm64 bootimage -o json"),
            Example(
                "Print one field of the result",
                "kubectl arm64 bootimage -o jsonpath='{.location}'",
            ),
        ),
        (bootimage.BootimageFlags, ImageFlags, ConnectionFlags),
        run,
        bootimage.BARE_VALUES,
    )


def _machineset() -> Command:
    from kubectl_arm64.cli import machineset

    def run(invocation: Invocation, streams: Streams, own: Any, image: Any, connection: Any) -> int:
        return machineset.command(connection, image, own, invocation, streams)

    return Command(
        "Print, or apply, a worker MachineSet patched for ARM64",
        "Print, or apply, a worker MachineSet patched for ARM64.\n\n"
        "A plain worker MachineSet of the cluster is the template. What ARM64 needs is changed and nothing else: name "
        "and labels, image, VM size, the architecture that the autoscaler is told.",
        (
            Example("Print the MachineSet that --apply would apply", "kubectl arm64 machineset"),
            Example(
                "Publish the boot image where it is missing, and apply", "kubectl arm64 machineset --publish --apply"
            ),
            Example(
                "Show what applying three machines would change (exit code 1: something)",
                "kubectl arm64 machineset --replicas=3 --diff",
                code=1,
            ),
            Example(
                "Let the API server judge one MachineSet for each zone, and keep none",
                "kubectl arm64 machineset --all-zones --apply --dry-run=server",
            ),
            Example(
                "Clone a certain MachineSet, with a certain size and a taint",
                "kubectl arm64 machineset --from=prod-7x2kq-worker-eastus1 --vm-size=Standard_D4ps_v6 "
                "--taint=arch=arm64:NoSchedule",
            ),
        ),
        (machineset.MachinesetFlags, ImageFlags, ConnectionFlags),
        run,
        machineset.BARE_VALUES,
    )


def _completion() -> Command:
    from kubectl_arm64.cli.completion import command

    return Command(
        "Complete words in the shell, through kubectl, oc and directly",
        "Complete words in the shell.\n\n"
        "kubectl and oc ask programs named kubectl_complete-arm64 and oc_complete-arm64 on the PATH: `install` writes "
        "them, `uninstall` removes them (pip and pipx have installed their own). `bash`, `zsh` and `fish` print a "
        "script that completes kubectl-arm64 and oc-arm64 when they are called by those names.",
        (
            Example("Let kubectl and oc complete this plugin", "kubectl arm64 completion install"),
            Example("Print the script for bash, to be sourced in ~/.bashrc", "kubectl arm64 completion bash"),
            Example("Print the script for zsh", "kubectl arm64 completion zsh"),
            Example("Print the script for fish", "kubectl arm64 completion fish"),
            Example("Remove what install has written", "kubectl arm64 completion uninstall"),
        ),
        (command.CompletionFlags, ConnectionFlags),
        command.run,
    )


def _version() -> Command:
    from kubectl_arm64.cli import version

    return Command(
        "Print the version",
        "Print the version.",
        (
            Example("Print the version", "kubectl arm64 version"),
            Example("Print it for a program", "kubectl arm64 version -o json"),
        ),
        (version.VersionFlags, ConnectionFlags),
        version.run,
    )


COMMANDS: Mapping[str, Callable[[], Command]] = {
    "bootimage": _bootimage,
    "completion": _completion,
    "machineset": _machineset,
    "version": _version,
}
