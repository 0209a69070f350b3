"""What a copy reads from: a blob of this world, under its own account's rules."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from tests.sandbox.blob import auth
from tests.sandbox.blob.errors import Refusal
from tests.sandbox.blob.exchange import Call, account_at, parse_query
from tests.sandbox.blob.rights import READ_BLOB
from tests.sandbox.world import Blob


def find(call: Call, url: str, *, authorization: str = "", as_caller: bool = False) -> tuple[Call, Blob]:
    """The read that the service makes of the source, and the blob it finds; Refusal is the source's own.

    `authorization` is that of x-ms-copy-source-authorization. `as_caller`: within one account the caller's own
    rights count for the source too (Copy Blob; not Put Page From URL, recordings/blob/page-from-url/07).
    """
    read = _reading(call, url, authorization)
    if not (as_caller and read.account is call.account and _may_read(call, read)):
        auth.authorize(read, READ_BLOB)
    return read, read.blob


def shown(url: str) -> str:
    """As x-ms-copy-source tells it: without the signature (recordings/blob/copy/08)."""
    base, _, query = url.partition("?")
    kept = [part for part in query.split("&") if part and not part.lower().startswith("sig=")]
    return f"{base}?{'&'.join(kept)}" if kept else base


def _reading(call: Call, url: str, authorization: str) -> Call:
    parts = urlsplit(url)
    account = account_at(call.world, parts.hostname or "")
    if account is None:
        raise Refusal("ResourceNotFound")
    headers = {"x-ms-version": call.version, "host": parts.netloc, "authorization": authorization}
    query = parse_query(parts.query)
    return replace(
        call,
        account=account,
        method="GET",
        raw_path=parts.path,
        query=query,
        headers={name: value for name, value in headers.items() if value},
        body=b"",
        scheme=parts.scheme,
        identity="",
    )


def _may_read(call: Call, read: Call) -> bool:
    if call.identity == "key":
        return True
    return call.identity not in ("", "sas") and auth.may(read, call.identity, READ_BLOB)
