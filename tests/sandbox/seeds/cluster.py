"""A cluster's documents, stored in a world."""

from __future__ import annotations

from tests.sandbox.kubernetes.objects import plant
from tests.sandbox.seeds.configuration import configuration
from tests.sandbox.seeds.machines import machines
from tests.sandbox.seeds.spec import Cluster
from tests.sandbox.seeds.stream import bootimages
from tests.sandbox.seeds.users import kube_users
from tests.sandbox.world import World


def install(world: World, cluster: Cluster) -> None:
    """Store everything that the cluster's API server answers with, and who may ask it."""
    world.kube_users.update(kube_users())
    for document in [*configuration(cluster), bootimages(cluster), *machines(cluster)]:
        plant(world, document)
