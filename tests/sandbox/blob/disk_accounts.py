"""The accounts behind managed disks (md-...): one blob that is there already, and hardly anything to do with it.

AzCopy's source: such a blob can be neither created nor deleted, and knows no access conditions and no Content-MD5.
That leases, metadata and copies are refused too, and the codes of the refusals, are inferred.
"""

from __future__ import annotations

from tests.sandbox.blob.errors import Refusal
from tests.sandbox.blob.exchange import Call

PREFIX = "md-"
_ALLOWED = {("HEAD", ""), ("GET", ""), ("GET", "pagelist"), ("PUT", "page")}
_UNSUPPORTED = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "content-md5")


def check(call: Call) -> None:
    """Refuse what the account of a managed disk does not do; other accounts are let through."""
    if not call.account.name.startswith(PREFIX):
        return
    if call.level != "blob" or (call.method, call.query.get("comp", "")) not in _ALLOWED:
        raise Refusal("AuthorizationFailure")
    for name in _UNSUPPORTED:
        if call.header(name):
            raise Refusal("UnsupportedHeader", elements={"HeaderName": name, "HeaderValue": call.header(name)})
