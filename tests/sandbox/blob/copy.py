"""Copy Blob, which goes on by itself after the answer: each HEAD of the destination is one step of its way.

https://learn.microsoft.com/rest/api/storageservices/copy-blob
"""

from __future__ import annotations

from typing import Any

from tests.sandbox.blob import conditions, leases, properties, sources
from tests.sandbox.blob.errors import Refusal, bad_header
from tests.sandbox.blob.exchange import Answer, Call
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.stamps import http_date, new_id
from tests.sandbox.knobs import Knobs
from tests.sandbox.world import Blob, World

_KEPT = ("content_type", "content_md5", "sequence_number")
_UNREADABLE = '500 InternalServerError "Copy failed when reading the source."'
_CHANGED = '412 ConditionNotMet "Copy failed when reading the source."'
_GONE = '404 BlobNotFound "Copy failed when reading the source."'


def check_settled(blob: Blob) -> None:
    """While a copy is on its way into the blob, all but its properties is refused (azure-cli issue 28727)."""
    if is_pending(blob):
        raise Refusal("PendingCopyOperation")


def is_pending(blob: Blob) -> bool:
    return (blob.properties.get("copy") or {}).get("status") == "pending"


def start(call: Call) -> Answer:
    old = call.existing
    if old is not None:
        check_settled(old)
        leases.check_write(call, old)
    conditions.check_create(call, old)
    read, source = _source(call)
    if conditions.failed(call, source, conditions.SOURCE):
        raise Refusal("SourceConditionNotMet")
    if old is not None and properties.kind(old) != properties.kind(source):
        raise Refusal("InvalidBlobType")
    blob = _destination(call, read, source)
    if old is not None and "lease" in old.properties:
        blob.properties["lease"] = old.properties["lease"]
    call.container.blobs[call.blob_name] = blob
    if _is_instant(call.knobs):
        _finish(call.world, blob)
    copied = blob.properties["copy"]
    headers = {"Content-Length": "0", **properties.stamp_headers(blob)}
    return Answer(202, {**headers, "x-ms-copy-id": copied["id"], "x-ms-copy-status": copied["status"]})


def abort(call: Call) -> Answer:
    """The destination stays, empty (recordings/blob/copy/05)."""
    if call.required("x-ms-copy-action").lower() != "abort":
        raise bad_header("x-ms-copy-action", call.header("x-ms-copy-action"))
    blob = call.blob
    if not is_pending(blob):
        raise Refusal("NoPendingCopyOperation")
    if call.query.get("copyid") != blob.properties["copy"]["id"]:
        raise Refusal("CopyIdMismatch")
    leases.check_write(call, blob)
    _end(blob, call.now, "aborted")
    return Answer(204, {"Content-Length": "0"})


def advance(world: World, knobs: Knobs, blob: Blob) -> None:
    """One look: progress starts at 0 and grows, until one look finds the copy over."""
    if not is_pending(blob):
        return
    copy = blob.properties["copy"]
    share = _share(world, knobs, copy)
    copy["looks"] += 1
    if share < 1:
        copy["done"] = int(copy["total"] * share) // 512 * 512
    elif knobs.copy_outcome == "failed":
        _end(blob, world.clock.now(), "failed", _UNREADABLE)
    elif knobs.copy_outcome == "success":
        _finish(world, blob)


def _share(world: World, knobs: Knobs, copy: dict[str, Any]) -> float:
    """How much of the way is done: by time where the knobs give a rate, else by looks."""
    if knobs.copy_bandwidth:
        return float((world.clock.now() - copy["begun"]) * knobs.copy_bandwidth / max(1, copy["total"]))
    return float(copy["looks"] / max(1, knobs.polls.get("copy", 0)))


def _is_instant(knobs: Knobs) -> bool:
    return not knobs.polls.get("copy", 0) and not knobs.copy_bandwidth and knobs.copy_outcome == "success"


def _source(call: Call) -> tuple[Call, Blob]:
    if call.header("x-ms-requires-sync"):
        raise Refusal("NotImplemented")
    try:
        read, source = sources.find(call, call.required("x-ms-copy-source"), as_caller=True)
        check_settled(source)
    except Refusal as refusal:
        if refusal.code == "MissingRequiredHeader":
            raise
        raise Refusal("CannotVerifyCopySource", status=refusal.status, message=refusal.message) from None
    return read, source


def _destination(call: Call, read: Call, source: Blob) -> Blob:
    """Its full size at once, and nothing in it yet."""
    kept = {name: source.properties[name] for name in _KEPT if name in source.properties}
    copy = {
        "id": new_id(),
        "source": sources.shown(call.header("x-ms-copy-source")),
        "status": "pending",
        "done": 0,
        "total": source.store.size,
        "completion": "",
        "description": "",
        "looks": 0,
        "begun": call.now,
        "from": (read.account.name, read.container_name, read.blob_name, properties.etag(source)),
    }
    store = PageStore(source.store.size)
    blob = properties.new_blob(store, call.now, properties.kind(source), copy=copy, **kept)
    blob.metadata.update(call.metadata() or source.metadata)
    return blob


def _finish(world: World, blob: Blob) -> None:
    copy, now = blob.properties["copy"], world.clock.now()
    source = _as_it_was(world, copy)
    if isinstance(source, str):
        _end(blob, now, "failed", source)
        return
    blob.store = source.store.copy()
    copy["done"] = copy["total"]
    _close(blob, now, "success")


def _as_it_was(world: World, copy: dict[str, Any]) -> Blob | str:
    """The source, or why it can no longer be copied."""
    account_name, container_name, name, etag = copy["from"]
    account = world.accounts.get(account_name)
    container = account.containers.get(container_name) if account else None
    source = container.blobs.get(name) if container else None
    if source is None:
        return _GONE
    return source if properties.etag(source) == etag else _CHANGED


def _end(blob: Blob, now: float, status: str, description: str = "") -> None:
    blob.store = PageStore(0)
    blob.properties.pop("content_md5", None)
    blob.properties["copy"]["description"] = description
    _close(blob, now, status)


def _close(blob: Blob, now: float, status: str) -> None:
    copy = blob.properties["copy"]
    copy["status"], copy["completion"] = status, http_date(now)
    properties.touch(blob, now)
