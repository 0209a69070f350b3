"""What takes long to make and depends on nothing but its inputs: kept outside of the checkout, by version."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

CACHE = Path(os.environ.get("KUBECTL_ARM64_E2E_CACHE", Path.home() / ".cache" / "kubectl-arm64-e2e"))


def cached(name: str, inputs: Iterable[str | bytes], make: Callable[[Path], None]) -> Path:
    """The folder that `make(folder)` fills, made once for the same `inputs`, by one process at a time.

    It is made in its final place, since virtual environments cannot be moved.
    """
    digest = hashlib.sha256()
    for item in inputs:
        digest.update(hashlib.sha256(item.encode() if isinstance(item, str) else item).digest())
    folder = CACHE / f"{name}-{digest.hexdigest()[:12]}"
    complete = folder / ".complete"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            complete.touch()
    return folder
