"""The Azure clouds, by the name that a cluster gives them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_arm64.errors import Unsupported

# One audience in every cloud (learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory).
STORAGE_SCOPE = "https://storage.azure.com/.default"


@dataclass(frozen=True)
class Cloud:
    """Where one cloud answers. Endpoints as in azure.mgmt.core.tools.get_arm_endpoints."""

    name: str
    az_name: str  # as `az cloud set --name` spells it
    arm: str
    arm_scope: str
    authority: str
    storage_suffix: str

    def blob_endpoint(self, account: str) -> str:
        return f"https://{account}.blob.{self.storage_suffix}"


PUBLIC = Cloud(
    "AzurePublicCloud",
    "AzureCloud",
    "https://management.azure.com",
    "https://management.azure.com/.default",
    "login.microsoftonline.com",
    "core.windows.net",
)
US_GOVERNMENT = Cloud(
    "AzureUSGovernmentCloud",
    "AzureUSGovernment",
    "https://management.usgovcloudapi.net",
    "https://management.core.usgovcloudapi.net/.default",
    "login.microsoftonline.us",
    "core.usgovcloudapi.net",
)
CHINA = Cloud(
    "AzureChinaCloud",
    "AzureChinaCloud",
    "https://management.chinacloudapi.cn",
    "https://management.chinacloudapi.cn/.default",
    "login.chinacloudapi.cn",
    "core.chinacloudapi.cn",
)
CLOUDS = (PUBLIC, US_GOVERNMENT, CHINA)
_BY_NAME = {name.lower(): cloud for cloud in CLOUDS for name in (cloud.name, cloud.az_name)}


def named(name: str) -> Cloud:
    """The cloud that Infrastructure's cloudName (or az) calls `name`; "" is the public one. Raises Unsupported."""
    cloud = _BY_NAME.get(name.lower()) if name else PUBLIC
    if cloud is None:
        raise Unsupported(
            f"Azure cloud {name} is not supported", f"there are {', '.join(known.name for known in CLOUDS)}"
        )
    return cloud
