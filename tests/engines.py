"""The ways in which `bootimage` gets its VHD to Azure, so that one test can hold of each.

What differs: the words, the request in whose middle something can happen, and what the sandbox must refuse for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_arm64.copy.asynchronous import COMPLETE
from kubectl_arm64.names import TAG_COMPLETE
from tests.conftest import Plugin, Result
from tests.copying import same_bytes
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob, Container, StorageAccount
from tests.test_bootimage import BLOB, VERSION

PUT_PAGE = "comp=page(&|$)"
HEAD_OF_OURS = f"/vhd/{BLOB}$"
REFUSED_BY_SOURCE: Mapping[str, Any] = {
    "status": 403,
    "headers": {
        "x-ms-error-code": "CannotVerifyCopySource",
        "x-ms-copy-source-status-code": "403",
        "x-ms-copy-source-error-code": "AuthorizationFailure",
    },
}


@dataclass(frozen=True)
class Engine:
    """One of them. `by_pages`: this process copies; `may`: whether the service lets pages be copied."""

    name: str
    words: tuple[str, ...]
    by_pages: bool
    may: bool = True
    on_disk: bool = False

    def prepare(self, sandbox: Sandbox) -> None:
        sandbox.knobs.polls["copy"] = 4
        if not self.may:
            sandbox.fault(PUT_PAGE, method="PUT", times=999, **REFUSED_BY_SOURCE)

    def run(self, plugin: Plugin, *words: str) -> Result:
        return plugin("bootimage", *self.words, *words)

    def in_the_middle(self, sandbox: Sandbox, act: Callable[[], object], nth: int = 5) -> None:
        """Have `act` happen once, before the n-th page is written or while Azure copies."""
        if self.by_pages:
            sandbox.fault(PUT_PAGE, method="PUT", nth=nth, action="change", change=act)
            return
        acts = [act]

        def once() -> None:
            if acts and pending(sandbox):
                acts.pop()()

        sandbox.fault(HEAD_OF_OURS, method="HEAD", times=999, action="change", change=once)

    def stop(self, sandbox: Sandbox) -> None:
        """No more of what was set up but the service's own refusals."""
        sandbox.knobs.faults.clear()
        self.prepare(sandbox)


RANGES = Engine("ranges", ("--copy=ranges",), by_pages=True)
ASYNC = Engine("async", ("--copy=async",), by_pages=False)
FALLBACK = Engine("fallback", (), by_pages=False, may=False)
DISK = Engine("disk", ("--staging=disk",), by_pages=True, on_disk=True)


def public(sandbox: Sandbox) -> Container:
    """Red Hat's container."""
    return sandbox.world.accounts["rhcos"].containers["imagebucket"]


def source(sandbox: Sandbox) -> Blob:
    return public(sandbox).blobs[BLOB]


def publish(sandbox: Sandbox, store: PageStore) -> None:
    """Red Hat replaces the VHD."""
    public(sandbox).blobs[BLOB] = new_blob(store, sandbox.world.clock.now())


def account(sandbox: Sandbox) -> StorageAccount:
    """Ours."""
    (found,) = [each for each in sandbox.world.accounts.values() if each.name.startswith("rhcos4")]
    return found


def copied(sandbox: Sandbox) -> Blob | None:
    """Our copy on an account or a disk."""
    if uploads := list(sandbox.world.uploads.values()):
        blob: Blob = uploads[0].blob
        return blob
    accounts = [each for each in sandbox.world.accounts.values() if each.name.startswith("rhcos4")]
    return accounts[0].containers["vhd"].blobs.get(BLOB) if accounts else None


def pending(sandbox: Sandbox) -> bool:
    blob = copied(sandbox)
    return bool(blob and (blob.properties.get("copy") or {}).get("status") == "pending")


def is_complete(sandbox: Sandbox) -> bool:
    """Whether a later run would take what is there for the VHD."""
    if any(
        TAG_COMPLETE in (body.get("tags") or {}) for key, body in sandbox.world.resources.items() if "/disks/" in key
    ):
        return True
    blob = copied(sandbox)
    copy = (blob.properties.get("copy") or {}) if blob else {}
    return bool(blob and (COMPLETE in blob.metadata or copy.get("status") == "success"))


def is_published(sandbox: Sandbox) -> bool:
    return any(key.endswith(f"/versions/{VERSION}") for key in sandbox.world.resources)


def page_writes(sandbox: Sandbox) -> Counter[str]:
    """How often each range of pages was written."""
    return Counter(each["headers"]["x-ms-range"] for each in sandbox.asked("PUT", PUT_PAGE) if each["status"] == 201)


def copies(sandbox: Sandbox) -> int:
    """Asynchronous copies that were started."""
    asked = sandbox.asked("PUT", HEAD_OF_OURS)
    return len([each for each in asked if each["status"] == 202 and "x-ms-copy-id" in each["response_headers"]])


def the_error(result: Result) -> str:
    """The one line that says what is wrong."""
    (error,) = [line for line in result.err.splitlines() if line.startswith("error:")]
    assert result.err.endswith(error + "\n")
    assert not re.search("Traceback|sig=(?!REDACTED)", result.err)
    return error


def assert_published(sandbox: Sandbox, result: Result) -> None:
    """The image version is there, made from a disk that is the source's."""
    assert result.code == 0, result.err
    assert is_published(sandbox)
    blob = copied(sandbox)
    assert blob is None or same_bytes(source(sandbox).store, blob.store)  # a managed disk is gone by now
