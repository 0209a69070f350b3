"""Kill a copy at random moments and resume it: `python -m bench.kills --times 50`.

Each time a process copies a VHD on a blob of 60 MiB/s and gets SIGKILL, at first early, in the end late; further
processes go on until one ends by itself. Then the disk must be the source, byte for byte, and the record of requests
must show no finished cell that was written twice.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter

from tests.copying import Place, copied, same_bytes, source, spawn
from tests.sandbox.blob.vhd import MIB, vhd
from tests.sandbox.server import Sandbox

LEASE_SECONDS = 15
DATA_MIB = 40


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    flags = parser.parse_args()
    chance = random.Random(flags.seed)  # noqa: S311  the same moments in every run
    disk = vhd(DATA_MIB * MIB, 1024 * MIB)
    kills = copies = 0
    with Sandbox() as sandbox:
        while kills < flags.times:
            sandbox.reset(bandwidth=60 * MIB, requests_per_second=500)
            place = Place.on(sandbox, disk)
            kills += _copy_with_kills(sandbox, place, chance, most=min(3, flags.times - kills))
            copies += 1
            _check(sandbox)
    print(f"{kills} kills, {copies} copies: every disk is the source, no finished cell was written twice")


def _copy_with_kills(sandbox: Sandbox, place: Place, chance: random.Random, *, most: int) -> int:
    """How many of the processes that copied were killed."""
    kills = 0
    while True:
        child = spawn(place)
        if kills < most:
            # The copy of all of it takes 0.7 s, and a process some tenths to begin.
            child.join(chance.uniform(0.02, 1.2))
        else:
            child.join(60)
        if child.exitcode is None:
            child.kill()
            child.join()
            kills += 1
            sandbox.advance(LEASE_SECONDS)
            continue
        if child.exitcode:
            raise SystemExit(f"a copy ended with {child.exitcode}")
        return kills


def _check(sandbox: Sandbox) -> None:
    if not same_bytes(source(sandbox).store, copied(sandbox).store):
        raise SystemExit("the copy is not the source")
    if "kubectl_arm64_complete" not in copied(sandbox).metadata:
        raise SystemExit("the copy is not marked as complete")
    done = Counter(
        exchange["headers"]["x-ms-range"]
        for exchange in sandbox.asked("PUT", "comp=page&")
        if exchange["status"] == 201
    )
    if twice := [cell for cell, times in done.items() if times > 1]:
        raise SystemExit(f"cells written twice: {twice}")


if __name__ == "__main__":
    main()
