"""Dates, ETags, ids and XML in the service's spelling."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from xml.etree import ElementTree

_BOM = b"\xef\xbb\xbf"
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
_TICKS_FROM_0001_TO_1970 = 621_355_968_000_000_000
_counter = itertools.count()


def http_date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def from_http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def from_iso(text: str) -> float | None:
    """Seconds since the epoch of 2026-11-25, 2026-11-25T01:02Z or 2026-11-25T01:02:03.4567Z; None if it is no time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def to_iso(seconds: float) -> str:
    """With seven digits of a fraction."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def new_etag(seconds: float) -> str:
    """Quoted, and never given twice, though it looks like the service's: a time in hexadecimal."""
    return f'"0x{_TICKS_FROM_0001_TO_1970 + int(seconds * 10_000_000) + next(_counter):X}"'


def new_request_id() -> str:
    return f"{str(uuid.uuid4())[:30]}000000"


def new_id() -> str:
    return str(uuid.uuid4())


def to_xml(element: ElementTree.Element) -> bytes:
    return _BOM + _DECLARATION + ElementTree.tostring(element)
