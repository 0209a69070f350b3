"""Blobs: make, look at, read, describe, delete."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from tests.sandbox.blob import byte_range, conditions, copy, leases, properties
from tests.sandbox.blob.errors import Refusal, bad_header
from tests.sandbox.blob.exchange import Answer, Call
from tests.sandbox.blob.pages import PAGE, PageStore
from tests.sandbox.world import Blob

LARGEST_PAGE_BLOB = 8 * 1024**4
_CHUNK = 1024 * 1024


def get_properties(call: Call) -> Answer:
    """HEAD: each look moves a pending copy on."""
    blob = call.blob
    conditions.check_read(call, blob)
    copy.advance(call.world, call.knobs, blob)
    return Answer(200, {**_described(call, blob), "Content-Length": str(blob.store.size)})


def get(call: Call) -> Answer:
    blob = call.blob
    copy.check_settled(blob)
    conditions.check_read(call, blob)
    span, size = byte_range.asked(call), blob.store.size
    first, end = byte_range.within(span, size) if span else (0, size)
    headers = {**_described(call, blob), "Content-Length": str(end - first)}
    if span:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
        if headers.pop("Content-MD5", None):
            headers["x-ms-blob-content-md5"] = str(blob.properties["content_md5"])
    return Answer(206 if span else 200, headers, _chunks(blob.store, first, end))


def put(call: Call) -> Answer:
    """A new blob in place of any old one: an empty page blob, or a block blob with the body as its content."""
    blob_type, old = call.required("x-ms-blob-type"), call.existing
    conditions.check_create(call, old)
    if old is not None:
        check_change(call, old)
    makers = {"PageBlob": _page_blob, "BlockBlob": _block_blob}
    if blob_type not in makers:
        raise bad_header("x-ms-blob-type", blob_type)
    blob = makers[blob_type](call)
    blob.metadata.update(call.metadata())
    if old is not None and "lease" in old.properties:
        blob.properties["lease"] = old.properties["lease"]
    call.container.blobs[call.blob_name] = blob
    headers = properties.written_headers(call, blob)
    return Answer(201, headers | _content_md5(blob))


def set_metadata(call: Call) -> Answer:
    blob = call.blob
    check_change(call, blob)
    blob.metadata = call.metadata()
    properties.touch(blob, call.now)
    return Answer(200, properties.written_headers(call, blob))


def delete(call: Call) -> Answer:
    check_change(call, call.blob)
    del call.container.blobs[call.blob_name]
    headers = {"Content-Length": "0"}
    if call.since("2017-07-29"):
        headers["x-ms-delete-type-permanent"] = "true"
    return Answer(202, headers)


def check_change(call: Call, blob: Blob) -> None:
    """Whether `blob` may be changed: no copy under way, its lease, the conditions."""
    copy.check_settled(blob)
    leases.check_write(call, blob)
    conditions.check_write(call, blob)


def _page_blob(call: Call) -> Blob:
    size = call.required("x-ms-blob-content-length")
    if not size.isdigit() or int(size) % PAGE or int(size) > LARGEST_PAGE_BLOB:
        raise bad_header("x-ms-blob-content-length", size)
    if call.body:
        raise bad_header("Content-Length", str(len(call.body)))
    return properties.new_blob(PageStore(int(size)), call.now, "PageBlob", **_given(call))


def _block_blob(call: Call) -> Blob:
    store = PageStore(len(call.body))
    store.write(0, call.body)
    md5 = base64.b64encode(hashlib.md5(call.body, usedforsecurity=False).digest()).decode()
    if call.header("content-md5") not in ("", md5):
        raise Refusal("Md5Mismatch")
    return properties.new_blob(store, call.now, "BlockBlob", content_md5=md5, **_given(call))


def _given(call: Call) -> dict[str, object]:
    content_type = call.header("x-ms-blob-content-type")
    return {"content_type": content_type} if content_type else {}


def _content_md5(blob: Blob) -> dict[str, str]:
    return {"Content-MD5": str(blob.properties["content_md5"])} if "content_md5" in blob.properties else {}


def _described(call: Call, blob: Blob) -> dict[str, str]:
    return properties.headers_of(call, blob) | leases.headers_of(blob, call.now)


def _chunks(store: PageStore, first: int, end: int) -> Iterator[bytes]:
    for offset in range(first, end, _CHUNK):
        yield store.read(offset, min(_CHUNK, end - offset))
