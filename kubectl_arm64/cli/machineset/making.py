"""Sources, image and sizes -> clones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubectl_arm64.cli.machineset.flags import MachinesetFlags
from kubectl_arm64.cli.machineset.images import Checked
from kubectl_arm64.cli.machineset.ports import Azure
from kubectl_arm64.cli.machineset.sizing import Region, check_by_name, unchecked
from kubectl_arm64.cli.machineset.sources import Situation
from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import InvalidInput, Unsupported, UsageError
from kubectl_arm64.machineset import (
    Changes,
    Clone,
    clone,
    clone_name,
    default_template,
    location_of,
    name_of,
    needs,
)
from kubectl_arm64.sizes import VmSize, parse_sizes


@dataclass(frozen=True)
class Workshop:
    """What every clone of one run has in common."""

    flags: MachinesetFlags
    namespace: str
    situation: Situation
    image: Checked
    azure: Azure | None

    def clones(self, sources: Sequence[Document]) -> list[Clone]:
        """One for each source, or for each zone. Raises InvalidInput for two of one name."""
        made = [self._clone(source, zone, region) for source, zone, region in self._places(sources)]
        names = [each.name for each in made]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise InvalidInput(
                f"{len(names)} MachineSets would share the name {', '.join(twice)}",
                "leave out --name, or give one source or zone at a time",
            )
        return made

    def _places(self, sources: Sequence[Document]) -> Iterator[tuple[Document, str | None, Region | None]]:
        """Which source is cloned, into which zone (None: its own), out of which sizes (None: Azure was not asked)."""
        regions = {location: self._region(location) for location in {location_of(source) for source in sources}}
        if not self.flags.all_zones:
            for source in sources:
                yield source, self.flags.zone or None, regions[location_of(source)]
            return
        if len(sources) > 1:
            raise UsageError(
                f"--all-zones takes one source, and {self.flags.file} holds {len(sources)}", "give one of them"
            )
        source, region = sources[0], regions[location_of(sources[0])]
        zones: list[str | None] = [*(region.zones(source, self.flags.vm_size) if region else [])]
        for zone in zones or [None]:
            yield self._source_in(zone, source), zone, region

    def _region(self, location: str) -> Region | None:
        if self.azure is None:
            return None
        return Region(location, parse_sizes(self.azure.sizes(location), location), self.image.disk_controllers)

    def _source_in(self, zone: str | None, source: Document) -> Document:
        """The cluster's own set of that zone, unless the user named a source."""
        if zone is None or self.flags.source or self.flags.file:
            return source
        return default_template(list(self.situation.live.values()), zone)

    def _clone(self, source: Document, zone: str | None, region: Region | None) -> Clone:
        size = region.choose(source, zone, self.flags.vm_size) if region else self._unseen_size()
        self._check_trusted_launch(source)
        name = self.flags.name or clone_name(source, zone)
        changes = Changes(
            image=self.image.image,
            vm_size=size.name if size else self.flags.vm_size,
            name=name,
            zone=zone,
            replicas=self._replicas(name),
            taints=self.flags.taints,
            node_labels=self.flags.node_labels,
            no_spot=self.flags.no_spot,
            size=size,
            disk_controllers=self.image.disk_controllers,
            subscription=self.situation.facts.subscription,
            namespace=self.namespace,
            aro=self.situation.aro,
        )
        facts = self.situation.facts
        made = clone(source, changes, facts.managed_boot_images, list(self.situation.live.values()))
        if size is not None:
            return made
        return Clone(made.manifest, (*made.warnings, unchecked(source, changes.vm_size, zone)))

    def _unseen_size(self) -> VmSize | None:
        """Nothing is known of --vm-size where Azure was not asked; its name must do."""
        if not self.flags.force:
            check_by_name(self.flags.vm_size)
        return None

    def _replicas(self, name: str) -> int:
        """--replicas, else what the live set has, else 1."""
        if self.flags.replicas is not None:
            return self.flags.replicas
        live: Mapping[str, object] = self.situation.live.get(name, {}).get("spec") or {}
        kept = live.get("replicas", 1)
        return kept if isinstance(kept, int) else 1

    def _check_trusted_launch(self, source: Document) -> None:
        if needs(source).security_type == "TrustedLaunch" and self.image.trusted_launch is False:
            raise Unsupported(
                f"MachineSet {name_of(source)} uses Trusted Launch, which image definition "
                f"{self.image.image.definition} does not allow (feature SecurityType)",
                "choose another definition, or take securityProfile out of the source and give that with -f",
            )
