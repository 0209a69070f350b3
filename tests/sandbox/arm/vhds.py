"""Whether a page blob is a fixed VHD, in the service's words for what is wrong (users' reports of InvalidVhd)."""

from __future__ import annotations

import struct
from urllib.parse import unquote, urlsplit

from tests.sandbox.arm import errors
from tests.sandbox.world import Blob

FOOTER = 512
_MIB = 1024**2
_CURRENT_SIZE, _DISK_TYPE, _CHECKSUM = 48, 60, 64  # offsets in a VHD footer
_FIXED = 2


def fault(blob: Blob, uri: str) -> errors.Refusal | None:
    size = blob.store.size
    footer = blob.store.read(max(0, size - FOOTER), FOOTER)
    name = unquote(urlsplit(uri).path).rpartition("/")[2]
    if len(footer) < FOOTER or not footer.startswith(b"conectix"):
        return _invalid(
            f"The specified cookie value in VHD footer indicates that disk '{name}' with blob {uri} is not a "
            "supported VHD. Disk is expected to have cookie value 'conectix'."
        )
    (disk_type,) = struct.unpack_from(">I", footer, _DISK_TYPE)
    if disk_type != _FIXED:
        return _invalid(f"The disk '{name}' with blob {uri} is of VHD type {disk_type}. Only fixed VHDs are supported.")
    (checksum,) = struct.unpack_from(">I", footer, _CHECKSUM)
    if checksum != ~sum(footer[:_CHECKSUM] + footer[_CHECKSUM + 4 :]) & 0xFFFFFFFF:
        return _invalid(f"The footer checksum of disk '{name}' with blob {uri} is not correct.")
    (current,) = struct.unpack_from(">Q", footer, _CURRENT_SIZE)
    if current != size - FOOTER or current % _MIB:
        return _invalid(
            f"The disk '{name}' with blob {uri} has unsupported virtual size {current} bytes, in a blob of {size} "
            "bytes. The size must be a whole number (in MBs)."
        )
    return None


def _invalid(message: str) -> errors.Refusal:
    return errors.Refusal(400, "InvalidVhd", message)
