"""The real kubectl's side of the table of kubeconfigs in tests/kubeconfigs.py."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubeconfig_case import Case, fill
from tests.kubeconfigs import CASES
from tests.recorder import Arrival, Recorder, recording


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    with recording(tmp_path_factory.mktemp("certificates")) as recorder:
        yield recorder


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_arrives_from_kubectl_is_as_the_table_has_it(
    case: Case, recorder: Recorder, tmp_path: Path, go_programs: Path
) -> None:
    recorder.arrivals.clear()
    case.write(tmp_path, recorder)
    ran = subprocess.run(
        [go_programs / "kubectl", "get", "--raw", Arrival().path, *case.words(tmp_path, recorder)],
        env=case.environment(tmp_path, recorder),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    expected = case.kubectl_arrives if case.kubectl_differs else case.arrives

    assert recorder.arrivals == ([expected] if expected else []), ran.stderr
    assert (ran.returncode != 0) == (case.fails or expected is None), ran.stderr
    if case.asked is not None:
        assert json.loads((tmp_path / "asked").read_text()) == fill(case.asked, tmp_path, recorder)
