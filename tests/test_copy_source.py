"""What cannot become an image is refused before anything is made for it."""

from __future__ import annotations

import pytest

from kubectl_arm64.copy import footer as vhd
from kubectl_arm64.copy.ports import BlobState
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.errors import InvalidInput
from tests.doubles.blobs import MIB, FixedSource, footer


def page_blob(size: int) -> BlobState:
    return BlobState(size, "PageBlob", '"s1"')


def test_when_it_is_a_fixed_vhd_in_a_page_blob_its_size_and_etag_come_back() -> None:
    assert SourceVhd(FixedSource()).state == page_blob(MIB + 512)


def test_when_it_is_a_block_blob_the_command_that_mends_it_is_named() -> None:
    source = FixedSource(BlobState(MIB + 512, "BlockBlob", '"s1"'))
    with pytest.raises(InvalidInput, match=r"BlockBlob.*az storage blob upload --type page"):
        _ = SourceVhd(source).state


def test_when_it_is_compressed_it_says_decompress_first_whatever_the_blob_type() -> None:
    with pytest.raises(InvalidInput, match=r"compressed \(gzip\); decompress"):
        _ = SourceVhd(FixedSource(BlobState(700_000, "BlockBlob", '"s1"'), start=b"\x1f\x8b")).state


def test_when_it_is_one_byte_short_it_is_no_vhd() -> None:
    with pytest.raises(InvalidInput, match="not a multiple of 512"):
        _ = SourceVhd(FixedSource(page_blob(MIB + 511))).state


def test_when_the_url_carries_a_sas_no_error_shows_it() -> None:
    source = FixedSource(BlobState(512, "BlockBlob", '"s1"'), url="https://m.blob.core.windows.net/c/x.vhd?sig=c2Vj")
    with pytest.raises(InvalidInput) as caught:
        _ = SourceVhd(source).state
    assert "c2Vj" not in str(caught.value)


def corrupt(at: int) -> bytes:
    body = bytearray(footer())
    body[at] ^= 1
    return bytes(body)


@pytest.mark.parametrize(
    ("tail", "size", "fault"),
    [
        (footer(), MIB + 512, ""),
        (footer(cookie=b"cxsparse"), MIB + 512, "no `conectix` cookie"),
        (footer(disk_type=3), MIB + 512, "disk type 3"),
        (corrupt(30), MIB + 512, "checksum"),
        (footer(), 2 * MIB + 512, "tells 1048576 bytes"),
        (footer(MIB + 512), MIB + 1024, "not a whole number of MiB"),
        (b"", MIB + 512, "no `conectix` cookie"),
    ],
)
def test_the_footer_tells_what_is_wrong_with_the_disk(tail: bytes, size: int, fault: str) -> None:
    found = vhd.fault(tail, size)
    assert (fault in found) if fault else (found == "")
