"""--progress json: every line of stderr is one JSON object, whatever happens."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import pytest

from kubectl_arm64.cli.events import JsonLines
from kubectl_arm64.cli.progress import JsonReport
from kubectl_arm64.pipeline.step import Observed, Outcome, State
from tests.conftest import ROOT, Plugin, Result
from tests.sandbox.server import Sandbox
from tests.test_step import Time

GIB = 1 << 30
JSON = "--progress=json"
VHD = "VHD rhcos-418.94.202602022246-0-azure.aarch64.vhd"


def events(text: str) -> list[dict[str, Any]]:
    """Every line, parsed; each says when and what."""
    parsed = [json.loads(line) for line in text.splitlines()]
    for each in parsed:
        assert datetime.fromisoformat(each["time"]).utcoffset() is not None
        assert each["event"]
    return parsed


def told(result: Result, event: str) -> list[dict[str, Any]]:
    return [each for each in events(result.err) if each["event"] == event]


def test_each_step_is_started_and_finished_and_stdout_carries_the_result_alone(plugin: Plugin) -> None:
    result = plugin("bootimage", JSON, "--staging=account")
    assert result.code == 0
    finished = {each["step"]: each["outcome"] for each in told(result, "finished")}
    assert finished[VHD] == "created"
    assert len(finished) == 6
    assert {"step", "outcome"} < set(told(result, "started")[0])
    assert result.out.count("\n") == 1
    assert told(result, "note")[-1]["text"] == "Next: kubectl arm64 machineset --apply"


def test_the_readme_names_every_field_and_event(plugin: Plugin) -> None:
    plugin("bootimage", "--copy=async", "--no-wait")
    told = [
        *events(plugin("bootimage", JSON, "--abort-copy").err),
        *events(plugin("bootimage", JSON, "--parallel=0").err),
    ]
    readme = (ROOT / "README.md").read_text()
    words = {field for each in told for field in each} | {each["event"] for each in told}
    assert {"progress", "total", "exitCode"} < words
    assert [word for word in words if f"`{word}`" not in readme] == []


def test_a_failure_is_an_event_with_its_exit_code_and_azures_own_word(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.fault("/galleries/[^/]+[?]", method="PUT", times=9, status=403, body='{"error":{"code":"ScopeLocked"}}')
    result = plugin("bootimage", JSON)
    (error,) = told(result, "error")
    assert (result.code, error["exitCode"], error["code"]) == (1, 1, "ScopeLocked")
    assert "remove the lock" in error["text"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("bootimage", JSON, "--no-wait"), 8),
        (("bootimage", JSON, "--timeout=forever"), 1),
        (("bootimage", JSON, "--parallel=0"), 1),
        (("bootimage", JSON, "-v=6"), 0),
        (("bootimage", JSON, "-v=1", "--subscription=00000000-0000-4000-8000-00000000dead"), 1),
        (("bootimage", JSON, "--image-definition=rhcos-arm64"), 0),
        (("bootimage", JSON, "--dry-run"), 0),
        (("machineset", JSON, "--publish", "--apply"), 0),
    ],
)
def test_warnings_requests_and_tracebacks_are_lines_too(plugin: Plugin, words: tuple[str, ...], code: int) -> None:
    result = plugin(*words)
    assert result.code == code, result.err
    assert events(result.err) or "--dry-run" in words


def test_machineset_publishes_with_the_same_events(plugin: Plugin) -> None:
    result = plugin("machineset", "--publish", "--apply", JSON)
    assert VHD in {each["step"] for each in told(result, "finished")}


def test_numbers_are_bytes_bytes_per_second_and_seconds() -> None:
    time, stream = Time(), io.StringIO()
    report = JsonReport(JsonLines(stream), time.clock)
    for time.now in (0, 0.5, 40):  # half a second later is too soon to tell
        report.progress(VHD, Observed(State.PENDING, progress=(int(time.now * GIB // 10), 16 * GIB)))
    report.progress("image version x", Observed(State.PENDING, "eastus 66 %", (66, 100)))
    report.finished(VHD, Outcome.RESUMED)
    first, second, version, finished = events(stream.getvalue())
    assert (first["done"], first["total"], first["unit"]) == (0, 16 * GIB, "bytes")
    assert "rate" not in first
    assert (second["rate"], second["eta"]) == (pytest.approx(GIB // 10, rel=1e-6), pytest.approx(120))
    assert (version["done"], version["unit"], version["text"]) == (66, "percent", "eastus 66 %")
    assert (finished["step"], finished["outcome"]) == (VHD, "resumed")
