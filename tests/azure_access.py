"""The plugin's Azure side, let loose on the sandbox."""

from __future__ import annotations

import os

import pytest

from kubectl_arm64.azure.session import Azure, connect
from tests.sandbox.server import Sandbox


def enter(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, str]:
    """This process's environment becomes that of the sandbox, changed by `variables` ("" removes one)."""
    environ = {**sandbox.environment(os.environ), **variables}
    environ = {name: value for name, value in environ.items() if value}
    for name in set(os.environ) - set(environ):
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ


def reach(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, waits: list[float], **variables: str) -> Azure:
    """A session in the seeded subscription; `waits` gets what retries would have slept."""
    return connect(
        cloud_name=sandbox.world.cloud.name,
        subscription=subscription(sandbox),
        tenant=sandbox.world.tenants[0],
        environ=enter(sandbox, monkeypatch, **variables),
        sleep=waits.append,
    )


def subscription(sandbox: Sandbox) -> str:
    return next(iter(sandbox.world.subscriptions))


def group(sandbox: Sandbox) -> str:
    """The cluster's resource group."""
    body = next(body for key, body in sandbox.world.resources.items() if key.count("/") == 4)
    return str(body["name"])
