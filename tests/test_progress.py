"""What is told while the work goes on."""

from __future__ import annotations

import io

from kubectl_arm64.cli.progress import PlainReport, describe, reporter, size, span
from kubectl_arm64.cli.rate import Rate
from kubectl_arm64.pipeline.step import Observed, Outcome, State
from tests.test_step import Time

GIB = 1 << 30


def copying(done: int) -> Observed:
    return Observed(State.PENDING, "", (done, 16 * GIB))


def test_bytes_rate_and_time_left_come_from_what_was_seen() -> None:
    time = Time()
    rate = Rate(time.clock)
    assert describe(copying(0), rate) == "0 % of 16.0 GiB"
    time.now = 40
    assert describe(copying(4 * GIB), rate) == "25 % of 16.0 GiB, 102.4 MiB/s, 2m00s left"


def test_regions_are_told_in_the_steps_own_words() -> None:
    observed = Observed(State.PENDING, "eastus 100 %, westeurope 40 %", (70, 100))
    assert describe(observed, Rate()) == "eastus 100 %, westeurope 40 %"


def test_off_a_terminal_there_is_a_line_per_change_and_one_every_thirty_seconds() -> None:
    time, stream = Time(), io.StringIO()
    report = PlainReport(stream, time.clock)
    report.started("VHD x.vhd", Outcome.CREATED)
    for second in range(0, 61, 10):
        time.now = second
        report.progress("VHD x.vhd", copying(second * GIB // 10))
    report.finished("VHD x.vhd", Outcome.CREATED)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "VHD x.vhd: started"
    assert [line.split(",")[0] for line in lines[1:-1]] == [
        "VHD x.vhd: 0 % of 16.0 GiB",
        "VHD x.vhd: 18 % of 16.0 GiB",
        "VHD x.vhd: 37 % of 16.0 GiB",
    ]
    assert lines[-1] == "VHD x.vhd: created"


def test_a_pipe_and_a_dumb_terminal_get_plain_lines() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(reporter(io.StringIO(), {}), PlainReport)
    assert isinstance(reporter(Terminal(), {"TERM": "dumb"}), PlainReport)
    assert isinstance(reporter(Terminal(), {"TERM": "xterm", "CI": "true"}), PlainReport)
    assert not isinstance(reporter(Terminal(), {"TERM": "xterm"}), PlainReport)


def test_a_terminal_keeps_one_line_per_step() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with reporter(stream, {"TERM": "xterm", "NO_COLOR": "1"}) as report:
        report.started("VHD x.vhd", Outcome.CREATED)
        report.progress("VHD x.vhd", copying(8 * GIB))
        report.finished("VHD x.vhd", Outcome.CREATED)
    assert "✓ VHD x.vhd created" in stream.getvalue()
    assert "50 % of 16.0 GiB" in stream.getvalue()


def test_units() -> None:
    assert [size(n) for n in (512, 2048, 3 << 20, 16 << 30)] == ["512 B", "2.0 KiB", "3.0 MiB", "16.0 GiB"]
    assert [span(n) for n in (45, 70, 7500)] == ["45s", "1m10s", "2h05m"]
