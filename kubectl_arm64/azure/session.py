"""One subscription of one cloud, as the commands see it. Importing this module does not load the Azure SDK."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kubectl_arm64.azure import clouds
from kubectl_arm64.azure.clouds import Cloud
from kubectl_arm64.azure.permissions import Permissions
from kubectl_arm64.azure.provider import Provider
from kubectl_arm64.copy.ports import Blobs, PageSource
from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.pipeline.ports import Disks, Galleries, Resource

if TYPE_CHECKING:
    from azure.mgmt.compute import ComputeManagementClient

    from kubectl_arm64.azure.arm import ResourceManager
    from kubectl_arm64.azure.credentials import Credentials
    from kubectl_arm64.azure.source_access import SourceAccess
    from kubectl_arm64.azure.storage import ArmStorageAccounts
    from kubectl_arm64.azure.transport import Connection

__all__ = ["Azure", "Permissions", "Provider", "connect"]

RETRY_FACTOR = "KUBECTL_ARM64_RETRY_FACTOR"  # environment: every wait before a retry is multiplied by it


def connect(
    *,
    cloud_name: str,
    subscription: str,
    tenant: str,
    environ: Mapping[str, str],
    sleep: Callable[[float], None] = time.sleep,
) -> Azure:
    """Nothing is asked of Azure yet. Raises Unsupported for a cloud that is none of the three.

    `tenant` is the cluster's, "" where it is unknown. Proxies are read from the process's own environment.
    """
    return Azure(clouds.named(cloud_name), subscription, tenant, environ, sleep)


class Azure:
    """The adapters, each made when it is first needed; every method raises kubectl_arm64.errors.Failure."""

    def __init__(
        self,
        cloud: Cloud,
        subscription: str,
        tenant: str,
        environ: Mapping[str, str],
        sleep: Callable[[float], None],
    ) -> None:
        self.cloud = cloud
        self.subscription = subscription
        self._tenant = tenant
        self._environ = environ
        self._sleep = sleep

    def sign_in(self, *, storage: bool) -> None:
        """Fetch the tokens now, before the first write: ARM's, and blob storage's too. Raises SignInRequired."""
        self._credentials.warm_up(storage=storage)

    @cached_property
    def galleries(self) -> Galleries:
        from kubectl_arm64.azure.gallery import ComputeGalleries

        return ComputeGalleries(self._compute)

    @cached_property
    def storage_accounts(self) -> ArmStorageAccounts:
        from kubectl_arm64.azure.arm import storage_client
        from kubectl_arm64.azure.storage import ArmStorageAccounts

        return ArmStorageAccounts(storage_client(self._arm, self.subscription))

    @cached_property
    def disks(self) -> Disks:
        from kubectl_arm64.azure.disks import ComputeDisks

        return ComputeDisks(self._compute, self._connection, self.cloud, self._source_access)

    def blobs(self, account: Resource, container: str, auth: str, *, removes: bool = False) -> Blobs:
        """A container of `account` (a storage account's wire form).

        `auth`: login (the sign-in's token) or key (a short-lived SAS, signed here with the account's key; it can
        delete only where that is what it is for, `removes`).
        """
        from kubectl_arm64.azure import blobs

        access = (
            blobs.by_token(self._credentials)
            if auth == "login"
            else blobs.by_key(account, container, self.storage_accounts.key, removes=removes)
        )
        return blobs.ContainerBlobs(account, container, access, self._connection, self.cloud, self._source_access)

    def source(self, url: str) -> PageSource:
        """The VHD at `url`, read by the SAS that `url` carries, else anonymously, else with the sign-in."""
        from kubectl_arm64.azure.pages import UrlPageSource

        return UrlPageSource(url, self._connection, self._source_access)

    def sizes(self, location: str) -> list[dict[str, Any]]:
        """The region's SKUs in wire form (Microsoft.Compute/skus), virtual machines among them."""
        from kubectl_arm64.azure import skus

        return skus.sizes(self._compute, location)

    def resource_group(self, name: str) -> dict[str, Any] | None:
        """In wire form; None where it does not exist."""
        return self._arm.resource_group(self.subscription, name)

    def provider(self, namespace: str) -> Provider | None:
        """Registration and regions of a resource provider; None where they may not be read."""
        return self._arm.provider(self.subscription, namespace)

    def permissions(self, scope: str) -> Permissions | None:
        """The caller's own rights at `scope` (a resource ID); None where they may not be read."""
        return self._arm.permissions(scope)

    @cached_property
    def _connection(self) -> Connection:
        from kubectl_arm64.azure.transport import Connection, ca_bundle

        factor = _factor(self._environ.get(RETRY_FACTOR, "1"))
        return Connection(ca_bundle(self._environ), lambda seconds: self._sleep(seconds * factor))

    @cached_property
    def _credentials(self) -> Credentials:
        from kubectl_arm64.azure.credentials import sign_in

        return sign_in(self.cloud, self.subscription, self._tenant, environ=self._environ, connection=self._connection)

    @cached_property
    def _source_access(self) -> SourceAccess:
        from kubectl_arm64.azure.source_access import SourceAccess

        return SourceAccess(self.cloud, lambda: self._credentials, self._connection)

    @cached_property
    def _arm(self) -> ResourceManager:
        from kubectl_arm64.azure.arm import ResourceManager

        return ResourceManager(self.cloud, self._credentials, self._connection)

    @cached_property
    def _compute(self) -> ComputeManagementClient:
        from kubectl_arm64.azure.arm import compute_client

        return compute_client(self._arm, self.subscription)


def _factor(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        raise InvalidInput(f"{RETRY_FACTOR} is {text!r}, not a number", "unset it") from None
