"""Refusals that settle by themselves, and keys that an organisation forbids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubectl_arm64.copy.ports import BlobState
from kubectl_arm64.copy.ranges import Span
from kubectl_arm64.copy.troubles import Busy
from kubectl_arm64.errors import Denied
from kubectl_arm64.pipeline.blob_access import KEYS_FORBIDDEN, NO_DATA_ROLE, SettlingBlobs
from tests.doubles.blobs import BLOB, DictBlobs
from tests.test_step import Heard, Time


class Refusing(DictBlobs):
    """Refuses the first `times` requests with `code`."""

    def __init__(self, code: str, times: int) -> None:
        super().__init__({BLOB: BlobState(512, "PageBlob", '"d0"')})
        self._code = code
        self._times = times

    def head(self, blob: str) -> BlobState | None:
        if self._times:
            self._times -= 1
            raise Denied("refused", code=self._code)
        return super().head(blob)


def test_when_a_role_was_given_a_minute_ago_it_waits_and_says_so_once() -> None:
    time, heard = Time(), Heard()
    assert SettlingBlobs(Refusing(NO_DATA_ROLE, 5), time.pace(), heard).head(BLOB)
    assert heard.lines == ["waiting for the role to take effect on the storage account"]
    assert sum(time.slept) == 50


def test_when_the_role_never_takes_effect_it_gives_up_after_two_minutes() -> None:
    time = Time()
    with pytest.raises(Denied):
        SettlingBlobs(Refusing(NO_DATA_ROLE, 1000), time.pace(), Heard()).head(BLOB)
    assert sum(time.slept) == 120


def test_when_this_run_switched_shared_keys_on_their_refusal_settles() -> None:
    blobs = SettlingBlobs(Refusing(KEYS_FORBIDDEN, 2), Time().pace(), Heard(), keys_just_on=True)
    assert blobs.head(BLOB)


def test_when_the_organisation_forbids_keys_it_goes_on_with_the_token_and_says_so() -> None:
    heard = Heard()
    token = DictBlobs({BLOB: BlobState(512, "PageBlob", '"d0"')})
    blobs = SettlingBlobs(Refusing(KEYS_FORBIDDEN, 1), Time().pace(), heard, fallback=lambda: token)
    assert blobs.head(BLOB) == token.held[BLOB]
    assert "going on with the sign-in's own token" in heard.lines[0]


def test_when_the_user_demanded_the_key_there_is_no_fallback() -> None:
    with pytest.raises(Denied):
        SettlingBlobs(Refusing(KEYS_FORBIDDEN, 1), Time().pace(), Heard()).head(BLOB)


# Pages


class Pages:
    """A page blob that refuses the first `times` requests of each kind with `code`."""

    url = "https://a.blob.core.windows.net/vhd/b.vhd"

    def __init__(self, code: str, times: int) -> None:
        self._code = code
        self._left: dict[str, int] = {}
        self._times = times

    def __getattr__(self, kind: str) -> Callable[..., None]:
        def answer(*values: object, **named: object) -> None:
            left = self._left.setdefault(kind, self._times)
            if left:
                self._left[kind] = left - 1
                raise Denied("refused", code=self._code)

        return answer


class Paged(DictBlobs):
    """Access to those pages."""

    def __init__(self, pages: Pages) -> None:
        super().__init__()
        self._pages = pages

    def page_blob(self, blob: str) -> Any:
        return self._pages


def test_when_rights_settle_what_is_asked_of_pages_one_at_a_time_waits() -> None:
    time = Time()
    pages = SettlingBlobs(Paged(Pages(NO_DATA_ROLE, 2)), time.pace(), Heard()).page_blob(BLOB)
    pages.create(512, {})
    pages.acquire_lease("l", 15)
    pages.page_ranges(Span(0, 512), "")
    pages.set_metadata({}, lease="l")
    assert sum(time.slept) == 80


def test_when_rights_settle_the_copys_many_requests_are_tried_again_later() -> None:
    pages = SettlingBlobs(Paged(Pages(KEYS_FORBIDDEN, 9)), Time().pace(), Heard(), keys_just_on=True).page_blob(BLOB)
    with pytest.raises(Busy, match="refused"):
        pages.copy_pages(Span(0, 512), "https://s", source_etag='"s"', lease="l")
    with pytest.raises(Busy, match="refused"):
        pages.fetch(Span(0, 512))


def test_when_a_right_does_not_settle_it_is_denied_at_once() -> None:
    pages = SettlingBlobs(Paged(Pages(KEYS_FORBIDDEN, 9)), Time().pace(), Heard()).page_blob(BLOB)
    with pytest.raises(Denied):
        pages.copy_pages(Span(0, 512), "https://s", source_etag='"s"', lease="l")
