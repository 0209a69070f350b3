"""The copy, measured: `python -m bench.copy` prints the tables of docs/copy-benchmark.md in a few minutes.

The embedded blob storage limits each blob as the real one does: 60 MiB/s and 500 requests/s
(learn.microsoft.com/azure/storage/blobs/scalability-targets). Disks are scaled down, at the data's share of a real
boot image; the contestants take turns, and each figure is the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bench import layouts
from tests.copying import Place, copied, same_bytes, source
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob

MIB = 1 << 20
GIB = 1 << 30
LIMIT = 60 * MIB
REQUESTS = 500
METHODS = {
    "ranges": "this tool (--copy ranges)",
    "chunks": "4 MiB chunks with any data (as AzCopy)",
    "every page": "every page, 64 at a time (as openshift-install)",
}


@dataclass(frozen=True)
class Run:
    """One copy; bytes and seconds."""

    data: int
    moved: int
    requests: int
    seconds: float
    cpu: float
    peak_mib: float

    def fields(self) -> tuple[float, ...]:
        """What the table shows, in its order."""
        return (
            self.moved / self.data,
            self.seconds,
            self.data / self.seconds / LIMIT,
            self.moved / self.seconds / LIMIT,
            self.requests / (self.data / GIB),
            self.cpu / (self.data / GIB),
            self.peak_mib,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.copy", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=int, default=300, help="MiB of data on each disk (default 300)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--parallel", type=int, default=32)
    flags = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {flags.rounds} rounds\n")
    with Sandbox() as sandbox:
        for name, layout in (("a dozen extents", layouts.extents), ("scattered, 4 KiB to 1 MiB", layouts.scattered)):
            disk = layout(flags.data, flags.data * 16 * 2 // 5)
            print(
                f"{flags.data} MiB of data on {disk.size / GIB:.1f} GiB, {name}, {len(list(disk.ranges()))} ranges:\n"
            )
            _table(sandbox, disk, flags.rounds, flags.parallel)
        print("Resuming on disks with one page of data in every MiB, 64 cells missing:\n")
        _memory(sandbox, flags.parallel)


def _table(sandbox: Sandbox, disk: PageStore, rounds: int, parallel: int) -> None:
    runs: dict[str, list[Run]] = {method: [] for method in METHODS}
    for _ in range(rounds):
        for method in METHODS:
            runs[method].append(_run(sandbox, disk, method, parallel))
    print(
        "| method | moved / data | seconds | data rate / limit | moved rate / limit | requests/GiB | CPU s/GiB | MiB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for method, title in METHODS.items():
        middle = [statistics.median(values) for values in zip(*(run.fields() for run in runs[method]), strict=True)]
        ratio, seconds, data_rate, rate, requests, cpu, peak = middle
        print(
            f"| {title} | {ratio:.2f} | {seconds:.1f} | {data_rate:.2f} | {rate:.2f} "
            f"| {requests:.0f} | {cpu:.2f} | {peak:.0f} |"
        )
    print(flush=True)


def _run(sandbox: Sandbox, disk: PageStore, method: str, parallel: int) -> Run:
    sandbox.reset(bandwidth=LIMIT, requests_per_second=REQUESTS)
    place = Place.on(sandbox, disk)
    took = _client(place, method, parallel)
    if method == "ranges" and not same_bytes(source(sandbox).store, copied(sandbox).store):
        raise SystemExit("the copy is not the source")
    data = sum(end - start for start, end in disk.ranges())
    moved = sum(last + 1 - first for first, last in _written(sandbox))
    return Run(data, moved, len(sandbox.exchanges), took["seconds"], took["cpu"], took["peak_mib"])


def _client(place: Place, method: str, parallel: int) -> dict[str, Any]:
    order = json.dumps({"place": asdict(place), "method": method, "parallel": parallel})
    command = [sys.executable, "-m", "bench.client"]
    done = subprocess.run(command, input=order, stdout=subprocess.PIPE, text=True, check=True)
    took: dict[str, Any] = json.loads(done.stdout)
    return took


def _written(sandbox: Sandbox) -> Iterator[tuple[int, int]]:
    for exchange in sandbox.asked("PUT", "comp=page&"):
        if exchange["status"] == 201:
            first, _, last = exchange["headers"]["x-ms-range"].removeprefix("bytes=").partition("-")
            yield int(first), int(last)


def _memory(sandbox: Sandbox, parallel: int) -> None:
    print("| disk | ranges | client's peak memory, MiB | grown while copying, MiB |")
    print("| --- | --- | --- | --- |")
    for gib in (1, 16, 128):
        disk = layouts.crumbs(gib)
        sandbox.reset()
        place = Place.on(sandbox, disk)
        _begin(sandbox, place, disk, cells_missing=64)
        took = _client(place, "ranges", parallel)
        ranges = len(list(disk.ranges()))
        print(f"| {gib} GiB | {ranges} | {took['peak_mib']:.0f} | {took['grown_mib']:.0f} |", flush=True)
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
