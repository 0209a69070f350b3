"""The plugin that tests run as a process: these sources, or the executable that KUBECTL_ARM64_PLUGIN names.

`make test-dist` names the executable of the archive; the fixture `plugin` then runs it too.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

EXECUTABLE = os.environ.get("KUBECTL_ARM64_PLUGIN", "")
COMMAND: tuple[str, ...] = (EXECUTABLE,) if EXECUTABLE else (sys.executable, "-m", "kubectl_arm64")


def install(folder: Path) -> Path:
    """Put a program `kubectl-arm64` that runs the plugin into `folder`, and return its path."""
    program = folder / "kubectl-arm64"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    program.chmod(0o755)
    return program
