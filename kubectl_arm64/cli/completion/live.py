"""Names that only the kubeconfig, the cluster or Azure knows, soon or not at all.

A lookup is a process of its own: after TIMEOUT seconds nobody waits for it any more. One in the cluster is ended then,
with whatever it waits for (a server, a credential plugin). One in Azure, which seldom answers in that time, goes on
for as long as lookup.py lets it, and keeps what it finds for the next Tab; see cache.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from kubectl_arm64.cli.argv import LOOKUP, Line
from kubectl_arm64.cli.completion import cache
from kubectl_arm64.errors import Failure
from kubectl_arm64.openshift.kubeconfig import Kubeconfig, load

TIMEOUT = 2.0
Run = Callable[[Sequence[str], Mapping[str, str]], str]

_CONNECTION = (
    "--as", "--as-group", "--as-uid", "--as-user-extra", "--certificate-authority", "--client-certificate",
    "--client-key", "--cluster", "--context", "--insecure-skip-tls-verify", "--kubeconfig", "--namespace", "--password",
    "--server", "--tls-server-name", "--token", "--user", "--username",
)  # fmt: skip
_SECRET = ("--password", "--token")
_IMAGE = (
    "--architecture", "--cloud", "--gallery", "--image-definition", "--infra-name", "--location", "--os-stream",
    "--resource-group", "--stream-file", "--subscription",
)  # fmt: skip
_OF_KUBECONFIG = ("contexts", "clusters", "users")
_OF_AZURE = ("sizes", "versions", "images")


def names(kind: str, line: Line, environ: Mapping[str, str], run: Run | None = None) -> Sequence[str]:
    """Names of `kind`: contexts, clusters, users, machinesets, namespaces, sizes, versions or images.

    A description may follow a name, after a tab. None where they cannot be had in time.
    """
    try:
        config = load(line.value("--kubeconfig"), environ)
    except Failure:
        return ()
    if kind in _OF_KUBECONFIG:
        return sorted(getattr(config, kind))
    return _looked_up(kind, line, config, environ, run or _run)


def _looked_up(kind: str, line: Line, config: Kubeconfig, environ: Mapping[str, str], run: Run) -> Sequence[str]:
    """By way of the cache, unless a secret is given on the command line: whose names would they be?"""
    taken = _CONNECTION + _IMAGE if kind in _OF_AZURE else _CONNECTION
    given = [word for word in line.words if word.partition("=")[0] in taken]
    if any(line.value(flag) for flag in _SECRET):
        return run([LOOKUP, kind, "", *given], environ).splitlines()
    place = cache.place(environ, [kind, repr(sorted(_whose(line, config))), *given])
    kept = cache.read(place)
    if kept is not None:
        return kept
    # Until the lookup has found something, there is nothing: one at a time is enough.
    cache.write(place, ())
    return run([LOOKUP, kind, str(place), *given], environ).splitlines()


def _whose(line: Line, config: Kubeconfig) -> list[str]:
    """Context, its server and its user's name: what tells one answer from another, and no secret."""
    name = line.value("--context") or config.current_context
    context = config.contexts.get(name) or {}
    cluster = config.clusters.get(str(context.get("cluster"))) or {}
    return [name, str(cluster.get("server")), str(context.get("user"))]


def _run(words: Sequence[str], environ: Mapping[str, str]) -> str:
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "kubectl_arm64"]
    _, kind, place, *_ = words
    return output([*program, *words], environ, TIMEOUT, goes_on=bool(place) and kind in _OF_AZURE)


def output(command: Sequence[str], environ: Mapping[str, str], seconds: float, *, goes_on: bool = False) -> str:
    """What `command` prints, "" where it does not end in time.

    Then it is ended, with every process it has started, unless it `goes_on`.
    """
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
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        if not goes_on:
            _end(process)
        # On Windows a thread of communicate's still reads it, and closing would wait for that read.
        if process.stdout and sys.platform != "win32":
            process.stdout.close()
        return ""


def _end(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        # It may have ended since; of one that has, but is still there, macOS says that it may not be killed.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
