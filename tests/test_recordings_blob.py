"""The sandbox's blob storage answers as the real one did in the recordings.

Each scene brings the sandbox to the state before one recorded exchange, and puts back what its recorder dropped. The
recorded request is then sent, signed anew, and the answers are compared: status, the headers that storage sets, the
values of those that do not depend on time or chance, error code, sentences and XML elements.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.rest import HttpRequest
from azure.storage.blob import generate_account_sas, generate_blob_sas
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy

from tests.sandbox.blob.errors import CODES
from tests.sandbox.blob.in_process import exchange
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.small_world import PRINCIPAL, SUBSCRIPTION, Storage, Token, account
from tests.sandbox.world import Blob, Container, Role, StorageAccount

# Recordings of what the sandbox's blob storage does not do.
NOT_HERE = {
    "copy/08-incremental-head-pending": "incremental copies need snapshots, which the tool never makes",
    "error/documented-codes": "a table, not an exchange: compared by a test of its own below",
    "page-blob/10-internal-error-500": "a chance failure of the real service: here a fault asked for by a knob",
}

# Set where the account has CORS rules, as most of the recorded ones had; accounts here have none.
CORS = {"vary"}

# (recording, header) -> why it may differ.
DIFFERENCES = {
    ("page-blob/02-head-200", "x-ms-tag-count"): "seen in this one recording only, and at a version without tags",
    ("copy/02-head-200-success", "x-ms-access-tier"): "a premium account; all accounts here are standard ones",
    ("copy/02-head-200-success", "x-ms-access-tier-inferred"): "a premium account's blob was given its tier",
    ("copy/05-head-200-aborted", "x-ms-copy-source"): "the text came from the web, of which the sandbox has none",
    ("copy/10-vhd-put-202-pending", "Content-Length"): "chunked in 2015, a length of 0 in every later recording",
    ("copy/11-vhd-head-pending-zero", "Content-Type"): "this blob had none; blobs here always have one",
    ("copy/13-vhd-head-pending-half", "Content-Type"): "this blob had none; blobs here always have one",
    ("copy/14-vhd-head-success", "Content-Type"): "this blob had none; blobs here always have one",
}

# Quoted in issues, comments and logs: what is there is real, what is missing may not be.
QUOTED = {
    "auth/05-expired-bearer-401",
    "auth/07-key-based-not-permitted-403",
    "auth/08-public-access-not-permitted-409",
    "error/server-busy-503",
    "page-from-url/09-source-expired-401-2025",
}

DROPPED_BY_RECORDER = {"Azure/azure-sdk-for-python": {"x-ms-request-id", "x-ms-client-request-id"}}

COMPARED = {
    "Accept-Ranges",
    "Content-Length",
    "Content-MD5",
    "Content-Range",
    "Content-Type",
    "ETag",
    "Last-Modified",
    "Server",
    "Vary",
    "WWW-Authenticate",
}

# Headers of which only the presence is compared: what they say depends on time, chance or data.
ANY_VALUE = {
    "content-md5",
    "etag",
    "last-modified",
    "www-authenticate",
    "x-ms-content-crc64",
    "x-ms-copy-completion-time",
    "x-ms-copy-id",
    "x-ms-creation-time",
    "x-ms-request-id",
}


@dataclass
class Stage:
    """One recorded request on its way into the sandbox. `authorization` "key" means: signed with the account's key."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""
    authorization: str = "key"
    storage: Storage = field(default_factory=Storage)

    def account(self, url: str = "") -> StorageAccount:
        name = urlsplit(url or self.url).netloc.partition(".")[0]
        return self.storage.world.accounts.setdefault(name, account(name, allowBlobPublicAccess=True))

    def container(self, url: str = "", access: str = "None") -> Container:
        name = urlsplit(url or self.url).path.split("/")[1]
        return self.account(url).containers.setdefault(name, Container(name, access))

    def blob(self, size: int = 1024, url: str = "", kind: str = "PageBlob", **properties: object) -> Blob:
        """The blob of `url`, else of the request."""
        store = PageStore(size)
        name = urlsplit(url or self.url).path.split("/", 2)[2]
        blob = new_blob(store, self.storage.world.clock.now(), kind, **properties)
        self.container(url).blobs[name] = blob
        return blob

    def source(self, size: int = 8192, kind: str = "PageBlob", **properties: object) -> Blob:
        """The blob that x-ms-copy-source names; a SAS in there is signed anew."""
        url = self.headers["x-ms-copy-source"]
        blob = self.blob(size, url, kind, **properties)
        if "sig=" in url:
            parts = urlsplit(url)
            container, name = parts.path.lstrip("/").split("/", 1)
            key = self.account(url).keys[0]
            sas = generate_blob_sas(
                self.account(url).name, container, name, account_key=key, permission="r", expiry=LATER
            )
            self.headers["x-ms-copy-source"] = f"{url.partition('?')[0]}?{sas}"
        return blob

    def sent_before(self, headers: dict[str, str], method: str = "PUT", query: str = "") -> dict[str, str]:
        """Send another request to the same place first; the headers of its answer."""
        earlier = Stage(method, self.url.partition("?")[0] + query, headers, storage=self.storage)
        return earlier.send()[1]

    def send(self) -> tuple[int, dict[str, str], bytes]:
        headers = {"x-ms-version": "2018-11-09", **self.headers} if self.authorization == "key" else self.headers
        headers = {
            name: value for name, value in headers.items() if name.lower() not in ("x-ms-date", "content-length")
        }
        headers |= {"x-ms-date": formatdate(usegmt=True), "content-length": str(len(self.body))}
        if self.authorization == "key":
            policy: Any = SharedKeyCredentialPolicy(self.account().name, self.account().keys[0])  # type: ignore[no-untyped-call]
            # The SDK signs what it sends in lower case.
            request = HttpRequest(
                self.method, self.url, headers={name.lower(): value for name, value in headers.items()}
            )
            policy.on_request(PipelineRequest(request, PipelineContext(None)))
            headers["authorization"] = request.headers["Authorization"]
        elif self.authorization:
            headers["authorization"] = self.authorization
        return exchange(self.storage.app, self.method, self.url, headers, self.body)

    def bearer(self, seconds: float = 3600) -> str:
        return f"Bearer {Token(self.storage.world, seconds=seconds).get_token().token}"

    def may_everything(self) -> None:
        self.storage.world.roles.append(Role(PRINCIPAL.object_id, f"/subscriptions/{SUBSCRIPTION}", ["*"], [], ["*"]))


LATER = datetime.now(UTC) + timedelta(hours=1)
Scene = Callable[[Stage], object]


# auth


def no_auth(stage: Stage) -> None:
    stage.container()
    stage.authorization = ""


def no_data_role(stage: Stage) -> None:
    stage.account()
    stage.authorization = stage.bearer()


def bad_bearer(stage: Stage) -> None:
    stage.container()
    stage.authorization = "Bearer no-token"


def expired_bearer(stage: Stage) -> None:
    """Of the quoted request only the URL is known."""
    stage.blob()
    stage.headers["x-ms-version"] = "2021-08-06"
    stage.authorization = stage.bearer(seconds=-1)


def sas_of_tomorrow(stage: Stage) -> None:
    """The file service's front door, which is the blob service's too: its share is a container here."""
    stage.url = "https://fakestorageaccount.blob.core.windows.net/share156044298734500432?restype=container"
    stage.container()
    owner = stage.account()
    start, expiry = LATER, LATER + timedelta(days=1)
    sas = generate_account_sas(owner.name, owner.keys[0], "sco", "rl", expiry, start=start)
    stage.url += f"&{sas}"
    stage.authorization = ""


def keys_forbidden(stage: Stage) -> None:
    stage.account().body["properties"]["allowSharedKeyAccess"] = False
    stage.url += "?comp=list"


def public_access_off(stage: Stage) -> None:
    stage.blob()
    stage.account().body["properties"]["allowBlobPublicAccess"] = False
    stage.headers["x-ms-version"] = "2021-08-06"
    stage.authorization = ""


def delegation_window(stage: Stage) -> None:
    """The recorded hour, which is long gone, becomes the next one."""
    stage.account()
    stage.may_everything()
    stage.authorization = stage.bearer()
    now = datetime.now(UTC)
    start, expiry = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (now, now + timedelta(hours=1)))
    text = re.sub("<Start>.*</Expiry>", f"<Start>{start}</Start><Expiry>{expiry}</Expiry>", stage.body.decode())
    stage.body = text.encode()


# containers


def container_being_deleted(stage: Stage) -> None:
    stage.container()
    stage.sent_before({}, "DELETE", "?restype=container")


# copy


def copy_within_account(stage: Stage) -> None:
    stage.storage.knobs.polls["copy"] = 0
    stage.container()
    stage.source(1024)


def copied_within_account(stage: Stage) -> None:
    stage.storage.knobs.polls["copy"] = 0
    url = stage.url.replace("blob1copy", "blob3bf30fd2")
    stage.blob(1024, url)
    stage.sent_before({"x-ms-copy-source": url})


def copy_from_outside(stage: Stage) -> None:
    """The sandbox has no web beyond its own accounts: the text is in one of them."""
    stage.container()
    stage.headers["x-ms-copy-source"] = "https://storagename.blob.core.windows.net/texts/59466-0.txt"
    stage.source(439274, kind="BlockBlob", content_type="text/plain")


def copy_under_way(stage: Stage) -> str:
    url = "https://storagename.blob.core.windows.net/texts/59466-0.txt"
    stage.blob(439274, url, kind="BlockBlob", content_type="text/plain")
    stage.container()
    return stage.sent_before({"x-ms-copy-source": url})["x-ms-copy-id"]


def copy_to_abort(stage: Stage) -> None:
    copy_id = copy_under_way(stage)
    stage.url = re.sub("copyid=.*", f"copyid={copy_id}", stage.url)


def copy_aborted(stage: Stage) -> None:
    copy_id = copy_under_way(stage)
    stage.sent_before({"x-ms-copy-action": "abort"}, query=f"?comp=copy&copyid={copy_id}")


def copy_source_condition(stage: Stage) -> None:
    stage.container()
    stage.headers["x-ms-copy-source"] = stage.url + "source"
    stage.source()
    stage.headers["x-ms-source-if-match"] = '"0x1"'


VHD_SIZE = 32212255232
VHD_URL = (
    "https://vmdepotwestus.blob.core.windows.net/linux-community-store/"
    "community-4-25f6cca9-1c2e-4ed8-9e04-43d4986aefa5-1.vhd"
)


def vhd_copy(stage: Stage) -> None:
    stage.blob(VHD_SIZE, VHD_URL, content_md5="oxfYSn8g0lBDEHFLH/B45A==", sequence_number=3)
    stage.container(VHD_URL).public_access = "Blob"
    stage.container()


def vhd_copy_pending(stage: Stage) -> None:
    vhd_copy(stage)
    stage.sent_before({"x-ms-copy-source": VHD_URL})


def vhd_copy_half_way(stage: Stage) -> None:
    vhd_copy_pending(stage)
    stage.storage.knobs.polls["copy"] = VHD_SIZE // 512
    stage.container().blobs[urlsplit(stage.url).path.split("/")[2]].properties["copy"]["looks"] = 17180921856 // 512


def vhd_copy_done(stage: Stage) -> None:
    stage.storage.knobs.polls["copy"] = 0
    vhd_copy_pending(stage)


# page blobs and their pages


def page_blob_exists(stage: Stage) -> None:
    stage.blob()
    stage.headers |= {"if-none-match": "*", "x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "1024"}


def put_page(stage: Stage) -> None:
    stage.blob(2048)
    stage.body = bytes(range(256)) * 2


def from_url(stage: Stage) -> None:
    stage.blob(8192)
    stage.source()


def from_url_none_match(stage: Stage) -> None:
    stage.blob(8192)
    stage.source().properties["etag"] = stage.headers["x-ms-source-if-None-Match"]


def from_url_with_token(stage: Stage) -> None:
    from_url(stage)
    stage.may_everything()
    stage.headers["x-ms-copy-source-authorization"] = stage.bearer()


def from_url_with_old_token(stage: Stage) -> None:
    """Quoted from a log: of the request only what failed is known."""
    from_url(stage)
    written = {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511", "x-ms-source-range": "bytes=0-511"}
    stage.headers |= written | {"x-ms-copy-source-authorization": stage.bearer(seconds=-1)}


def two_ranges(stage: Stage) -> None:
    blob = stage.blob(2048)
    blob.store.write(0, b"a" * 512)
    blob.store.write(1024, b"b" * 512)


def three_ranges(stage: Stage) -> None:
    blob = stage.blob(8192)
    for offset in (0, 1024, 4096):
        blob.store.write(offset, b"a" * 512)


def too_busy(stage: Stage) -> None:
    """Quoted: of the request only the URL is known. A write that would have to wait for too long."""
    stage.blob(4096, bytes_until=math.inf)
    stage.storage.knobs.bandwidth = 1
    stage.headers |= {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511"}
    stage.body = b"x" * 512


SCENES: dict[str, Scene] = {
    "auth/01-no-auth-401": no_auth,
    "auth/02-anonymous-private-404": no_auth,
    "auth/03-bad-bearer": bad_bearer,
    "auth/04-permission-mismatch-403": no_data_role,
    "auth/05-expired-bearer-401": expired_bearer,
    "auth/06-sas-expired-403": sas_of_tomorrow,
    "auth/07-key-based-not-permitted-403": keys_forbidden,
    "auth/08-public-access-not-permitted-409": public_access_off,
    "container/01-create-201": Stage.account,
    "container/02-create-409": Stage.container,
    "container/03-being-deleted-409": container_being_deleted,
    "container/04-head-404": Stage.account,
    "copy/01-put-202-success": copy_within_account,
    "copy/02-head-200-success": copied_within_account,
    "copy/03-external-put-202-pending": copy_from_outside,
    "copy/04-abort-204": copy_to_abort,
    "copy/05-head-200-aborted": copy_aborted,
    "copy/06-abort-409": Stage.blob,
    "copy/09-source-condition-412": copy_source_condition,
    "copy/10-vhd-put-202-pending": vhd_copy,
    "copy/11-vhd-head-pending-zero": vhd_copy_pending,
    "copy/13-vhd-head-pending-half": vhd_copy_half_way,
    "copy/14-vhd-head-success": vhd_copy_done,
    "delegation-key/01-post-200": delegation_window,
    "error/server-busy-503": too_busy,
    "page-blob/01-create-201": Stage.container,
    "page-blob/02-head-200": Stage.blob,
    "page-blob/03-put-page-201": put_page,
    "page-blob/04-create-exists-409": page_blob_exists,
    "page-blob/05-create-bad-size-400": Stage.container,
    "page-blob/06-head-404": Stage.container,
    "page-blob/07-get-range-416": lambda stage: stage.blob(0, kind="BlockBlob"),
    "page-from-url/01-put-201": from_url,
    "page-from-url/03-source-if-match-412": from_url,
    "page-from-url/04-source-if-none-match-304": from_url_none_match,
    "page-from-url/05-dest-if-match-412": from_url,
    "page-from-url/06-source-md5-400": from_url,
    "page-from-url/07-source-private-401": from_url,
    "page-from-url/08-source-oauth-201": from_url_with_token,
    "page-from-url/09-source-expired-401-2025": from_url_with_old_token,
    "page-ranges/01-all-200": two_ranges,
    "page-ranges/02-none-200": lambda stage: stage.blob(512),
    "page-ranges/03-maxresults-200": three_ranges,
    "page-ranges/04-maxresults-200": three_ranges,
    "page-ranges/05-maxresults-200": three_ranges,
}


# The comparison


def recorded(folder: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "data" / "recordings" / "blob" / f"{name}.json").read_text())
    return loaded


def staged(request: dict[str, Any]) -> Stage:
    """The request as recorded; `Sanitized` and the like are put right by the scene. Page content is named by size."""
    body = request["body"] or ""
    known = body if body.startswith("<?xml") else ""
    return Stage(request["method"], request["url"], dict(request["headers"]), known.encode())


def differences(name: str, recording: dict[str, Any], answer: tuple[int, dict[str, str], bytes]) -> Iterator[str]:
    """What differs, each begun by a word or a header's name in lower case and a colon."""
    real, (status, headers, body) = recording["response"], answer
    if status != real["status"]:
        yield f"status: {status}, not {real['status']}: {body!r}"
    yield from header_differences(name, recording, headers)
    ours, theirs = text_of(body.decode()), text_of(real["body"] or "")
    if elements(ours) != elements(theirs):
        yield f"elements: {elements(ours)}, not {elements(theirs)}"
    elif plain(ours) != plain(theirs):
        yield f"text: {plain(ours)}, not {plain(theirs)}"


def header_differences(name: str, recording: dict[str, Any], headers: dict[str, str]) -> Iterator[str]:
    dropped = DROPPED_BY_RECORDER.get(recording["source"]["repo"], set())
    ours = compared(headers, dropped)
    theirs = compared(recording["response"]["headers"], dropped)
    for header in sorted(set(theirs) if name in QUOTED else set(theirs) | set(ours)):
        told = (header in ours) == (header in theirs)
        free = header in ANY_VALUE or is_error_length(header, recording)
        if not told or (not free and ours[header] != theirs[header]):
            yield f"{header}: {ours.get(header)}, not {theirs.get(header)}"


def compared(headers: dict[str, str], dropped: set[str]) -> dict[str, str]:
    wanted = {name.lower() for name in COMPARED}
    lower = {name.lower(): value.replace(", Microsoft", " Microsoft") for name, value in headers.items()}
    return {n: v for n, v in lower.items() if (n in wanted or n.startswith("x-ms-")) and n not in dropped}


def is_error_length(header: str, recording: dict[str, Any]) -> bool:
    """The length of an error's body goes with its fraction of a second and its XML declaration."""
    return header == "content-length" and recording["response"]["status"] >= 400


def text_of(body: str) -> str:
    """Without byte order mark, ids, times and signatures."""
    text = re.sub(r"RequestId:\S+\s+Time:[^<]+", "", body.lstrip("\ufeff"))
    text = re.sub(r"\[[^\]]*GMT\]", "[]", text)
    return re.sub(r"(<(?:Value|Signed\w+)>)[^<]*", r"\1", text)


def elements(text: str) -> list[str]:
    return re.findall(r"<([A-Za-z]+)", text)


def plain(text: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", text).split())


@pytest.mark.parametrize("name", SCENES)
def test_when_the_recorded_request_is_sent_the_answer_is_the_recorded_one(name: str, shared_data: Path | None) -> None:
    if shared_data is None:
        return
    recording = recorded(shared_data, name)
    stage = staged(recording["request"])
    SCENES[name](stage)
    found = list(differences(name, recording, stage.send()))
    listed = {header.lower() for recording_name, header in DIFFERENCES if recording_name == name}
    assert [text for text in found if text.partition(":")[0] not in listed | CORS] == []
    assert listed <= {text.partition(":")[0] for text in found}, "a difference is listed that is none any more"


def test_when_there_is_a_recording_it_is_matched_or_listed_with_its_reason(shared_data: Path | None) -> None:
    assert not SCENES.keys() & NOT_HERE.keys()
    if shared_data is not None:
        folder = shared_data / "data" / "recordings" / "blob"
        found = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.json")}
        assert found == SCENES.keys() | NOT_HERE.keys()


def test_when_a_code_is_only_documented_it_has_the_documented_status_and_sentence(shared_data: Path | None) -> None:
    if shared_data is None:
        return
    for documented in recorded(shared_data, "error/documented-codes")["response"]["body"]["codes"]:
        status, sentence = CODES[documented["code"]]
        assert status == documented["status"]
        assert documented["message"].startswith(sentence)
