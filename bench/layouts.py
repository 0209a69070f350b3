"""Disks to copy, at the share of data that a real boot image has (2.5 of 16 GiB)."""

from __future__ import annotations

import random

from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.vhd import MIB, footer, vhd


def extents(data_mib: int, disk_mib: int) -> PageStore:
    """The data in a dozen extents."""
    return vhd(data_mib * MIB, disk_mib * MIB)


def scattered(data_mib: int, disk_mib: int) -> PageStore:
    """The data in extents of 4 KiB to 1 MiB, as many small files lie."""
    store, noise = PageStore(disk_mib * MIB + 512), random.Random(1)  # noqa: S311  the same disk in every run
    left, stride = data_mib * MIB, 2 * MIB
    places = list(range(0, disk_mib * MIB, stride))
    noise.shuffle(places)
    content = noise.randbytes(MIB)
    while left > 0:
        length = min(left, 4096 * noise.randint(1, 256))
        store.write(places.pop(), content[:length])
        left -= length
    store.write(disk_mib * MIB, footer(disk_mib * MIB))
    return store


ALL = {"a dozen extents": extents, "scattered": scattered}


def crumbs(disk_gib: int) -> PageStore:
    """One page of data in every MiB: the list of ranges grows with the disk."""
    store = PageStore(disk_gib * 1024 * MIB + 512)
    for place in range(0, disk_gib * 1024 * MIB, MIB):
        store.write(place, b"x" * 512)
    store.write(disk_gib * 1024 * MIB, footer(disk_gib * 1024 * MIB))
    return store
