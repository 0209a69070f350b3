"""The plugin's side of the table of kubeconfigs; tests/e2e/test_kubeconfig.py holds the real kubectl to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kubectl_arm64.errors import Failure
from kubectl_arm64.openshift.client import ConnectionOptions, connect
from tests.kubeconfig_case import Case, fill
from tests.kubeconfigs import CASES
from tests.recorder import Recorder, recording


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    with recording(tmp_path_factory.mktemp("certificates")) as recorder:
        yield recorder


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_arrives_is_as_the_table_has_it(
    case: Case, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.arrivals.clear()
    case.write(tmp_path, recorder)
    environ = case.environment(tmp_path, recorder)
    if "SSL_CERT_FILE" in environ:
        monkeypatch.setenv("SSL_CERT_FILE", environ["SSL_CERT_FILE"])
    monkeypatch.chdir(tmp_path)
    said = ""
    try:
        with closing(connect(ConnectionOptions(**case.options(tmp_path, recorder)), environ=environ)) as cluster:
            cluster.list_machinesets()
    except Failure as failure:
        said = str(failure)

    assert recorder.arrivals == ([case.arrives] if case.arrives else [])
    assert bool(said) == (case.fails or case.arrives is None), said
    assert re.search(fill(case.says, tmp_path, recorder), said), said
    if case.asked is not None:
        assert json.loads((tmp_path / "asked").read_text()) == fill(case.asked, tmp_path, recorder)


def test_the_table_is_a_table() -> None:
    assert len(CASES) > 100
    assert all(case.says or case.arrives for case in CASES.values())
