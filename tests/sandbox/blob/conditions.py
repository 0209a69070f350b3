"""If-Match and its kin, for a blob and (with the prefix x-ms-source-) for a copy's source."""

from __future__ import annotations

from tests.sandbox.blob.errors import Refusal
from tests.sandbox.blob.exchange import Call
from tests.sandbox.blob.properties import etag, last_modified
from tests.sandbox.blob.stamps import from_http_date
from tests.sandbox.world import Blob

SOURCE = "x-ms-source-"


def failed(call: Call, blob: Blob, prefix: str = "") -> str:
    """ "" when every condition holds, "changed" when one that asks for the known state fails, "unchanged" when one
    that asks for another state does.
    """
    match, none_match = call.header(f"{prefix}if-match"), call.header(f"{prefix}if-none-match")
    # HTTP dates have whole seconds; so must be what they are compared with.
    changed = int(last_modified(blob))
    modified_since = from_http_date(call.header(f"{prefix}if-modified-since"))
    unmodified_since = from_http_date(call.header(f"{prefix}if-unmodified-since"))
    if match and not _names(match, blob):
        return "changed"
    if unmodified_since is not None and changed > unmodified_since:
        return "changed"
    if none_match and _names(none_match, blob):
        return "unchanged"
    if modified_since is not None and changed <= modified_since:
        return "unchanged"
    return ""


def check_read(call: Call, blob: Blob) -> None:
    outcome = failed(call, blob)
    if outcome:
        raise Refusal("ConditionNotMet", status=412 if outcome == "changed" else 304)


def check_write(call: Call, blob: Blob | None) -> None:
    """`blob` is None when the write makes it: only a condition that wants it there can fail then."""
    if blob is None:
        if call.header("if-match"):
            raise Refusal("ConditionNotMet")
    elif failed(call, blob):
        raise Refusal("ConditionNotMet")


def check_create(call: Call, old: Blob | None) -> None:
    """As check_write, for what puts a new blob in the place of `old`: "only if there is none" has a code of its own."""
    if old is not None and call.header("if-none-match") == "*":
        raise Refusal("BlobAlreadyExists")
    check_write(call, old)


def _names(header: str, blob: Blob) -> bool:
    """Clients send an ETag with and without quotes; the service takes both."""
    named = {tag.strip().strip('"') for tag in header.split(",")}
    return "*" in named or etag(blob).strip('"') in named
