"""The flags of `machineset`, and which of them exclude each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import typer

from kubectl_arm64.cli.options import DryRun, ImageFlags, seconds
from kubectl_arm64.cli.printing import PrintFlags
from kubectl_arm64.errors import UsageError
from kubectl_arm64.image import GalleryImage
from kubectl_arm64.machineset import MULTI_ARCH_TAINT, parse_node_label, parse_taint

BARE_VALUES = {"--dry-run": "client", "--taint": MULTI_ARCH_TAINT}


@dataclass(frozen=True)
class MachinesetFlags(PrintFlags):
    """The flags of `machineset` alone."""

    source: Annotated[
        str, typer.Option("--from", help="MachineSet to clone (default: a plain worker's of the lowest zone).")
    ] = ""
    file: Annotated[
        str, typer.Option("--filename", "-f", help="File with the MachineSet to clone, - for standard input.")
    ] = ""
    image: Annotated[
        str, typer.Option(help="Resource ID of the image version (default: the one published for the cluster).")
    ] = ""
    publish: Annotated[
        bool,
        typer.Option(
            "--publish", help="Publish the boot image first, where it is not, as bootimage does by its defaults."
        ),
    ] = False
    vm_size: Annotated[str, typer.Option(help="ARM64 VM size (default: the nearest to the source's).")] = ""
    zone: Annotated[str, typer.Option(help="Availability zone (default: the source's).")] = ""
    all_zones: Annotated[bool, typer.Option("--all-zones", help="One MachineSet for each zone.")] = False
    name: Annotated[str, typer.Option(help="Name (default: the source's with -arm64).")] = ""
    replicas: Annotated[
        int | None, typer.Option(help="Number of machines (default: 1, or what the live set has).", show_default=False)
    ] = None
    taint: Annotated[
        list[str],
        typer.Option(help="KEY=VALUE:EFFECT on the nodes; alone, the multi-architecture taint. Repeatable."),
    ] = field(default_factory=list)
    node_label: Annotated[list[str], typer.Option(help="KEY=VALUE on the nodes; repeatable.")] = field(
        default_factory=list
    )
    no_spot: Annotated[bool, typer.Option("--no-spot", help="Regular machines where the source has Spot VMs.")] = False
    apply: Annotated[bool, typer.Option("--apply", help="Apply it to the cluster instead of printing it.")] = False
    wait: Annotated[
        bool, typer.Option("--wait", help="With --apply: wait until the nodes of its machines are Ready.")
    ] = False
    dry_run: Annotated[DryRun, typer.Option(help="With --apply: client or server.")] = DryRun.none
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what --apply would change (exit code 1 when something).")
    ] = False
    force: Annotated[
        bool, typer.Option("--force", help="Go on with what this tool did not make, or what may not boot.")
    ] = False
    force_conflicts: Annotated[
        bool, typer.Option("--force-conflicts", help="Take over fields that another manager owns.")
    ] = False

    @property
    def stands_alone(self) -> bool:
        """Whether the flags say all that Azure could."""
        return bool(self.file and self.image and self.vm_size and not self.all_zones)

    @property
    def writes_nothing(self) -> bool:
        """Whether the cluster, and Azure too, are to stay as they are."""
        return self.diff or self.dry_run is not DryRun.none

    @property
    def taints(self) -> list[dict[str, str]]:
        """--taint, parsed. Raises UsageError."""
        return [parse_taint(text) for text in self.taint]

    @property
    def node_labels(self) -> dict[str, str]:
        """--node-label, parsed. Raises UsageError."""
        return dict(parse_node_label(text) for text in self.node_label)

    @property
    def gallery_image(self) -> GalleryImage | None:
        """--image, parsed. Raises InvalidInput."""
        return GalleryImage.parse(self.image) if self.image else None

    def check(self, image: ImageFlags) -> None:
        """Raise UsageError for flags that contradict each other, and what reading one of them raises."""
        _ = self.output, self.taints, self.node_labels, self.gallery_image, seconds(image.timeout, "--timeout")
        _exclusive({"--from": self.source, "-f": self.file})
        _exclusive({"--zone": self.zone, "--all-zones": self.all_zones})
        _exclusive({"--image": self.image, "--publish": self.publish})
        if self.apply and self.diff:
            raise UsageError("--apply and --diff exclude each other", "look at --diff first, then --apply")
        if self.dry_run is not DryRun.none and not self.apply:
            raise UsageError("--dry-run is of --apply", f"add --apply, or leave out --dry-run={self.dry_run.value}")
        if self.wait and (not self.apply or self.writes_nothing):
            raise UsageError("--wait is of --apply that applies", "add --apply, and leave out --diff and --dry-run")
        if self.zone and not self.zone.isdecimal():
            raise UsageError(f"--zone {self.zone} is not the number of a zone", "give 1, 2 or 3")
        if self.replicas is not None and self.replicas < 0:
            raise UsageError(f"--replicas {self.replicas} is less than 0", "give 0 or more")
        if image.architecture.value != "aarch64":
            raise UsageError(
                f"machineset makes ARM64 MachineSets, not of --architecture {image.architecture.value}", "leave it out"
            )


def _exclusive(flags: dict[str, object]) -> None:
    given = [name for name, value in flags.items() if value]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other", "give one of them")
