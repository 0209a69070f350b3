"""What the pipeline needs of Azure, stated by the pipeline; azure/ implements it.

Resources travel as Azure's own wire-form JSON (`{"id", "location", "tags", "properties": {...}}`); None is 404.
Every method raises kubectl_arm64.errors.Failure, with advice, for anything else that Azure answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from kubectl_arm64.copy.ports import PageTarget
from kubectl_arm64.pipeline.step import Operation

Resource = Mapping[str, Any]


class StorageAccounts(Protocol):
    def get(self, group: str, name: str) -> Resource | None: ...

    def taken(self, name: str) -> str:
        """Why the name cannot be had, "" when it is free in the world."""

    def create(self, group: str, name: str, body: Resource) -> Operation: ...

    def update(self, group: str, name: str, body: Resource) -> None:
        """PATCH; at once."""

    def delete(self, group: str, name: str) -> None:
        """With all that is in it; at once."""

    def contents(self, group: str, name: str) -> Iterator[str]:
        """What the account holds, by kind and name: `container vhd`, `file share x`; those in a recycle bin too."""

    def get_container(self, group: str, account: str, name: str) -> Resource | None: ...

    def create_container(self, group: str, account: str, name: str) -> None:
        """Through Resource Manager, so no data-plane role is needed; private."""


class Disks(Protocol):
    def get(self, group: str, name: str) -> Resource | None: ...

    def create(self, group: str, name: str, body: Resource) -> Operation: ...

    def tag(self, group: str, name: str, tags: Mapping[str, str]) -> Operation:
        """PATCH: these in the place of those that it has."""

    def open(self, group: str, name: str, seconds: int) -> PageTarget:
        """The disk's blob, to be written for so long by a SAS that stays in here; the disk is in ActiveUpload then.

        Takes some seconds. The blob is there already, of the size that was asked for; it knows no lease.
        """

    def close(self, group: str, name: str) -> Operation:
        """End all access: what was uploaded becomes the disk, Unattached, if its VHD footer is sound."""

    def delete(self, group: str, name: str) -> Operation: ...


class Galleries(Protocol):
    def get(self, group: str, gallery: str) -> Resource | None: ...

    def create(self, group: str, gallery: str, body: Resource) -> Operation: ...

    def get_definition(self, group: str, gallery: str, definition: str) -> Resource | None: ...

    def list_definitions(self, group: str, gallery: str) -> Sequence[Resource]:
        """Those of a gallery that exists."""

    def create_definition(self, group: str, gallery: str, definition: str, body: Resource) -> Operation: ...

    def get_version(self, group: str, gallery: str, definition: str, version: str) -> Resource | None:
        """With `$expand=ReplicationStatus`: properties.replicationStatus.summary[].{region,state,progress,details}."""

    def list_versions(self, group: str, gallery: str, definition: str) -> Sequence[Resource]:
        """Those of a definition that exists."""

    def create_version(self, group: str, gallery: str, definition: str, version: str, body: Resource) -> Operation: ...

    def delete_version(self, group: str, gallery: str, definition: str, version: str) -> Operation: ...
