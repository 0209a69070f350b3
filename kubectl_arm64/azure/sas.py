"""A service SAS for one container, signed here with the account key. Pure.

The SDK signs for its own newest service version, which sovereign clouds may not know yet; this is the same
signature for the pinned one (learn.microsoft.com/rest/api/storageservices/create-service-sas, version 2020-12-06
and later).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlencode

from kubectl_arm64.azure import versions


def container_sas(
    account: str, container: str, key: str, permissions: str, expiry: datetime, version: str = versions.BLOB
) -> str:
    """The query string, https only.

    There is no start: a client whose clock runs ahead would make a signature that does not hold yet.
    """
    fields = {
        "sp": permissions,
        "se": expiry.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "spr": "https",
        "sv": version,
        "sr": "c",
    }
    start = identifier = ip = snapshot = encryption_scope = ""
    headers = [""] * 5  # response headers that the SAS would override
    to_sign = "\n".join(
        [
            fields["sp"],
            start,
            fields["se"],
            f"/blob/{account}/{container}",
            identifier,
            ip,
            fields["spr"],
            fields["sv"],
            fields["sr"],
            snapshot,
            encryption_scope,
            *headers,
        ]
    )
    digest = hmac.digest(base64.b64decode(key), to_sign.encode(), hashlib.sha256)
    return urlencode({**fields, "sig": base64.b64encode(digest).decode()})
