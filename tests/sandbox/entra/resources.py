"""The resources that Entra ID issues tokens for, and the names under which each is known.

Resource Manager has two names in every cloud, the newer host and the older one of the classic portal; a token for
either is accepted. Storage has one name in all clouds.
"""

from __future__ import annotations

from tests.sandbox.world import Cloud

STORAGE = "https://storage.azure.com"

_MANAGEMENT = {
    "AzurePublicCloud": ("https://management.azure.com", "https://management.core.windows.net"),
    "AzureUSGovernmentCloud": ("https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net"),
    "AzureChinaCloud": ("https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn"),
}


def names_of(cloud: Cloud, resource: str) -> frozenset[str]:
    """Every name of `resource` in `cloud`, itself first of all; without trailing slash."""
    resource = _plain(resource)
    management = {*_MANAGEMENT.get(cloud.name, ()), cloud.audience}
    return frozenset(management) if resource in management else frozenset({resource})


def known(cloud: Cloud, resource: str) -> bool:
    """Whether a token for `resource` can be had in `cloud`."""
    return _plain(resource) == STORAGE or _plain(resource) in {*_MANAGEMENT.get(cloud.name, ()), cloud.audience}


def _plain(resource: str) -> str:
    return resource.rstrip("/")
