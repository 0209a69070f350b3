"""A terminal for a program of its own."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence


def on_a_terminal(command: Sequence[str], environ: Mapping[str, str] | None = None) -> tuple[bytes, int]:
    """What a program writes to it, and its exit code."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        written = b""
        try:
            while part := os.read(ours, 4096):
                written += part
        except OSError:  # how Linux says that the other side is closed
            pass
    os.close(ours)
    return written, process.returncode
