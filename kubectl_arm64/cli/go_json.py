"""JSON as Go's encoder writes it: sorted keys, and escapes for <, > and &. Pure."""

from __future__ import annotations

import json
from typing import Any


def compact(value: Any) -> str:
    """On one line, without blanks."""
    return _escaped(json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False))


def indented(value: Any) -> str:
    """As `kubectl get -o json` prints it: four spaces, and a newline at the end."""
    return _escaped(json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False)) + "\n"


def _escaped(text: str) -> str:
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
