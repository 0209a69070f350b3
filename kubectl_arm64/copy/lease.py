"""A lease on the destination: of two runs at once, one writes and the other waits.

It is short, so that the successor of a killed run waits no longer than seconds, and its holder renews it.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from types import TracebackType
from typing import Self

from kubectl_arm64.copy.ports import PageBlob
from kubectl_arm64.copy.troubles import LeaseHeld, LeaseLost
from kubectl_arm64.errors import Failure, Refused

SECONDS = 15  # the shortest that there is (learn.microsoft.com/rest/api/storageservices/lease-blob)
RENEW_SECONDS = 5.0


class Lease:
    """As a context: renewed in the background while it is entered, released at the end."""

    def __init__(self, blob: PageBlob) -> None:
        self._blob = blob
        self._ended = threading.Event()
        self._taking = threading.Lock()
        self.id = str(uuid.uuid4())

    def acquire(self) -> bool:
        """Whether the blob is ours now; False while another holds it."""
        try:
            self._blob.acquire_lease(self.id, SECONDS)
        except LeaseHeld:
            return False
        return True

    def renew(self) -> None:
        """Make it last; one that ran out is taken anew. Raises Refused where another has taken it meanwhile."""
        with self._taking:
            try:
                self._blob.renew_lease(self.id)
            except (LeaseLost, LeaseHeld):
                if self._ended.is_set():
                    return  # released meanwhile: taken again, it would make the next run wait
                if not self.acquire():
                    raise Refused(
                        f"another run has taken over the copy into {self._blob.url}",
                        "run the same command again to follow it",
                    ) from None

    def __enter__(self) -> Self:
        threading.Thread(target=self._keep, name="copy-lease", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with contextlib.suppress(Failure):  # it runs out by itself
            self._blob.release_lease(self.id)

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_SECONDS):
            # A lease that is gone shows at the next write, where somebody can say so.
            with contextlib.suppress(Failure):
                self.renew()


class NoLease:
    """For a blob that knows none: that of a managed disk."""

    id = ""

    def renew(self) -> None:
        """There is nothing that could run out."""
