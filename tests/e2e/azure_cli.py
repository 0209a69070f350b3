"""The real az, in a virtual environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.installing import from_pypi
from tests.sandbox.server import Sandbox
from tests.sandbox.surroundings import signed_in

VERSION = "2.91.0"


def az() -> Path:
    """Two minutes from nothing."""
    return from_pypi(f"azure-cli=={VERSION}") / "az"


class AzureCli:
    """az, signed in to a sandbox as its service principal."""

    def __init__(self, program: Path, sandbox: Sandbox) -> None:
        self._program = program
        self._environment = {
            **sandbox.environment({"PATH": os.defpath, "HOME": str(sandbox.folder)}),
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
            "AZURE_CORE_NO_COLOR": "true",
        }
        principal = signed_in(sandbox.world)
        if principal is None:
            raise LookupError("the sandbox's world has no service principal with a secret")
        self(
            *("login", "--service-principal", "--username", principal.client_id),
            *("--password", principal.secret, "--tenant", principal.tenant),
        )

    def __call__(self, *arguments: str) -> Any:
        """Its output, from JSON where it is JSON. Raises AssertionError with what it said."""
        done = subprocess.run(
            [self._program, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )
        shown = " ".join(arguments[:3])
        assert done.returncode == 0, f"az {shown} failed with {done.returncode}: {done.stderr}"
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout.strip()
