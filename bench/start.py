"""How long the answers that need no cluster take: `python -m bench.start` prints the table in about a minute.

Each contestant is run once a round, in turn, so that what else the machine does falls on all alike; a ratio is the
median over the rounds of (this one / `python -c pass` of the same round).
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PASS = "python -c pass"
# What a current pip or uv installs for an entry point; older ones import `re`, which alone takes longer.
SCRIPT = """\
#!{python}
import sys
from kubectl_arm64.__main__ import {function}
if __name__ == "__main__":
    sys.argv[0] = sys.argv[0].removesuffix(".exe")
    sys.exit({function}())
"""


def contestants(folder: Path) -> dict[str, Sequence[str]]:
    """What is run, by the name that the table shows; kubectl, oc and az where they are on the PATH."""
    plugin, completion = folder / "kubectl-arm64", folder / "kubectl_complete-arm64"
    for path, function in ((plugin, "main"), (completion, "complete")):
        path.write_text(SCRIPT.format(python=sys.executable, function=function), encoding="utf-8")
        path.chmod(0o755)
    found: dict[str, Sequence[str]] = {
        PASS: [sys.executable, "-c", "pass"],
        "kubectl-arm64 --help": [str(plugin), "--help"],
        "kubectl-arm64 machineset --help": [str(plugin), "machineset", "--help"],
        "kubectl-arm64 version": [str(plugin), "version"],
        "complete: machineset --dry-run=": [str(completion), "machineset", "--dry-run="],
        "kubectl-arm64 machineset --aply (refused)": [str(plugin), "machineset", "--aply"],
        "kubectl-arm64 machineset --zone x (refused)": [str(plugin), "machineset", "--zone", "x"],
    }
    archive = ROOT / "build" / "bundle" / "kubectl-arm64" / "kubectl-arm64"
    rivals = {
        "archive: kubectl-arm64 --help": [str(archive), "--help"],
        "kubectl version --client": ["kubectl", "version", "--client"],
        "oc version --client": ["oc", "version", "--client"],
        "az version": ["az", "version"],
    }
    return found | {name: words for name, words in rivals.items() if shutil.which(words[0])}


def run(words: Sequence[str], environ: Mapping[str, str]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    # With it, every run compiles every module anew.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        runs = contestants(Path(folder))
        taken: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(rounds + 1):
            for name, words in runs.items():
                elapsed = run(words, environ)
                if number:  # the first fills caches
                    taken[name].append(elapsed)
    print(f"Median of {rounds} interleaved rounds, Python {sys.version.split()[0]}.\n")
    print(f"| command | ms | times `{PASS}` |\n| --- | --- | --- |")
    for name, seconds in taken.items():
        ratio = statistics.median(one / bare for one, bare in zip(seconds, taken[PASS], strict=True))
        print(f"| {name} | {statistics.median(seconds) * 1000:.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
