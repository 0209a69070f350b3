"""What a refused page request means to the copy: the destination's fault, the source's, or a matter of patience."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kubectl_arm64.azure.answers import Answer, parse
from kubectl_arm64.azure.pages import refusal
from kubectl_arm64.copy.troubles import BlobChanged, Busy, LeaseHeld, LeaseLost, NoPageCopy, SourceChanged
from kubectl_arm64.errors import Denied, Failure, NotFound

SOURCE = "https://rhcos.blob.core.windows.net/imagebucket/rhcos-418.94.202602022246-0-azure.aarch64.vhd"
UNVERIFIED = "CannotVerifyCopySource"


def told(status: int, reason: str = "") -> dict[str, str]:
    """How newer api-versions tell the source's answer apart."""
    return {"x-ms-copy-source-status-code": str(status), "x-ms-copy-source-error-code": reason}


@pytest.mark.parametrize(
    ("status", "code", "headers", "kind"),
    [
        (412, UNVERIFIED, {}, SourceChanged),
        (304, UNVERIFIED, {}, SourceChanged),
        (412, UNVERIFIED, told(412, "ConditionNotMet"), SourceChanged),
        (401, UNVERIFIED, {}, Denied),
        (401, UNVERIFIED, told(401, "NoAuthenticationInformation"), Denied),
        (404, UNVERIFIED, told(404, "BlobNotFound"), NotFound),
        (403, UNVERIFIED, told(403, "AuthorizationFailure"), NoPageCopy),
        (409, UNVERIFIED, told(409, "PublicAccessNotPermitted"), Denied),
        (403, UNVERIFIED, told(403, "AuthenticationFailed"), Denied),
        (416, UNVERIFIED, told(416, "InvalidRange"), Failure),
        (500, UNVERIFIED, {}, Busy),
        (503, UNVERIFIED, told(503, "ServerBusy"), Busy),
    ],
)
def test_what_the_source_refused_is_the_sources(status: int, code: str, headers: dict[str, str], kind: type) -> None:
    assert type(refusal(Answer(status, code, headers=headers), "copy", SOURCE)) is kind


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (500, "OperationTimedOut", Busy),
        (503, "ServerBusy", Busy),
        (429, "TooManyRequests", Busy),
        (409, "LeaseAlreadyPresent", LeaseHeld),
        (412, "LeaseIdMissing", LeaseLost),
        (412, "LeaseIdMismatchWithBlobOperation", LeaseLost),
        (412, "LeaseLost", LeaseLost),
        (409, "BlobAlreadyExists", BlobChanged),
        (412, "ConditionNotMet", BlobChanged),
        (501, "NotImplemented", NoPageCopy),
        (403, "AuthorizationPermissionMismatch", Denied),
        (409, "PublicAccessNotPermitted", Denied),
        (404, "BlobNotFound", Failure),
    ],
)
def test_what_the_destination_refused_is_told_apart(status: int, code: str, kind: type) -> None:
    assert isinstance(refusal(Answer(status, code, "The server said no."), "copy", SOURCE), kind)


def test_when_the_service_asks_to_wait_the_copy_is_told_how_long() -> None:
    busy = refusal(Answer(503, "ServerBusy", headers={"retry-after": "7"}), "copy", SOURCE)
    assert isinstance(busy, Busy)
    assert busy.retry_after == 7


def test_when_source_and_destination_both_have_a_status_both_are_shown() -> None:
    shown = refusal(Answer(403, UNVERIFIED, headers=told(403, "AuthorizationFailure")), "copy", SOURCE)
    assert "403 CannotVerifyCopySource, source: 403 AuthorizationFailure" in str(shown)


RECORDED = {
    "page-from-url/03-source-if-match-412": SourceChanged,
    "page-from-url/04-source-if-none-match-304": SourceChanged,
    "page-from-url/05-dest-if-match-412": BlobChanged,
    "page-from-url/07-source-private-401": Denied,
    "page-from-url/09-source-expired-401-2025": Denied,
    "page-blob/04-create-exists-409": BlobChanged,
    "page-blob/10-internal-error-500": Busy,
    "error/server-busy-503": Busy,
}


def test_the_recorded_answers_of_the_real_service_mean_the_same(shared_data: Path | None) -> None:
    """Without the recordings the tables above judge alone, and the summary says so."""
    for name, kind in RECORDED.items() if shared_data else ():
        assert shared_data
        recording = json.loads((shared_data / "data" / "recordings" / "blob" / f"{name}.json").read_text())
        response = recording["response"]
        headers = {key.lower(): value for key, value in response["headers"].items()}
        answer = parse(response["status"], headers, response["body"] or "")
        assert type(refusal(answer, "copy", SOURCE)) is kind, name
