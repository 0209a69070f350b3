"""The documented server-side copy: started once, joined, verified, and never over what is not ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubectl_arm64.copy.asynchronous import COMPLETE, AsynchronousCopy, CopyPhase, same_blob
from kubectl_arm64.copy.ports import BlobState, CopyState
from kubectl_arm64.copy.source import SourceVhd
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.errors import Failure, Refused
from tests.doubles.blobs import BLOB, MIB, RELEASE, SOURCE_URL, DictBlobs, FixedSource, footer
from tests.test_step import Time

OTHER = "https://mirror.blob.core.windows.net/images/other.vhd"


def engine(blobs: DictBlobs, url: str = SOURCE_URL, *, abort_foreign: bool = False) -> AsynchronousCopy:
    return AsynchronousCopy(blobs, BLOB, SourceVhd(FixedSource(url=url)), RELEASE, Terms(), abort_foreign=abort_foreign)


def foreign(status: str, *, source: str = OTHER, size: int = MIB + 512) -> DictBlobs:
    copy = CopyState("copy-x", source, status, 0, MIB + 512)
    return DictBlobs({BLOB: BlobState(size, "PageBlob", '"d0"', {}, copy)})


def test_when_nothing_is_there_the_copy_starts_on_condition_that_the_source_stays_the_same() -> None:
    blobs = DictBlobs()
    assert engine(blobs).look().phase is CopyPhase.ABSENT
    engine(blobs).start()
    assert blobs.calls == ['copy if-match "s1"']


def test_when_the_source_carries_a_sas_it_stands_in_no_metadata() -> None:
    blobs = DictBlobs()
    engine(blobs, SOURCE_URL + "?sv=2025-01-05&sig=c2VjcmV0").start()
    assert "sig" not in str(blobs.held[BLOB].metadata)
    assert blobs.held[BLOB].metadata["kubectl_arm64_source"] == SOURCE_URL


def test_when_a_copy_of_the_same_source_is_pending_it_is_joined_whoever_started_it() -> None:
    look = engine(foreign("pending", source=SOURCE_URL)).look()
    assert (look.phase, look.total) == (CopyPhase.COPYING, MIB + 512)


def test_when_anothers_copy_of_another_source_is_pending_it_is_refused_with_its_id() -> None:
    with pytest.raises(Refused, match=r"copy ID copy-x.*--abort-copy"):
        engine(foreign("pending")).look()


def test_when_it_may_abort_anothers_copy_it_does_and_starts_its_own() -> None:
    blobs = foreign("pending")
    copy = engine(blobs, abort_foreign=True)
    assert copy.look().phase is CopyPhase.ABSENT
    copy.start()
    assert blobs.calls == ["abort copy-x", 'copy if-match "s1"']


def test_when_anothers_copy_begins_between_the_look_and_the_start_it_is_not_aborted() -> None:
    blobs = DictBlobs()
    copy = engine(blobs)
    copy.look()
    blobs.held = foreign("pending").held
    with pytest.raises(Refused, match="copy-x"):
        copy.start()
    assert blobs.calls == []


def test_when_our_own_copy_of_an_older_source_is_pending_it_is_aborted_unasked() -> None:
    blobs = DictBlobs()
    engine(blobs, OTHER).start()
    copy = engine(blobs)
    assert copy.look().phase is CopyPhase.ABSENT
    copy.start()
    assert blobs.calls[1:] == ["abort copy-1", 'copy if-match "s1"']


def test_when_the_copy_ends_well_its_footer_is_read_once() -> None:
    blobs = DictBlobs()
    copy = engine(blobs)
    copy.start()
    blobs.end(BLOB, "success")
    assert copy.look().phase is CopyPhase.COMPLETE
    blobs.tail = b"\0" * 512
    assert copy.look().phase is CopyPhase.COMPLETE


def test_when_the_documented_procedure_made_the_blob_it_is_used() -> None:
    assert engine(foreign("success", source=SOURCE_URL)).look().phase is CopyPhase.COMPLETE


def test_when_the_blob_is_anothers_and_holds_something_else_it_is_refused_not_overwritten() -> None:
    with pytest.raises(Refused, match=r"other\.vhd"):
        engine(foreign("success")).look()


def test_when_the_blob_has_no_history_it_is_refused() -> None:
    with pytest.raises(Refused, match="unknown origin"):
        engine(DictBlobs({BLOB: BlobState(MIB + 512, "PageBlob", '"d0"')})).look()


def test_when_our_finished_copy_is_broken_it_is_made_again() -> None:
    blobs = DictBlobs(tail=footer(cookie=b"notavhd!"))
    engine(blobs).start()
    blobs.end(BLOB, "success")
    look = engine(blobs).look()
    assert look.phase is CopyPhase.ABSENT
    assert "conectix" in look.note


def test_when_the_copy_that_this_run_started_fails_azures_reason_is_told() -> None:
    blobs = DictBlobs()
    copy = engine(blobs)
    copy.start()
    blobs.end(BLOB, "failed", "404 NotFound when reading from the source")
    with pytest.raises(Failure, match="404 NotFound when reading"):
        copy.look()


def test_when_an_earlier_copy_failed_the_next_run_starts_over() -> None:
    blobs = DictBlobs()
    engine(blobs).start()
    blobs.end(BLOB, "failed", "internal error")
    assert engine(blobs).look().phase is CopyPhase.ABSENT


def test_when_anothers_copy_was_aborted_its_empty_blob_is_recognised() -> None:
    assert engine(foreign("aborted", size=0)).look().phase is CopyPhase.ABSENT


def test_when_anothers_failed_copy_left_bytes_they_are_not_overwritten() -> None:
    with pytest.raises(Refused, match="failed"):
        engine(foreign("failed")).look()


def test_when_a_blob_was_written_otherwise_than_by_a_copy_its_metadata_tells_the_source() -> None:
    blobs = DictBlobs()
    engine(blobs).start()
    written = {**blobs.held[BLOB].metadata, COMPLETE: '"s1"'}
    blobs.held[BLOB] = replace(blobs.held[BLOB], copy=None, size=MIB + 512, metadata=written)
    assert engine(blobs).look().phase is CopyPhase.COMPLETE


def test_when_a_blob_was_written_page_by_page_and_never_verified_it_is_not_taken_for_complete() -> None:
    blobs = DictBlobs()
    engine(blobs).start()
    blobs.held[BLOB] = replace(blobs.held[BLOB], copy=None, size=MIB + 512)
    look = engine(blobs).look()
    assert (look.phase, look.note) == (CopyPhase.ABSENT, "it is there in part; the copy goes on")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (SOURCE_URL + "?sv=1&sig=x", True),
        (SOURCE_URL.replace("rhcos.blob", "RHCOS.blob"), True),
        (SOURCE_URL.replace("imagebucket/", "imagebucket/%72").replace("%72rhcos", "%72hcos"), True),
        (SOURCE_URL.replace("aarch64", "x86_64"), False),
        (SOURCE_URL.replace("rhcos.blob", "mirror.blob"), False),
    ],
)
def test_two_urls_name_one_blob_whatever_their_queries_and_escapes(other: str, same: bool) -> None:
    assert same_blob(SOURCE_URL, other) is same


# A copy that stands still


def pending(done: int = 0, *, time: Time, abort_foreign: bool = False) -> tuple[AsynchronousCopy, DictBlobs]:
    blobs = foreign("pending", source=SOURCE_URL)
    advance(blobs, done)
    vhd = SourceVhd(FixedSource())
    terms = Terms(clock=time.clock)
    return AsynchronousCopy(blobs, BLOB, vhd, RELEASE, terms, abort_foreign=abort_foreign), blobs


def advance(blobs: DictBlobs, done: int) -> None:
    state = blobs.held[BLOB]
    assert state.copy
    blobs.held[BLOB] = replace(state, copy=replace(state.copy, done=done))


def test_when_no_byte_came_for_fifteen_minutes_the_copy_is_stuck_and_both_ways_out_are_told() -> None:
    time = Time()
    copy, blobs = pending(time=time)
    for time.now in range(0, 900, 10):
        assert copy.look().phase is CopyPhase.COPYING
    time.now = 900
    with pytest.raises(Failure, match=r"stood still at 0 of \d+ bytes for 15 minutes \(copy ID copy-x\).*--abort-copy"):
        copy.look()
    assert blobs.calls == []


def test_when_a_byte_comes_the_patience_begins_anew() -> None:
    time = Time()
    copy, blobs = pending(time=time)
    copy.look()
    time.now = 899
    advance(blobs, 512)
    copy.look()
    time.now = 1700
    assert copy.look().phase is CopyPhase.COPYING


def test_when_it_may_abort_a_stuck_copy_it_starts_anew_once_and_then_gives_up() -> None:
    time = Time()
    copy, blobs = pending(time=time, abort_foreign=True)
    copy.look()
    time.now = 120
    look = copy.look()
    assert (look.phase, look.stuck) == (CopyPhase.ABSENT, True)
    copy.start()
    assert blobs.calls == ["abort copy-x", 'copy if-match "s1"']
    copy.look()
    time.now = 1019
    assert copy.look().phase is CopyPhase.COPYING
    time.now = 1020
    with pytest.raises(Failure, match=r"copy ID copy-2"):
        copy.look()
