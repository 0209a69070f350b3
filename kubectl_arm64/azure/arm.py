"""Resource Manager: the one pipeline that all of its clients share, and what is read without an SDK of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline import Pipeline, PipelineResponse, policies
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from kubectl_arm64.azure import versions
from kubectl_arm64.azure.answers import Answer, of_response
from kubectl_arm64.azure.clouds import Cloud
from kubectl_arm64.azure.credentials import Credentials
from kubectl_arm64.azure.failures import of_answer, translated
from kubectl_arm64.azure.permissions import Permissions
from kubectl_arm64.azure.provider import Provider
from kubectl_arm64.azure.transport import USER_AGENT, Connection
from kubectl_arm64.errors import Denied

if TYPE_CHECKING:
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.storage import StorageManagementClient

_LONGEST_WAIT = 60.0  # Microsoft.Compute may ask for 20 minutes: that is the user's to decide
_METHODS = frozenset({"HEAD", "GET", "PUT", "DELETE", "POST", "PATCH"})


class _Retry(policies.RetryPolicy[HttpRequest, HttpResponse]):
    """azure-core's, which waits as long as it is told to, and repeats no POST.

    Every POST and PATCH of ours may be repeated: they ask (listKeys, checkNameAvailability) or set absolute values.
    """

    def __init__(self) -> None:
        super().__init__(retry_total=6, retry_connect=3, retry_read=3, retry_status=4, retry_backoff_max=30)

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**super().configure_retries(options), "methods": _METHODS}

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        asked = self.get_retry_after(response)
        return (asked is None or asked <= _LONGEST_WAIT) and bool(super().is_retry(settings, response))


class ResourceManager:
    """One cloud's Resource Manager. Every method raises Failure for what Azure refuses."""

    def __init__(self, cloud: Cloud, credentials: Credentials, connection: Connection) -> None:
        self.cloud = cloud
        self.credentials = credentials
        # No ARMAutoResourceProviderRegistrationPolicy: it registers a provider unasked and waits for it without end.
        chain: list[Any] = [
            policies.RequestIdPolicy(),
            policies.UserAgentPolicy(base_user_agent=USER_AGENT),
            policies.ContentDecodePolicy(),
            policies.RedirectPolicy(),
            _Retry(),
            ARMChallengeAuthenticationPolicy(credentials, cloud.arm_scope),
            policies.SensitiveHeaderCleanupPolicy(),
        ]
        self.pipeline: Pipeline[HttpRequest, HttpResponse] = Pipeline(connection.transport(), chain)
        self._client: ARMPipelineClient[HttpRequest, HttpResponse] = ARMPipelineClient(
            cloud.arm, policies=[], pipeline=self.pipeline
        )

    def resource_group(self, subscription: str, name: str) -> dict[str, Any] | None:
        """None where it does not exist."""
        doing = f"read resource group {name}"
        found = self._get(f"/subscriptions/{subscription}/resourceGroups/{name}", versions.RESOURCES, doing)
        if isinstance(found, Answer):
            if found.status == 404 and found.code != "SubscriptionNotFound":
                return None
            raise of_answer(found, doing)
        return found

    def provider(self, subscription: str, namespace: str) -> Provider | None:
        """None where it may not be read."""
        doing = f"read the registration of {namespace}"
        found = self._get(f"/subscriptions/{subscription}/providers/{namespace}", versions.RESOURCES, doing)
        if isinstance(found, Answer):
            if found.status == 403:
                return None
            raise of_answer(found, doing)
        return Provider.parse(namespace, found)

    def permissions(self, scope: str) -> Permissions | None:
        """The caller's own rights at `scope`; None where they may not be read."""
        doing = f"read the rights on {scope}"
        path = f"{scope}/providers/Microsoft.Authorization/permissions"
        entries: list[dict[str, Any]] = []
        url: str | None = f"{self.cloud.arm}{path}?api-version={versions.PERMISSIONS}"
        while url:
            found = self._get_url(url, doing)
            if isinstance(found, Answer):
                failure = of_answer(found, doing)
                if isinstance(failure, Denied):
                    return None
                raise failure
            entries += found.get("value") or []
            url = found.get("nextLink")
        return Permissions(tuple(entries))

    def _get(self, path: str, version: str, doing: str) -> dict[str, Any] | Answer:
        return self._get_url(f"{self.cloud.arm}{path}?api-version={version}", doing)

    def _get_url(self, url: str, doing: str) -> dict[str, Any] | Answer:
        """The resource, or the refusal."""
        with translated(doing):
            response = self._client.send_request(HttpRequest("GET", url))
        if response.status_code == 200:
            with translated(doing):
                return dict(response.json())
        return of_response(response)


def compute_client(arm: ResourceManager, subscription: str) -> ComputeManagementClient:
    """The SDK's client on the shared pipeline."""
    from azure.mgmt.compute import ComputeManagementClient

    return ComputeManagementClient(arm.credentials, subscription, base_url=arm.cloud.arm, **_shared(arm))


def storage_client(arm: ResourceManager, subscription: str) -> StorageManagementClient:
    """The SDK's client on the shared pipeline; its api-version is the client's, not the call's."""
    from azure.mgmt.storage import StorageManagementClient

    return StorageManagementClient(
        arm.credentials, subscription, base_url=arm.cloud.arm, api_version=versions.STORAGE, **_shared(arm)
    )


def _shared(arm: ResourceManager) -> dict[str, Any]:
    return {"credential_scopes": [arm.cloud.arm_scope], "policies": [], "pipeline": arm.pipeline}
