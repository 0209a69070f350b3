"""What one blob can take: bytes a second and requests a second, each one after the other like a pipe.

https://learn.microsoft.com/azure/storage/blobs/scalability-targets
"""

from __future__ import annotations

from tests.sandbox.blob.errors import Refusal
from tests.sandbox.blob.exchange import Call
from tests.sandbox.knobs import Knobs
from tests.sandbox.world import Blob

# How long requests may queue up, in seconds. 32 writes of 4 MiB at 60 MiB/s just do not.
PATIENCE = 2.0


def take(blob: Blob, length: int, knobs: Knobs, now: float, way: str = "Ingress") -> float:
    """Seconds (of a monotonic clock's `now`) to hold the answer back; ServerBusy when too many wait already.

    `way` is Ingress or Egress. Bytes and requests are two targets of the service, and two queues here.
    """
    turn = _queue(blob, "requests_until", 1, knobs.requests_per_second, now, "Operations per second")
    return max(turn, _queue(blob, "bytes_until", length, knobs.bandwidth, now, way))


def _queue(blob: Blob, until: str, amount: int, rate: float, now: float, what: str) -> float:
    """Seconds until `amount` is through, behind all that came before; an idle queue saves up no credit."""
    if not amount or not rate:
        return 0.0
    begin = max(now, float(blob.properties.get(until, 0)))
    if begin - now > PATIENCE:
        raise Refusal("ServerBusy", message=f"{what} is over the account limit.")
    end = begin + amount / rate
    blob.properties[until] = end
    return end - now


def length_of(call: Call, blob: Blob) -> int:
    """The bytes that the call moves: a page write's or a read's range; nothing for the rest."""
    comp = call.query.get("comp", "")
    first, _, last = (call.header("x-ms-range") or call.header("range")).removeprefix("bytes=").partition("-")
    moves = (call.method == "GET" and not comp) or (comp == "page" and call.header("x-ms-page-write") != "clear")
    if not moves:
        return len(call.body)
    if first.isdigit() and last.isdigit():
        return max(0, int(last) + 1 - int(first))
    return int(blob.store.size)
