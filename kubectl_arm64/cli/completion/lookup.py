"""The process that asks the cluster and Azure for names, one a line, and keeps them; see live.py."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kubectl_arm64 import cluster as openshift
from kubectl_arm64.cli import target
from kubectl_arm64.cli.completion import cache
from kubectl_arm64.cli.options import ConnectionFlags, ImageFlags
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.cli.typer_command import call, typed
from kubectl_arm64.errors import Failure
from kubectl_arm64.plan import resolve
from kubectl_arm64.sizes import parse_sizes

if TYPE_CHECKING:
    from kubectl_arm64.azure.session import Azure
    from kubectl_arm64.cluster import ClusterFacts, Documents
    from kubectl_arm64.image import GalleryImage
    from kubectl_arm64.openshift.client import Cluster
    from kubectl_arm64.sizes import VmSize

DEADLINE = 30.0  # seconds, after which nobody waits for the answer any more
_LASTS = {"sizes": 600.0}  # seconds; what a region offers changes by the month


def look_up(words: Sequence[str], out: TextIO, environ: Mapping[str, str]) -> int:
    """Print the names of one kind, and keep them; the exit code, 1 where there is no answer.

    `words` are the kind, the file to keep them in ("" for none), and flags. A description may follow a name, after a
    tab.
    """
    kind, place, *given = words

    def ask(image: ImageFlags, connection: ConnectionFlags) -> int:
        cluster = target.connect(connection, Streams(out, io.StringIO(), environ))
        found = list(_of_cluster(kind, cluster) if kind in _OF_CLUSTER else _of_azure(kind, cluster, image, environ))
        if place:
            cache.write(Path(place), found, _LASTS.get(kind, cache.SECONDS))
        out.write("".join(f"{line}\n" for line in found))
        return 0

    deadline = threading.Timer(DEADLINE, _end)
    deadline.daemon = True
    deadline.start()
    try:
        return call(typed((ImageFlags, ConnectionFlags), ask), given)
    except Failure:
        return 1
    finally:
        deadline.cancel()


_OF_CLUSTER = ("machinesets", "namespaces")


def _of_cluster(kind: str, cluster: Cluster) -> list[str]:
    if kind == "namespaces":
        return cluster.list_namespaces()
    return sorted(each["metadata"]["name"] for each in cluster.list_machinesets())


def _of_azure(kind: str, cluster: Cluster, image: ImageFlags, environ: Mapping[str, str]) -> Iterable[str]:
    documents = cluster.read_documents()
    wishes = target.wishes(image)
    facts = wishes.over(openshift.facts(documents))
    azure = _azure(facts, environ)
    if kind == "sizes":
        sizes = parse_sizes(azure.sizes(facts.location), facts.location).values()
        return _described(size for size in sizes if size.architecture == "Arm64" and not size.restriction)
    return _versions(kind, azure, _image(image, documents, facts))


def _azure(facts: ClusterFacts, environ: Mapping[str, str]) -> Azure:
    from kubectl_arm64.azure.session import connect

    openshift.require(facts, "subscription", "location")
    return connect(cloud_name=facts.cloud, subscription=facts.subscription, tenant=facts.tenant, environ=environ)


def _described(sizes: Iterable[VmSize]) -> list[str]:
    ordered = sorted(sizes, key=lambda size: (size.vcpus, size.memory_gib, size.name))
    return [f"{size.name}\t{size.vcpus} vCPUs, {size.memory_gib:g} GiB" for size in ordered]


def _image(image: ImageFlags, documents: Documents, facts: ClusterFacts) -> GalleryImage:
    """The one that `bootimage` makes of these flags and this cluster."""
    return resolve(target.boot_image(image, documents), target.wishes(image), facts).image


def _versions(kind: str, azure: Azure, image: GalleryImage) -> Iterator[str]:
    """The newest first: names of versions, or whole resource IDs."""
    listed = azure.galleries.list_versions(image.resource_group, image.gallery, image.definition)
    for name in sorted((str(one["name"]) for one in listed), key=_parts, reverse=True):
        yield name if kind == "versions" else image.resource_id.removesuffix(image.version) + name


def _parts(version: str) -> list[int]:
    return [int(part) if part.isdecimal() else 0 for part in version.split(".")]


def _end() -> None:
    """End this process, and in a session of its own whatever it has started."""
    if sys.platform != "win32" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
