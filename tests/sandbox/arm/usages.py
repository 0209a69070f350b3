"""The vCPU quota of a region: used and limit, in all and by family (`world.usages`)."""

from __future__ import annotations

from tests.sandbox.arm.exchange import Answer, Call, Route
from tests.sandbox.arm.regions import short


def listing(call: Call) -> Answer:
    return Answer(200, {"value": call.world.usages.get(short(call.names["location"]), [])})


ROUTES = [
    Route(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages",
        "Microsoft.Compute/locations/usages/read",
        listing,
    )
]
