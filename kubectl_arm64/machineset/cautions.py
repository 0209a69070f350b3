"""What a person should know of a clone before using it, one sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubectl_arm64.cluster import Document
from kubectl_arm64.image import GalleryImage, ImageReference, tells_generation_2
from kubectl_arm64.machineset.autoscaler import autoscaled
from kubectl_arm64.machineset.features import has_gpu
from kubectl_arm64.machineset.owners import owners_of
from kubectl_arm64.machineset.selection import NODE_ROLE, role_of, special_purposes
from kubectl_arm64.machineset.template import at, mapping, name_of, provider_spec

_USER_DATA = re.compile(r"worker-user-data(-managed)?")
_SUBSCRIPTION = re.compile(r"^/subscriptions/([^/]+)/", re.IGNORECASE)


def cautions(template: Document, manifest: Document, image: ImageReference, subscription: str) -> Iterator[str]:
    """Of a clone `manifest` of `template`; `subscription` is the cluster's, "" when unknown."""
    yield from _machines(template, manifest)
    yield from _purpose(template, name_of(manifest))
    yield from _owners(template)
    yield from _image(template, image)
    yield from _elsewhere(manifest, subscription)


def _machines(template: Document, manifest: Document) -> Iterator[str]:
    clone, spec = name_of(manifest), provider_spec(manifest)
    if (spot := spec.get("spotVMOptions")) is not None:
        shown = "an empty spotVMOptions counts" if spot == {} else "spotVMOptions"
        yield f"machines of {clone} are Spot VMs ({shown}), which Azure may evict; --no-spot makes them regular"
    if has_gpu(template):
        yield f"{name_of(template)} has GPUs, {clone} has none: no ARM64 GPU size is assumed"
    if spec.get("publicIP") is True:
        yield f"machines of {clone} get a public address (publicIP true)"
    secret = str(at(spec, "userDataSecret.name") or "")
    if secret and not _USER_DATA.fullmatch(secret):
        yield f"{clone} boots with the unusual Secret {secret}, not worker-user-data: make sure that it fits ARM64"
    if group := spec.get("capacityReservationGroupID"):
        yield f"{clone} uses the capacity reservation group {group}, which must hold a reservation of {spec['vmSize']}"
    if (zone := spec.get("zone")) and spec.get("availabilitySet"):
        yield f"{clone} names both an availability set and zone {zone}; Azure takes only one of them"


def _purpose(template: Document, clone: str) -> Iterator[str]:
    for purpose in special_purposes(template):
        also = " with a public address" if purpose == "gateway" and provider_spec(template).get("publicIP") else ""
        yield f"nodes of {clone} keep the {purpose} label: each is one more {purpose} node{also}"
    role = role_of(template)
    if role not in ("", "worker", *special_purposes(template)):
        yield f"nodes of {clone} keep the role {role} ({NODE_ROLE}{role})"
    if taints := at(template, "spec.template.spec.taints"):
        keys = ", ".join(str(taint.get("key")) for taint in taints)
        yield f"nodes of {clone} keep the taint {keys} of {name_of(template)}"
    if scaled := autoscaled(template):
        yield (
            f"a MachineAutoscaler scales {name_of(template)} ({scaled}), none scales {clone}: create one for it "
            f"if it is to scale"
        )
    if at(template, "spec.authoritativeAPI") == "ClusterAPI":
        yield f"the Cluster API is authoritative for {clone}, as for {name_of(template)} (spec.authoritativeAPI)"


def _owners(template: Document) -> Iterator[str]:
    for owner in owners_of(template):
        yield (
            f"{name_of(template)} is owned by {owner.name}, which will not manage the clone (its labels and "
            f"annotations are left out, or it would delete the clone): {owner.way}"
        )


def _image(template: Document, image: ImageReference) -> Iterator[str]:
    spec = provider_spec(template)
    old = mapping(spec, "image")
    if old.get("type") == "MarketplaceWithPlan" and isinstance(image, GalleryImage):
        yield (
            f"{name_of(template)} boots the paid Marketplace image {old.get('publisher')}:{old.get('offer')}, which "
            f"has no ARM64 plan: machines of the clone are not billed through the Marketplace"
        )
    if isinstance(image, GalleryImage) and not tells_generation_2(image.resource_id):
        yield (
            f"image definition {image.definition} has no gen2 in its name: where the Machine Config Operator manages "
            "boot images it takes the image for generation 1 and degrades the cluster"
        )
    group = str(spec.get("resourceGroup") or "")
    if isinstance(image, GalleryImage) and group and image.resource_group.lower() != group.lower():
        yield (
            f"the image is in resource group {image.resource_group}, not in the cluster's ({group}): the identity of "
            f"the machine-api operator needs Microsoft.Compute/galleries/images/versions/read there"
        )


def _elsewhere(manifest: Document, subscription: str) -> Iterator[str]:
    spec = provider_spec(manifest)
    disks = [mapping(spec, "osDisk"), *(spec.get("dataDisks") or [])]
    for disk in disks:
        for path in ("managedDisk.diskEncryptionSet.id", "managedDisk.securityProfile.diskEncryptionSet.id"):
            encryption_set = str(at(disk, path) or "")
            found = _SUBSCRIPTION.match(encryption_set)
            if found and subscription and found[1].lower() != subscription.lower():
                yield f"the disk encryption set {encryption_set} is not in the cluster's subscription {subscription}"
