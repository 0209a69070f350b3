"""The plugin as a process of its own, as kubectl would run it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from tests.plugin import COMMAND
from tests.sandbox.server import Sandbox


def plugin(
    *words: str, sandbox: Sandbox | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it with nothing of this machine's environment but PATH, and the sandbox's where one is given."""
    environment = {"PATH": os.defpath, "HOME": os.devnull, "KUBECTL_ARM64_POLL_SECONDS": "0", **(env or {})}
    if sandbox is not None:
        environment = sandbox.environment(environment)
    return subprocess.run(
        [*COMMAND, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
