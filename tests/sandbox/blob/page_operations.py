"""Put Page, Put Page From URL and Get Page Ranges."""

from __future__ import annotations

import base64
import hashlib
from itertools import islice
from xml.etree.ElementTree import Element, SubElement

from tests.sandbox.blob import blobs, byte_range, conditions, copy, properties, sources
from tests.sandbox.blob.crc64 import crc64
from tests.sandbox.blob.errors import Refusal, bad_header
from tests.sandbox.blob.exchange import Answer, Call
from tests.sandbox.blob.pages import PAGE
from tests.sandbox.blob.stamps import to_xml
from tests.sandbox.world import Blob

LARGEST_WRITE = 4 * 1024**2
LONGEST_LIST = 10_000
_NO_LIMIT = 10**9
_PAGED_SINCE = "2020-10-02"
_CRC_SINCE = "2019-02-02"
# Python needs half a second for 1 MiB of it; nobody here reads it.
_LARGEST_CRC = 64 * 1024
# Seen at 2025-01-05 (recordings/blob/page-from-url/09) and not at 2021-08-06 (07); in between is a guess.
_SOURCE_TOLD_SINCE = "2025-01-05"


def put_page(call: Call) -> Answer:
    """Update or clear, as x-ms-page-write says; from x-ms-copy-source if there is one."""
    blob, action = _page_blob(call), call.required("x-ms-page-write").lower()
    if action not in ("update", "clear"):
        raise bad_header("x-ms-page-write", action)
    blobs.check_change(call, blob)
    first, end = byte_range.pages(call, blob.store.size)
    if action == "clear":
        blob.store.clear(first, end - first)
        return _written(call, blob, {})
    if end - first > LARGEST_WRITE:
        raise Refusal("RequestBodyTooLarge", elements={"MaxLimit": str(LARGEST_WRITE)})
    if call.header("x-ms-copy-source"):
        return _put_from_source(call, blob, first, end)
    if len(call.body) != end - first:
        raise bad_header("Content-Length", str(len(call.body)))
    hashes = _hashes(call, call.body, call.header("content-md5"))
    blob.store.write(first, call.body)
    return _written(call, blob, hashes)


def get_page_ranges(call: Call) -> Answer:
    """Paged by maxresults, and by 10,000 in any case, since the version that knows markers."""
    blob = _page_blob(call)
    copy.check_settled(blob)
    conditions.check_read(call, blob)
    first, end = _asked_pages(call, blob.store.size)
    limit = _limit(call)
    found = list(islice(blob.store.ranges(first, end), limit + 1))
    root = Element("PageList")
    for start, stop in found[:limit]:
        entry = SubElement(root, "PageRange")
        SubElement(entry, "Start").text = str(start)
        SubElement(entry, "End").text = str(stop - 1)
    if limit < len(found) or (call.query.get("maxresults") and call.since(_PAGED_SINCE)):
        marker = SubElement(root, "NextMarker")
        marker.text = _marker(found[limit][0]) if limit < len(found) else None
    headers = {"Content-Type": "application/xml", **properties.stamp_headers(blob)}
    return Answer(200, {**headers, "x-ms-blob-content-length": str(blob.store.size)}, to_xml(root))


def _page_blob(call: Call) -> Blob:
    blob = call.blob
    if properties.kind(blob) != "PageBlob":
        raise Refusal("InvalidBlobType")
    return blob


def _put_from_source(call: Call, blob: Blob, first: int, end: int) -> Answer:
    span = byte_range.asked(call, "x-ms-source-range")
    if span is None:
        raise Refusal("MissingRequiredHeader", elements={"HeaderName": "x-ms-source-range"})
    if call.body or span[1] is None or span[1] - span[0] != end - first:
        raise bad_header("x-ms-source-range", call.header("x-ms-source-range"))
    data = _read_source(call, span[0], span[1])
    hashes = _hashes(call, data, call.header("x-ms-source-content-md5"))
    blob.store.write(first, data)
    return _written(call, blob, hashes)


def _read_source(call: Call, first: int, end: int) -> bytes:
    authorization = call.header("x-ms-copy-source-authorization")
    try:
        _, source = sources.find(call, call.header("x-ms-copy-source"), authorization=authorization)
        copy.check_settled(source)
        failed = conditions.failed(call, source, conditions.SOURCE)
        if failed:
            raise Refusal("ConditionNotMet", status=412 if failed == "changed" else 304)
        if end > source.store.size:
            raise Refusal("InvalidRange")
    except Refusal as refusal:
        raise _unverified(call, refusal) from None
    return bytes(source.store.read(first, end - first))


def _unverified(call: Call, refusal: Refusal) -> Refusal:
    """The source's status with the destination's words; newer versions tell the two apart."""
    if not call.since(_SOURCE_TOLD_SINCE):
        return Refusal("CannotVerifyCopySource", status=refusal.status)
    status = str(refusal.status)
    return Refusal(
        "CannotVerifyCopySource",
        status=refusal.status,
        message=refusal.message,
        headers={"x-ms-copy-source-status-code": status, "x-ms-copy-source-error-code": refusal.code},
        elements={
            "CopySourceStatusCode": status,
            "CopySourceErrorCode": refusal.code,
            "CopySourceErrorMessage": refusal.message,
        },
    )


def _hashes(call: Call, data: bytes, claimed: str) -> dict[str, str]:
    """Content-MD5 where the client sent one, and in old versions always; else the CRC (of no more than 64 KiB)."""
    if not claimed and call.since(_CRC_SINCE):
        return {"x-ms-content-crc64": crc64(data)} if len(data) <= _LARGEST_CRC else {}
    md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    if claimed not in ("", md5):
        raise Refusal("Md5Mismatch")
    return {"Content-MD5": md5}


def _written(call: Call, blob: Blob, hashes: dict[str, str]) -> Answer:
    properties.touch(blob, call.now)
    headers = {**properties.written_headers(call, blob), **hashes}
    return Answer(201, {**headers, "x-ms-blob-sequence-number": str(blob.properties.get("sequence_number", 0))})


def _asked_pages(call: Call, size: int) -> tuple[int, int]:
    """The range asked for, widened to whole pages, from the marker on."""
    span = byte_range.asked(call)
    first, end = byte_range.within(span, size) if span else (0, size)
    first, end = first // PAGE * PAGE, min(size, (end + PAGE - 1) // PAGE * PAGE)
    marker = call.query.get("marker")
    return (max(first, _from_marker(marker)) if marker else first), end


def _limit(call: Call) -> int:
    if not call.since(_PAGED_SINCE):
        return _NO_LIMIT
    text = call.query.get("maxresults") or str(LONGEST_LIST)
    if not text.isdigit() or not int(text):
        raise Refusal("InvalidQueryParameterValue", elements={"QueryParameterName": "maxresults"})
    return min(int(text), LONGEST_LIST)


def _marker(offset: int) -> str:
    """As recorded (recordings/blob/page-ranges/03): opaque to clients, the next range's start to the service."""
    text = base64.b64encode(f"{len(str(offset)):06}!{offset}!".encode()).decode()
    return f"2!{len(text)}!{text}"


def _from_marker(marker: str) -> int:
    try:
        return int(base64.b64decode(marker.split("!")[2], validate=True).split(b"!")[1])
    except (IndexError, ValueError):
        raise Refusal("InvalidQueryParameterValue", elements={"QueryParameterName": "marker"}) from None
