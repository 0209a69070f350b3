"""The judges, each made when the first test asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from tests.e2e import golang
from tests.e2e.admission import Verdict
from tests.e2e.control_plane import ControlPlane, control_plane
from tests.e2e.installing import Unavailable
from tests.sandbox.seeds import SEEDS

T = TypeVar("T")
_MISSING = pytest.StashKey[dict[str, str]]()
_WARNINGS = pytest.StashKey[Counter[str]]()


class Obtain(Protocol):
    """What `make()` answers; where it is Unavailable, the test fails, and the end of the run names the judge."""

    def __call__(self, judge: str, make: Callable[[], T]) -> T: ...


@pytest.fixture(scope="session")
def obtain(pytestconfig: pytest.Config) -> Obtain:
    missing = pytestconfig.stash.setdefault(_MISSING, {})

    def obtained(judge: str, make: Callable[[], T]) -> T:
        try:
            return make()
        except Unavailable as why:
            missing[judge] = str(why)
            pytest.fail(f"{judge} could not run on this machine: {why}", pytrace=False)

    return obtained


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for judge, why in config.stash.get(_MISSING, {}).items():
        terminalreporter.section(f"NOT JUDGED BY {judge}", sep="!", red=True, bold=True)
        terminalreporter.line(why)
    if warnings := config.stash.get(_WARNINGS, Counter()):
        terminalreporter.section("what admission warned of")
        for text, count in sorted(warnings.items()):
            terminalreporter.line(f"{count} x {text}")


@pytest.fixture(scope="session")
def go_programs(obtain: Obtain) -> Path:
    """The folder with apiserver, admission, kubectl, krew and validate-krew-manifest."""
    return obtain("Go programs", golang.programs)


@pytest.fixture(scope="session")
def kube_apiserver(
    go_programs: Path, tmp_path_factory: pytest.TempPathFactory, obtain: Obtain
) -> Iterator[ControlPlane]:
    """A real control plane with OpenShift's CRDs and the sandbox's first seed."""
    folder = tmp_path_factory.mktemp("control-plane")
    with ExitStack() as until_the_end:
        start = control_plane(folder, go_programs, SEEDS["4.18"]())
        yield obtain("kube-apiserver", lambda: until_the_end.enter_context(start))


@pytest.fixture
def record_warnings(request: pytest.FixtureRequest) -> Callable[[Sequence[Verdict]], None]:
    """Keeps admission's warnings for the end of the run: they fail nothing, but somebody should read them."""
    kept = request.config.stash.setdefault(_WARNINGS, Counter())
    return lambda verdicts: kept.update(f"{v.file.name}: {text}" for v in verdicts for text in v.warnings)
