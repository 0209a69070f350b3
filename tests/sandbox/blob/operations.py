"""Which operation a request is, what it needs, and who carries it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.sandbox.blob import blobs, containers, copy, delegation, leases, page_operations, rights
from tests.sandbox.blob.errors import Refusal
from tests.sandbox.blob.exchange import Answer, Call
from tests.sandbox.blob.rights import Rights


@dataclass(frozen=True)
class Operation:
    rights: Rights
    run: Callable[[Call], Answer]


def _unknown(call: Call) -> Answer:
    shown = f"{call.method} {call.level} restype={call.query.get('restype', '')} comp={call.query.get('comp', '')}"
    raise Refusal("NotImplemented", elements={"Operation": shown})


UNKNOWN = Operation(Rights("", ""), _unknown)
START_COPY = Operation(rights.CREATE_BLOB, copy.start)

# (method, level, restype, comp)
OPERATIONS = {
    ("GET", "service", "", "list"): Operation(rights.LIST_CONTAINERS, containers.list_containers),
    ("POST", "service", "service", "userdelegationkey"): Operation(rights.DELEGATE, delegation.get_user_delegation_key),
    ("PUT", "container", "container", ""): Operation(rights.CREATE_CONTAINER, containers.create),
    ("PUT", "container", "container", "undelete"): Operation(rights.CREATE_CONTAINER, containers.undelete),
    ("HEAD", "container", "container", ""): Operation(rights.READ_CONTAINER, containers.get_properties),
    ("GET", "container", "container", ""): Operation(rights.READ_CONTAINER, containers.get_properties),
    ("DELETE", "container", "container", ""): Operation(rights.DELETE_CONTAINER, containers.delete),
    ("GET", "container", "container", "list"): Operation(rights.LIST_BLOBS, containers.list_blobs),
    ("HEAD", "blob", "", ""): Operation(rights.READ_BLOB, blobs.get_properties),
    ("GET", "blob", "", ""): Operation(rights.READ_BLOB, blobs.get),
    ("PUT", "blob", "", ""): Operation(rights.CREATE_BLOB, blobs.put),
    ("DELETE", "blob", "", ""): Operation(rights.DELETE_BLOB, blobs.delete),
    ("PUT", "blob", "", "metadata"): Operation(rights.WRITE_BLOB, blobs.set_metadata),
    ("PUT", "blob", "", "page"): Operation(rights.WRITE_BLOB, page_operations.put_page),
    ("GET", "blob", "", "pagelist"): Operation(rights.READ_BLOB, page_operations.get_page_ranges),
    ("PUT", "blob", "", "copy"): Operation(rights.WRITE_BLOB, copy.abort),
    ("PUT", "blob", "", "lease"): Operation(rights.WRITE_BLOB, leases.lease_blob),
}


def operation_of(call: Call) -> Operation:
    key = (call.method, call.level, call.query.get("restype", ""), call.query.get("comp", ""))
    if key == ("PUT", "blob", "", "") and call.header("x-ms-copy-source"):
        return UNKNOWN if call.header("x-ms-blob-type") else START_COPY
    return OPERATIONS.get(key, UNKNOWN)
