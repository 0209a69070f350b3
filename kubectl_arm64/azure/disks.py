"""Managed disks that are made by direct upload, in wire form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.credentials import AzureSasCredential

from kubectl_arm64.azure import versions
from kubectl_arm64.azure.blobs import ContainerBlobs
from kubectl_arm64.azure.clouds import Cloud
from kubectl_arm64.azure.found import found_or_none
from kubectl_arm64.azure.operation import ArmOperation, accept
from kubectl_arm64.azure.transport import Connection
from kubectl_arm64.copy.ports import PageTarget
from kubectl_arm64.errors import Failure
from kubectl_arm64.pipeline.ports import Resource

if TYPE_CHECKING:
    from azure.mgmt.compute import ComputeManagementClient

    from kubectl_arm64.azure.source_access import SourceAccess

_VERSION: dict[str, Any] = {"api_version": versions.DISKS}
_POLL_SECONDS = 2.0
_LONGEST_SECONDS = 300.0  # for a SAS


class ComputeDisks:
    """The Disks port of the pipeline."""

    def __init__(
        self, client: ComputeManagementClient, connection: Connection, cloud: Cloud, sources: SourceAccess
    ) -> None:
        self._client = client
        self._connection = connection
        self._cloud = cloud
        self._sources = sources

    def get(self, group: str, name: str) -> Resource | None:
        return found_or_none(
            lambda: self._client.disks.get(group, name, **_VERSION), f"read managed disk {name} in {group}"
        )

    def create(self, group: str, name: str, body: Resource) -> ArmOperation:
        begin = self._client.disks.begin_create_or_update
        return accept(begin, group, name, body, doing=f"create managed disk {name} in {group}", **_VERSION)

    def tag(self, group: str, name: str, tags: Mapping[str, str]) -> ArmOperation:
        begin, body = self._client.disks.begin_update, {"tags": dict(tags)}
        return accept(begin, group, name, body, doing=f"tag managed disk {name} in {group}", **_VERSION)

    def open(self, group: str, name: str, seconds: int) -> PageTarget:
        """As the port says; the SAS is in an answer of Resource Manager, and in the credential of the blob alone."""
        begin, body = self._client.disks.begin_grant_access, {"access": "Write", "durationInSeconds": seconds}
        doing = f"get write access to managed disk {name} in {group}"
        operation = accept(begin, group, name, body, doing=doing, **_VERSION)
        waited = 0.0
        while not operation.finished():
            if waited > _LONGEST_SECONDS:
                raise Failure(f"cannot {doing}: Azure has not given it in {waited:.0f} s", "run the same command again")
            wait = operation.retry_after or _POLL_SECONDS
            self._connection.sleep(wait)
            waited += wait
        return self._blob(str(operation.result().get("accessSAS") or ""), doing)

    def close(self, group: str, name: str) -> ArmOperation:
        begin = self._client.disks.begin_revoke_access
        return accept(begin, group, name, doing=f"end the access to managed disk {name} in {group}", **_VERSION)

    def delete(self, group: str, name: str) -> ArmOperation:
        begin = self._client.disks.begin_delete
        return accept(begin, group, name, doing=f"delete managed disk {name} in {group}", **_VERSION)

    def _blob(self, sas: str, doing: str) -> PageTarget:
        """The page blob that `sas` leads to, in an account of Azure's own: md-impexp-..."""
        url = urlsplit(sas)
        container, _, blob = url.path.lstrip("/").partition("/")
        if url.scheme != "https" or not (container and blob and url.query):
            raise Failure(f"cannot {doing}: Azure's answer holds no SAS", "run the same command again")
        account = {"properties": {"primaryEndpoints": {"blob": f"https://{url.netloc}"}}}
        credential = AzureSasCredential(url.query)
        blobs = ContainerBlobs(account, container, lambda: credential, self._connection, self._cloud, self._sources)
        return blobs.page_blob(blob)
