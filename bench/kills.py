"""Kill a copy at random moments and resume it: `python -m bench.kills --times 50`.

Each time a process copies a VHD and gets SIGKILL, at first early, in the end late; further processes go on until one
ends by itself. Then the disk must be the source, byte for byte, and marked as complete; and the record of requests must
show that each cell was written once and nothing else was, or that the asynchronous copy was started once.

With `--engine async` the source refuses the storage service, so that the copy by ranges gives way to the asynchronous
one, and the kills fall before, during and after that.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass

from bench import layouts
from kubectl_arm64.copy.cells import cells
from kubectl_arm64.copy.ranges import Span
from tests.copying import PUT_PAGE, REFUSED_BY_SOURCE, Place, copied, same_bytes, source, spawn, writes
from tests.sandbox.server import Sandbox

MIB = 1 << 20
LEASE_SECONDS = 15
# By the world's clock, which each kill moves on by a lease: it is pending at each of a copy's kills.
ASYNC_SECONDS = 60
DATA_MIB, DISK_MIB = 40, 1024
KILLS_PER_COPY = 3
HANGS_SECONDS = 60


@dataclass(frozen=True)
class Engine:
    """How to have it copy, and what must hold then: `check` raises SystemExit where `claim` is not true."""

    set_up: Callable[[Sandbox], None]
    check: Callable[[Sandbox], None]
    claim: str


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("ranges", "async"), default="ranges")
    flags = parser.parse_args()
    print(f"--seed {flags.seed} --engine {flags.engine}", flush=True)
    chance = random.Random(flags.seed)  # noqa: S311  the same moments in every run
    engine = ENGINES[flags.engine]
    disk = layouts.scattered(DATA_MIB, DISK_MIB)
    written: list[int] = []
    copies = 0
    with Sandbox() as sandbox:
        while len(written) < flags.times:
            sandbox.reset(bandwidth=60 * MIB, requests_per_second=500)
            engine.set_up(sandbox)
            place = Place.on(sandbox, disk)
            written += _copy_with_kills(sandbox, place, chance, most=min(KILLS_PER_COPY, flags.times - len(written)))
            copies += 1
            if not same_bytes(source(sandbox).store, copied(sandbox).store):
                raise SystemExit("the copy is not the source")
            engine.check(sandbox)
            print(f"{len(written)} kills, {copies} copies", file=sys.stderr, flush=True)
    print(f"cells written at each kill, of {len(_cells(sandbox))}: {' '.join(map(str, written))}")
    print(f"{len(written)} kills, {copies} copies: every disk is the source, {engine.claim}")


def _copy_with_kills(sandbox: Sandbox, place: Place, chance: random.Random, *, most: int) -> list[int]:
    """How many cells were written at each kill; the last process ends by itself."""
    written: list[int] = []
    for _ in range(most):
        child = spawn(place)
        # The copy of all of it takes 0.7 s, and a process some tenths to begin.
        child.join(chance.uniform(0.02, 1.2))
        if child.exitcode is not None:
            _ended_well(child.exitcode)
            return written
        child.kill()
        child.join()
        written.append(len(writes(sandbox)))
        sandbox.advance(LEASE_SECONDS)
    sandbox.advance(ASYNC_SECONDS)
    child = spawn(place)
    child.join(HANGS_SECONDS)
    _ended_well(child.exitcode)
    return written


def _ended_well(exitcode: int | None) -> None:
    if exitcode != 0:
        raise SystemExit(f"a copy ended with {exitcode}" if exitcode else "a copy does not end")


def _by_ranges(sandbox: Sandbox) -> None:
    """Nothing to set up: it is the way that is tried first."""


def _each_cell_once(sandbox: Sandbox) -> None:
    if "kubectl_arm64_complete" not in copied(sandbox).metadata:
        raise SystemExit("the copy is not marked as complete")
    written, wanted = writes(sandbox), _cells(sandbox)
    if twice := [cell for cell, times in written.items() if times > 1]:
        raise SystemExit(f"cells written twice: {twice}")
    if sorted(written) != wanted:
        raise SystemExit(f"written, and no cell: {sorted(set(written) - set(wanted))}")


def _cells(sandbox: Sandbox) -> list[Span]:
    return list(cells(Span(*span) for span in source(sandbox).store.ranges()))


def _refused(sandbox: Sandbox) -> None:
    sandbox.fault(PUT_PAGE, method="PUT", times=10**9, status=403, headers=REFUSED_BY_SOURCE)
    sandbox.knobs.copy_bandwidth = DISK_MIB * MIB / ASYNC_SECONDS


def _started_once(sandbox: Sandbox) -> None:
    started = [each for each in sandbox.asked("PUT") if "x-ms-copy-id" in each["response_headers"]]
    if len(started) != 1:
        raise SystemExit(f"the asynchronous copy was started {len(started)} times")
    if writes(sandbox):
        raise SystemExit("pages were written although the source refused them")


ENGINES = {
    "ranges": Engine(_by_ranges, _each_cell_once, "each cell was written once"),
    "async": Engine(_refused, _started_once, "the asynchronous copy was started once"),
}


if __name__ == "__main__":
    main()
