"""What can come between two page blobs, told apart by what the engine does about it.

Busy         try again, later and with fewer requests
LeaseHeld    another run is at work: wait for it
LeaseLost    take the lease again, if nobody else has
BlobChanged  somebody was faster: look again
SourceChanged  start over
NoPageCopy   let Azure copy by itself (the asynchronous copy)

All else is a Failure that ends the run.
"""

from __future__ import annotations

from kubectl_arm64.errors import Failure

TRIES = 8  # for one request
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_LONGEST_ASKED = 300.0  # what a Retry-After may ask for


class Busy(Failure):
    """The service was too busy, broke down, or gave no answer; `retry_after` is the seconds that it asked for."""

    def __init__(self, what: str, advice: str = "", *, code: str = "", retry_after: float = 0.0) -> None:
        super().__init__(what, advice, code=code)
        self.retry_after = retry_after


class LeaseHeld(Failure):
    """Another holds a lease on the blob."""


class LeaseLost(Failure):
    """The lease that was named does not hold (any more)."""


class BlobChanged(Failure):
    """The blob is not as the request's condition wants it."""


class SourceChanged(Failure):
    """The source is not what it was when the copy began."""


class NoPageCopy(Failure):
    """The source tells no page ranges, or the service may not copy pages from it."""


def pause(tries: int, retry_after: float = 0.0) -> float:
    """Seconds to wait after the n-th try: what the service asked for, or twice as long as the last time."""
    return max(min(retry_after, _LONGEST_ASKED), min(_FIRST_PAUSE * 2.0 ** (tries - 1), _LONGEST_PAUSE))
