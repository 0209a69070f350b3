"""What may not stand in a record: tokens, keys, client secrets and SAS signatures."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

REDACTED = "REDACTED"

_SECRET_FIELDS = frozenset(
    {"access_token", "refresh_token", "id_token", "client_secret", "client_assertion", "assertion", "password", "token"}
)
_SECRET_TEXT = (
    re.compile(r"(?i)((?:^|[?&;\s\"'>])sig=)[^&;\s\"'<]+"),
    re.compile(r"(?i)(<Value>)[^<]+"),  # a user delegation key
    re.compile(r"(?i)(signature found in the HTTP request ')[^']+"),
    re.compile(r"(?i)(\baccountkey=)[^;\s\"']+"),
)
_SECRET_HEADERS = frozenset({"authorization", "x-ms-copy-source-authorization", "proxy-authorization"})


def text(value: str) -> str:
    """`value` (a URL, a query, XML) without signatures and keys."""
    for pattern in _SECRET_TEXT:
        value = pattern.sub(rf"\g<1>{REDACTED}", value)
    return value


def header(name: str, value: str) -> str:
    """A header's value; of an authorization, the scheme and a shared key's account stay."""
    if name not in _SECRET_HEADERS:
        return text(value)
    scheme, _, credentials = value.partition(" ")
    account = credentials.partition(":")[0] + ":" if scheme.startswith("SharedKey") else ""
    return f"{scheme} {account}{REDACTED}" if credentials else REDACTED


def form(body: str) -> dict[str, str]:
    """A form's fields."""
    return {name: REDACTED if name in _SECRET_FIELDS else text(value) for name, value in parse_qsl(body)}


def document(value: Any) -> Any:
    """A JSON document: secret fields, account keys (listKeys) and the data of Kubernetes Secrets are blanked."""
    if isinstance(value, list):
        return [document(item) for item in value]
    if isinstance(value, str):
        return text(value)
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "SecretList":
        value = {**value, "items": [{**item, "kind": "Secret"} for item in value.get("items", ())]}
    blank = set(_SECRET_FIELDS)
    if "keyName" in value:
        blank.add("value")
    if value.get("kind") == "Secret":
        blank |= {"data", "stringData"}
    return {name: _blank(item) if name in blank else document(item) for name, item in value.items()}


def _blank(value: Any) -> Any:
    return dict.fromkeys(value, REDACTED) if isinstance(value, dict) else REDACTED
