"""A fixed VHD to copy: real footer, scattered data, and nothing in between."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from tests.sandbox.blob.pages import PAGE, PageStore

MIB = 1024**2
GIB = 1024**3
EXTENTS = 12
_CHUNK = 4 * MIB
_FOOTER = struct.Struct(">8sIIQI4sI4sQQHBBII16sB427x")  # Virtual Hard Disk Image Format Specification 1.0
_CHECKSUM_AT = 64


def vhd(data_bytes: int = 8 * MIB, virtual_size: int = 16 * GIB, seed: int = 1) -> PageStore:
    """A disk of `virtual_size` bytes plus its footer, `data_bytes` of it (footer and all) written.

    The data is pseudo-random by `seed`, in a dozen extents that begin and end at odd pages, as a file system's do:
    the first at 0, the last right before the footer.
    """
    if virtual_size % MIB or data_bytes % PAGE or not PAGE < data_bytes <= virtual_size:
        raise ValueError("virtual_size: whole MiB; data_bytes: whole pages, more than the footer, at most the disk")
    store = PageStore(virtual_size + PAGE)
    noise = random.Random(seed)  # noqa: S311  the same bytes in every run
    for start, length in _extents((data_bytes - PAGE) // PAGE, virtual_size // PAGE):
        for offset in range(start, start + length, _CHUNK):
            store.write(offset, noise.randbytes(min(_CHUNK, start + length - offset)))
    store.write(virtual_size, footer(virtual_size))
    return store


def _extents(pages: int, disk_pages: int) -> Iterator[tuple[int, int]]:
    """(offset, length) in bytes of each extent; together `pages` pages."""
    count = min(EXTENTS, pages)
    room = disk_pages - pages
    used = 0
    for index in range(count):
        length = pages * (index + 1) // count - pages * index // count
        gap = room * index // max(1, count - 1)
        yield (used + gap) * PAGE, length * PAGE
        used += length


def footer(virtual_size: int, *, disk_type: int = 2) -> bytes:
    """The last 512 bytes of a fixed VHD (`disk_type` 2)."""
    cylinders, heads, sectors = _geometry(virtual_size)
    fields = (b"conectix", 2, 0x00010000, 2**64 - 1, 0, b"qemu", 0x00050003, b"Wi2k", virtual_size, virtual_size)
    blank = _FOOTER.pack(*fields, cylinders, heads, sectors, disk_type, 0, bytes(range(16)), 0)
    checksum = ~sum(blank) & 0xFFFFFFFF
    return blank[:_CHECKSUM_AT] + checksum.to_bytes(4, "big") + blank[_CHECKSUM_AT + 4 :]


def _geometry(virtual_size: int) -> tuple[int, int, int]:
    """Cylinders, heads and sectors per track, by the appendix of the specification."""
    total = min(virtual_size // PAGE, 65535 * 16 * 255)
    if total >= 65535 * 16 * 63:
        return total // 255 // 16, 16, 255
    sectors, per_head = 17, total // 17
    heads = max(4, (per_head + 1023) // 1024)
    if per_head >= heads * 1024 or heads > 16:
        sectors, heads, per_head = 31, 16, total // 31
    if per_head >= heads * 1024:
        sectors, heads, per_head = 63, 16, total // 63
    return per_head // heads, heads, sectors
