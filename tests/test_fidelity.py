"""docs/fidelity.md tells who judges what; it is read out of the sources, and complete."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scripts.fidelity import PAGE, render
from tests.conftest import Plugin
from tests.fidelity import RARE, RECORDED
from tests.judged import judges
from tests.operations import OPERATIONS, operation
from tests.sandbox.server import Sandbox
from tests.test_recordings_arm import SITUATIONS
from tests.test_recordings_blob import SCENES
from tests.test_recordings_entra import SECRETS
from tests.tour import tour

COMPARED = {f"arm/{name.removesuffix('.json')}" for name in SITUATIONS} | {
    *(f"blob/{name}" for name in SCENES),
    *(f"entra/{name}" for name in SECRETS),
}
# Their recorders dropped the headers that tell what they are.
BARE = {"blob/copy/09-source-condition-412", "blob/page-blob/04-create-exists-409"}


def test_what_is_rendered_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python -m scripts.fidelity"


def test_when_the_tool_runs_all_that_it_asks_for_has_a_row_and_no_row_is_idle(plugin: Plugin, sandbox: Sandbox) -> None:
    asked = tour(plugin, sandbox)
    assert asked.get("", []) == []
    assert set(OPERATIONS) == asked.keys() | RARE.keys()


def test_when_a_recording_is_counted_the_sandbox_is_compared_with_it() -> None:
    assert {name for names in RECORDED.values() for name in names} <= COMPARED


def test_when_a_recording_is_of_an_operation_it_is_counted_there(shared_data: Path | None) -> None:
    if shared_data is None:
        return  # said loudly at the end of the run
    for name in COMPARED - BARE:
        request = json.loads((shared_data / "data" / "recordings" / f"{name}.json").read_text())["request"]
        url = urlsplit(request["url"])
        headers = {key.lower(): str(value) for key, value in request["headers"].items()}
        asked = {"method": request["method"], "host": url.netloc, "path": url.path, "query": url.query}
        found = operation({**asked, "headers": headers})
        assert [each for each, names in RECORDED.items() if name in names] == ([found] if found else [])


def test_when_a_test_names_an_operation_that_there_is_not_it_is_told() -> None:
    with pytest.raises(LookupError, match="sell a gallery"):
        judges("sell a gallery")
