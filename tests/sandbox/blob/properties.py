"""What `world.Blob.properties` holds.

blob_type (PageBlob or BlockBlob), etag (quoted), created and last_modified (seconds since the epoch), content_type,
content_md5 (absent on a new page blob), sequence_number, copy (the last Copy Blob into this blob: id, source, status,
done, total, completion, description, and what tests/sandbox/blob/copy.py needs), lease (tests/sandbox/blob/leases.py),
bytes_until and requests_until (tests/sandbox/blob/limits.py). All but the first may be absent.
"""

from __future__ import annotations

from tests.sandbox.blob.exchange import Call
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.stamps import http_date, new_etag
from tests.sandbox.world import Blob

SERVER_ENCRYPTED_SINCE = "2015-12-11"


def new_blob(store: PageStore, now: float, blob_type: str = "PageBlob", **properties: object) -> Blob:
    """A blob as Put Blob makes it; `properties` are added to what every blob has."""
    every = {"blob_type": blob_type, "created": now, "content_type": "application/octet-stream", "sequence_number": 0}
    blob = Blob(store=store, properties={**every, **properties})
    touch(blob, now)
    return blob


def touch(blob: Blob, now: float) -> None:
    """A new ETag and a new Last-Modified: the blob has changed."""
    blob.properties["etag"] = new_etag(now)
    blob.properties["last_modified"] = now


def etag(blob: Blob) -> str:
    return str(blob.properties.setdefault("etag", new_etag(0)))


def last_modified(blob: Blob) -> float:
    return float(blob.properties.get("last_modified", 0))


def kind(blob: Blob) -> str:
    return str(blob.properties.get("blob_type", "PageBlob"))


def stamp_headers(blob: Blob) -> dict[str, str]:
    return {"ETag": etag(blob), "Last-Modified": http_date(last_modified(blob))}


def written_headers(call: Call, blob: Blob) -> dict[str, str]:
    """What every write answers."""
    headers = {"Content-Length": "0", **stamp_headers(blob)}
    if call.since(SERVER_ENCRYPTED_SINCE):
        headers["x-ms-request-server-encrypted"] = "true"
    return headers


def headers_of(call: Call, blob: Blob) -> dict[str, str]:
    """The properties as Get Blob and Get Blob Properties tell them, each since the version that brought it."""
    properties = blob.properties
    headers = {"Content-Type": str(properties.get("content_type", "application/octet-stream")), **stamp_headers(blob)}
    headers["x-ms-blob-type"] = kind(blob)
    if properties.get("content_md5"):
        headers["Content-MD5"] = str(properties["content_md5"])
    if kind(blob) == "PageBlob":
        headers["x-ms-blob-sequence-number"] = str(properties.get("sequence_number", 0))
    if call.since("2013-08-15"):
        headers["Accept-Ranges"] = "bytes"
    if call.since(SERVER_ENCRYPTED_SINCE):
        headers["x-ms-server-encrypted"] = "true"
    if call.since("2017-04-17"):
        headers |= {"x-ms-access-tier": "Hot", "x-ms-access-tier-inferred": "true"}
    if call.since("2017-11-09"):
        headers["x-ms-creation-time"] = http_date(float(properties.get("created", last_modified(blob))))
    headers |= {f"x-ms-meta-{name}": value for name, value in blob.metadata.items()}
    return headers | _copy_headers(blob)


def _copy_headers(blob: Blob) -> dict[str, str]:
    copy = blob.properties.get("copy")
    if not copy:
        return {}
    headers = {
        "x-ms-copy-id": copy["id"],
        "x-ms-copy-source": copy["source"],
        "x-ms-copy-status": copy["status"],
        "x-ms-copy-progress": f"{copy['done']}/{copy['total']}",
    }
    if copy["completion"]:
        headers["x-ms-copy-completion-time"] = copy["completion"]
    if copy["description"]:
        headers["x-ms-copy-status-description"] = copy["description"]
    return headers
