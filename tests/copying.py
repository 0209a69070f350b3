"""A copy on the sandbox: Red Hat's public VHD, an account of ours, and the real adapters in between.

    here = Place.on(sandbox, vhd(4 * MIB, 64 * MIB))
    here.copy().start()

In a process of its own: `spawn(here)`; the child may be killed at any moment.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from kubectl_arm64.copy.asynchronous import AsynchronousCopy, CopyPhase
from kubectl_arm64.copy.by_ranges import RangeCopy
from kubectl_arm64.copy.ports import Blobs, PageBlob, PageSource
from kubectl_arm64.copy.ranges import Span
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.terms import Terms
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob, Container, StorageAccount

if TYPE_CHECKING:
    from kubectl_arm64.azure.transport import Connection

RELEASE = "418.94.202602022246-0"
BLOB = f"rhcos-{RELEASE}-azure.aarch64.vhd"
SOURCE_URL = f"https://rhcos.blob.core.windows.net/imagebucket/{BLOB}"
ACCOUNT, CONTAINER = "rhcos4wl9m", "vhd"
PUT_PAGE = "comp=page&"
# The answer to a Put Page From URL whose source lets our account in, but not the storage service.
REFUSED_BY_SOURCE = {
    "x-ms-error-code": "CannotVerifyCopySource",
    "x-ms-copy-source-status-code": "403",
    "x-ms-copy-source-error-code": "AuthorizationFailure",
}
SUBSCRIPTION = "00000000-0000-4000-8000-0000000000bb"
_RELEVANT = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True)
class Place:
    """What a client needs to know; plain values, so that they reach another process."""

    environ: Mapping[str, str]
    account: Mapping[str, Any]
    key: str
    source: str = SOURCE_URL

    @classmethod
    def on(cls, sandbox: Sandbox, source: PageStore) -> Place:
        """`source` is what Red Hat publishes; our account has an empty container."""
        world = sandbox.world
        world.accounts["rhcos"].containers["imagebucket"].blobs[BLOB] = new_blob(source, world.clock.now())
        properties = {
            "supportsHttpsTrafficOnly": True,
            "primaryEndpoints": {"blob": f"https://{ACCOUNT}.blob.core.windows.net/"},
        }
        account = StorageAccount(SUBSCRIPTION, "images", ACCOUNT, {"name": ACCOUNT, "properties": properties})
        account.body["id"] = account.resource_id
        account.containers[CONTAINER] = Container(CONTAINER)
        world.accounts[ACCOUNT] = account
        environ = {name: value for name, value in sandbox.environment().items() if name in _RELEVANT}
        return cls(environ, account.body, account.keys[0])

    def copy(
        self,
        terms: Terms = Terms(),  # noqa: B008  (frozen)
        *,
        abort_foreign: bool = False,
        **settings: Any,
    ) -> RangeCopy:
        """The engine by the adapters that the tool uses; the process's environment must be `environ`."""
        source = self._source()
        vhd = SourceVhd(source)
        asynchronous = self._asynchronous(source, vhd, terms, abort_foreign)
        return RangeCopy(asynchronous, source, vhd, self.page_blob, RELEASE, terms, **settings)

    def asynchronous(
        self,
        terms: Terms = Terms(),  # noqa: B008  (frozen)
        *,
        abort_foreign: bool = False,
    ) -> AsynchronousCopy:
        """Azure's own copy to the same place."""
        source = self._source()
        return self._asynchronous(source, SourceVhd(source), terms, abort_foreign)

    def _asynchronous(self, source: PageSource, vhd: SourceVhd, terms: Terms, abort_foreign: bool) -> AsynchronousCopy:
        return AsynchronousCopy(self._blobs(), BLOB, vhd, RELEASE, terms, pages=source, abort_foreign=abort_foreign)

    def page_blob(self) -> PageBlob:
        """Our blob."""
        return self._blobs().page_blob(BLOB)

    def _blobs(self) -> Blobs:
        from kubectl_arm64.azure import blobs, clouds

        access = blobs.by_key(dict(self.account), CONTAINER, lambda group, account: self.key)
        return blobs.ContainerBlobs(dict(self.account), CONTAINER, access, self._connection, clouds.PUBLIC)

    def _source(self) -> PageSource:
        from kubectl_arm64.azure.pages import UrlPageSource

        return UrlPageSource(self.source, self._connection)

    @cached_property
    def _connection(self) -> Connection:
        from kubectl_arm64.azure.transport import Connection

        return Connection(self.environ["REQUESTS_CA_BUNDLE"], lambda seconds: None)

    def of(self, source: str) -> Place:
        return replace(self, source=source)


def source(sandbox: Sandbox) -> Blob:
    """Red Hat's VHD."""
    return sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs[BLOB]


def copied(sandbox: Sandbox) -> Blob:
    """Our copy of it."""
    return sandbox.world.accounts[ACCOUNT].containers[CONTAINER].blobs[BLOB]


def writes(sandbox: Sandbox) -> Counter[Span]:
    """How often each span of pages was written, by the record of requests, whether or not the client heard of it."""
    done: Counter[Span] = Counter()
    for exchange in sandbox.asked("PUT", PUT_PAGE):
        fault = exchange["fault"]
        if (fault["answered"] if fault else exchange["status"]) == 201:
            first, _, last = exchange["headers"]["x-ms-range"].removeprefix("bytes=").partition("-")
            done[Span(int(first), int(last) + 1)] += 1
    return done


def same_bytes(one: PageStore, other: PageStore) -> bool:
    """Whether two disks are the same, page ranges and all."""
    spans = list(one.ranges())
    return (
        one.size == other.size
        and spans == list(other.ranges())
        and all(one.read(start, end - start) == other.read(start, end - start) for start, end in spans)
    )


def spawn(place: Place, parallel: int = 8) -> BaseProcess:
    """A copy in a process of its own, started at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kubectl_arm64.azure.pages", "kubectl_arm64.copy.by_ranges", "tests.copying"])
    process = context.Process(target=_run, args=(replace(place), parallel), daemon=True)
    process.start()
    return process


def _run(place: Place, parallel: int) -> None:
    os.environ.update(place.environ)
    copy = place.copy(Terms(parallel=parallel))
    copy.start()
    while copy.look().phase is CopyPhase.COPYING:  # left to Azure's own copy
        time.sleep(0.05)
