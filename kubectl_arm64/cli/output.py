"""Where a command writes: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from kubectl_arm64.cli.options import Output


@dataclass(frozen=True)
class Streams:
    """Where a command writes, and the environment it reads."""

    out: TextIO
    err: TextIO
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def warn(self, warnings: Sequence[str]) -> None:
        for warning in warnings:
            print(f"Warning: {warning}", file=self.err)


def dump(value: Mapping[str, Any], output: Output, streams: Streams) -> None:
    """A result for programs."""
    if output.template is not None:
        from kubectl_arm64.cli.jsonpath import render

        # No newline: what the template does not say is not printed.
        print(render(output.template, value), end="", file=streams.out)
    elif output == Output.json:
        print(json.dumps(value, indent=4), file=streams.out)
    else:
        from kubectl_arm64.cli.manifest import to_yaml

        print(to_yaml(value), end="", file=streams.out)
