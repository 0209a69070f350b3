"""The container of the VHD, made through Resource Manager: no data role is needed for it."""

from __future__ import annotations

from kubectl_arm64.pipeline.ports import StorageAccounts
from kubectl_arm64.pipeline.step import Observed, State
from kubectl_arm64.plan import ImagePlan


class ContainerStep:
    """A private container; an existing one is used as it is."""

    action = "Microsoft.Storage/storageAccounts/blobServices/containers/write"

    def __init__(self, accounts: StorageAccounts, plan: ImagePlan) -> None:
        self._accounts = accounts
        self._plan = plan

    @property
    def title(self) -> str:
        return f"container {self._plan.container}"

    def observe(self) -> Observed:
        plan = self._plan
        found = self._accounts.get_container(plan.resource_group, plan.storage_account.name, plan.container)
        return Observed(State.MISSING if found is None else State.READY)

    def start(self) -> None:
        plan = self._plan
        self._accounts.create_container(plan.resource_group, plan.storage_account.name, plan.container)
