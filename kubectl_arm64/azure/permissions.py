"""What the signed-in identity may do at a scope. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Permissions:
    """Microsoft.Authorization/permissions at one scope: one entry for each role assignment.

    `{"actions", "notActions", "dataActions", "notDataActions"}`, patterns with `*`, compared without case.
    """

    entries: tuple[Mapping[str, Any], ...]

    def may(self, action: str, data: bool = False) -> bool:
        """Whether some role grants `action`; what one role excludes another may still grant."""
        allowed, denied = ("dataActions", "notDataActions") if data else ("actions", "notActions")
        return any(
            _matches(entry.get(allowed) or (), action) and not _matches(entry.get(denied) or (), action)
            for entry in self.entries
        )


def _matches(patterns: Iterable[str], action: str) -> bool:
    return any(
        re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), action, re.IGNORECASE)
        for pattern in patterns
    )
