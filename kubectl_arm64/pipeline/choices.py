"""How a publication is to go about it, and the Azure that it works in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kubectl_arm64.copy.ports import Blobs, PageSource
from kubectl_arm64.copy.terms import PARALLEL
from kubectl_arm64.pipeline.ports import Disks, Galleries, Resource, StorageAccounts


class Azure(Protocol):
    """The Azure that a publication works in."""

    @property
    def storage_accounts(self) -> StorageAccounts: ...

    @property
    def disks(self) -> Disks: ...

    @property
    def galleries(self) -> Galleries: ...

    def blobs(self, account: Resource, container: str, auth: str, *, removes: bool = False) -> Blobs:
        """`auth`: login (the sign-in's token) or key (a SAS, signed with the account's key).

        Blobs can be listed and deleted only where that is what it is for (`removes`).
        """

    def source(self, url: str) -> PageSource: ...


@dataclass(frozen=True)
class Choices:
    """How to publish. `source_url` may carry a SAS; `auth` is login or key; `may_switch`: auth was chosen by auto.

    `copy`: ranges (page by page, `parallel` requests at a time), async, or auto: ranges, else async. Who does not
    wait is given async, since only that goes on without this process.

    `staging`: where the VHD goes before it becomes an image version: a storage account, a managed disk (this process
    copies page by page, whatever `copy` and `wait` say), or auto: an account, a disk where Azure denies the account.

    `sha256`: what the whole VHD is read and verified against; "" for what can be told without reading it.
    """

    source_url: str
    auth: str
    may_switch: bool = False
    abort_copy: bool = False
    delete_vhd: bool = False
    wait: bool = True
    copy: str = "async"
    parallel: int = PARALLEL
    staging: str = "account"
    sha256: str = ""

    @property
    def by_ranges(self) -> bool:
        """Whether this process copies."""
        return self.copy != "async" and self.wait
