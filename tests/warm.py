"""Imports all that the plugin may need, so that a process forked from here starts at once.

What a child runs stands here too: it imports the module of its function, and whatever that imports.
"""

from __future__ import annotations

import os
import pkgutil
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import kubectl_arm64
from tests.plugin import EXECUTABLE

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
    "pytest",  # the main module, which a child imports again
    "requests",
    "typer._adapters",
)

for _module in pkgutil.walk_packages(kubectl_arm64.__path__, "kubectl_arm64."):
    if not _module.name.endswith("__main__"):
        import_module(_module.name)
for _name in _LATE:
    import_module(_name)


def run(words: tuple[str, ...], environ: Mapping[str, str], output: str) -> None:
    """In the child: the whole command line, its output to a file."""
    if EXECUTABLE:
        with Path(output).open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.execve(EXECUTABLE, [EXECUTABLE, *words], environ)
    from kubectl_arm64.cli.app import run as run_plugin
    from kubectl_arm64.cli.output import Streams

    os.environ.clear()
    os.environ.update(environ)
    with Path(output).open("w", encoding="utf-8") as stream:
        code = run_plugin("kubectl-arm64", words, Streams(stream, stream))
    sys.exit(code)
