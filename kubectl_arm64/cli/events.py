"""What happens, as JSON lines for programs (`--progress json`); README.md tells their fields."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO


class JsonLines:
    """One object per line, written whole: steps go on in several threads."""

    def __init__(self, stream: TextIO, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._stream = stream
        self._now = now
        self._writing = threading.Lock()

    def tell(self, event: str, **fields: object) -> None:
        """Write the event; fields that are None or "" are left out."""
        moment = self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = {name: value for name, value in fields.items() if value is not None and value != ""}
        with self._writing:
            self._stream.write(json.dumps({"time": moment, "event": event, **told}) + "\n")
            self._stream.flush()
