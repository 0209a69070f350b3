"""How often a command looks at what it waits for, and for how long."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_arm64.cli.options import seconds
from kubectl_arm64.pipeline.step import Pace

POLL_SECONDS = "KUBECTL_ARM64_POLL_SECONDS"  # environment: seconds between two looks at a resource


def pace(timeout: str, environ: Mapping[str, str]) -> Pace:
    """From --timeout and the environment; the time runs from now on. Raises UsageError."""
    return Pace(seconds(environ.get(POLL_SECONDS, "10"), POLL_SECONDS), seconds(timeout, "--timeout"))
