"""The CRC-64 of x-ms-content-crc64 (CRC-64/NVME, little-endian, base64)."""

from __future__ import annotations

import base64

_POLYNOMIAL = 0x9A6C9329AC4BC9B5
_ONES = 2**64 - 1


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = [_entry(byte) for byte in range(256)]


def crc64(data: bytes) -> str:
    crc = _ONES
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return base64.b64encode((crc ^ _ONES).to_bytes(8, "little")).decode()
