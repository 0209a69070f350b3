"""Speed and time left: right where they are constant, and calm where they are not."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_arm64.cli.rate import SETTLED_SECONDS, WINDOW_SECONDS, Rate
from tests.test_step import Time

MIB = 1 << 20
pauses = st.lists(st.floats(0.01, 30), min_size=1, max_size=60)


def looked(looks: Iterable[tuple[float, int]]) -> list[float]:
    """What the rate tells at each look: (seconds, units done)."""
    time = Time()
    rate, told = Rate(time.clock), []
    for time.now, done in looks:
        told.append(rate(done))
    return told


@given(pauses, st.integers(1, 200), st.integers(0, 10**10))
def test_a_constant_speed_is_told_as_it_is_however_irregular_the_looks(
    gaps: list[float], speed: int, resumed: int
) -> None:
    looks, now = [(0.0, resumed)], 0.0
    for gap in gaps:
        now += gap
        looks.append((now, resumed + round(now * speed * MIB)))
    for (seconds, _), told in zip(looks, looked(looks), strict=True):
        if seconds >= SETTLED_SECONDS:
            assert told == pytest.approx(speed * MIB, rel=1e-3)


@given(st.floats(20, 600), st.integers(1, 2000))
def test_a_burst_adds_no_more_than_a_window_of_it(at: float, burst: int) -> None:
    steady = [(float(second), second * 60 * MIB) for second in range(int(at) + 1)]
    last, done = steady[-1]
    before, after = looked([*steady, (last + 0.25, done + 15 * MIB + burst * MIB)])[-2:]
    most = burst * MIB / WINDOW_SECONDS / -math.expm1(-(last + 0.25) / WINDOW_SECONDS)
    assert before <= after <= before + most * 1.01


@given(st.floats(60, 600))
def test_a_second_at_ten_times_the_speed_swings_the_time_left_by_less_than_half(at: float) -> None:
    steady = [(float(second), second * 60 * MIB) for second in range(int(at) + 1)]
    last, done = steady[-1]
    total = done + 100 * 60 * MIB  # 100 s are left
    before, after = looked([*steady, (last + 1, done + 600 * MIB)])[-2:]
    assert (total - done) / before == pytest.approx(100)
    assert (total - done - 600 * MIB) / after > 45


def test_what_an_earlier_run_copied_counts_for_nothing() -> None:
    assert looked([(0, 900 * MIB), (4, 940 * MIB)])[-1] == pytest.approx(10 * MIB)


def test_until_it_has_settled_no_speed_is_told() -> None:
    assert looked([(0, 0), (0.3, 32 * MIB), (1.9, 64 * MIB)]) == [0, 0, 0]


def test_when_it_stands_still_the_speed_sinks() -> None:
    told = looked([(0, 0), (10, 600 * MIB), (20, 600 * MIB), (50, 600 * MIB)])
    assert told[1] > 2 * told[2] > 10 * told[3] > 0


def test_when_it_starts_over_it_is_measured_anew() -> None:
    assert looked([(0, 0), (10, 600 * MIB), (11, 0), (15, 40 * MIB)])[-1] == pytest.approx(10 * MIB)


def test_two_looks_at_one_moment_do_no_harm() -> None:
    assert looked([(0, 0), (5, 50 * MIB), (5, 60 * MIB), (10, 100 * MIB)])[-1] == pytest.approx(10 * MIB)
