"""File shares, queues and tables of a storage account, listed through Resource Manager. Shapes from Swagger."""

from __future__ import annotations

from collections.abc import Callable

from tests.sandbox.arm import storage
from tests.sandbox.arm.account_body import TYPE as ACCOUNTS
from tests.sandbox.arm.exchange import Answer, Call, Route

# Service and kind, as the path has them.
_KINDS = (("fileServices", "shares"), ("queueServices", "queues"), ("tableServices", "tables"))


def _listing(service: str, kind: str) -> Callable[[Call], Answer]:
    def listing(call: Call) -> Answer:
        account = storage.find(call)
        found = [
            {
                "id": f"{account.resource_id}/{service}/default/{kind}/{name}",
                "name": name,
                "type": f"{ACCOUNTS}/{service}/{kind}",
                "properties": {},
            }
            for name in account.beside_blobs.get(kind, [])
        ]
        return Answer(200, {"value": found})

    return listing


_ACCOUNT = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{ACCOUNTS}/{{account}}"

ROUTES = [
    Route("GET", f"{_ACCOUNT}/{service}/default/{kind}", f"{ACCOUNTS}/{service}/{kind}/read", _listing(service, kind))
    for service, kind in _KINDS
]
