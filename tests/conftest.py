"""What every test may ask for."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.plugin import COMMAND, EXECUTABLE, install

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox
    from tests.swagger import Specs


class Plugin(Protocol):
    """Call the command line with words, and `stdin` as its standard input."""

    def __call__(self, *words: str, stdin: str = "") -> Result: ...


# Polls and retries without waiting: no test sleeps.
IMPATIENT = {"KUBECTL_ARM64_POLL_SECONDS": "0", "KUBECTL_ARM64_RETRY_FACTOR": "0"}
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path | None:
    """The folder of real recordings and manifests, None (said loudly) where this machine has none.

    Found by KUBECTL_ARM64_SHARED, else beside the checkout.
    """
    folder = Path(os.environ.get("KUBECTL_ARM64_SHARED", ROOT.parent / "shared"))
    if (folder / "data" / "INDEX.md").is_file():
        return folder
    return None


@pytest.fixture(scope="session")
def swagger(shared_data: Path | None) -> Specs | None:
    """Azure's official Swagger, None (said loudly) where this machine has none."""
    from tests.swagger import Specs

    return Specs(shared_data / "specs" / "azure") if shared_data else None


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """The one sandbox of the session; tests take `sandbox`."""
    from tests.sandbox.server import Sandbox

    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox, swagger: Specs | None) -> Iterator[Sandbox]:
    """The sandbox with a fresh world of the seed 4.18, default knobs and an empty record; it must not crash.

    What the tool's own client asked of Resource Manager is held against Azure's official description afterwards.
    """
    running_sandbox.reset()
    yield running_sandbox
    assert running_sandbox.crashes == []
    if swagger:
        ours = [one for one in running_sandbox.exchanges if "kubectl-arm64" in one["headers"].get("user-agent", "")]
        assert [fault for exchange in ours for fault in swagger.check(exchange)] == []


@dataclass(frozen=True)
class Result:
    """One call of the tool."""

    code: int
    out: str
    err: str


@pytest.fixture
def plugin(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Plugin:
    """`plugin("bootimage", "--dry-run")`: the whole command line against the sandbox.

    In this process; where KUBECTL_ARM64_PLUGIN names an executable, that one.
    """
    environ = {**sandbox.environment(os.environ), **IMPATIENT}
    for name in set(os.environ) - set(environ):
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def call(*words: str, stdin: str = "") -> Result:
        if EXECUTABLE:
            return _executed(words, stdin)
        from kubectl_arm64.cli.app import run
        from kubectl_arm64.cli.output import Streams

        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return Result(run("kubectl-arm64", words, Streams(out, err)), out.getvalue(), err.getvalue())

    return call


def _executed(words: Sequence[str], stdin: str) -> Result:
    ran = subprocess.run([EXECUTABLE, *words], input=stdin, capture_output=True, text=True, timeout=120)
    return Result(ran.returncode, ran.stdout, ran.stderr)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "runs_plugin: runs the plugin's command line (said of each such test by itself)")
    config.addinivalue_line("markers", "sources_only(why): cannot be run with the executable of an archive")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and _runs_plugin(item):
            item.add_marker("runs_plugin")
        if EXECUTABLE and (mark := item.get_closest_marker("sources_only")):
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))


def _runs_plugin(item: pytest.Function) -> bool:
    programs = [value for value in vars(item.module).values() if value is COMMAND or value is install]
    return bool(programs) or not {"plugin", "forks"}.isdisjoint(item.fixturenames)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if EXECUTABLE:
        _tell_what_was_run(terminalreporter)
    folder = Path(os.environ.get("KUBECTL_ARM64_SHARED", ROOT.parent / "shared"))
    if not (folder / "data" / "INDEX.md").is_file():
        terminalreporter.section("NOT JUDGED BY REAL DATA", sep="!", red=True, bold=True)
        terminalreporter.line(
            f"No shared data at {folder} (set KUBECTL_ARM64_SHARED): the tests that read real recordings, streams and "
            "MachineSets judged only this repository's own fixtures. CI has the data."
        )


def _tell_what_was_run(reporter: pytest.TerminalReporter) -> None:
    reporter.section(f"the plugin was {EXECUTABLE}")
    left_out = reporter.getreports("skipped")
    if left_out:
        reporter.section("NOT RUN WITH THAT EXECUTABLE", sep="!", yellow=True, bold=True)
    for report in left_out:
        reporter.line(f"{report.nodeid}: {report.longrepr[2] if isinstance(report.longrepr, tuple) else ''}")
