"""The 512-byte footer of a fixed VHD. Pure.

Format: Microsoft's Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format" (big-endian).
"""

from __future__ import annotations

import struct

SIZE = 512
MIB = 1 << 20
_COOKIE = b"conectix"
_FIXED = 2
_CURRENT_SIZE = 48
_DISK_TYPE = 60
_CHECKSUM = 64


def fault(footer: bytes, blob_size: int) -> str:
    """What is wrong with a page blob of `blob_size` bytes whose last 512 are `footer`; "" when it is a fixed VHD
    that Azure takes: whole MiB and a footer.
    """
    if len(footer) != SIZE or not footer.startswith(_COOKIE):
        return "it does not end in a VHD footer (no `conectix` cookie in its last 512 bytes)"
    (disk_type,) = struct.unpack_from(">I", footer, _DISK_TYPE)
    if disk_type != _FIXED:
        return f"it is a VHD of disk type {disk_type}, not a fixed one (2)"
    (checksum,) = struct.unpack_from(">I", footer, _CHECKSUM)
    rest = footer[:_CHECKSUM] + footer[_CHECKSUM + 4 :]
    if checksum != ~sum(rest) & 0xFFFFFFFF:
        return "the checksum in its VHD footer does not match"
    (current_size,) = struct.unpack_from(">Q", footer, _CURRENT_SIZE)
    if current_size != blob_size - SIZE:
        return f"its VHD footer tells {current_size} bytes, the blob holds {blob_size - SIZE} before the footer"
    if current_size % MIB:
        return f"its virtual size, {current_size} bytes, is not a whole number of MiB"
    return ""
