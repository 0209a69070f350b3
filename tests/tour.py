"""A few calls of the tool which together ask for everything that it can ask for."""

from __future__ import annotations

from typing import Any

from tests.conftest import Plugin
from tests.operations import operation
from tests.sandbox.server import Sandbox

# Each group of calls starts on a fresh world.
CALLS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("bootimage", "--copy=async", "--no-wait"), ("bootimage", "--abort-copy")),
    (("bootimage", "--copy=async"), ("machineset", "--apply", "--wait")),
    (("bootimage", "--copy=ranges", "--storage-auth=key", "--target-region=eastus", "--target-region=westeurope"),),
    (("bootimage", "--staging=disk"),),
    (("bootimage", "--delete-vhd"),),
)


def tour(plugin: Plugin, sandbox: Sandbox) -> dict[str, list[dict[str, Any]]]:
    """The exchanges of all of the calls, by operation; "" are those that are none."""
    found: dict[str, list[dict[str, Any]]] = {}
    for calls in CALLS:
        sandbox.reset()
        for words in calls:
            plugin(*words)
        for exchange in sandbox.exchanges:
            found.setdefault(operation(exchange) or "", []).append(exchange)
    return found
