"""Killed at any moment, the next run ends in the same state and makes nothing twice.

Each case forks a warm process, has the sandbox SIGKILL it at the n-th request (before the request takes effect, or
after), and runs the command again. The record of requests says what was made, and how often.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from tests.forks import SIGKILLED, Forks, context, forks
from tests.sandbox.server import Sandbox
from tests.test_bootimage import without_data_role

__all__ = ["context", "forks"]  # fixtures

# The copy page by page has many requests and kills of its own (tests/test_copy_engine.py).
BOOTIMAGE = ("bootimage", "--copy=async")
PARTS = 3  # tests that share the moments of one run, for as many processes
KEYS_ON = "kubectl-arm64.shared-keys-on"
VOLATILE = {"etag", "uid", "creationTime", "keyCreationTime", "lastEnabledTime", "publishedDate", "managedFields",
            "resourceVersion", "creationTimestamp", "time"}  # fmt: skip


def state(sandbox: Sandbox) -> dict[str, Any]:
    """Everything that exists, without the times at which it came to be."""
    accounts = {
        account.resource_id: (
            stable(account.body),
            {
                f"{container.name}/{name}": (blob.store.size, list(blob.store.ranges(0, blob.store.size)))
                for container in account.containers.values()
                for name, blob in container.blobs.items()
            },
        )
        for account in sandbox.world.accounts.values()
    }
    resources = {key: stable(body) for key, body in sandbox.world.resources.items()}
    machinesets = {key: stable(body) for key, body in sandbox.world.objects.items() if key[1] == "machinesets"}
    return {"accounts": accounts, "resources": resources, "machinesets": machinesets}


def stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: stable(child) for key, child in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [stable(child) for child in value]
    return value


def made(sandbox: Sandbox) -> Counter[str]:
    """How often each resource was made, and each part of a blob: PUTs that took effect, heard of or not."""
    found: Counter[str] = Counter()
    for one in sandbox.exchanges:
        answered = one["fault"]["answered"] if one["fault"] else one["status"]
        part = re.search(r"\bcomp=(\w+)", one["query"])
        # Each run takes a lease of its own.
        if one["method"] == "PUT" and answered and answered < 300 and not (part and part[1] == "lease"):
            pages = one["headers"].get("x-ms-range", "")
            found[f"{one['host']}{one['path']} {part[1] if part else ''} {pages}"] += 1
    return found


def requests_of(sandbox: Sandbox) -> list[str]:
    """`METHOD host/path` of each request of a run, Entra's discovery (which is cached nowhere) included."""
    return [f"{one['method']} {one['host']}{one['path']}" for one in sandbox.exchanges if one["status"] != 403]


def survive(forks: Forks, words: tuple[str, ...], nth: int, *, after: bool, auth: str, expected: Any) -> None:
    """Kill the run at its n-th request; the next ends as an undisturbed run does."""
    sandbox = forks.sandbox
    prepare(sandbox, auth)
    sandbox.fault("", nth=nth, action="kill", after=after)
    code, said = forks.call(*words)
    assert code == SIGKILLED, said
    sandbox.knobs.faults.clear()
    code, said = forks.call(*words)
    assert code == 0, said
    assert state(sandbox) == expected
    twice = {what: count for what, count in made(sandbox).items() if count > 1}
    assert twice == {}, said
    if forks.swagger:
        assert [fault for exchange in sandbox.exchanges for fault in forks.swagger.check(exchange)] == []


def prepare(sandbox: Sandbox, auth: str) -> None:
    sandbox.reset()
    if auth == "key":
        without_data_role(sandbox)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("auth", ["login", "key"])
def test_when_bootimage_is_killed_at_any_request_the_next_run_ends_the_same(forks: Forks, auth: str, part: int) -> None:
    sandbox = forks.sandbox
    prepare(sandbox, auth)
    code, said = forks.call(*BOOTIMAGE)
    assert code == 0, said
    expected = state(sandbox)
    asked = requests_of(sandbox)
    writes = [index for index, request in enumerate(asked, 1) if re.match("PUT|PATCH|POST .*listKeys", request)]
    assert len(writes) >= 6
    # Looking once more at the same thing is the same moment; in the second mode the writes alone differ.
    reads = {request: index for index, request in enumerate(asked, 1)}.values() if auth == "login" else ()
    moments = [*((nth, False) for nth in sorted({*reads, *writes})), *((nth, True) for nth in writes)]
    for nth, after in moments[part::PARTS]:
        survive(forks, BOOTIMAGE, nth, after=after, auth=auth, expected=expected)


def test_when_machineset_is_killed_around_its_write_the_next_run_ends_the_same(forks: Forks) -> None:
    sandbox = forks.sandbox
    words = ("machineset", "--publish", "--apply")
    prepare(sandbox, "login")
    code, said = forks.call(*words)
    assert code == 0, said
    expected = state(sandbox)
    nth = next(index for index, one in enumerate(requests_of(sandbox), 1) if one.startswith("PATCH kubernetes"))
    for after in (False, True):
        survive(forks, words, nth, after=after, auth="login", expected=expected)


@pytest.mark.parametrize("auth", ["login", "key"])
def test_when_it_is_killed_while_it_deletes_the_vhd_the_next_run_deletes_the_rest(forks: Forks, auth: str) -> None:
    sandbox = forks.sandbox
    words = (*BOOTIMAGE, "--delete-vhd")
    prepare(sandbox, auth)
    code, said = forks.call(*words)
    assert code == 0, said
    expected = state(sandbox)
    assert [resource for resource in expected["accounts"] if "rhcos4" in resource] == []
    asked = requests_of(sandbox)
    deletions = [index for index, request in enumerate(asked, 1) if request.startswith("DELETE")]
    assert len(deletions) == 2
    for nth, after in [(nth, after) for nth in deletions for after in (False, True)]:
        survive(forks, words, nth, after=after, auth=auth, expected=expected)
