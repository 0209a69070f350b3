"""Names that only the kubeconfig or the cluster knows, soon or not at all.

A lookup in the cluster is a process of its own: after TIMEOUT seconds it is ended, with whatever it waits for (a
server, a credential plugin, the import of a client). What it found is kept for a short while; see cache.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from kubectl_arm64.cli.argv import Line
from kubectl_arm64.cli.completion import cache
from kubectl_arm64.cli.front import LOOKUP
from kubectl_arm64.errors import Failure
from kubectl_arm64.openshift.kubeconfig import Kubeconfig, load

TIMEOUT = 2.0
Run = Callable[[Sequence[str], Mapping[str, str]], str]

_CONNECTION = (
    "--as", "--as-group", "--as-uid", "--certificate-authority", "--cluster", "--context", "--insecure-skip-tls-verify",
    "--kubeconfig", "--namespace", "--server", "--tls-server-name", "--token", "--user",
)  # fmt: skip


def names(kind: str, line: Line, environ: Mapping[str, str], run: Run | None = None) -> Sequence[str]:
    """Names of `kind`: contexts, clusters, users, machinesets or namespaces. None where they cannot be had in time."""
    try:
        config = load(line.value("--kubeconfig"), environ)
    except Failure:
        return ()
    if kind in ("contexts", "clusters", "users"):
        return sorted(getattr(config, kind))
    return _of_cluster(kind, line, config, environ, run or _run)


def _of_cluster(kind: str, line: Line, config: Kubeconfig, environ: Mapping[str, str], run: Run) -> Sequence[str]:
    """By way of the cache, unless a token is given on the command line: whose names would they be?"""
    connecting = [word for word in line.words if word.partition("=")[0] in _CONNECTION]
    place = (
        None if line.value("--token") else cache.place(environ, [kind, repr(sorted(_whose(line, config))), *connecting])
    )
    kept = cache.read(place) if place else None
    if kept is not None:
        return kept
    found = run([LOOKUP, kind, *connecting], environ).split()
    if place:
        cache.write(place, found)
    return found


def _whose(line: Line, config: Kubeconfig) -> list[str]:
    """Context, its server and its user's name: what tells one answer from another, and no secret."""
    name = line.value("--context") or config.current_context
    context = config.contexts.get(name) or {}
    cluster = config.clusters.get(str(context.get("cluster"))) or {}
    return [name, str(cluster.get("server")), str(context.get("user"))]


def _run(words: Sequence[str], environ: Mapping[str, str]) -> str:
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "kubectl_arm64"]
    return output([*program, *words], environ, TIMEOUT)


def output(command: Sequence[str], environ: Mapping[str, str], seconds: float) -> str:
    """What `command` prints, "" where it does not end in time; then it is ended, with every process it has started."""
    try:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
    except OSError:
        return ""
    with process:
        try:
            return process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            _end(process)
            return ""


def _end(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
