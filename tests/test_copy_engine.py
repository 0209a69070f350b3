"""The page copier on the embedded blob storage: only data, in parallel, resumed, verified, and clear when it cannot."""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from kubectl_arm64.copy.asynchronous import COMPLETE, CopyPhase, Look
from kubectl_arm64.copy.by_ranges import RangeCopy
from kubectl_arm64.copy.lease import Lease
from kubectl_arm64.copy.terms import Terms
from kubectl_arm64.copy.troubles import LeaseHeld, NoPageCopy
from kubectl_arm64.errors import Denied, Failure, NotFinished, NotFound, Refused
from tests.copying import BLOB, PUT_PAGE, REFUSED_BY_SOURCE, Place, copied, same_bytes, source, spawn, writes
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.vhd import vhd
from tests.sandbox.server import Sandbox
from tests.sandbox.surroundings import foreign
from tests.test_step import Time

MIB = 1 << 20


def disk(seed: int = 1) -> PageStore:
    """12 MiB of data on a disk of 256: a dozen extents at odd places, one of them longer than two cells."""
    store = vhd(3 * MIB, 256 * MIB, seed)
    store.write(100 * MIB + 512, bytes([seed]) * (9 * MIB))
    return store


@pytest.fixture
def place(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The sandbox with a VHD to copy, and this process's environment leading to it."""
    here = Place.on(sandbox, disk())
    for name in [name for name in os.environ if foreign(name)]:
        monkeypatch.delenv(name)
    for name, value in here.environ.items():
        monkeypatch.setenv(name, value)
    return here


@dataclass
class Listener:
    """What a run says, with a clock of its own; `meanwhile` happens once, when the first bytes are copied."""

    meanwhile: Any = None
    notes: list[str] = field(default_factory=list)
    told: list[tuple[int, int]] = field(default_factory=list)
    time: Time = field(default_factory=Time)

    def progress(self, done: int, total: int) -> None:
        self.told.append((done, total))
        if self.meanwhile and done:
            self.meanwhile, act = None, self.meanwhile
            act()

    def terms(self, **settings: Any) -> Terms:
        times = {"clock": self.time.clock, "sleep": self.time.sleep}
        return Terms(parallel=8, progress=self.progress, note=self.notes.append, **{**times, **settings})


def written_bytes(sandbox: Sandbox) -> int:
    return sum(span.length * times for span, times in writes(sandbox).items())


def is_complete(sandbox: Sandbox) -> bool:
    return COMPLETE in copied(sandbox).metadata


def data(store: PageStore) -> int:
    return sum(end - start for start, end in store.ranges())


# The copy


def test_when_nothing_is_there_only_the_data_is_copied_and_the_disk_is_the_same(place: Place, sandbox: Sandbox) -> None:
    copy = place.copy()
    assert copy.look().phase is CopyPhase.ABSENT
    copy.start()
    assert same_bytes(source(sandbox).store, copied(sandbox).store)
    assert written_bytes(sandbox) == data(source(sandbox).store)
    assert copy.look().phase is CopyPhase.COMPLETE


def test_every_page_is_copied_on_condition_that_the_source_stays_the_same(place: Place, sandbox: Sandbox) -> None:
    place.copy().start()
    conditions = {each["headers"].get("x-ms-source-if-match") for each in sandbox.asked("PUT", PUT_PAGE)}
    assert conditions == {source(sandbox).properties["etag"]}


def test_when_it_is_complete_a_second_start_writes_nothing(place: Place, sandbox: Sandbox) -> None:
    place.copy().start()
    before = len(sandbox.asked("PUT"))
    place.copy().start()
    assert len(sandbox.asked("PUT")) == before


def test_progress_is_in_bytes_of_data_and_ends_with_all_of_them(place: Place, sandbox: Sandbox) -> None:
    heard = Listener()
    place.copy(heard.terms()).start()
    total = data(source(sandbox).store)
    assert heard.told[-1] == (total, total)
    assert heard.told == sorted(heard.told)


def test_the_sas_that_the_sources_url_carries_stands_in_no_metadata(place: Place, sandbox: Sandbox) -> None:
    place.of(place.source + "?sv=2025-01-05&comment=sig").copy().start()
    assert "?" not in copied(sandbox).metadata["kubectl_arm64_source"]


# Killed and resumed


@pytest.mark.parametrize(("nth", "after"), [(1, False), (1, True), (6, False), (11, True), (15, True)])
def test_when_it_is_killed_the_next_run_copies_what_is_missing_and_no_more(
    place: Place, sandbox: Sandbox, nth: int, after: bool
) -> None:
    sandbox.fault(PUT_PAGE, method="PUT", nth=nth, action="kill", after=after)
    child = spawn(place, parallel=4)
    child.join(30)
    assert child.exitcode == -9
    assert place.copy().look().phase is CopyPhase.ABSENT
    assert not is_complete(sandbox)
    sandbox.advance(15)  # the lease of the killed run
    place.copy().start()
    assert same_bytes(source(sandbox).store, copied(sandbox).store)
    assert set(writes(sandbox).values()) == {1}


def test_when_a_killed_runs_lease_still_holds_the_next_one_waits_for_its_end(place: Place, sandbox: Sandbox) -> None:
    sandbox.fault(PUT_PAGE, method="PUT", nth=5, action="kill")
    spawn(place, parallel=2).join(30)
    heard = Listener()

    def wait(seconds: float) -> None:
        heard.time.sleep(seconds)
        sandbox.advance(seconds)

    place.copy(heard.terms(sleep=wait)).start()
    assert is_complete(sandbox)
    assert heard.notes == [
        f"another run copies into {copied_url(place)}, or was killed less than 15 s ago: waiting",
    ]
    assert 10 <= heard.time.now <= 16


def copied_url(place: Place) -> str:
    return f"{place.account['properties']['primaryEndpoints']['blob']}vhd/{BLOB}"


def test_when_two_runs_start_at_once_one_copies_and_the_other_waits(place: Place, sandbox: Sandbox) -> None:
    sandbox.knobs.bandwidth = 20 * MIB
    heard = [Listener(), Listener()]
    runs = [place.copy(each.terms(sleep=threading.Event().wait)) for each in heard]
    threads = [threading.Thread(target=run.start) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert is_complete(sandbox)
    assert set(writes(sandbox).values()) == {1}
    assert len(heard[0].notes + heard[1].notes) == 1


def test_when_anothers_lease_never_ends_it_stops_with_advice(place: Place, sandbox: Sandbox) -> None:
    interrupted(place, sandbox)
    place.page_blob().acquire_lease("00000000-0000-4000-8000-00000000beef", -1)
    with pytest.raises(Refused, match=r"nobody has written to it for 5 minutes; .*lease break"):
        place.copy(Listener().terms()).start()


def interrupted(place: Place, sandbox: Sandbox) -> None:
    """A run that got as far as its fourth cell."""
    fault = sandbox.fault(PUT_PAGE, method="PUT", nth=5, times=99, status=403)
    with pytest.raises(Failure):
        place.copy().start()
    sandbox.knobs.faults.remove(fault)


def test_when_its_lease_ran_out_and_nobody_took_it_the_copy_goes_on(place: Place, sandbox: Sandbox) -> None:
    place.copy(Listener(lambda: sandbox.advance(60)).terms()).start()
    assert same_bytes(source(sandbox).store, copied(sandbox).store)


def test_when_its_lease_ran_out_it_is_taken_again_once_for_all_that_were_under_way(
    place: Place, sandbox: Sandbox
) -> None:
    lost = {"status": 412, "headers": {"x-ms-error-code": "LeaseLost"}}
    sandbox.fault(PUT_PAGE, method="PUT", nth=1, times=4, **lost)  # as many as are sent before the first answer
    place.copy(Listener().terms()).start()
    renewals = [each for each in sandbox.asked("PUT", "comp=lease") if each["headers"]["x-ms-lease-action"] == "renew"]
    assert 1 <= len(renewals) < 4  # fewer where the machine is too busy to send all before the first answer
    assert is_complete(sandbox)


def test_when_its_lease_was_released_a_late_renewal_does_not_take_it_again(place: Place, sandbox: Sandbox) -> None:
    interrupted(place, sandbox)
    sandbox.advance(60)
    lease = Lease(place.page_blob())
    assert lease.acquire()
    with lease:
        pass
    lease.renew()
    assert Lease(place.page_blob()).acquire()


def test_when_another_run_took_the_lease_over_this_one_stops(place: Place, sandbox: Sandbox) -> None:
    other = Lease(place.page_blob())

    def taken_over() -> None:
        sandbox.advance(60)
        assert other.acquire()

    with pytest.raises(Refused, match=r"another run has taken over the copy into .*; run the same command again"):
        place.copy(Listener(taken_over).terms()).start()
    assert not is_complete(sandbox)


# The source


NOT_AZURES = ["<html><body>Sign in to the network</body></html>", '{"error": "proxy"}', "<?xml version='1.0'?><PageLi"]


@pytest.mark.parametrize("of", ["imagebucket", "vhd"])
@pytest.mark.parametrize("when", [1, 2])
@pytest.mark.parametrize("body", NOT_AZURES, ids=["a web page", "JSON", "cut off"])
def test_when_something_in_between_answers_for_a_list_of_ranges_it_is_asked_for_again(
    place: Place, sandbox: Sandbox, of: str, when: int, body: str
) -> None:
    told = {"status": 200, "body": body, "headers": {"content-type": "application/xml"}}
    fault = sandbox.fault(f"/{of}/.*comp=pagelist", nth=when, times=7, **told)
    place.copy(Listener().terms()).start()
    assert is_complete(sandbox)
    assert fault.seen >= when + 7


def test_when_that_does_not_end_it_is_said(place: Place, sandbox: Sandbox) -> None:
    sandbox.fault("comp=pagelist", times=99, status=200, body=NOT_AZURES[0])
    with pytest.raises(Failure, match="the answer is not Azure's"):
        place.copy(Listener().terms()).start()


def test_when_its_lease_ran_out_before_the_end_was_written_down_it_is_taken_again(
    place: Place, sandbox: Sandbox
) -> None:
    lost = {"status": 412, "headers": {"x-ms-error-code": "LeaseLost"}}
    sandbox.fault("comp=metadata", method="PUT", **lost)
    place.copy(Listener().terms()).start()
    assert is_complete(sandbox)


def test_when_a_killed_runs_lease_lasts_azures_own_copy_waits_for_its_end(place: Place, sandbox: Sandbox) -> None:
    interrupted(place, sandbox)
    assert Lease(place.page_blob()).acquire()
    heard = Listener()

    def wait(seconds: float) -> None:
        sandbox.advance(seconds)
        heard.time.sleep(seconds)

    place.asynchronous(heard.terms(sleep=wait)).start()
    assert 10 <= heard.time.now <= 20
    assert place.asynchronous().look().phase is not CopyPhase.ABSENT


def test_when_a_live_run_holds_the_lease_azures_own_copy_gives_way(place: Place, sandbox: Sandbox) -> None:
    interrupted(place, sandbox)
    place.page_blob().acquire_lease("00000000-0000-4000-8000-00000000beef", -1)
    with pytest.raises(LeaseHeld, match="another run writes there at this moment; wait for it"):
        place.asynchronous(Listener().terms()).start()


def test_when_the_source_changed_since_the_last_run_it_starts_over_and_says_so(place: Place, sandbox: Sandbox) -> None:
    interrupted(place, sandbox)
    publish(sandbox, disk(seed=2))
    heard = Listener()
    place.copy(heard.terms()).start()
    assert same_bytes(source(sandbox).store, copied(sandbox).store)
    assert heard.notes == [f"{copied_url(place)} holds another VHD, or another state of this one: starting over"]


def publish(sandbox: Sandbox, store: PageStore) -> None:
    """Red Hat replaces the VHD."""
    blobs = sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs
    blobs[BLOB] = new_blob(store, sandbox.world.clock.now())


def test_when_the_source_changes_meanwhile_it_starts_over_and_says_so(place: Place, sandbox: Sandbox) -> None:
    heard = Listener(lambda: publish(sandbox, disk(seed=2)))
    place.copy(heard.terms()).start()
    assert same_bytes(source(sandbox).store, copied(sandbox).store)
    assert heard.notes[0] == f"{place.source} changed while it was copied: starting over"


def test_when_the_source_shrinks_meanwhile_the_smaller_disk_is_copied(place: Place, sandbox: Sandbox) -> None:
    place.copy(Listener(lambda: publish(sandbox, vhd(MIB, 64 * MIB))).terms()).start()
    assert copied(sandbox).store.size == 64 * MIB + 512
    assert same_bytes(source(sandbox).store, copied(sandbox).store)


def test_when_the_source_changes_after_the_last_cell_it_starts_over_too(place: Place, sandbox: Sandbox) -> None:
    changes = [lambda: publish(sandbox, disk(seed=2))]

    def change(done: int, total: int) -> None:
        if done == total and changes:
            changes.pop()()

    place.copy(Terms(progress=change)).start()
    assert same_bytes(source(sandbox).store, copied(sandbox).store)


def test_when_it_starts_over_what_is_still_under_way_lands_on_nothing(place: Place, sandbox: Sandbox) -> None:
    sandbox.fault(PUT_PAGE, nth=2, action="stall", seconds=0.5)
    sandbox.fault(PUT_PAGE, nth=3, status=412, headers={"x-ms-error-code": "CannotVerifyCopySource"})
    place.copy().start()
    assert set(writes(sandbox).values()) == {1}


@pytest.mark.parametrize("status", [412, 304])
def test_when_the_source_keeps_changing_it_ends_in_one_error(place: Place, sandbox: Sandbox, status: int) -> None:
    code = {"x-ms-error-code": "CannotVerifyCopySource"}
    sandbox.fault(PUT_PAGE, method="PUT", nth=3, times=99, status=status, headers=code)
    with pytest.raises(Failure, match="changed while it was copied; run the same command again"):
        place.copy().start()
    assert not is_complete(sandbox)


def test_when_the_source_vanishes_it_says_so_and_the_copy_stays_incomplete(place: Place, sandbox: Sandbox) -> None:
    images = sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs
    with pytest.raises(NotFound, match=f"the VHD is gone: {place.source}; .*newer z-stream"):
        place.copy(Listener(lambda: images.pop(BLOB)).terms()).start()
    assert not is_complete(sandbox)


def test_when_the_source_turns_private_its_401_is_not_taken_for_ours(place: Place, sandbox: Sandbox) -> None:
    container = sandbox.world.accounts["rhcos"].containers["imagebucket"]
    with pytest.raises(Denied, match=r"the source is not public.*source: 401 NoAuthenticationInformation"):
        place.copy(Listener(lambda: setattr(container, "public_access", "None")).terms()).start()
    assert not is_complete(sandbox)
    assert max(writes_tried(sandbox).values()) == 1


def writes_tried(sandbox: Sandbox) -> Counter[str]:
    return Counter(each["headers"]["x-ms-range"] for each in sandbox.asked("PUT", PUT_PAGE))


def test_when_the_sources_ranges_leave_out_its_footer_it_is_not_believed(
    place: Place, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = source(sandbox).store
    lying = PageStore(store.size)
    lying.write(0, b"x" * 512)
    monkeypatch.setattr(store, "ranges", lying.ranges)
    with pytest.raises(Failure, match=r"page ranges that cannot be: its VHD footer is in none of them; .*--copy async"):
        place.copy().start()
    assert not is_complete(sandbox)


# Where pages cannot be copied


def look_until_settled(copy: RangeCopy) -> Look:
    while (look := copy.look()).phase is CopyPhase.COPYING:
        pass
    return look


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (PUT_PAGE, {"status": 403, "headers": REFUSED_BY_SOURCE}),
        (PUT_PAGE, {"status": 501, "headers": {"x-ms-error-code": "NotImplemented"}}),
        ("imagebucket.*comp=pagelist", {"status": 400, "headers": {"x-ms-error-code": "UnsupportedQueryParameter"}}),
    ],
)
def test_when_pages_cannot_be_copied_azure_copies_by_itself(
    place: Place, sandbox: Sandbox, path: str, fault: dict[str, Any]
) -> None:
    sandbox.fault(path, times=99, **fault)
    heard = Listener()
    copy = place.copy(heard.terms())
    copy.start()
    assert look_until_settled(copy).phase is CopyPhase.COMPLETE
    assert same_bytes(source(sandbox).store, copied(sandbox).store)
    assert heard.notes[-1].endswith("leaving it to Azure's asynchronous copy")


def test_when_the_asynchronous_copy_fails_too_both_statuses_are_told(place: Place, sandbox: Sandbox) -> None:
    sandbox.fault(PUT_PAGE, times=99, status=403, headers=REFUSED_BY_SOURCE)
    sandbox.knobs.copy_outcome = "failed"
    copy = place.copy()
    copy.start()
    with pytest.raises(Failure, match=r"source: 403 AuthorizationFailure.*copy failed too: .*; look at the network"):
        look_until_settled(copy)


def test_when_only_ranges_were_asked_for_there_is_no_fallback(place: Place, sandbox: Sandbox) -> None:
    sandbox.fault(PUT_PAGE, times=99, status=403, headers=REFUSED_BY_SOURCE)
    with pytest.raises(NoPageCopy, match=r"page by page: the storage service is refused by the source"):
        place.copy(may_fall_back=False).start()


def test_when_a_copy_of_the_documented_procedure_is_pending_it_is_joined(place: Place, sandbox: Sandbox) -> None:
    place.asynchronous().start()
    copy = place.copy()
    assert copy.look().phase is CopyPhase.COPYING
    copy.start()
    assert sandbox.asked("PUT", PUT_PAGE) == []


# Trouble


def test_when_the_service_is_busy_it_slows_down_and_says_so_once(place: Place, sandbox: Sandbox) -> None:
    sandbox.fault(PUT_PAGE, nth=3, times=8, status=503, headers={"x-ms-error-code": "ServerBusy"})
    heard = Listener()
    place.copy(heard.terms()).start()
    assert same_bytes(source(sandbox).store, copied(sandbox).store)
    assert heard.notes == ["storage has trouble (ServerBusy): going on with fewer requests at a time"]


def test_when_a_third_of_the_writes_times_out_the_disk_arrives_all_the_same(place: Place, sandbox: Sandbox) -> None:
    for nth in range(1, 24, 3):
        sandbox.fault(PUT_PAGE, nth=nth, status=500, headers={"x-ms-error-code": "OperationTimedOut"})
    heard = Listener()
    place.copy(heard.terms()).start()
    assert same_bytes(source(sandbox).store, copied(sandbox).store)
    assert len(heard.notes) == 1


@pytest.mark.parametrize("after", [False, True])
def test_when_a_connection_breaks_the_cell_is_sent_again(place: Place, sandbox: Sandbox, after: bool) -> None:
    sandbox.fault(PUT_PAGE, nth=2, times=2, action="reset", after=after)
    place.copy(Listener().terms()).start()
    assert same_bytes(source(sandbox).store, copied(sandbox).store)


def test_when_every_write_fails_it_stops_after_eight_tries_with_the_way_to_go_on(
    place: Place, sandbox: Sandbox
) -> None:
    sandbox.fault(PUT_PAGE, times=999, status=500, headers={"x-ms-error-code": "OperationTimedOut"})
    heard = Listener()
    with pytest.raises(Failure, match=r"500 OperationTimedOut, 8 times in a row; run the same command again") as caught:
        place.copy(heard.terms()).start()
    assert (caught.value.exit_code, len(heard.notes)) == (1, 1)
    assert max(writes_tried(sandbox).values()) == 8


def test_when_no_byte_is_gained_for_five_minutes_it_stops(place: Place, sandbox: Sandbox) -> None:
    sandbox.fault(PUT_PAGE, times=999, status=503, headers={"retry-after": "60"})
    with pytest.raises(Failure, match=r"no byte was gained for 5 minutes; run the same command again"):
        place.copy(Listener().terms()).start()
    assert max(writes_tried(sandbox).values()) < 8


def test_when_the_time_is_over_it_says_how_far_it_is(place: Place, sandbox: Sandbox) -> None:
    heard = Listener()
    heard.meanwhile = lambda: heard.time.sleep(99)
    with pytest.raises(NotFinished, match=r"\d+ % of the data is copied"):
        place.copy(heard.terms(deadline=60.0)).start()


# Verification


def test_when_what_arrived_is_no_vhd_it_is_not_marked_as_complete(place: Place, sandbox: Sandbox) -> None:
    def spoil(done: int, total: int) -> None:
        if done == total:
            copied(sandbox).store.write(copied(sandbox).store.size - 512, bytes(512))

    with pytest.raises(Failure, match=r"is not what was copied: .*conectix"):
        place.copy(Terms(progress=spoil)).start()
    assert not is_complete(sandbox)


def test_when_somebody_else_wrote_into_the_blob_it_is_not_taken(place: Place, sandbox: Sandbox) -> None:
    interrupted(place, sandbox)
    copied(sandbox).store.write(50 * MIB + 512, b"x" * 512)
    with pytest.raises(Refused, match=r"data at 52429312-52429824, where the source has none"):
        place.copy().start()
