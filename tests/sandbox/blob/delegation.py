"""Get User Delegation Key: a key that signs SAS in the name of a principal instead of the account.

https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from xml.etree import ElementTree

from tests.sandbox.blob.errors import Refusal, signature_refused
from tests.sandbox.blob.exchange import Answer, Call
from tests.sandbox.blob.stamps import from_iso, to_xml

KEY_FIELDS = ("skoid", "sktid", "skt", "ske", "sks", "skv")
_ELEMENTS = ("SignedOid", "SignedTid", "SignedStart", "SignedExpiry", "SignedService", "SignedVersion")
_LONGEST_SECONDS = 7 * 24 * 3600


def key_value(call: Call, fields: list[str]) -> str:
    """The key for these KEY_FIELDS; derived, so that none has to be remembered."""
    text = "\n".join([call.account.name, *fields]).encode()
    return base64.b64encode(hmac.digest(call.world.signing_key.encode(), text, hashlib.sha256)).decode()


def get_user_delegation_key(call: Call) -> Answer:
    if call.identity in ("key", "sas"):
        raise signature_refused("Only authentication scheme Bearer is supported")
    start, expiry = (_element(call, name) for name in ("Start", "Expiry"))
    begins, ends = from_iso(start) or call.now, from_iso(expiry)
    if ends is None or not begins < ends <= call.now + _LONGEST_SECONDS:
        raise Refusal("InvalidXmlDocument")
    fields = [call.identity, call.tenant, start, expiry, "b", call.version]
    body = ElementTree.Element("UserDelegationKey")
    for name, value in zip(_ELEMENTS, fields, strict=True):
        ElementTree.SubElement(body, name).text = value
    ElementTree.SubElement(body, "Value").text = key_value(call, fields)
    return Answer(200, {"Content-Type": "application/xml"}, to_xml(body))


def _element(call: Call, name: str) -> str:
    found = re.search(f"<{name}>([^<]*)</{name}>", call.body.decode())
    return found[1] if found else ""
