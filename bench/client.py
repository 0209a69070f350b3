"""One copy in a process of its own, so that its time, CPU and memory are the client's alone.

Reads {"place": ..., "method": ..., "parallel": ...} from standard input, writes what it took to standard output.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench import rivals
from kubectl_arm64.azure import blobs, clouds
from kubectl_arm64.azure.pages import UrlPageSource
from kubectl_arm64.azure.transport import Connection
from kubectl_arm64.copy.engine import Terms
from tests.copying import BLOB, CONTAINER, Place


def main() -> None:
    order = json.load(sys.stdin)
    place = Place(**order["place"])
    os.environ.update(place.environ)
    peak, before, began = _peak_mib(), resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    _copy(place, order["method"], order["parallel"])
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
    took: dict[str, Any] = {
        "seconds": seconds,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mib": _peak_mib(),
        "grown_mib": _peak_mib() - peak,
    }
    json.dump(took, sys.stdout)


def _peak_mib() -> float:
    """From the kernel's own book: getrusage tells the parent's peak where that is higher."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _copy(place: Place, method: str, parallel: int) -> None:
    if method == "ranges":
        place.copy(Terms(parallel=parallel)).start()
        return
    connection = Connection(place.environ["REQUESTS_CA_BUNDLE"], time.sleep)
    access = blobs.by_key(dict(place.account), CONTAINER, lambda group, account: place.key)
    target = blobs.ContainerBlobs(dict(place.account), CONTAINER, access, connection, clouds.PUBLIC).page_blob(BLOB)
    {"every page": rivals.every_page, "chunks": rivals.chunks_with_data}[method](
        UrlPageSource(place.source, connection), target
    )


if __name__ == "__main__":
    main()
