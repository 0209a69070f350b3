"""Ranges of bytes as requests write them."""

from __future__ import annotations

import re

from tests.sandbox.blob.errors import Refusal, bad_header
from tests.sandbox.blob.exchange import Call
from tests.sandbox.blob.pages import PAGE

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def asked(call: Call, name: str = "") -> tuple[int, int | None] | None:
    """(first byte, end or None for the rest) of the header `name`, without one of x-ms-range or Range; None if absent.

    A Range that is not understood is ignored, as HTTP has it; x-ms headers are refused.
    """
    text = call.header(name) if name else call.header("x-ms-range") or call.header("range")
    if not text:
        return None
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        if name or call.header("x-ms-range"):
            raise bad_header(name or "x-ms-range", text)
        return None
    first, last = int(match[1]), match[2]
    if last and int(last) < first:
        raise bad_header(name or "x-ms-range", text)
    return first, int(last) + 1 if last else None


def within(span: tuple[int, int | None], size: int) -> tuple[int, int]:
    """The part that exists, [first, end); 416 if that is nothing."""
    first, end = span
    if first >= size:
        raise Refusal("InvalidRange", headers={"Content-Range": f"bytes */{size}"})
    return first, min(size if end is None else end, size)


def pages(call: Call, size: int) -> tuple[int, int]:
    """The range of a page write: whole pages inside the blob."""
    span = asked(call)
    if span is None:
        raise Refusal("MissingRequiredHeader", elements={"HeaderName": "x-ms-range"})
    first, end = span
    if end is None or first % PAGE or end % PAGE or end > size:
        raise Refusal("InvalidPageRange")
    return first, end
