"""Where a command writes: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, TextIO

from kubectl_arm64.cli.events import JsonLines
from kubectl_arm64.cli.printing import Output


@dataclass(frozen=True)
class Streams:
    """Where a command writes, and the environment it reads.

    `events`: stderr as JSON lines, each of them; None where people read it.
    """

    out: TextIO
    err: TextIO
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    events: JsonLines | None = None
    server_warnings: list[str] = field(default_factory=list)

    def for_programs(self) -> Self:
        """The same, with JSON lines on stderr."""
        return replace(self, events=JsonLines(self.err))

    def warn(self, warnings: Sequence[str]) -> None:
        for warning in warnings:
            self._tell("warning", warning, f"Warning: {warning}")

    def warn_of_server(self, warning: str) -> None:
        """What the API server warned of, once, as kubectl does; it is kept for --warnings-as-errors."""
        if warning not in self.server_warnings:
            self.server_warnings.append(warning)
            self.warn([warning])

    def say(self, text: str) -> None:
        """A line for people, beside the result."""
        self._tell("note", text, text)

    def fail(self, text: str, exit_code: int, code: str = "") -> None:
        """What ends the run: one line. `code` is the service's own word for it."""
        self._tell("error", text, f"error: {text}", exitCode=exit_code, code=code)

    def log(self, text: str) -> None:
        """What was asked for with -v."""
        self._tell("log", text, text)

    def _tell(self, event: str, text: str, line: str, **fields: object) -> None:
        if self.events:
            self.events.tell(event, text=text, **fields)
        else:
            print(line, file=self.err, flush=True)


def dump(value: Mapping[str, Any], output: Output, streams: Streams) -> None:
    """A result for programs."""
    if output.template is not None:
        # No newline: what the template does not say is not printed.
        print(output.template.fill(value), end="", file=streams.out)
    elif output == Output.json:
        print(json.dumps(value, indent=4), file=streams.out)
    else:
        from kubectl_arm64.cli.manifest import to_yaml

        print(to_yaml(value), end="", file=streams.out)
