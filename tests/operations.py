"""What the tool asks of Azure, Entra and the cluster: every exchange is one of these operations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_GROUP = "/subscriptions/[^/]+/resourcegroups/[^/]+"
_COMPUTE = f"{_GROUP}/providers/microsoft.compute"
_STORAGE = f"{_GROUP}/providers/microsoft.storage/storageaccounts/[^/]+"
_IMAGE = f"{_COMPUTE}/galleries/[^/]+/images/[^/]+"
_DISK = f"{_COMPUTE}/disks/[^/]+"
_MACHINE_API = "/apis/machine.openshift.io/v1beta1/namespaces/[^/]+"
_MACHINESETS = f"{_MACHINE_API}/machinesets"

# name -> method, host, path, and what else it is told by: a member of the query, or a header.
_ALL: dict[str, tuple[str, str, str, str]] = {
    "read a resource group": ("GET", "management", _GROUP, ""),
    "read a provider's registration": ("GET", "management", "/subscriptions/[^/]+/providers/microsoft[^/]+", ""),
    "read one's own permissions": (
        "GET",
        "management",
        "/subscriptions/.+/providers/microsoft.authorization/permissions",
        "",
    ),
    "ask whether an account's name is free": ("POST", "management", ".+/checknameavailability", ""),
    "read a storage account": ("GET", "management", _STORAGE, ""),
    "create a storage account": ("PUT", "management", _STORAGE, ""),
    "update a storage account": ("PATCH", "management", _STORAGE, ""),
    "delete a storage account": ("DELETE", "management", _STORAGE, ""),
    "list an account's containers": ("GET", "management", f"{_STORAGE}/blobservices/default/containers", ""),
    "list an account's file shares": ("GET", "management", f"{_STORAGE}/fileservices/default/shares", ""),
    "list an account's queues": ("GET", "management", f"{_STORAGE}/queueservices/default/queues", ""),
    "list an account's tables": ("GET", "management", f"{_STORAGE}/tableservices/default/tables", ""),
    "list an account's keys": ("POST", "management", f"{_STORAGE}/listkeys", ""),
    "read a container": ("GET", "management", f"{_STORAGE}/blobservices/default/containers/[^/]+", ""),
    "create a container": ("PUT", "management", f"{_STORAGE}/blobservices/default/containers/[^/]+", ""),
    "read a gallery": ("GET", "management", f"{_COMPUTE}/galleries/[^/]+", ""),
    "create a gallery": ("PUT", "management", f"{_COMPUTE}/galleries/[^/]+", ""),
    "read an image definition": ("GET", "management", _IMAGE, ""),
    "create an image definition": ("PUT", "management", _IMAGE, ""),
    "read an image version": ("GET", "management", f"{_IMAGE}/versions/[^/]+", ""),
    "create an image version": ("PUT", "management", f"{_IMAGE}/versions/[^/]+", ""),
    "delete an image version": ("DELETE", "management", f"{_IMAGE}/versions/[^/]+", ""),
    "read a managed disk": ("GET", "management", _DISK, ""),
    "create a managed disk": ("PUT", "management", _DISK, ""),
    "update a managed disk": ("PATCH", "management", _DISK, ""),
    "delete a managed disk": ("DELETE", "management", _DISK, ""),
    "open a managed disk for writing": ("POST", "management", f"{_DISK}/begingetaccess", ""),
    "close a managed disk": ("POST", "management", f"{_DISK}/endgetaccess", ""),
    "look at an operation": ("GET", "management", ".+/(capsoperations|diskoperations|asyncoperations)/[^/]+", ""),
    "list VM sizes": ("GET", "management", "/subscriptions/[^/]+/providers/microsoft.compute/skus", ""),
    "discover a tenant": ("GET", "login", ".+/openid-configuration|/common/discovery/instance", ""),
    "get a token": ("POST", "login", ".+/token", ""),
    "look at a blob": ("HEAD", "blob", "/[^/]+/.+", ""),
    "list page ranges": ("GET", "blob", "/[^/]+/.+", "comp=pagelist"),
    "read a range": ("GET", "blob", "/[^/]+/.+", "x-ms-range: "),
    "create a page blob": ("PUT", "blob", "/[^/]+/.+", "x-ms-blob-type: PageBlob"),
    "copy pages from a URL": ("PUT", "blob", "/[^/]+/.+", "x-ms-source-range: "),
    "mark a blob": ("PUT", "blob", "/[^/]+/.+", "comp=metadata"),
    "acquire a lease": ("PUT", "blob", "/[^/]+/.+", "x-ms-lease-action: acquire"),
    "renew a lease": ("PUT", "blob", "/[^/]+/.+", "x-ms-lease-action: renew"),
    "release a lease": ("PUT", "blob", "/[^/]+/.+", "x-ms-lease-action: release"),
    "abort a copy": ("PUT", "blob", "/[^/]+/.+", "comp=copy"),
    "start an asynchronous copy": ("PUT", "blob", "/[^/]+/.+", "x-ms-copy-source: "),
    "list blobs": ("GET", "blob", "/[^/]+", "comp=list"),
    "delete a blob": ("DELETE", "blob", "/[^/]+/.+", ""),
    "get a user delegation key": ("POST", "blob", "/", "comp=userdelegationkey"),
    "read the cluster's configuration": (
        "GET",
        "kubernetes",
        "/apis/(config|operator).openshift.io/v1/.+|/api/v1/namespaces/[^/]+/configmaps/.+",
        "",
    ),
    "list nodes": ("GET", "kubernetes", "/api/v1/nodes", ""),
    "look for an API group": ("GET", "kubernetes", "/apis/[^/]+", ""),
    "list MachineSets": ("GET", "kubernetes", _MACHINESETS, ""),
    "list Machines": ("GET", "kubernetes", f"{_MACHINE_API}/machines", ""),
    "read the user data's Secret": ("GET", "kubernetes", "/api/v1/namespaces/[^/]+/secrets/[^/]+", ""),
    "list projects": ("GET", "kubernetes", "/apis/project.openshift.io/v1/projects|/api/v1/namespaces", ""),
    "apply a MachineSet": ("PATCH", "kubernetes", f"{_MACHINESETS}/[^/]+", ""),
}
OPERATIONS = tuple(_ALL)


def in_swagger(name: str) -> bool:
    """Whether the official descriptions have it: Resource Manager's operations, but not looking at one under way."""
    return _ALL[name][1] == "management" and name != "look at an operation"


def operation(exchange: Mapping[str, Any]) -> str | None:
    """The name of what an exchange of `sandbox.exchanges`, or a recorded one of the same shape, asks for."""
    host = _host(str(exchange["host"]))
    told = [*str(exchange["query"]).split("&"), *(f"{key}: {value}" for key, value in exchange["headers"].items())]
    for name, (method, wanted_host, path, mark) in _ALL.items():
        if (method, wanted_host) == (exchange["method"], host) and _fits(exchange["path"], path, told, mark):
            return name
    return None


def _fits(path: str, pattern: str, told: list[str], mark: str) -> bool:
    begun = mark.endswith(": ")  # a header, whatever its value
    marked = not mark or any(one.startswith(mark) if begun else one == mark for one in told)
    return marked and re.fullmatch(pattern, path, re.IGNORECASE) is not None


def _host(name: str) -> str:
    """management, login, blob (disks that are open for writing too) or kubernetes."""
    first = name.partition(".")[0]
    if first.startswith("login") or name.startswith("sts."):
        return "login"
    return first if first in ("management", "kubernetes") else "blob"
