"""The environment and the files by which a client finds the sandbox, and only the sandbox."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.sandbox.world import Principal, World

_FOREIGN_PREFIXES = ("AZURE_", "IDENTITY_", "MSI_", "IMDS_", "KUBERNETES_SERVICE_")
_FOREIGN = frozenset(
    {
        "KUBECONFIG",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    }
)


def foreign(name: str) -> bool:
    """Whether the outer machine's variable `name` would lead a client to the outer machine's Azure or cluster."""
    return name.upper().startswith(_FOREIGN_PREFIXES) or name.upper() in _FOREIGN


def without_foreign(outer: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in outer.items() if not foreign(name)}


def signed_in(world: World) -> Principal | None:
    """The service principal whose secret the environment carries: the first that has one."""
    return next((principal for principal in world.principals if principal.secret), None)


def variables(world: World, proxy: str, ca_bundle: Path, kubeconfig: Path, azure_home: Path) -> dict[str, str]:
    """What a client's environment needs.

    `azure_home` keeps the Azure CLI away from the developer's own sign-in. HTTP_PROXY leads the metadata service's
    address (managed identity) to the sandbox too, so that no test meets the outer machine's identity.
    """
    found = {
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": proxy,
        "http_proxy": proxy,  # curl knows no other spelling for plain http
        "NO_PROXY": "127.0.0.1,localhost",
        "REQUESTS_CA_BUNDLE": str(ca_bundle),
        "SSL_CERT_FILE": str(ca_bundle),
        "CURL_CA_BUNDLE": str(ca_bundle),
        "KUBECONFIG": str(kubeconfig),
        "AZURE_CONFIG_DIR": str(azure_home),
    }
    principal = signed_in(world)
    if principal is not None:
        found["AZURE_CLIENT_ID"] = principal.client_id
        found["AZURE_TENANT_ID"] = principal.tenant
        found["AZURE_CLIENT_SECRET"] = principal.secret
    if world.cloud.name != "AzurePublicCloud":
        found["AZURE_AUTHORITY_HOST"] = f"https://{world.cloud.login}"
    return found


def kubeconfig(world: World, server: str, ca_bundle: bytes) -> str:
    """A kubeconfig as `oc login` leaves it, with the token of the world's first user."""
    token, user = next(iter(world.kube_users.items()), ("", {}))
    cluster = server.removeprefix("https://").replace(".", "-")
    name = f"{user.get('name', 'nobody')}/{cluster}"
    context = f"default/{cluster}/{user.get('name', 'nobody')}"
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": cluster,
                    "cluster": {
                        "server": server,
                        "certificate-authority-data": base64.b64encode(ca_bundle).decode(),
                    },
                }
            ],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": context, "context": {"cluster": cluster, "user": name, "namespace": "default"}}],
            "current-context": context,
        },
        sort_keys=False,
    )
