"""Microsoft.Compute/skus: which sizes there are, where, and with which capabilities (`world.skus`)."""

from __future__ import annotations

import re

from tests.sandbox.arm import errors
from tests.sandbox.arm.exchange import Answer, Call, Route
from tests.sandbox.arm.regions import short

_FILTER = re.compile(r"\s*location\s+eq\s+'([^']*)'\s*", re.IGNORECASE)


def listing(call: Call) -> Answer:
    """All SKUs, or those of the location that `$filter` names; no other filter is supported."""
    wanted = call.query.get("$filter", "")
    match = _FILTER.fullmatch(wanted)
    if wanted and match is None:
        raise errors.Refusal(400, "InvalidParameter", f"The filter '{wanted}' is not supported.", target="$filter")
    skus = call.world.skus
    if match is not None:
        skus = [sku for sku in skus if short(match[1]) in map(short, sku["locations"])]
    return Answer(200, {"value": skus})


ROUTES = [
    Route(
        "GET", "/subscriptions/{subscription}/providers/Microsoft.Compute/skus", "Microsoft.Compute/skus/read", listing
    )
]
