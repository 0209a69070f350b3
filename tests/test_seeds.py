"""Both commands on every seed: nothing is left to do the second time."""

from __future__ import annotations

import pytest

from tests.conftest import Plugin
from tests.sandbox.server import Sandbox


@pytest.mark.parametrize(
    ("seed", "machineset"),
    [
        ("4.11", "docs-4wl9m-worker-arm64-westus"),
        ("4.18", "prod-7x2kq-worker-arm64-eastus1"),
        ("4.20", "next-9hd2v-worker-arm64-eastus1"),
        ("usgov", "gov-8sxdp-worker-arm64-usgovvirginia1"),
    ],
)
def test_when_both_commands_run_twice_the_second_time_finds_all_done(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, seed: str, machineset: str
) -> None:
    sandbox.reset(seed)
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    first, applied = plugin("bootimage"), plugin("machineset", "--apply", "--yes")
    assert (first.code, applied.code) == (0, 0), first.err + applied.err
    assert applied.out == f"machineset.machine.openshift.io/{machineset} created\n"
    sandbox.exchanges.clear()
    again, same = plugin("bootimage"), plugin("machineset", "--apply", "--yes")
    assert (again.out, same.out) == (first.out, f"machineset.machine.openshift.io/{machineset} unchanged\n"), same.err
    assert [one for one in sandbox.exchanges if one["method"] in ("PUT", "DELETE")] == []
