"""--delete-vhd: the VHD, and the account that held nothing else, go when the image version does not need them any more.

The gallery has copies of its own by then: a version that is Succeeded is replicated to every region it names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kubectl_arm64.copy import asynchronous
from kubectl_arm64.copy.ports import Blobs, BlobState
from kubectl_arm64.errors import Failure
from kubectl_arm64.pipeline.ownership import is_ours
from kubectl_arm64.pipeline.ports import Resource, StorageAccounts
from kubectl_arm64.pipeline.step import Reporter
from kubectl_arm64.pipeline.storage_account import window_for
from kubectl_arm64.plan import ImagePlan

DELETE_ACCOUNT = "Microsoft.Storage/storageAccounts/delete"


@dataclass(frozen=True)
class Leftover:
    """What is to be deleted in the end, and the right that it takes ("" where it is not one of Resource Manager's)."""

    title: str
    action: str
    note: str


class VhdRemoval:
    """`reach` gives access to the container of the account, with the right to delete."""

    def __init__(
        self, accounts: StorageAccounts, plan: ImagePlan, reach: Callable[[Resource], Blobs], report: Reporter
    ) -> None:
        self._accounts = accounts
        self._plan = plan
        self._reach = reach
        self._report = report
        self.done = False  # the VHD is gone
        self._vhd = f"VHD {plan.blob}"
        self._account = f"storage account {plan.storage_account.name}"

    def planned(self, *, published: bool) -> list[Leftover]:
        """What `run` will try to delete; before the image is `published`, what is to be made for it too."""
        account = self._found()
        if account is None and published:
            return []
        leftovers = [Leftover(self._vhd, "", "when the image version is ready")]
        if account is None or is_ours(account):
            leftovers.append(Leftover(self._account, DELETE_ACCOUNT, "if nothing else is in it"))
        return leftovers

    def run(self) -> None:
        """Delete what is there and ours. The image version stands, whatever becomes of the rest: it is only told."""
        left = self._vhd
        try:
            account = self._found()
            if account is None:
                self.done = True
                return
            blobs = self._reach(account)
            self.done = self._delete_vhd(blobs)
            left = self._account
            if self.done and is_ours(account):
                self._delete_account(account, blobs)
        except Failure as failure:
            advice = "delete it yourself, or run this again with --delete-vhd; the image version does not need it"
            self._report.note(f"{failure.what}: {left} stays; {advice}")

    def _found(self) -> Resource | None:
        return self._accounts.get(self._plan.resource_group, self._plan.storage_account.name)

    def _delete_vhd(self, blobs: Blobs) -> bool:
        """Whether it is gone."""
        state = blobs.head(self._plan.blob)
        if state is None:
            return True
        if why := _kept(state):
            self._report.note(f"{self._vhd} stays: {why}")
            return False
        blobs.delete(self._plan.blob, state.etag)
        self._report.note(f"{self._vhd} is deleted: the image version does not need it any more")
        return True

    def _delete_account(self, account: Resource, blobs: Blobs) -> None:
        if why := self._in_use(account, blobs):
            self._report.note(f"{self._account} stays: {why}")
            return
        self._accounts.delete(self._plan.resource_group, self._plan.storage_account.name)
        self._report.note(f"{self._account} is deleted: nothing else was in it")

    def _in_use(self, account: Resource, blobs: Blobs) -> str:
        """What else it is for, "" for nothing."""
        if (other := window_for(account)) not in ("", self._plan.blob):
            return f"another run copies {other} into it"
        ours = f"container {self._plan.container}"
        held = self._accounts.contents(self._plan.resource_group, self._plan.storage_account.name)
        if other := next((name for name in held if name != ours), ""):
            return f"it holds {other}"
        if other := next((name for name in blobs.names() if name != self._plan.blob), ""):
            return f"{ours} holds {other}"
        return ""


def _kept(state: BlobState) -> str:
    """Why the blob is not deleted, "" for no reason. One that is leased is kept by the service itself."""
    if state.copy is not None and state.copy.status == "pending":
        return f"a copy into it is pending (copy ID {state.copy.id})"
    return "" if asynchronous.is_ours(state.metadata) else "this tool did not make it"
