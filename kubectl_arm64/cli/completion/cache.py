"""Names that were found a moment ago: names only, in files that only their owner may read."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS = 30.0


def place(environ: Mapping[str, str], key: Sequence[str]) -> Path:
    """The file for what `key` tells apart; its name is a hash, and says nothing of the key."""
    home = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".cache")
    name = hashlib.sha256("\0".join(key).encode()).hexdigest()
    return Path(home, "kubectl-arm64", "completion", f"{name}.json")


def read(path: Path, now: float | None = None) -> list[str] | None:
    """The names, None where there are none that still last."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        age = (time.time() if now is None else now) - float(kept["at"])
        return [str(name) for name in kept["names"]] if 0 <= age < float(kept["lasts"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(path: Path, names: Sequence[str], lasts: float = SECONDS, now: float | None = None) -> None:
    """Keep `names` for some seconds; where nothing can be written, nothing is kept."""
    text = json.dumps({"at": time.time() if now is None else now, "lasts": lasts, "names": list(names)})
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    except OSError:
        return
