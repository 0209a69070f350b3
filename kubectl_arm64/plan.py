"""Everything a publication is, resolved: which resources, by which names, with which tags. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kubectl_arm64.cluster import ClusterFacts, require
from kubectl_arm64.image import GalleryImage
from kubectl_arm64.names import (
    ImageIdentity,
    blob,
    check_names,
    check_tags,
    disk,
    gallery,
    image_definition,
    image_version,
    normalise_location,
    storage_account,
)
from kubectl_arm64.stream import BootImage

CONTAINER = "vhd"


@dataclass(frozen=True)
class Named:
    """A resource's name, and whether the user chose it: what a flag names may be anybody's, and is never changed."""

    name: str
    by_flag: bool = False


@dataclass(frozen=True)
class ImagePlan:
    """What `bootimage` publishes, and where."""

    identity: ImageIdentity
    source: str  # the VHD's URL without its query
    subscription: str
    resource_group: str
    location: str
    storage_account: Named
    container: str
    blob: str
    gallery: Named
    definition: Named
    version: Named
    target_regions: tuple[str, ...]  # beside `location`, normalised
    tags: Mapping[str, str]  # the organisation's: on every resource, beside ours

    @property
    def image(self) -> GalleryImage:
        """The image version that comes out."""
        return GalleryImage(
            self.resource_group, self.gallery.name, self.definition.name, self.version.name, self.subscription
        )

    @property
    def disk(self) -> str:
        """The managed disk that takes the VHD where there is to be no storage account."""
        return disk(self.identity, self.location)

    @property
    def regions(self) -> tuple[str, ...]:
        """Where the version is to be, the home location first, each once."""
        home = normalise_location(self.location)
        return (home, *(region for region in self.target_regions if region != home))


@dataclass(frozen=True)
class Wishes:
    """What flags ask for; "" leaves it to the cluster and to the derived names."""

    subscription: str = ""
    resource_group: str = ""
    location: str = ""
    infra_name: str = ""
    cloud: str = ""
    storage_account: str = ""
    container: str = ""
    gallery: str = ""
    definition: str = ""
    version: str = ""
    target_regions: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def stand_alone(self) -> bool:
        """Whether the flags alone say where to publish and under which names, so that no cluster is needed."""
        placed = self.subscription and self.resource_group and self.location
        return bool(placed and (self.infra_name or (self.gallery and self.storage_account)))

    def over(self, facts: ClusterFacts) -> ClusterFacts:
        """The facts, with what flags say in the place of what the cluster says."""
        return replace(
            facts,
            subscription=self.subscription or facts.subscription,
            resource_group=self.resource_group or facts.resource_group,
            location=normalise_location(self.location or facts.location),
            infra_name=self.infra_name or facts.infra_name,
            cloud=self.cloud or facts.cloud,
        )


def resolve(image: BootImage, wishes: Wishes, facts: ClusterFacts) -> ImagePlan:
    """The plan for `image`. Raises InvalidInput: what neither cluster nor flags tell, or a name that Azure refuses."""
    at = wishes.over(facts)
    named = wishes.gallery and wishes.storage_account
    require(at, "subscription", "resource_group", "location", *([] if named else ["infra_name"]))
    identity = ImageIdentity.of(image)
    account = wishes.storage_account or storage_account(at.subscription, at.resource_group, at.infra_name, at.location)
    plan = ImagePlan(
        identity=identity,
        source=image.shown,
        subscription=at.subscription,
        resource_group=at.resource_group,
        location=at.location,
        storage_account=Named(account, bool(wishes.storage_account)),
        container=wishes.container or CONTAINER,
        blob=blob(identity),
        gallery=Named(wishes.gallery or gallery(at.infra_name), bool(wishes.gallery)),
        definition=Named(wishes.definition or image_definition(identity), bool(wishes.definition)),
        version=Named(wishes.version or image_version(identity.release), bool(wishes.version)),
        target_regions=tuple(dict.fromkeys(normalise_location(region) for region in wishes.target_regions)),
        tags=_merged(facts.resource_tags, wishes.tags),
    )
    check_names(
        {
            "subscription": plan.subscription,
            "resource-group": plan.resource_group,
            "storage-account": plan.storage_account.name,
            "container": plan.container,
            "gallery": plan.gallery.name,
            "image-definition": plan.definition.name,
            "image-version": plan.version.name,
        }
    )
    check_tags(facts.resource_tags, "status.platformStatus.azure.resourceTags of infrastructure/cluster")
    check_tags(plan.tags)
    return plan


def _merged(of_cluster: Mapping[str, str], of_flags: Mapping[str, str]) -> dict[str, str]:
    """A flag's tag replaces the cluster's of the same name: to Azure, names that differ in case only are one."""
    given = {name.lower() for name in of_flags}
    kept = {name: value for name, value in of_cluster.items() if name.lower() not in given}
    return {**kept, **of_flags}
