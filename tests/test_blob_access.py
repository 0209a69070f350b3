"""Refusals that settle by themselves, and keys that an organisation forbids."""

from __future__ import annotations

import pytest

from kubectl_arm64.copy.ports import BlobState
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
