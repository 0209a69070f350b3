"""Storage accounts and their containers through Resource Manager, in wire form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kubectl_arm64.azure.failures import translated
from kubectl_arm64.azure.found import found_or_none
from kubectl_arm64.azure.operation import ArmOperation, accept
from kubectl_arm64.errors import Denied
from kubectl_arm64.pipeline.ports import Resource

if TYPE_CHECKING:
    from azure.mgmt.storage import StorageManagementClient


class ArmStorageAccounts:
    """The StorageAccounts port of the pipeline."""

    def __init__(self, client: StorageManagementClient) -> None:
        self._client = client

    def get(self, group: str, name: str) -> Resource | None:
        return found_or_none(
            lambda: self._client.storage_accounts.get_properties(group, name),
            f"read storage account {name} in {group}",
        )

    def taken(self, name: str) -> str:
        question: Any = {"name": name, "type": "Microsoft.Storage/storageAccounts"}
        with translated(f"check whether the storage account name {name} is free"):
            answer = self._client.storage_accounts.check_name_availability(question).as_dict()
        if answer.get("nameAvailable"):
            return ""
        return str(answer.get("message") or answer.get("reason") or "the name is not available").strip().rstrip(".")

    def create(self, group: str, name: str, body: Resource) -> ArmOperation:
        begin = self._client.storage_accounts.begin_create
        return accept(begin, group, name, body, doing=f"create storage account {name} in {group}")

    def update(self, group: str, name: str, body: Resource) -> None:
        wanted: Any = body
        with translated(f"update storage account {name} in {group}"):
            self._client.storage_accounts.update(group, name, wanted)

    def delete(self, group: str, name: str) -> None:
        with translated(f"delete storage account {name} in {group}"):
            self._client.storage_accounts.delete(group, name)

    def contents(self, group: str, name: str) -> Iterator[str]:
        client = self._client
        with translated(f"list what storage account {name} in {group} holds"):
            for kind, listed in (
                ("container", client.blob_containers.list(group, name, include="deleted")),
                ("file share", client.file_shares.list(group, name, expand="deleted")),
                ("queue", client.queue.list(group, name)),
                ("table", client.table.list(group, name)),
            ):
                yield from (f"{kind} {each.name}" for each in listed)

    def get_container(self, group: str, account: str, name: str) -> Resource | None:
        return found_or_none(
            lambda: self._client.blob_containers.get(group, account, name),
            f"read container {name} of storage account {account}",
        )

    def create_container(self, group: str, account: str, name: str) -> None:
        body: Any = {"properties": {"publicAccess": "None"}}
        with translated(f"create container {name} in storage account {account}"):
            self._client.blob_containers.create(group, account, name, body)

    def key(self, group: str, name: str) -> str:
        """An account key, for the adapter of blob storage alone: it signs with it and keeps it to itself."""
        with translated(f"list the keys of storage account {name} in {group}"):
            listed = self._client.storage_accounts.list_keys(group, name).as_dict()
        for key in listed.get("keys") or []:
            # Accounts with Active Directory list Kerberos keys as well, which sign nothing.
            if key.get("value") and not str(key.get("keyName", "")).startswith("kerb"):
                return str(key["value"])
        raise Denied(f"storage account {name} in {group} lists no key", "use --storage-auth login")
