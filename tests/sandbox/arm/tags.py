"""Azure's limits of tags (Microsoft's documentation: "Use tags to organize your Azure resources")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.sandbox.arm import errors

VALUE_LENGTH = 256
NAME_LENGTH = 512
ACCOUNT_NAME_LENGTH = 128


def check(body: Mapping[str, Any], action: str) -> None:
    """Refuse a body whose tags are too long for what `action` writes."""
    longest = ACCOUNT_NAME_LENGTH if action.startswith("Microsoft.Storage/storageAccounts/") else NAME_LENGTH
    for name, value in (body.get("tags") or {}).items():
        if len(name) > longest:
            raise errors.tag_too_long("name", name, longest)
        if len(str(value)) > VALUE_LENGTH:
            raise errors.tag_too_long("value", str(value), VALUE_LENGTH)
