"""What `machineset` needs of the world outside, stated by it; openshift/ and azure/ implement it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kubectl_arm64.cluster import ClusterFacts, Document, Documents
from kubectl_arm64.pipeline.ports import Resource


class Cluster(Protocol):
    """One cluster; every method raises a Failure with advice."""

    def read_documents(self) -> Documents: ...

    def read_user_data(self, secret: str) -> str | None:
        """The Secret's userData, decoded; None where it does not exist or may not be read."""

    def list_machinesets(self) -> list[Document]: ...

    def list_machines(self) -> list[Document]:
        """The Machines beside the MachineSets."""

    def apply(self, document: Document, *, dry_run: bool = False, force_conflicts: bool = False) -> Document:
        """Server-side apply as `kubectl-arm64`: the object as the server has it now, or would have it.

        Raises Refused, naming them, for fields that another manager owns.
        """


class Images(Protocol):
    """Reading a gallery (the part of kubectl_arm64.pipeline.ports.Galleries that is needed here)."""

    def get_definition(self, group: str, gallery: str, definition: str) -> Resource | None: ...

    def get_version(self, group: str, gallery: str, definition: str, version: str) -> Resource | None: ...


class Azure(Protocol):
    """One subscription; every method raises a Failure with advice."""

    @property
    def galleries(self) -> Images: ...

    def sizes(self, location: str) -> Sequence[Mapping[str, Any]]:
        """The region's virtual machine SKUs, in wire form."""


@dataclass(frozen=True)
class Ports:
    """The ways to everything outside, each taken only when it is needed."""

    cluster: Callable[[], Cluster]
    azure: Callable[[ClusterFacts], Azure]
    # Given the regions in which the image is wanted, and what was read of the cluster, None where none was asked.
    publish: Callable[[Sequence[str], Documents | None], object]
    read_text: Callable[[str], str]
    bootimage: str  # the command line that publishes what these flags name
