"""A shell on a terminal of its own, and somebody who types."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_SPAWN = "import pty, sys; pty.spawn(sys.argv[1:])"
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>]|\][^\x07]*\x07)")
_SECONDS = 30.0


class Terminal:
    """Ends the shell when it is left."""

    def __init__(self, shell: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SPAWN, *shell],
            env={"TERM": "dumb", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.shown = ""

    def __enter__(self) -> Self:
        self.type("stty rows 50 cols 200; echo re''ady\n")
        self.expect("ready")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def type(self, keys: str) -> None:
        """What is shown from here on is what `expect` looks at."""
        assert self._process.stdin
        self.shown = ""
        self._process.stdin.write(keys.encode())

    def expect(self, *texts: str) -> None:
        """Wait until the terminal shows all of them, without a control sequence in between."""
        assert self._process.stdout
        until = time.monotonic() + _SECONDS
        while missing := [text for text in texts if text not in _ESCAPE.sub("", self.shown)]:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))
            more = os.read(self._process.stdout.fileno(), 65536) if ready else b""
            assert more, f"not shown: {missing}; but: {self.shown}"
            self.shown += more.decode(errors="replace")
