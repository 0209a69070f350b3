"""A server of somebody else's, for as long as a block runs."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.installing import Unavailable


@contextmanager
def serving(
    command: Sequence[str | Path], ready: str, *, cwd: Path, env: Mapping[str, str], seconds: float = 90
) -> Iterator[re.Match[str]]:
    """Run `command` until the block ends; yields the match of `ready` in what it prints.

    Its standard input is open until then, so that a server which ends with it outlives no killed test run.
    Raises Unavailable when it ends or says nothing in time.
    """
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    reader = _Reader(process, re.compile(ready))
    reader.start()
    try:
        reader.settled.wait(seconds)
        if reader.found is None:
            raise Unavailable(f"{command[0]} did not get ready:\n" + "\n".join(reader.lines[-15:]))
        yield reader.found
    finally:
        if process.stdin:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)
        reader.join(20)


class _Reader(threading.Thread):
    """Drains what a process prints, so that it never blocks, and looks for the line that says it is ready."""

    def __init__(self, process: subprocess.Popen[str], ready: re.Pattern[str]) -> None:
        super().__init__(daemon=True)
        self._process, self._ready = process, ready
        self.lines: list[str] = []
        self.found: re.Match[str] | None = None
        self.settled = threading.Event()

    def run(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip())
                self.found = self.found or self._ready.search(line)
                if self.found:
                    self.settled.set()
        self.settled.set()
