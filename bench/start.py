"""How long the answers that need no cluster take: `python -m bench.start` prints the table in half a minute.

Each contestant is run once a round, in turn, so that what else the machine does falls on all alike; a ratio is the
median over the rounds of (this one / `python -c pass` of the same round). kubectl, oc and az are those that `make e2e`
keeps, else those of the PATH; the archive is the one that `make dist` has built.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scripts import ROOT
from scripts.krew import Platform
from tests.e2e.cached import CACHE

PASS = "python -c pass"
GOAL, ARCHIVE_GOAL = 1.5, 130  # times `python -c pass`; milliseconds where `python -c pass` takes 12
PROGRAM = "kubectl-arm64"
# What a current pip or uv installs for an entry point; older ones import `re`, which alone takes longer.
SCRIPT = """\
#!{python}
import sys
from kubectl_arm64.__main__ import {function}
if __name__ == "__main__":
    sys.argv[0] = sys.argv[0].removesuffix(".exe")
    sys.exit({function}())
"""


def contestants(folder: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """What is run, by the name that the table shows; what is not there is said on stderr."""
    yield PASS, [sys.executable, "-c", "pass"]
    plugin, completion = folder / PROGRAM, folder / "kubectl_complete-arm64"
    for path, function in ((plugin, "main"), (completion, "complete")):
        path.write_text(SCRIPT.format(python=sys.executable, function=function), encoding="utf-8")
        path.chmod(0o755)
    yield f"{PROGRAM} --help", [str(plugin), "--help"]
    yield f"{PROGRAM} machineset --help", [str(plugin), "machineset", "--help"]
    yield f"{PROGRAM} version", [str(plugin), "version"]
    yield "complete: machineset --dry-run=", [str(completion), "machineset", "--dry-run="]
    yield f"{PROGRAM} machineset --aply (refused)", [str(plugin), "machineset", "--aply"]
    yield f"{PROGRAM} machineset --zone x (refused)", [str(plugin), "machineset", "--zone", "x"]
    if frozen := unpacked(folder):
        yield "archive: --help", [str(frozen), "--help"]
        yield "archive: version", [str(frozen), "version"]
        yield "archive: complete machineset --dry-run=", [str(frozen), "__complete", "machineset", "--dry-run="]
    for name, words in (("kubectl", ("version", "--client")), ("oc", ("version", "--client")), ("az", ("version",))):
        if program := rival(name):
            yield " ".join((name, *words)), [program, *words]


def unpacked(folder: Path) -> Path | None:
    """The executable of the archive in dist/."""
    archive = ROOT / "dist" / Platform.here().archive
    if not archive.is_file():
        print(f"not measured: the archive ({archive} is not there: make dist)", file=sys.stderr)
        return None
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "archive", filter="data")
    return folder / "archive" / PROGRAM


def rival(name: str) -> str | None:
    """A program that `make e2e` has built or installed last, else the one on the PATH."""
    kept = [path for pattern in (name, f"bin/{name}") for path in CACHE.glob(f"*/{pattern}")]
    found = str(max(kept, key=lambda path: path.stat().st_mtime)) if kept else shutil.which(name)
    if found is None:
        print(f"not measured: {name} (neither in {CACHE} nor on the PATH: make e2e)", file=sys.stderr)
    return found


def run(words: Sequence[str], environ: Mapping[str, str]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def measured(runs: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, by contestant."""
    # With it, every run compiles every module anew.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, words in runs.items():
            elapsed = run(words, environ)
            if number:  # the first fills caches
                taken[name].append(elapsed)
    return taken


def table(taken: Mapping[str, Sequence[float]]) -> str:
    """In Markdown."""
    lines = [f"| command | ms | times `{PASS}` |", "| --- | --- | --- |"]
    for name, seconds in taken.items():
        ratio = statistics.median(one / bare for one, bare in zip(seconds, taken[PASS], strict=True))
        lines.append(f"| {name} | {statistics.median(seconds) * 1000:.0f} | {ratio:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        taken = measured(dict(contestants(Path(folder))), rounds)
    print(
        f"Median of {rounds} interleaved rounds, {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}. Goals: help, version and completion at most {GOAL} times `{PASS}` from the "
        f"script, at most {ARCHIVE_GOAL} ms from the archive where that takes 12.\n"
    )
    print(table(taken))


if __name__ == "__main__":
    main()
