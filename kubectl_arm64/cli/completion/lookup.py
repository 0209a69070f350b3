"""The process that asks the cluster for names, one a line; see live.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from kubectl_arm64.cli import target
from kubectl_arm64.cli.app import call, typed
from kubectl_arm64.cli.options import ConnectionFlags
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.errors import Failure


def look_up(words: Sequence[str], out: TextIO, environ: Mapping[str, str]) -> int:
    """Print the names of one kind (machinesets or namespaces); the exit code, 1 where there is no answer.

    `words` are the kind and connection flags.
    """
    kind, *connecting = words

    def ask(connection: ConnectionFlags) -> int:
        cluster = target.connect(connection, Streams(out, out, environ))
        if kind == "namespaces":
            found = cluster.list_namespaces()
        else:
            found = sorted(each["metadata"]["name"] for each in cluster.list_machinesets())
        out.write("".join(f"{name}\n" for name in found))
        return 0

    try:
        return call(typed((ConnectionFlags,), ask), connecting)
    except Failure:
        return 1
