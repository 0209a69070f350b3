"""The Ignition stub that machines boot with (Secret worker-user-data)."""

from __future__ import annotations

import json
from typing import Any


def ignition_version(user_data: str) -> str:
    """`ignition.version`; where it is missing, "2" or "3" by the form of its config, "" when nothing tells."""
    ignition = _ignition(user_data)
    if version := ignition.get("version"):
        return str(version)
    config = ignition.get("config") or {}
    if not isinstance(config, dict):
        return ""
    return "3" if "merge" in config else "2" if "append" in config else ""


def _ignition(user_data: str) -> dict[str, Any]:
    try:
        ignition = json.loads(user_data)["ignition"]
    except (ValueError, KeyError, TypeError):
        return {}
    return ignition if isinstance(ignition, dict) else {}


def user_data_problem(user_data: str, secret: str) -> tuple[str, bool]:
    """What is wrong with it for an ARM64 image, which wants Ignition spec 3, and whether machines will not boot.

    ("", False) when nothing is.
    """
    version = ignition_version(user_data)
    if version.startswith("2"):
        return f"Secret {secret} holds an Ignition stub of spec {version}, and every ARM64 image wants spec 3", True
    if not version.startswith("3"):
        return f"the Ignition version of Secret {secret} is not known ({version or 'missing'}); ARM64 wants 3", False
    if not _ignition(user_data).get("version"):
        return f"Secret {secret} has no ignition.version; its merge form is that of spec 3, which ARM64 wants", False
    return "", False
