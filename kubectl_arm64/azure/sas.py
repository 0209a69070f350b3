"""Shared access signatures, made here: of a container with the account key, of a blob with a user delegation key. Pure.

The SDK signs for its own newest service version, which sovereign clouds may not know yet; these are the same
signatures for the pinned one (learn.microsoft.com/rest/api/storageservices/create-service-sas and
create-user-delegation-sas, version 2020-12-06 and later).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

from kubectl_arm64.azure import versions


class DelegationKey(Protocol):
    """A user delegation key, as the SDK answers it."""

    signed_oid: str | None
    signed_tid: str | None
    signed_start: str | None
    signed_expiry: str | None
    signed_service: str | None
    signed_version: str | None
    value: str | None


def container_sas(
    account: str, container: str, key: str, permissions: str, expiry: datetime, version: str = versions.BLOB
) -> str:
    """The query string, https only.

    There is no start: a client whose clock runs ahead would make a signature that does not hold yet.
    """
    fields = _fields(permissions, expiry, version, "c")
    identifier = ""
    return _signed(fields, f"/blob/{account}/{container}", [identifier], key)


def delegated_sas(
    account: str, container: str, blob: str, key: DelegationKey, expiry: datetime, version: str = versions.BLOB
) -> str:
    """The query string, to read one blob in the name of the principal that got `key`, https only."""
    named = {
        "skoid": key.signed_oid or "",
        "sktid": key.signed_tid or "",
        "skt": key.signed_start or "",
        "ske": key.signed_expiry or "",
        "sks": key.signed_service or "",
        "skv": key.signed_version or "",
    }
    authorized = unauthorized = correlation = ""
    fields = {**_fields("r", expiry, version, "b"), **named}
    owners = [*named.values(), authorized, unauthorized, correlation]
    return _signed(fields, f"/blob/{account}/{container}/{blob}", owners, key.value or "")


def _fields(permissions: str, expiry: datetime, version: str, resource: str) -> dict[str, str]:
    ends = expiry.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"sp": permissions, "se": ends, "spr": "https", "sv": version, "sr": resource}


def _signed(fields: dict[str, str], resource: str, owners: Sequence[str], key: str) -> str:
    """`owners` is what is signed between the resource and the rest: an access policy, or whose key it is."""
    start = ip = snapshot = encryption_scope = ""
    headers = [""] * 5  # response headers that the SAS would override
    to_sign = "\n".join(
        [
            fields["sp"],
            start,
            fields["se"],
            resource,
            *owners,
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
