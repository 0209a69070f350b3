"""Lease Blob, and what a lease forbids to those who do not hold it.

`properties["lease"]`: id, until (seconds since the epoch; infinite for ever), duration (seconds, -1 for ever) and
broken. https://learn.microsoft.com/rest/api/storageservices/lease-blob; which code each refusal has: the tests of
Microsoft's own clients (azure-sdk-for-net, LeaseTests), and Azurite.
"""

from __future__ import annotations

import math
from typing import Any

from tests.sandbox.blob import properties
from tests.sandbox.blob.errors import Refusal, bad_header
from tests.sandbox.blob.exchange import Answer, Call
from tests.sandbox.blob.stamps import new_id
from tests.sandbox.world import Blob


def state(blob: Blob, now: float) -> str:
    """available, leased, expired, breaking or broken."""
    lease = blob.properties.get("lease")
    if not lease:
        return "available"
    if lease["until"] > now:
        return "breaking" if lease["broken"] else "leased"
    return "broken" if lease["broken"] else "expired"


def headers_of(blob: Blob, now: float) -> dict[str, str]:
    current = state(blob, now)
    headers = {"x-ms-lease-state": current, "x-ms-lease-status": "unlocked"}
    if current in ("leased", "breaking"):
        headers["x-ms-lease-status"] = "locked"
    if current == "leased":
        headers["x-ms-lease-duration"] = "infinite" if blob.properties["lease"]["duration"] == -1 else "fixed"
    return headers


def check_write(call: Call, blob: Blob) -> None:
    """A write needs the lease's id while there is a lease, and must not name one when there is none.

    What is written without a lease that has run out makes an end of it: its holder cannot renew it any more.
    """
    given, current = call.header("x-ms-lease-id").lower(), state(blob, call.now)
    if current in ("leased", "breaking"):
        if not given:
            raise Refusal("LeaseIdMissing")
        if given != blob.properties["lease"]["id"]:
            raise Refusal("LeaseIdMismatchWithBlobOperation")
    elif given:
        lost = current == "expired" and given == blob.properties["lease"]["id"]
        raise Refusal("LeaseLost" if lost else "LeaseNotPresentWithBlobOperation")
    elif current == "expired":
        del blob.properties["lease"]


def lease_blob(call: Call) -> Answer:
    actions = {"acquire": _acquire, "renew": _renew, "change": _change, "release": _release, "break": _break}
    action = call.required("x-ms-lease-action").lower()
    if action not in actions:
        raise bad_header("x-ms-lease-action", action)
    return actions[action](call, call.blob)


def _acquire(call: Call, blob: Blob) -> Answer:
    duration = _number(call, "x-ms-lease-duration", -1)
    if duration != -1 and not 15 <= duration <= 60:
        raise bad_header("x-ms-lease-duration", str(duration))
    proposed = call.header("x-ms-proposed-lease-id").lower()
    current = state(blob, call.now)
    mine = current == "leased" and proposed == blob.properties["lease"]["id"]
    if current == "breaking" and proposed == blob.properties["lease"]["id"]:
        raise Refusal("LeaseIsBreakingAndCannotBeAcquired")
    if current in ("leased", "breaking") and not mine:
        raise Refusal("LeaseAlreadyPresent")
    lease_id = proposed or new_id()
    until = _end(call, duration)
    blob.properties["lease"] = {"id": lease_id, "duration": duration, "until": until, "broken": False}
    return Answer(201, {**_headers(blob), "x-ms-lease-id": lease_id})


def _renew(call: Call, blob: Blob) -> Answer:
    lease = _held(call, blob)
    if lease["broken"]:
        raise Refusal("LeaseIsBrokenAndCannotBeRenewed")
    lease["until"] = _end(call, lease["duration"])
    return Answer(200, {**_headers(blob), "x-ms-lease-id": lease["id"]})


def _change(call: Call, blob: Blob) -> Answer:
    if not blob.properties.get("lease"):
        raise Refusal("LeaseNotPresentWithLeaseOperation")
    lease = _held(call, blob)
    lease["id"] = call.required("x-ms-proposed-lease-id").lower()
    return Answer(200, {**_headers(blob), "x-ms-lease-id": lease["id"]})


def _release(call: Call, blob: Blob) -> Answer:
    _held(call, blob)
    del blob.properties["lease"]
    return Answer(200, _headers(blob))


def _break(call: Call, blob: Blob) -> Answer:
    lease = blob.properties.get("lease")
    if not lease:
        raise Refusal("LeaseNotPresentWithLeaseOperation")
    left = max(0.0, lease["until"] - call.now)
    asked = _number(call, "x-ms-lease-break-period", -1)
    # Without a period a fixed lease breaks when it would have ended, an infinite one at once.
    period = min(left, asked) if asked >= 0 else (0.0 if math.isinf(left) else left)
    lease["until"], lease["broken"] = call.now + period, True
    return Answer(202, {**_headers(blob), "x-ms-lease-time": str(math.ceil(period))})


def _held(call: Call, blob: Blob) -> dict[str, Any]:
    """The lease, if the caller names its id; a lease that nobody holds has none that could match."""
    given = call.required("x-ms-lease-id").lower()
    lease: dict[str, Any] | None = blob.properties.get("lease")
    if not lease or lease["id"] != given:
        raise Refusal("LeaseIdMismatchWithLeaseOperation")
    return lease


def _end(call: Call, duration: float) -> float:
    return math.inf if duration == -1 else call.now + duration


def _number(call: Call, name: str, default: int) -> int:
    text = call.header(name) or str(default)
    if not text.lstrip("-").isdigit():
        raise bad_header(name, text)
    return int(text)


def _headers(blob: Blob) -> dict[str, str]:
    return {"Content-Length": "0", **properties.stamp_headers(blob)}
