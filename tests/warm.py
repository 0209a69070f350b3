"""Imports all that the plugin may need, so that a process forked from here starts at once."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import kubectl_arm64

# What libraries import when they are first used.
_LATE = (
    "_strptime",
    "azure.core.pipeline.transport._requests_basic",
    "azure.core.rest._http_response_impl",
    "azure.core.rest._requests_basic",
    "azure.identity",
    "azure.mgmt.compute",
    "azure.mgmt.storage",
    "azure.storage.blob",
    "encodings.idna",
    "encodings.utf_8_sig",
    "kubernetes.client",
    "msal_extensions",
    "pydantic.type_adapter",
    "requests",
    "typer._adapters",
)

for _module in pkgutil.walk_packages(kubectl_arm64.__path__, "kubectl_arm64."):
    if not _module.name.endswith("__main__"):
        import_module(_module.name)
for _name in _LATE:
    import_module(_name)
