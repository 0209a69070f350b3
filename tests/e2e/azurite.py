"""Azurite, Microsoft's own emulator of storage: its blob service, on loopback, in memory."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.installing import from_npm

VERSION = "3.37.0"


def azurite() -> Path:
    return from_npm(f"azurite@{VERSION}") / "azurite-blob"
