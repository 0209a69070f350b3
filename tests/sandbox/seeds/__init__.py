"""The situations that the sandbox can start in, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.sandbox.seeds.azure import azure_world
from tests.sandbox.seeds.cluster import install
from tests.sandbox.seeds.spec import NO_ZONES, Cluster, Release
from tests.sandbox.seeds.stream import marketplace_images, vhd
from tests.sandbox.world import Cloud, World

US_GOVERNMENT = Cloud(
    name="AzureUSGovernmentCloud",
    login="login.microsoftonline.us",
    management="management.usgovcloudapi.net",
    audience="https://management.usgovcloudapi.net",
    blob_suffix="blob.core.usgovcloudapi.net",
)
R4_11 = Release("4.11.9", "rhcos-4.11", "411.86.202207130959-0", "411.86.202207150124-0", "v1.24.0+3882f8f")
R4_18 = Release("4.18.34", "rhcos-4.18", "418.94.202602022246-0", "418.94.202602022246-0", "v1.31.14+5b8ae2c")
R4_20 = Release("4.20.15", "rhcos-4.20", "9.6.20260217-1", "9.6.20260217-1", "v1.33.6+1a2b3c4", "420-arm")

CLUSTERS: dict[str, Cluster] = {
    "4.18": Cluster(R4_18, resource_tags={"costCenter": "0042", "owner": "platform"}, infra_machineset=True),
    "4.11": Cluster(
        R4_11, infra="docs-4wl9m", location="westus", zones=NO_ZONES, tells_architecture=False, gallery=False
    ),
    "4.20": Cluster(R4_20, infra="next-9hd2v"),
    "arm64-control-plane": Cluster(
        R4_18, infra="armcp-5tq8z", control_plane_arch="arm64", worker_arch="arm64", worker_size="Standard_D4ps_v5"
    ),
    "usgov": Cluster(
        R4_18,
        infra="gov-8sxdp",
        location="usgovvirginia",
        cloud=US_GOVERNMENT,
        network_group="gov-network",
        private=True,
    ),
}


def world_of(cluster: Cluster) -> World:
    """A fresh world around `cluster`: its Azure, with the VHDs that its stream names, and its API server's objects."""
    release = cluster.release
    world = azure_world(
        cluster.cloud,
        cluster.location,
        cluster.group,
        zones=cluster.zones != NO_ZONES,
        subscription=cluster.subscription,
        tenant=cluster.tenant,
        tags=cluster.resource_tags,
        other_groups=[cluster.network_group] if cluster.network_group else [],
        vhds=[vhd(release.aarch64, "aarch64"), vhd(release.x86_64, "x86_64")],
        marketplace=marketplace_images(release),
    )
    install(world, cluster)
    return world


SEEDS: dict[str, Callable[[], World]] = {name: partial(world_of, cluster) for name, cluster in CLUSTERS.items()}
DEFAULT = "4.18"
