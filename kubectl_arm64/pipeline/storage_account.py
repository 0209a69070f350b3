"""The storage account that holds the VHD, and the window in which its shared keys are on."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kubectl_arm64.errors import Denied, Failure, Refused
from kubectl_arm64.names import TAG, TAG_KEYS_ON
from kubectl_arm64.pipeline.blob_access import KEYS_FORBIDDEN
from kubectl_arm64.pipeline.ownership import check_location, check_owner, is_ours, provisioning, tags_of
from kubectl_arm64.pipeline.ports import Resource, StorageAccounts
from kubectl_arm64.pipeline.step import Observed, Operation, Reporter, State
from kubectl_arm64.plan import ImagePlan

BEING_MADE = ("StorageAccountOperationInProgress", "AccountBeingCreated")
FORGOTTEN = timedelta(days=1)  # longer than any run: what opened the window is dead
PAGE_BLOB_KINDS = ("StorageV2", "Storage")  # general purpose; the others hold no page blobs (Azure's documentation)


class StorageAccountStep:
    """The account: hardened in its first PUT, since policies judge the creation (a later update is too late)."""

    action = "Microsoft.Storage/storageAccounts/write"

    def __init__(self, accounts: StorageAccounts, plan: ImagePlan, *, shared_keys: bool) -> None:
        self._accounts = accounts
        self._plan = plan
        self._shared_keys = shared_keys
        self.resource: Resource | None = None

    @property
    def title(self) -> str:
        return f"storage account {self._plan.storage_account.name}"

    def observe(self) -> Observed:
        plan = self._plan
        self.resource = self._accounts.get(plan.resource_group, plan.storage_account.name)
        if self.resource is None:
            if why := self._accounts.taken(plan.storage_account.name):
                raise Refused(
                    f"{self.title} cannot be created in resource group {plan.resource_group}: {why}",
                    "name an account of your own with --storage-account, or choose a free name",
                )
            return Observed(State.MISSING)
        check_owner(self.title, self.resource, plan.storage_account, "--storage-account")
        check_location(
            self.title,
            self.resource,
            plan.location,
            "an image version is made from a VHD in its own region: choose another --storage-account or --location",
        )
        self._check_page_blobs(self.resource)
        return provisioning(self.title, self.resource)

    def start(self) -> Operation:
        plan = self._plan
        tags = {**plan.tags, TAG: "managed"}
        if self._shared_keys:
            tags[TAG_KEYS_ON] = window(plan.blob)
        body = {
            "location": plan.location,
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "tags": tags,
            "properties": {
                "allowBlobPublicAccess": False,
                "allowSharedKeyAccess": self._shared_keys,
                "minimumTlsVersion": "TLS1_2",
                "supportsHttpsTrafficOnly": True,
            },
        }
        try:
            return self._accounts.create(plan.resource_group, plan.storage_account.name, body)
        except Failure as failure:
            if failure.code not in BEING_MADE:
                raise
            return _Awaited()

    def _check_page_blobs(self, resource: Resource) -> None:
        properties = resource.get("properties") or {}
        kind = resource.get("kind", "StorageV2")
        if kind not in PAGE_BLOB_KINDS or properties.get("isHnsEnabled"):
            what = "has a hierarchical namespace" if properties.get("isHnsEnabled") else f"is of kind {kind}"
            raise Refused(
                f"{self.title} {what}, and holds no page blobs",
                "name a general-purpose account (StorageV2) with --storage-account",
            )


class _Awaited:
    """Another run makes the account at this moment: looking at it is all."""

    retry_after = None

    def finished(self) -> bool:
        return True


class SharedKeys:
    """The window in which the shared keys of an account of ours are on.

    A tag on the account says since when the window is open and for which VHD, so that a killed run's successor closes
    it, and a run for another VHD leaves it alone.
    """

    def __init__(self, accounts: StorageAccounts, plan: ImagePlan, report: Reporter) -> None:
        self._accounts = accounts
        self._group = plan.resource_group
        self._name = plan.storage_account.name
        self._blob = plan.blob
        self._report = report
        self.opened = False  # by this run

    def check(self, resource: Resource) -> None:
        """Raise Denied where shared keys are off and the account is not ours to switch."""
        if not (allowed(resource) or is_ours(resource)):
            raise Denied(
                f"storage account {self._name} forbids shared keys, and this tool did not make it",
                "use --storage-auth login with the role Storage Blob Data Contributor, or another --storage-account",
                code=KEYS_FORBIDDEN,
            )

    def open(self, resource: Resource) -> bool:
        """Switch shared keys on where they are off; whether that was needed."""
        self.check(resource)
        if allowed(resource):
            return False
        self._update({**tags_of(resource), TAG_KEYS_ON: window(self._blob)}, on=True)
        self.opened = True
        self._report.note(f"shared keys of storage account {self._name} are switched on for the copy")
        return True

    def close(self) -> None:
        """Switch shared keys off again where the tag says that they are on for this VHD, or were forgotten."""
        are_on = self.opened
        try:
            resource = self._accounts.get(self._group, self._name)
            are_on = resource is not None and is_ours(resource) and self._is_to_close(resource)
            if resource is None or not are_on:
                return
            self._update({key: value for key, value in tags_of(resource).items() if key != TAG_KEYS_ON}, on=False)
        except Denied as denied:  # whoever may not write, or not even read, still gets the image that is ready
            if are_on:
                self._report.note(f"{denied.what}: shared keys of storage account {self._name} stay on")
        else:
            self._report.note(f"shared keys of storage account {self._name} are switched off")

    def abandon(self) -> None:
        """Close the window after a failure, if this run opened it: another run may be in the middle of its copy."""
        if self.opened:
            with contextlib.suppress(Failure):
                self.close()

    def _is_to_close(self, resource: Resource) -> bool:
        tag = tags_of(resource).get(TAG_KEYS_ON, "")
        since, _, blob = tag.partition(" ")
        return bool(tag) and (blob in ("", self._blob) or since < _at(datetime.now(UTC) - FORGOTTEN))

    def _update(self, tags: Mapping[str, str], *, on: bool) -> None:
        body: dict[str, Any] = {"tags": dict(tags), "properties": {"allowSharedKeyAccess": on}}
        self._accounts.update(self._group, self._name, body)


def allowed(resource: Resource) -> bool:
    """Whether the account takes requests that are signed with its keys; absent means yes (Azure's default)."""
    return (resource.get("properties") or {}).get("allowSharedKeyAccess") is not False


def window_for(resource: Resource) -> str:
    """The VHD for which shared keys are on, "" where they are not, or where the tag does not tell."""
    return tags_of(resource).get(TAG_KEYS_ON, "").partition(" ")[2]


def window(blob: str) -> str:
    """The tag's value: since when, and for which VHD."""
    return f"{_at(datetime.now(UTC))} {blob}"


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
