"""How a copy, and what verifies it, may go about its many requests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

PARALLEL = 32
MOST_PARALLEL = 64  # what the pool of connections holds
STALL_SECONDS = 300.0  # without a byte, and all is given up
AGAIN = "run the same command again: it copies only what is missing"


@dataclass(frozen=True)
class Terms:
    """Requests at a time, whom to tell, and the clock (seconds), which tests replace.

    `progress` is told bytes of data, done and in all; `note` a sentence for people.
    """

    parallel: int = PARALLEL
    progress: Callable[[int, int], None] = lambda done, total: None
    note: Callable[[str], None] = lambda text: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    deadline: float = math.inf
