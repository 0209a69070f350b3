"""What -v shows of a request: method, URL, status and time. Never a header or a body: they may hold secrets."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kubectl_arm64.errors import redact

LOGGER = "kubectl_arm64.exchange"


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
            *(method, redact(url), exchange.status, (time.monotonic() - begun) * 1000),
        )
