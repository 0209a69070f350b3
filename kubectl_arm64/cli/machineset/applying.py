"""Clones to the cluster: whose is what lives there, apply, dry run, difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubectl_arm64.cli import manifest as kubectl
from kubectl_arm64.cli.machineset.ports import Cluster
from kubectl_arm64.cli.options import DryRun
from kubectl_arm64.cluster import Document, ManagedBootImages
from kubectl_arm64.errors import Failure, Refused
from kubectl_arm64.image import GalleryImage, tells_generation_2
from kubectl_arm64.machineset import Clone, as_admitted, differs, is_ours, made_by


@dataclass(frozen=True)
class Applied:
    """What became of one clone: `verb` is kubectl's (created, configured, unchanged)."""

    manifest: dict[str, Any]
    verb: str

    def line(self, dry_run: DryRun) -> str:
        """`machineset.machine.openshift.io/NAME created (server dry run)`."""
        suffix = {DryRun.none: "", DryRun.client: " (dry run)", DryRun.server: " (server dry run)"}[dry_run]
        return f"{kubectl.resource_name(self.manifest)} {self.verb}{suffix}"


@dataclass(frozen=True)
class Application:
    """Clones on their way to the cluster; `live` are its MachineSets by name."""

    cluster: Cluster
    live: Mapping[str, Document]
    dry_run: DryRun = DryRun.none
    force_conflicts: bool = False

    def check(self, clone: Clone, managed: ManagedBootImages, image: GalleryImage) -> None:
        """Raise Refused for a set that this tool did not make, or an image that would degrade the cluster."""
        live = self.live.get(clone.name)
        if live is not None and not is_ours(live):
            raise Refused(
                f"MachineSet {clone.name} exists, and this tool did not make it (made by {made_by(live)})",
                "give another --name, or --force to take it over",
            )
        managed_there = managed.mode != "None" and managed.enrols(clone.manifest)
        if managed_there and not tells_generation_2(image.resource_id):
            raise Refused(
                f"the Machine Config Operator manages the boot image of {clone.name}, and takes an image without gen2 "
                f"in its ID for generation 1, which degrades the cluster ({image.definition})",
                "choose a definition with gen2 in its name, or --force",
            )

    def apply(self, clone: Clone) -> Applied:
        """Send it, unless the dry run is the client's."""
        live = self.live.get(clone.name)
        manifest = as_admitted(clone.manifest, live)
        if self.dry_run is DryRun.client:
            return Applied(clone.manifest, _verb(live, live is not None and not differs(manifest, live)))
        result = self.cluster.apply(
            manifest, dry_run=self.dry_run is DryRun.server, force_conflicts=self.force_conflicts
        )
        return Applied(dict(result), _verb(live, live is not None and kubectl.same(live, result)))

    def rehearse(self, clone: Clone) -> None:
        """Let the API server judge it, which keeps nothing. Raises what applying it would."""
        replace(self, dry_run=DryRun.server).apply(clone)

    def diff(self, clone: Clone) -> str:
        """What applying would change, by the server's own merge."""
        live = self.live.get(clone.name)
        manifest = as_admitted(clone.manifest, live)
        merged = self.cluster.apply(manifest, dry_run=True, force_conflicts=self.force_conflicts)
        return kubectl.diff(live, merged)


def _verb(live: Document | None, equal: bool) -> str:
    if live is None:
        return "created"
    return "unchanged" if equal else "configured"


def above_one(failure: Failure) -> Failure:
    """`kubectl diff` ends with 1 for a difference, so a failure ends with more."""
    failure.exit_code = max(failure.exit_code, 2)
    return failure
