"""How fast, how patient and how faulty the sandbox is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field

RECORDED_POLLS = {"storageAccounts": 1, "galleries": 0, "images": 0, "versions": 7, "copy": 4, "delete": 1, "disks": 1}
FAST_POLLS = {"storageAccounts": 1, "galleries": 1, "images": 1, "versions": 2, "copy": 2, "delete": 1, "disks": 1}


@dataclass
class Fault:
    """What goes wrong with the n-th request (from 1) whose method and `host/path?query` match; `times` in a row."""

    path: str  # regular expression, searched in "host/path?query", case-insensitive
    method: str = ""  # "" matches every method
    nth: int = 1
    times: int = 1
    action: str = "status"  # status, reset, stall, kill (SIGKILL to the client process) or change (call `change`)
    after: bool = False  # True: the request takes effect first, then the answer is replaced or lost
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 3600.0  # of a stall
    seen: int = 0  # how many requests have matched
    change: InitVar[Callable[[], object] | None] = None  # changes the world

    def __post_init__(self, change: Callable[[], object] | None) -> None:
        self.happens = change
        self.met = threading.Event()  # set when its turn has come; no field, so that a fault can be shown as JSON


@dataclass
class Knobs:
    """Set by flag and by the admin endpoint.

    `polls`: looks at an operation before it is done, by kind (storageAccounts, galleries, images, versions, copy,
    delete, disks). `retry_after`: seconds to send where the real service sends a Retry-After; None sends the recorded
    value. `latency`: seconds added to every exchange. `bandwidth` (bytes/s) and `requests_per_second`: limits of one
    blob; 0 is no limit. `copy_outcome`: how Copy Blob ends: success, failed, or stuck (pending for ever).
    `copy_bandwidth` (bytes/s of the blob's whole size): Copy Blob goes on by the world's clock, not by looks.
    `machine_seconds`: how long by the world's clock a machine of a MachineSet is in each phase; 0 takes it on at each
    look at the machines. `machine_error`: the sentence with which Azure refuses machines; with `machine_fails` they are
    Failed for it, without the machine API tries again.
    """

    polls: dict[str, int] = field(default_factory=lambda: dict(FAST_POLLS))
    retry_after: int | None = 0
    latency: float = 0.0
    bandwidth: float = 0.0
    requests_per_second: float = 0.0
    copy_outcome: str = "success"
    copy_bandwidth: float = 0.0
    machine_seconds: float = 0.0
    machine_error: str = ""
    machine_fails: bool = True
    faults: list[Fault] = field(default_factory=list)
