"""Ranges and cells: what is copied, what is left to copy, and how a list is fetched."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_arm64.copy.aimd import Width
from kubectl_arm64.copy.cells import Part, cells, compared
from kubectl_arm64.copy.listing import SMALLEST_WINDOW, Fetch, listed
from kubectl_arm64.copy.ranges import Kept, RangePage, Span, difference, merged
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.copy.troubles import Busy, pause
from kubectl_arm64.errors import Failure, NotFinished

MIB = 1 << 20
GIB = 1 << 30

IMPATIENT = Terms(sleep=lambda seconds: None)


@st.composite
def ranges(draw: st.DrawFn) -> list[Span]:
    """Merged page ranges of a small disk."""
    edges = sorted(draw(st.sets(st.integers(0, 60), max_size=20)))
    return [Span(start * 512, end * 512) for start, end in zip(edges[::2], edges[1::2], strict=False)]


def pages(spans: list[Span]) -> set[int]:
    return {page for start, end in spans for page in range(start // 512, end // 512)}


# Cells


def test_a_range_is_cut_from_its_own_start_and_never_widened() -> None:
    assert list(cells([Span(512, 9 * MIB)])) == [
        Span(512, 4 * MIB + 512),
        Span(4 * MIB + 512, 8 * MIB + 512),
        Span(8 * MIB + 512, 9 * MIB),
    ]


@given(ranges())
def test_cells_are_the_data_and_nothing_else(data: list[Span]) -> None:
    cut = list(cells(data, largest=1536))
    assert pages(cut) == pages(data)
    assert all(cell.length <= 1536 for cell in cut)
    assert list(merged(cut)) == data


@given(ranges())
def test_the_same_ranges_give_the_same_cells_whatever_lies_beside_them(data: list[Span]) -> None:
    one_by_one = [cell for span in data for cell in cells([span], largest=1536)]
    assert list(cells(data, largest=1536)) == one_by_one


@given(ranges(), ranges())
def test_a_cell_is_missing_unless_all_of_it_is_there_and_stray_is_what_the_source_has_not(
    data: list[Span], there: list[Span]
) -> None:
    found = list(compared(data, there, largest=1536))
    cut = list(cells(data, largest=1536))
    assert [(span, part) for span, part in found if part is not Part.STRAY] == [
        (cell, Part.THERE if pages([cell]) <= pages(there) else Part.MISSING) for cell in cut
    ]
    assert [span for span, part in found if part is Part.STRAY] == [
        span for span in there if not pages([span]) <= pages(data)
    ]


@given(ranges(), st.randoms(use_true_random=False))
def test_whichever_cells_a_killed_run_wrote_the_others_are_missing_and_nothing_is_stray(
    data: list[Span], chance: Random
) -> None:
    cut = list(cells(data, largest=1536))
    written = [cell for cell in cut if chance.random() < 0.5]
    expected = [(cell, Part.THERE if cell in written else Part.MISSING) for cell in cut]
    assert list(compared(data, merged(written), largest=1536)) == expected


@given(ranges())
def test_spans_that_are_kept_come_back_as_they_were(data: list[Span]) -> None:
    kept = Kept()
    for span in data:
        kept.add(span)
    assert list(kept) == data
    assert list(kept) == data


@given(ranges())
def test_touching_neighbours_are_one_range_however_a_service_tells_them(data: list[Span]) -> None:
    single = [Span(page * 512, page * 512 + 512) for page in sorted(pages(data))]
    assert list(merged(single)) == data


def test_two_lists_differ_where_the_first_range_does() -> None:
    assert difference([Span(0, 512)], [Span(0, 512)]) is None
    assert difference([Span(0, 512), Span(1024, 1536)], [Span(0, 512)]) == (Span(1024, 1536), None)


# Listing


def service(spans: list[Span], *, size: int = 1000, busy: Callable[[Span], bool] = lambda window: False) -> Fetch:
    """Page ranges by parts of `size`, as the service gives them; asked for a `busy` window it times out."""

    def fetch(window: Span, marker: str) -> RangePage:
        if busy(window):
            raise Busy("500 OperationTimedOut")
        inside = [Span(max(start, window.start), min(end, window.end)) for start, end in spans]
        inside = [span for span in inside if span.start < span.end]
        first = int(marker or 0)
        return RangePage(inside[first : first + size], str(first + size) if first + size < len(inside) else "")

    return fetch


def fragments(count: int) -> list[Span]:
    return [Span(start, start + 512) for start in range(0, count * 4096, 4096)]


def test_when_the_list_has_many_parts_the_markers_lead_through_it() -> None:
    asked = service(fragments(25), size=10)
    assert list(listed(asked, 25 * 4096, "blob", IMPATIENT)) == fragments(25)


def test_when_the_service_times_out_it_is_asked_for_less_and_what_it_cuts_is_joined() -> None:
    whole = [Span(0, GIB)]
    slept: list[float] = []
    fetch = service(whole, busy=lambda window: window.length > 200 * MIB)
    assert list(listed(fetch, GIB, "blob", Terms(sleep=slept.append))) == whole
    assert slept == [0.5, 1.0, 2.0]


def test_when_it_times_out_in_the_middle_it_goes_on_behind_what_it_has() -> None:
    calls = itertools.count(1)
    fetch = service(fragments(25), size=10, busy=lambda window: next(calls) == 3)
    assert list(listed(fetch, 25 * 4096, "blob", IMPATIENT)) == fragments(25)


def test_when_the_service_stays_busy_it_gives_up_after_eight_tries() -> None:
    slept: list[float] = []
    with pytest.raises(Busy, match="OperationTimedOut"):
        list(listed(service([], busy=lambda window: True), GIB, "blob", Terms(sleep=slept.append)))
    assert len(slept) == 7


def test_when_only_a_part_is_used_only_that_part_is_fetched() -> None:
    calls = itertools.count()
    fetch = service(fragments(100), size=10, busy=lambda window: next(calls) > 0)
    assert next(listed(fetch, 100 * 4096, "blob", IMPATIENT)) == Span(0, 512)
    assert next(calls) == 1


def test_when_the_service_asks_to_wait_longer_than_there_is_time_it_stops() -> None:
    slept: list[float] = []

    def fetch(window: Span, marker: str) -> RangePage:
        raise Busy("cannot list", retry_after=1e300)

    with pytest.raises(NotFinished, match="are not listed yet"):
        list(listed(fetch, GIB, "blob", Terms(sleep=slept.append, clock=lambda: 0.0, deadline=299.0)))
    assert slept == []


def test_no_service_is_waited_for_longer_than_five_minutes() -> None:
    assert pause(1, 3600.0) == 300.0
    assert pause(1, float("inf")) == 300.0


def test_when_empty_parts_and_busy_answers_take_turns_the_list_ends_all_the_same() -> None:
    calls = itertools.count()

    def fetch(window: Span, marker: str) -> RangePage:
        if next(calls) % 2:
            raise Busy("cannot list: 500")
        return RangePage([], f"marker-{next(calls)}")

    with pytest.raises(Failure, match=r"cannot list: 500|does not end"):
        list(listed(fetch, GIB, "blob", IMPATIENT))


@pytest.mark.parametrize(
    ("lie", "says"),
    [
        ([Span(0, 1024), Span(512, 2048)], "after a range that ends at 1024"),
        ([Span(0, 513)], "no whole pages"),
        ([Span(512, 512)], "no whole pages"),
        ([Span(0, SMALLEST_WINDOW * 2)], "beyond its end"),
    ],
)
def test_when_a_list_cannot_be_true_it_is_refused(lie: list[Span], says: str) -> None:
    with pytest.raises(Failure, match=f"that cannot be.*{says}"):
        list(listed(lambda window, marker: RangePage(lie), SMALLEST_WINDOW, "the source", IMPATIENT))


# Concurrency


def test_it_doubles_with_each_round_until_the_first_trouble_and_then_grows_by_one() -> None:
    width = Width(64)
    for _ in range(4 + 8):
        width.succeeded()
    assert int(width) == 16
    width.troubled(width.generation)
    assert int(width) == 8
    for _ in range(9):
        width.succeeded()
    assert int(width) == 9


def test_one_wave_of_troubles_halves_once() -> None:
    width = Width(8)
    for _ in range(4):
        width.succeeded()
    began = width.generation
    for _ in range(8):
        width.troubled(began)
    assert int(width) == 4


def test_it_stays_between_one_and_what_was_allowed() -> None:
    width = Width(2)
    for _ in range(9):
        width.succeeded()
    assert int(width) == 2
    for _ in range(9):
        width.troubled(width.generation)
    assert int(width) == 1


def test_each_pause_is_twice_the_last_unless_the_service_asks_for_more() -> None:
    assert [pause(tries) for tries in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert pause(1, retry_after=17) == 17
