"""The copy, measured: `python -m bench.copy` prints the tables of docs/copy-benchmark.md in some minutes.

The embedded blob storage limits each blob as the real one does: 60 MiB/s and 500 requests/s
(learn.microsoft.com/azure/storage/blobs/scalability-targets). The contestants copy disks that are scaled down, at the
data's share of a real boot image, and take turns; each figure is the median of the rounds. This tool alone then copies
disks of a real boot image's size, with answers that come as late as over a long line.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import layouts
from tests.copying import Place, copied, same_bytes, source, writes
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob

MIB = 1 << 20
GIB = 1 << 30
LIMIT = 60 * MIB
REQUESTS = 500
# A VHD of 30 GiB (32,212,255,232 bytes) between two accounts: 2015-03-16, 01:55:32 to 01:59:25.
RECORDED = 32_212_255_232 / 233
REAL_DATA, REAL_SHARE = 2560, 2.5 / 16  # MiB; of the disk
LATENCY = 0.05
FRESH_SECONDS = 10
CLIENT = ("requests/GiB", "CPU s/GiB", "MiB")
METHODS = {
    "ranges": "this tool (--copy ranges)",
    "chunks": "4 MiB chunks with any data (as AzCopy)",
    "every page": "every page, 64 at a time (as openshift-install)",
    "async": "asynchronous copy at the recorded pace (--copy async)",
}


@dataclass(frozen=True)
class Run:
    """One copy; bytes and seconds. `moved` None: the service does not tell."""

    data: int
    moved: int | None
    requests: int
    seconds: float
    cpu: float
    peak_mib: float
    begun: float = 0.0  # until the first data had arrived
    ended: float = 0.0  # from the last data on

    @property
    def gib(self) -> float:
        return self.data / GIB

    def compared(self) -> tuple[float, ...]:
        """What the tables of contestants show, in their order."""
        moved = float("nan") if self.moved is None else self.moved
        return (
            moved / self.data,
            self.seconds,
            self.data / self.seconds / LIMIT,
            moved / self.seconds / LIMIT,
            self.requests / self.gib,
            self.cpu / self.gib,
            self.peak_mib,
        )

    def alone(self) -> tuple[float, ...]:
        """What the table of real size shows."""
        copying = self.seconds - self.begun - self.ended
        return (
            (self.moved or 0) / self.data,
            self.seconds,
            self.data / self.seconds / LIMIT,
            self.begun,
            self.ended,
            self.data / copying / LIMIT,
            self.requests / self.gib,
            self.cpu / self.gib,
            self.peak_mib,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.copy", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=int, default=300, help="MiB of data on the scaled-down disks (default 300)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--parallel", type=int, default=32)
    parser.add_argument("--only", choices=("compared", "real", "memory"), help="one kind of table")
    flags = parser.parse_args()
    began = time.monotonic()
    print(f"{_machine()}, {flags.rounds} rounds\n", flush=True)
    with Sandbox() as sandbox:
        if flags.only in (None, "compared"):
            _compare(sandbox, flags.data, flags.rounds, flags.parallel)
        if flags.only in (None, "real"):
            _real(sandbox, flags.parallel)
        if flags.only in (None, "memory"):
            _memory(sandbox, flags.parallel)
    _say(f"done in {(time.monotonic() - began) / 60:.1f} minutes")


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Linux, Python {platform.python_version()}"


def _say(text: str) -> None:
    """For who waits: the tables are on standard output."""
    print(text, file=sys.stderr, flush=True)


def _compare(sandbox: Sandbox, data_mib: int, rounds: int, parallel: int) -> None:
    for name, layout in layouts.ALL.items():
        disk = layout(data_mib, int(data_mib / REAL_SHARE))
        runs: dict[str, list[Run]] = {method: [] for method in METHODS}
        for turn in range(1, rounds + 1):
            for method, title in METHODS.items():
                run = _run(sandbox, disk, method, parallel)
                runs[method].append(run)
                _say(f"{name}, round {turn} of {rounds}, {title}: {run.seconds:.1f} s")
        print(f"{data_mib} MiB of data on {_shown(disk)}, {name}:\n")
        _head("method", "moved / data", "seconds", "data rate / limit", "moved rate / limit", *CLIENT)
        for method, title in METHODS.items():
            values = zip(*(run.compared() for run in runs[method]), strict=True)
            _row(title, [statistics.median(each) for each in values], (2, 1, 2, 2, 0, 2, 0))
        print(flush=True)


def _real(sandbox: Sandbox, parallel: int) -> None:
    rows = []
    for name, layout in layouts.ALL.items():
        disk = layout(REAL_DATA, int(REAL_DATA / REAL_SHARE))
        for latency in (0.0, LATENCY):
            run = _run(sandbox, disk, "ranges", parallel, latency=latency)
            _say(f"{name}, real size, answers {latency * 1000:.0f} ms later: {run.seconds:.1f} s")
            rows.append((f"{name} | {len(list(disk.ranges()))} | {latency * 1000:.0f} ms", run))
    print(f"{REAL_DATA} MiB of data on 16 GiB, this tool:\n")
    between = "data rate / limit between"
    _head(
        "disk",
        "ranges",
        "latency",
        *("moved / data", "seconds", "data rate / limit", "to the first data, s", "after the last, s", between),
        *CLIENT,
    )
    for name, run in rows:
        _row(name, run.alone(), (2, 1, 3, 2, 2, 3, 0, 2, 0))
    print(flush=True)


def _head(*names: str) -> None:
    print(f"| {' | '.join(names)} |")
    print(f"|{' --- |' * len(names)}")


def _row(name: str, values: Sequence[float], digits: Sequence[int]) -> None:
    shown = ("-" if value != value else f"{value:.{places}f}" for value, places in zip(values, digits, strict=True))
    print(f"| {name} | {' | '.join(shown)} |", flush=True)


def _shown(disk: PageStore) -> str:
    return f"{disk.size / GIB:.1f} GiB, {len(list(disk.ranges()))} ranges"


def _run(sandbox: Sandbox, disk: PageStore, method: str, parallel: int, latency: float = 0.0) -> Run:
    sandbox.reset(bandwidth=LIMIT, requests_per_second=REQUESTS, copy_bandwidth=RECORDED, latency=latency)
    place = Place.on(sandbox, disk)
    took = _client(place, method, parallel)
    if method in ("ranges", "async") and not same_bytes(source(sandbox).store, copied(sandbox).store):
        raise SystemExit("the copy is not the source")
    data = sum(end - start for start, end in disk.ranges())
    moved = sum(span.length * times for span, times in writes(sandbox).items())
    return Run(data, None if method == "async" else moved, len(sandbox.exchanges), **took)


def _client(place: Place, method: str, parallel: int, **order: Any) -> dict[str, Any]:
    text = json.dumps({"place": asdict(place), "method": method, "parallel": parallel, **order})
    command = [sys.executable, "-m", "bench.client"]
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True)
    took: dict[str, Any] = json.loads(done.stdout)
    return took


def _memory(sandbox: Sandbox, parallel: int) -> None:
    print("One page of data in every MiB; the client's peak memory, MiB:\n")
    _head("disk", "ranges", f"the first {FRESH_SECONDS} s of a fresh copy", "resumed with 64 cells missing, to the end")
    for gib in (1, 16, 128):
        disk = layouts.crumbs(gib)
        sandbox.reset()
        fresh = _client(Place.on(sandbox, disk), "ranges", parallel, stop_after=FRESH_SECONDS)
        sandbox.reset()
        place = Place.on(sandbox, disk)
        _begin(sandbox, place, disk, cells_missing=64)
        resumed = _client(place, "ranges", parallel)
        _say(f"{gib} GiB: {fresh['peak_mib']:.0f} MiB, {resumed['peak_mib']:.0f} MiB")
        _row(f"{gib} GiB | {len(list(disk.ranges()))}", (fresh["peak_mib"], resumed["peak_mib"]), (0, 0))
    print()


def _begin(sandbox: Sandbox, place: Place, disk: PageStore, *, cells_missing: int) -> None:
    """Our blob as a killed run left it."""
    store = disk.copy()
    for start, end in list(disk.ranges())[:cells_missing]:
        store.clear(start, end - start)
    metadata = {
        "kubectl_arm64_source": place.source,
        "kubectl_arm64_source_etag": str(source(sandbox).properties["etag"]),
        "kubectl_arm64_release": "418.94.202602022246-0",
    }
    blob: Blob = new_blob(store, sandbox.world.clock.now())
    blob.metadata.update(metadata)
    sandbox.world.accounts[str(place.account["name"])].containers["vhd"].blobs[place.source.rpartition("/")[2]] = blob


if __name__ == "__main__":
    main()
