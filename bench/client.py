"""One copy in a process of its own, so that its time, CPU and memory are the client's alone.

Reads {"place": ..., "method": ..., "parallel": ...} from standard input, writes what it took to standard output. With
"stop_after" the copy ends after so many seconds, finished or not.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench import rivals
from kubectl_arm64.azure import blobs, clouds
from kubectl_arm64.azure.pages import UrlPageSource
from kubectl_arm64.azure.transport import Connection
from kubectl_arm64.copy.asynchronous import CopyPhase
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import NotFinished
from tests.copying import BLOB, CONTAINER, Place

_LOOK_SECONDS = 0.5


def main() -> None:
    order = json.load(sys.stdin)
    place = Place(**order["place"])
    os.environ.update(place.environ)
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    gains = _copy(place, order["method"], order["parallel"], began + order.get("stop_after", math.inf))
    ended, after = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    took: dict[str, Any] = {
        "seconds": ended - began,
        "begun": gains[0] - began if gains else 0.0,
        "ended": ended - gains[-1] if gains else 0.0,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mib": peak_mib(),
    }
    json.dump(took, sys.stdout)


def peak_mib() -> float:
    """From the kernel's own book: getrusage tells the parent's peak where that is higher."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _copy(place: Place, method: str, parallel: int, deadline: float) -> list[float]:
    """When this tool heard that data had arrived; nothing of the others."""
    gains: list[float] = []
    if method == "ranges":
        terms = Terms(parallel, lambda done, total: gains.append(time.monotonic()), deadline=deadline)
        with suppress(NotFinished):
            place.copy(terms).start()
    elif method == "async":
        copy = place.asynchronous()
        copy.start()
        while copy.look().phase is CopyPhase.COPYING:
            time.sleep(_LOOK_SECONDS)
    else:
        _rival(place, method)
    return gains


def _rival(place: Place, method: str) -> None:
    connection = Connection(place.environ["REQUESTS_CA_BUNDLE"], time.sleep)
    access = blobs.by_key(dict(place.account), CONTAINER, lambda group, account: place.key)
    target = blobs.ContainerBlobs(dict(place.account), CONTAINER, access, connection, clouds.PUBLIC).page_blob(BLOB)
    {"every page": rivals.every_page, "chunks": rivals.chunks_with_data}[method](
        UrlPageSource(place.source, connection), target
    )


if __name__ == "__main__":
    main()
