"""What -v shows of a request: method, URL, status and time. Never a header or a body: they may hold secrets."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kubectl_arm64.errors import redact

LOGGER = "kubectl_arm64.exchange"

# Query parameters that this tool sends; others are the services' own, and may be signatures.
_PLAIN = {
    "api-version", "comp", "continue", "dryrun", "fieldmanager", "fieldvalidation", "force", "labelselector", "limit",
    "marker", "maxresults", "restype", "timeout", "$expand", "$filter",
}  # fmt: skip


def shown_url(url: str) -> str:
    """For people: values of parameters that this tool did not choose are hidden."""
    address, mark, query = url.partition("?")
    parts = [part.partition("=") for part in query.split("&")]
    hidden = (f"{name}={value if name.lower() in _PLAIN else 'REDACTED'}" if eq else name for name, eq, value in parts)
    return redact(f"{address}{mark}{'&'.join(hidden)}")


@dataclass
class Exchange:
    """One request on its way; `status` is "" until there is an answer."""

    status: int | str = ""


@contextmanager
def shown(method: str, url: str) -> Iterator[Exchange]:
    """Log a request in kubectl's form when it is over, answered or not."""
    begun, exchange = time.monotonic(), Exchange()
    try:
        yield exchange
    finally:
        logging.getLogger(LOGGER).debug(
            '"Response" verb="%s" url="%s" status="%s" milliseconds=%d',
            *(method, shown_url(url), exchange.status, (time.monotonic() - begun) * 1000),
        )
