"""Shared Key: the whole request signed with one of the account's two keys.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key (blob service, 2015-02-21 and later)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable

from tests.sandbox.blob.errors import Refusal, signature_refused
from tests.sandbox.blob.exchange import Call
from tests.sandbox.blob.stamps import from_http_date

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_OLDEST_SECONDS = 15 * 60


def sign(key: str, text: str) -> str:
    """Base64 of the HMAC-SHA256 of `text` under the base64 `key`."""
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)).decode()


def signed_with(keys: list[str], text: str, signature: str) -> bool:
    return any(hmac.compare_digest(sign(key, text).encode(), signature.encode()) for key in keys)


def check(call: Call) -> None:
    """Raises Refusal unless `Authorization: SharedKey account:signature` is right and fresh."""
    if not call.account.shared_keys:
        raise Refusal("KeyBasedAuthenticationNotPermitted", early=True)
    name, _, signature = call.header("authorization").removeprefix("SharedKey ").partition(":")
    texts = [string_to_sign(call, order) for order in (_plain, _culture)]
    if name != call.account.name or not any(signed_with(call.account.keys, text, signature) for text in texts):
        shown = texts[0].replace("\n", "\\n")
        raise signature_refused(
            f"The MAC signature found in the HTTP request '{signature}' is not the same as any computed signature. "
            f"Server used following string to sign: '{shown}'."
        )
    date = call.header("x-ms-date") or call.header("date")
    # The machine's own clock, not the world's: that is the one the client dates its requests by.
    if abs((from_http_date(date) or 0) - time.time()) > _OLDEST_SECONDS:
        raise signature_refused(f"Request date header too old: '{date}'")


def string_to_sign(call: Call, order: Callable[[str], str]) -> str:
    headers = {name: call.header(name) for name in _SIGNED_HEADERS}
    if headers["content-length"] == "0":
        headers["content-length"] = ""
    if call.header("x-ms-date"):
        headers["date"] = ""
    own = sorted((name for name in call.headers if name.startswith("x-ms-")), key=order)
    canonical = [f"{name}:{call.headers[name].strip()}" for name in own]
    resource = f"/{call.account.name}{call.raw_path}"
    query = [f"{name}:{value}" for name, value in sorted(call.query.items())]
    return "\n".join([call.method, *headers.values(), *canonical, resource, *query])


def _plain(name: str) -> str:
    return name


def _culture(name: str) -> str:
    """The service's order, which the SDK follows: hyphens do not count, an underscore comes before digits."""
    return name.replace("-", "").replace("_", "!")
