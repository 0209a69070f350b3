"""Which real host names the sandbox answers for, in the public, US Government and China clouds."""

from __future__ import annotations

ENTRA = "entra"
ARM = "arm"
BLOB = "blob"

LOGIN_HOSTS = {
    "AzurePublicCloud": (
        "login.microsoftonline.com",
        "login.microsoft.com",
        "login.windows.net",
        "sts.windows.net",
    ),
    "AzureUSGovernmentCloud": ("login.microsoftonline.us", "login.usgovcloudapi.net"),
    "AzureChinaCloud": ("login.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
}
MANAGEMENT_HOSTS = ("management.azure.com", "management.usgovcloudapi.net", "management.chinacloudapi.cn")
BLOB_SUFFIXES = ("blob.core.windows.net", "blob.core.usgovcloudapi.net", "blob.core.chinacloudapi.cn")
# Behind the SAS of a managed disk: md-impexp-<name>.z<number> (users' reports), each number a zone of its own in DNS.
DISK_SUFFIXES = tuple(f"z{number}.blob.storage.azure.net" for number in range(1, 10))

LOOPBACK = ("127.0.0.1", "localhost")
METADATA_HOST = "169.254.169.254"  # the instance metadata service, in every cloud

_LOGIN = frozenset(host for hosts in LOGIN_HOSTS.values() for host in hosts)


def service(host: str) -> str | None:
    """The service behind `host` (without port), None where the sandbox has nothing."""
    host = host.lower()
    if host in _LOGIN:
        return ENTRA
    if host in MANAGEMENT_HOSTS:
        return ARM
    account, _, suffix = host.partition(".")
    if account and suffix in (*BLOB_SUFFIXES, *DISK_SUFFIXES):
        return BLOB
    return None


def certificate_names() -> list[str]:
    """What the sandbox's one certificate is valid for."""
    wild = (f"*.{suffix}" for suffix in (*BLOB_SUFFIXES, *DISK_SUFFIXES))
    return [*sorted(_LOGIN), *MANAGEMENT_HOSTS, *wild, *LOOPBACK]
