"""What ends a run says the exact command line that goes on from there."""

from __future__ import annotations

import pytest

from kubectl_arm64.copy.terms import AGAIN
from kubectl_arm64.errors import Failure
from tests.conftest import Plugin
from tests.sandbox.server import Sandbox


def busy(sandbox: Sandbox) -> None:
    sandbox.fault("/galleries/[^/]+[?]", method="PUT", times=9, status=409, body='{"error":{"code":"Conflict"}}')


def test_when_running_it_again_is_the_advice_the_command_stands_there(plugin: Plugin, sandbox: Sandbox) -> None:
    busy(sandbox)
    result = plugin("bootimage", "--copy=ranges", "--tag", "team=node images")
    assert result.code == 1
    assert "run `kubectl arm64 bootimage --copy=ranges --tag 'team=node images'` again" in result.err


def test_when_machineset_publishes_it_is_machinesets_own(plugin: Plugin, sandbox: Sandbox) -> None:
    busy(sandbox)
    result = plugin("machineset", "--publish", "--apply")
    assert "run `kubectl arm64 machineset --publish --apply` again" in result.err


def test_when_the_command_line_carries_a_signature_it_is_not_shown(plugin: Plugin, sandbox: Sandbox) -> None:
    busy(sandbox)
    result = plugin("bootimage", "--tag", "from=https://mirror.example/x.vhd?sp=r&sig=c2VjcmV0")
    assert "c2VjcmV0" not in result.err
    assert "sp=r&sig=REDACTED'` again" in result.err


@pytest.mark.parametrize(
    ("advice", "told"),
    [
        (AGAIN, "x; run `oc arm64 bootimage` again: it copies only what is missing"),
        ("wait 17 s, then run the same command again", "x; wait 17 s, then run `oc arm64 bootimage` again"),
        ("look at the network rules", "x; look at the network rules"),
        ("", "x"),
    ],
)
def test_every_advice_to_run_it_again_names_the_command(advice: str, told: str) -> None:
    assert Failure("x", advice).naming("oc arm64 bootimage") == told
