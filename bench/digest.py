"""`--verify full`, measured: `python -m bench.digest` holds its hasher against hashlib.sha256 over the same bytes.

The disks have a real boot image's size or share of data (2.5 of 16 GiB). Each turn is a process of its own, with the
embedded blob storage beside it, and the contestants take turns; figures are the median of the rounds. `hashlib` has the
data in memory already: it is what SHA-256 itself takes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

from bench import layouts
from bench.client import peak_mib
from kubectl_arm64.copy.cells import LARGEST, cells
from kubectl_arm64.copy.digest import DiskDigest
from kubectl_arm64.copy.ranges import Span
from kubectl_arm64.copy.terms import Terms
from tests.copying import ACCOUNT, BLOB, CONTAINER, Place, source
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.server import Sandbox

MIB = 1 << 20
GIB = 1 << 30
LIMITS = {"as fast as it goes": 0, "60 MiB/s, as a page blob": 60 * MIB}


def main() -> None:
    if not sys.stdin.isatty() and sys.argv[1:] == ["client"]:
        json.dump(_take(json.load(sys.stdin)), sys.stdout)
        return
    parser = argparse.ArgumentParser(prog="python -m bench.digest", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=int, default=300, help="MiB of data on the disk (default 300)")
    parser.add_argument("--disk", type=int, default=16 * 1024, help="MiB of the disk (default 16384)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parallel", type=int, default=32)
    flags = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {flags.rounds} rounds")
    with Sandbox() as sandbox:
        for name, layout in (("a dozen extents", layouts.extents), ("scattered", layouts.scattered)):
            disk = layout(flags.data, flags.disk)
            ranges = len(list(disk.ranges()))
            print(f"\n{flags.data} MiB of data on {disk.size / GIB:.1f} GiB, {name}, {ranges} ranges:\n")
            _table(sandbox, disk, flags.rounds, flags.parallel)


def _table(sandbox: Sandbox, disk: PageStore, rounds: int, parallel: int) -> None:
    runs: dict[str, list[tuple[float, ...]]] = {"hashlib.sha256": [], **{name: [] for name in LIMITS}}
    for _ in range(rounds):
        wanted, seconds = _plain(disk)
        runs["hashlib.sha256"].append((seconds, seconds, 0.0, 0.0))
        for name, limit in LIMITS.items():
            took = _client(sandbox, disk, limit, parallel)
            if took["sha256"] != wanted:
                raise SystemExit(f"{took['sha256']} is not {wanted}")
            runs[name].append((took["seconds"], took["cpu"], took["peak_mib"], took["grown_mib"]))
    print("| hasher | seconds | disk, MiB/s | CPU s | peak, MiB | grown, MiB |\n| --- | --- | --- | --- | --- | --- |")
    for name, values in runs.items():
        seconds, cpu, peak, grown = (statistics.median(each) for each in zip(*values, strict=True))
        memory = f"{peak:.0f} | {grown:.0f}" if peak else "- | -"
        print(f"| {name} | {seconds:.1f} | {disk.size / MIB / seconds:.0f} | {cpu:.1f} | {memory} |", flush=True)


def _plain(disk: PageStore) -> tuple[str, float]:
    """SHA-256 alone: the seconds in it."""
    sha, seconds, at, zeros = hashlib.sha256(), 0.0, 0, memoryview(bytes(LARGEST))
    for cell in [*cells(Span(*each) for each in disk.ranges()), Span(disk.size, disk.size)]:
        pages = disk.read(cell.start, cell.length)
        began = time.monotonic()
        for start in range(at, cell.start, LARGEST):
            sha.update(zeros[: cell.start - start])
        sha.update(pages)
        seconds, at = seconds + time.monotonic() - began, cell.end
    return sha.hexdigest(), seconds


def _client(sandbox: Sandbox, disk: PageStore, limit: int, parallel: int) -> dict[str, Any]:
    sandbox.reset(bandwidth=limit)
    place = Place.on(sandbox, disk)
    sandbox.world.accounts[ACCOUNT].containers[CONTAINER].blobs[BLOB] = source(sandbox)
    command = [sys.executable, "-m", "bench.digest", "client"]
    order = json.dumps({"place": asdict(place), "parallel": parallel})
    done = subprocess.run(command, input=order, stdout=subprocess.PIPE, text=True, check=True)
    took: dict[str, Any] = json.loads(done.stdout)
    return took


def _take(order: dict[str, Any]) -> dict[str, Any]:
    """In the client: the hasher by the adapters that the tool uses."""
    place = Place(**order["place"])
    os.environ.update(place.environ)
    peak, cpu = peak_mib(), time.process_time()
    found = DiskDigest(place.page_blob(), Terms(parallel=order["parallel"])).take()
    return {
        "sha256": found.sha256,
        "seconds": found.seconds,
        "cpu": time.process_time() - cpu,
        "peak_mib": peak_mib(),
        "grown_mib": peak_mib() - peak,
    }


if __name__ == "__main__":
    main()
