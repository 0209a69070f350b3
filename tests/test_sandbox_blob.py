"""The sandbox's blob storage, as the real SDK meets it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.identity import EnvironmentCredential
from azure.storage.blob import (
    BlobClient,
    BlobLeaseClient,
    Services,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.blob.crc64 import crc64
from tests.sandbox.blob.errors import Refusal
from tests.sandbox.blob.in_process import exchange
from tests.sandbox.blob.limits import take
from tests.sandbox.blob.pages import PAGE, PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.rights import WRITE_BLOB
from tests.sandbox.blob.shared_key import sign
from tests.sandbox.blob.small_world import PUBLIC_URL, TENANT, VERSION, VHD, Storage, Token, account
from tests.sandbox.blob.vhd import MIB, vhd
from tests.sandbox.knobs import Knobs
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Container, World


@pytest.fixture
def storage() -> Storage:
    return Storage()


def refusal(call: Callable[[], Any], status: int, code: str) -> Mapping[str, str]:
    """The headers of the answer that refuses `call` with `status` and `code`."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    response: Any = caught.value.response
    assert (response.status_code, response.headers.get("x-ms-error-code")) == (status, code)
    headers: Mapping[str, str] = response.headers
    return headers


def in_an_hour(world: World, hours: float = 1) -> datetime:
    return datetime.fromtimestamp(world.clock.now(), UTC) + timedelta(hours=hours)


# Page blobs


def test_when_a_page_blob_is_made_it_is_empty_and_sparse(storage: Storage) -> None:
    storage.blob().create_page_blob(16 * 1024**3 + 512, metadata={"source": "x"})
    properties = storage.blob().get_blob_properties()
    assert (properties.size, properties.blob_type, properties.metadata) == (17179869696, "PageBlob", {"source": "x"})
    assert list(storage.blob().list_page_ranges()) == []


def test_when_pages_are_written_and_cleared_the_ranges_and_the_bytes_follow(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(4096)
    blob.upload_page(b"a" * 1024, offset=512, length=1024)
    blob.clear_page(offset=1024, length=512)
    blob.upload_page(b"b" * 512, offset=2048, length=512)
    assert [(part.start, part.end) for part in blob.list_page_ranges()] == [(512, 1023), (2048, 2559)]
    assert blob.download_blob().readall() == bytes(512) + b"a" * 512 + bytes(1024) + b"b" * 512 + bytes(1536)


def test_when_pages_come_from_a_public_url_they_are_copied(storage: Storage) -> None:
    blob, source = storage.blob(), storage.public()
    blob.create_page_blob(storage.source.size)
    etag = source.get_blob_properties().etag
    for start, end in storage.source.ranges():
        for offset in range(start, end, 4 * MIB):
            length = min(4 * MIB, end - offset)
            blob.upload_pages_from_url(
                PUBLIC_URL,
                offset,
                length,
                offset,
                source_etag=etag,
                source_match_condition=MatchConditions.IfNotModified,
            )
    assert list(blob.list_page_ranges()) == list(source.list_page_ranges())
    assert blob.download_blob().readall() == storage.source.read(0, storage.source.size)


def test_when_there_are_many_ranges_they_come_by_pages_of_results(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(64 * 1024)
    for offset in range(0, 64 * 1024, 2048):
        blob.upload_page(b"x" * 512, offset=offset, length=512)
    pages = [list(page) for page in blob.list_page_ranges(results_per_page=10).by_page()]
    assert [len(page) for page in pages] == [10, 10, 10, 2]
    assert [part.start for page in pages for part in page] == list(range(0, 64 * 1024, 2048))
    assert [part.start for part in blob.list_page_ranges(offset=2048, length=4096)] == [2048, 4096]


def test_when_a_page_write_is_not_of_whole_pages_inside_the_blob_it_is_refused(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(4096)
    refusal(lambda: blob.upload_page(b"x" * 1024, offset=3584, length=1024), 416, "InvalidPageRange")
    refusal(lambda: blob.upload_page(b"x" * 5 * MIB, offset=0, length=5 * MIB), 416, "InvalidPageRange")
    refusal(lambda: blob.create_page_blob(1000, metadata=None), 400, "InvalidHeaderValue")


def test_when_more_than_4_mib_are_written_at_once_it_is_refused(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(8 * MIB)
    refusal(lambda: blob.upload_page(b"x" * 5 * MIB, offset=0, length=5 * MIB), 413, "RequestBodyTooLarge")


def test_when_the_blob_must_be_new_and_is_not_it_says_so(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(512)
    again = lambda: blob.create_page_blob(512, match_condition=MatchConditions.IfMissing)  # noqa: E731
    refusal(again, 409, "BlobAlreadyExists")


def test_when_a_blob_is_missing_head_and_get_say_so(storage: Storage) -> None:
    refusal(storage.blob().get_blob_properties, 404, "BlobNotFound")
    refusal(lambda: storage.blob().download_blob(), 404, "BlobNotFound")


def test_when_a_blob_changes_so_does_its_etag_and_old_conditions_fail(storage: Storage) -> None:
    blob = storage.blob()
    old = blob.create_page_blob(512)["etag"]
    new = blob.set_blob_metadata({"a": "b"})["etag"]
    assert old != new
    unchanged: dict[str, Any] = {"match_condition": MatchConditions.IfNotModified}
    refusal(lambda: blob.upload_page(b"x" * 512, 0, 512, etag=str(old), **unchanged), 412, "ConditionNotMet")
    blob.upload_page(b"x" * 512, 0, 512, etag=str(new), **unchanged)


def test_when_a_range_is_asked_for_only_that_is_sent(storage: Storage) -> None:
    size = storage.source.size
    assert storage.public().download_blob(offset=size - 512, length=512).readall().startswith(b"conectix")
    refusal(lambda: storage.public().download_blob(offset=size, length=512), 416, "InvalidRange")


def test_when_a_block_blob_is_put_it_is_one(storage: Storage) -> None:
    storage.blob(name="notes.txt").upload_blob(b"hello")
    properties = storage.blob(name="notes.txt").get_blob_properties()
    assert (properties.blob_type, properties.size) == ("BlockBlob", 5)
    refusal(lambda: list(storage.blob(name="notes.txt").list_page_ranges()), 409, "InvalidBlobType")


def test_when_a_blob_is_deleted_it_is_gone(storage: Storage) -> None:
    storage.blob().create_page_blob(512)
    storage.blob().delete_blob()
    assert not storage.blob().exists()


def test_when_an_operation_is_not_there_it_says_so_aloud(storage: Storage) -> None:
    storage.blob().create_page_blob(512)
    refusal(lambda: storage.blob().create_snapshot(), 501, "NotImplemented")


# Put Page From URL and its source


def copy_page(storage: Storage, url: str = PUBLIC_URL, **options: Any) -> Callable[[], Any]:
    blob = storage.blob()
    blob.create_page_blob(storage.source.size)
    return lambda: blob.upload_pages_from_url(url, 0, 512, 0, **options)


def test_when_the_source_has_changed_its_pages_are_refused_in_misleading_words(storage: Storage) -> None:
    stale = copy_page(storage, source_etag='"0x1"', source_match_condition=MatchConditions.IfNotModified)
    headers = refusal(stale, 412, "CannotVerifyCopySource")
    assert headers["x-ms-copy-source-status-code"] == "412"


def test_when_the_source_must_have_changed_and_has_not_the_put_answers_304(storage: Storage) -> None:
    etag = storage.public().get_blob_properties().etag
    call = copy_page(storage, source_etag=etag, source_match_condition=MatchConditions.IfModified)
    refusal(call, 304, "CannotVerifyCopySource")


def test_when_the_source_turns_private_the_answer_is_a_401_about_the_source(storage: Storage) -> None:
    call = copy_page(storage)
    storage.world.accounts["rhcos"].containers["imagebucket"].public_access = "None"
    headers = refusal(call, 401, "CannotVerifyCopySource")
    assert "WWW-Authenticate" not in headers
    assert headers["x-ms-copy-source-error-code"] == "NoAuthenticationInformation"


def test_when_the_source_is_gone_or_nowhere_it_is_404(storage: Storage) -> None:
    refusal(copy_page(storage, PUBLIC_URL + "x"), 404, "CannotVerifyCopySource")
    refusal(copy_page(storage, "https://elsewhere.example.com/disk.vhd"), 404, "CannotVerifyCopySource")


def test_when_the_source_is_private_its_own_authorization_opens_it(storage: Storage) -> None:
    storage.grant("*")
    storage.ours.containers["vhds"].blobs["source"] = new_blob(PageStore(512), 0)
    url = storage.blob(name="source").url
    refusal(copy_page(storage, url), 409, "CannotVerifyCopySource")
    token = Token(storage.world).get_token().token
    copy_page(storage, url, source_authorization=f"Bearer {token}")()


def test_when_the_source_hash_differs_nothing_is_written(storage: Storage) -> None:
    wrong = hashlib.md5(b"other", usedforsecurity=False).digest()
    refusal(copy_page(storage, source_content_md5=bytearray(wrong)), 400, "Md5Mismatch")
    assert list(storage.blob().list_page_ranges()) == []


# Copy Blob


def test_when_a_copy_is_started_it_is_pending_then_done_with_the_same_ranges(storage: Storage) -> None:
    storage.knobs.polls["copy"] = 2
    blob = storage.blob()
    started = blob.start_copy_from_url(PUBLIC_URL, metadata={"release": "418"})
    assert started["copy_status"] == "pending"
    looks = [blob.get_blob_properties() for _ in range(3)]
    assert [look.copy.status for look in looks] == ["pending", "pending", "success"]
    total = storage.source.size
    assert [look.copy.progress for look in looks] == [
        f"0/{total}",
        f"{total // 1024 * 512}/{total}",
        f"{total}/{total}",
    ]
    assert [look.size for look in looks] == [total] * 3
    assert looks[0].etag == looks[1].etag != looks[2].etag
    assert looks[2].metadata == {"release": "418"}
    assert list(blob.list_page_ranges()) == list(storage.public().list_page_ranges())
    assert blob.download_blob().readall() == storage.source.read(0, total)


def test_when_a_copy_is_pending_all_but_head_is_refused(storage: Storage) -> None:
    blob = storage.blob()
    blob.start_copy_from_url(PUBLIC_URL)
    refusal(lambda: blob.start_copy_from_url(PUBLIC_URL), 409, "PendingCopyOperation")
    refusal(lambda: list(blob.list_page_ranges()), 409, "PendingCopyOperation")
    refusal(lambda: blob.upload_page(b"x" * 512, 0, 512), 409, "PendingCopyOperation")
    refusal(lambda: blob.delete_blob(), 409, "PendingCopyOperation")


def test_when_a_copy_is_aborted_an_empty_blob_stays(storage: Storage) -> None:
    blob = storage.blob()
    copy_id = str(blob.start_copy_from_url(PUBLIC_URL)["copy_id"])
    refusal(lambda: blob.abort_copy("00000000-0000-4000-8000-000000000001"), 409, "CopyIdMismatch")
    blob.abort_copy(copy_id)
    properties = blob.get_blob_properties()
    assert (properties.size, properties.copy.status) == (0, "aborted")
    refusal(lambda: blob.abort_copy(copy_id), 409, "NoPendingCopyOperation")
    blob.start_copy_from_url(PUBLIC_URL)


def test_when_copies_are_set_to_fail_or_to_get_stuck_they_do(storage: Storage) -> None:
    storage.knobs.copy_outcome = "failed"
    blob = storage.blob()
    blob.start_copy_from_url(PUBLIC_URL)
    looks = [blob.get_blob_properties() for _ in range(3)]
    assert (looks[2].copy.status, looks[2].size) == ("failed", 0)
    assert str(looks[2].copy.status_description).startswith("500 ")
    storage.knobs.copy_outcome = "stuck"
    blob.start_copy_from_url(PUBLIC_URL)
    assert {blob.get_blob_properties().copy.status for _ in range(9)} == {"pending"}


def test_when_copies_have_a_rate_they_go_on_by_the_clock(storage: Storage) -> None:
    storage.knobs.copy_bandwidth = storage.source.size / 100
    blob = storage.blob()
    blob.start_copy_from_url(PUBLIC_URL)
    storage.world.clock.offset += 50
    look = blob.get_blob_properties().copy
    assert look.status == "pending"
    assert 0.5 <= int(str(look.progress).split("/")[0]) / storage.source.size < 0.6
    storage.world.clock.offset += 50
    assert blob.get_blob_properties().copy.status == "success"


def test_when_the_source_changes_under_a_copy_the_copy_fails(storage: Storage) -> None:
    storage.knobs.polls["copy"] = 1
    blob = storage.blob()
    blob.start_copy_from_url(PUBLIC_URL)
    storage.world.accounts["rhcos"].containers["imagebucket"].blobs[VHD].properties["etag"] = '"0x2"'
    assert [blob.get_blob_properties().copy.status for _ in range(2)] == ["pending", "failed"]


def test_when_a_copy_has_conditions_they_hold_for_source_and_destination(storage: Storage) -> None:
    blob = storage.blob()
    stale: dict[str, Any] = {"source_etag": '"0x1"', "source_match_condition": MatchConditions.IfNotModified}
    refusal(lambda: blob.start_copy_from_url(PUBLIC_URL, **stale), 412, "SourceConditionNotMet")
    blob.create_page_blob(512)
    new: dict[str, Any] = {"match_condition": MatchConditions.IfMissing}
    refusal(lambda: blob.start_copy_from_url(PUBLIC_URL, **new), 409, "BlobAlreadyExists")


def test_when_the_source_of_a_copy_is_private_the_same_account_is_enough_and_another_is_not(storage: Storage) -> None:
    storage.ours.containers["vhds"].blobs["source"] = new_blob(PageStore(512), 0)
    storage.blob().start_copy_from_url(storage.blob(name="source").url)
    storage.world.accounts["rhcos"].containers["imagebucket"].public_access = "None"
    other = storage.blob(name="other")
    refusal(lambda: other.start_copy_from_url(PUBLIC_URL), 401, "CannotVerifyCopySource")


def test_when_the_source_itself_is_being_copied_it_is_no_source_yet(storage: Storage) -> None:
    first = storage.public(storage.world.accounts["rhcos"].keys[0], "first")
    first.start_copy_from_url(PUBLIC_URL)
    refusal(lambda: storage.blob().start_copy_from_url(first.url), 409, "CannotVerifyCopySource")
    refusal(copy_page(storage, first.url), 409, "CannotVerifyCopySource")


# Credentials


def test_when_the_key_is_wrong_or_forbidden_it_is_refused(storage: Storage) -> None:
    refusal(lambda: storage.blob(storage.world.accounts["rhcos"].keys[0]).exists(), 403, "AuthenticationFailed")
    storage.ours.body["properties"]["allowSharedKeyAccess"] = False
    refusal(lambda: storage.blob().exists(), 403, "KeyBasedAuthenticationNotPermitted")


def test_when_the_second_key_or_odd_metadata_is_used_the_signature_still_holds(storage: Storage) -> None:
    blob = storage.blob(storage.ours.keys[1], "folder/ä b+c%.vhd")
    blob.create_page_blob(512, metadata={"a_b": "1", "ab": "2", "a1": "3"})
    assert blob.get_blob_properties().name == "folder/ä b+c%.vhd"
    assert list(storage.ours.containers["vhds"].blobs) == ["folder/ä b+c%.vhd"]


def sas_of(storage: Storage, kind: str, permission: str, **options: Any) -> str:
    """A SAS for the VHD blob (or more), good for an hour."""
    expiry = options.pop("expiry", in_an_hour(storage.world))
    if kind == "account":
        resources = options.pop("resource_types", "co")
        return generate_account_sas("arm64images", storage.key, resources, permission, expiry, **options)
    if kind == "delegation":
        begin = in_an_hour(storage.world, -0.1)
        options["user_delegation_key"] = storage.service(Token(storage.world)).get_user_delegation_key(
            begin, in_an_hour(storage.world, 2)
        )
    else:
        options["account_key"] = storage.key
    signed = {"permission": permission, "expiry": expiry, "protocol": "https", **options}
    if kind == "blob":
        return generate_blob_sas("arm64images", "vhds", VHD, **signed)
    return generate_container_sas("arm64images", "vhds", **signed)


KINDS = ("account", "container", "blob", "delegation")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, storage: Storage) -> str:
    storage.grant("*")
    return str(request.param)


def test_when_a_sas_allows_it_the_blob_is_written_and_read(storage: Storage, kind: str) -> None:
    blob = storage.blob(sas_of(storage, kind, "rcw"))
    blob.create_page_blob(512)
    blob.upload_page(b"x" * 512, 0, 512)
    assert blob.download_blob().readall() == b"x" * 512


def test_when_a_sas_lacks_the_permission_it_is_refused(storage: Storage, kind: str) -> None:
    storage.blob().create_page_blob(512)
    reader = storage.blob(sas_of(storage, kind, "r"))
    refusal(lambda: reader.upload_page(b"x" * 512, 0, 512), 403, "AuthorizationPermissionMismatch")
    creator = storage.blob(sas_of(storage, kind, "c"))
    refusal(lambda: creator.create_page_blob(512), 403, "AuthorizationPermissionMismatch")


def test_when_a_sas_is_out_of_its_time_it_is_refused(storage: Storage, kind: str) -> None:
    early = storage.blob(sas_of(storage, kind, "r", start=in_an_hour(storage.world, 0.5)))
    refusal(lambda: early.exists(), 403, "AuthenticationFailed")
    late = storage.blob(sas_of(storage, kind, "r"))
    storage.world.clock.offset += 3601
    refusal(lambda: late.exists(), 403, "AuthenticationFailed")


def test_when_a_sas_is_tampered_with_it_is_refused(storage: Storage, kind: str) -> None:
    token = sas_of(storage, kind, "r").replace("sp=r", "sp=rw")
    headers = refusal(lambda: storage.blob(token).get_blob_properties(), 403, "AuthenticationFailed")
    assert headers["Server"] == "Microsoft-HTTPAPI/2.0"


RESOURCE = f"/blob/arm64images/vhds/{VHD}"


@pytest.mark.parametrize(
    ("version", "signed"),
    [
        ("2015-04-05", "r||{expiry}|{resource}||||{version}|||||"),
        ("2018-11-09", "r||{expiry}|{resource}||||{version}|b||||||"),
        ("2020-12-06", "r||{expiry}|{resource}||||{version}|b|||||||"),
    ],
)
def test_when_an_older_client_signs_the_fields_of_its_version_count(
    storage: Storage, version: str, signed: str
) -> None:
    storage.blob().create_page_blob(512)
    expiry = f"{in_an_hour(storage.world):%Y-%m-%dT%H:%MZ}"
    text = signed.format(expiry=expiry, resource=RESOURCE, version=version).replace("|", "\n")
    query = urlencode({"sp": "r", "se": expiry, "sr": "b", "sv": version, "sig": sign(storage.key, text)})
    assert exchange(storage.app, "HEAD", f"{storage.blob().url}?{query}", {})[0] == 200


def test_when_a_sas_is_for_https_only_http_is_refused(storage: Storage) -> None:
    storage.ours.body["properties"]["supportsHttpsTrafficOnly"] = False
    url = f"{storage.blob().url.replace('https', 'http')}?{sas_of(storage, 'blob', 'r')}"
    status, headers, _ = exchange(storage.app, "HEAD", url, {"x-ms-version": VERSION})
    assert (status, headers["x-ms-error-code"]) == (403, "AuthorizationProtocolMismatch")


def test_when_keys_are_forbidden_only_the_delegated_sas_still_holds(storage: Storage, kind: str) -> None:
    token = sas_of(storage, kind, "r")
    storage.blob().create_page_blob(512)
    storage.ours.body["properties"]["allowSharedKeyAccess"] = False
    if kind == "delegation":
        assert storage.blob(token).exists()
    else:
        refusal(lambda: storage.blob(token).exists(), 403, "KeyBasedAuthenticationNotPermitted")


def test_when_an_account_sas_is_for_other_services_or_resources_it_is_refused(storage: Storage) -> None:
    queues = sas_of(storage, "account", "r", services=Services(blob=False, queue=True))
    refusal(storage.blob(queues).get_blob_properties, 403, "AuthorizationServiceMismatch")
    objects = storage.service(sas_of(storage, "account", "l", resource_types="o")).get_container_client("vhds")
    refusal(lambda: list(objects.list_blobs()), 403, "AuthorizationResourceTypeMismatch")
    containers = storage.service(sas_of(storage, "account", "l")).get_container_client("vhds")
    assert list(containers.list_blobs()) == []


def test_when_a_container_sas_is_used_it_lists_the_container_but_is_not_about_it(storage: Storage) -> None:
    container = storage.service(sas_of(storage, "container", "rwdl")).get_container_client("vhds")
    assert list(container.list_blobs()) == []
    refusal(container.get_container_properties, 403, "AuthorizationFailure")
    refusal(container.delete_container, 403, "AuthorizationFailure")


def test_when_a_delegation_key_is_asked_for_it_takes_a_token(storage: Storage) -> None:
    service, now = storage.service(storage.key), in_an_hour(storage.world, 0)
    refusal(lambda: service.get_user_delegation_key(now, in_an_hour(storage.world)), 403, "AuthenticationFailed")


def test_when_the_delegating_principal_may_not_neither_may_its_sas(storage: Storage) -> None:
    storage.grant("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read")
    storage.blob().create_page_blob(512)
    blob = storage.blob(sas_of(storage, "delegation", "rw"))
    assert blob.exists()
    refusal(lambda: blob.upload_page(b"x" * 512, 0, 512), 403, "AuthorizationPermissionMismatch")


def test_when_a_blob_sas_is_used_for_another_blob_it_is_refused(storage: Storage) -> None:
    token = sas_of(storage, "blob", "r")
    refusal(lambda: storage.blob(token, "other.vhd").exists(), 403, "AuthenticationFailed")


def test_when_a_bearer_has_the_data_role_it_may_and_without_it_may_not(storage: Storage) -> None:
    blob = storage.blob(Token(storage.world))
    refusal(lambda: blob.create_page_blob(512), 403, "AuthorizationPermissionMismatch")
    storage.grant(WRITE_BLOB.action)
    blob.create_page_blob(512)
    refusal(lambda: blob.exists(), 403, "AuthorizationPermissionMismatch")


@pytest.mark.parametrize(
    ("token", "detail"),
    [
        ({"seconds": -1}, "The token is expired."),
        ({"audience": "https://management.azure.com/"}, "Audience did not match."),
    ],
)
def test_when_a_bearer_is_stale_or_for_another_service_the_challenge_says_where_to_sign_in(
    storage: Storage, token: dict[str, Any], detail: str
) -> None:
    bearer = Token(storage.world, **token).get_token().token
    headers = {"authorization": f"Bearer {bearer}", "x-ms-version": VERSION}
    status, answered, body = exchange(storage.app, "GET", storage.blob().url, headers)
    assert (status, answered["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")
    assert f"/{TENANT}/oauth2/authorize resource_id=https://storage.azure.com" in answered["WWW-Authenticate"]
    assert detail.encode() in body


def test_when_nobody_signs_in_a_private_blob_is_out_of_reach(storage: Storage) -> None:
    refusal(storage.blob(None).get_blob_properties, 409, "PublicAccessNotPermitted")
    storage.ours.body["properties"]["allowBlobPublicAccess"] = True
    refusal(lambda: storage.blob(None).get_blob_properties(), 401, "NoAuthenticationInformation")
    storage.ours.containers["vhds"].public_access = "Blob"
    refusal(lambda: storage.blob(None).create_page_blob(512), 401, "NoAuthenticationInformation")
    refusal(
        lambda: list(storage.service().get_container_client("vhds").list_blobs()), 401, "NoAuthenticationInformation"
    )
    refusal(lambda: storage.blob(None).get_blob_properties(), 404, "BlobNotFound")


def test_when_a_token_meets_an_account_of_another_tenant_it_is_refused(storage: Storage) -> None:
    storage.world.accounts["rhcos"].subscription = "00000000-0000-4000-8000-0000000000ff"
    assert storage.public().exists()
    refusal(storage.public(Token(storage.world)).get_blob_properties, 401, "InvalidAuthenticationInfo")


def test_when_the_account_is_of_another_cloud_its_own_endpoint_counts(storage: Storage) -> None:
    rhcos = storage.world.accounts["rhcos"].body["properties"]
    rhcos["primaryEndpoints"] = {"blob": "https://rhcos.blob.core.usgovcloudapi.net/"}
    refusal(copy_page(storage), 404, "CannotVerifyCopySource")
    copy_page(storage, PUBLIC_URL.replace("windows.net", "usgovcloudapi.net"))()


# Containers


def test_when_a_container_is_made_listed_and_deleted_its_name_is_taken_for_a_while(storage: Storage) -> None:
    service = storage.service(storage.key)
    service.create_container("images")
    refusal(lambda: service.create_container("images"), 409, "ContainerAlreadyExists")
    assert [container.name for container in service.list_containers()] == ["images", "vhds"]
    service.delete_container("images")
    refusal(lambda: service.create_container("images"), 409, "ContainerBeingDeleted")
    service.create_container("images")
    refusal(lambda: service.create_container("open", public_access="blob"), 409, "PublicAccessNotPermitted")
    refusal(lambda: service.get_container_client("none").get_container_properties(), 404, "ContainerNotFound")


def test_when_blobs_are_listed_they_come_by_prefix_and_page(storage: Storage) -> None:
    for name in ("a/1", "a/2", "a/3", "b/1"):
        storage.blob(name=name).create_page_blob(512)
    container = storage.service(storage.key).get_container_client("vhds")
    pages = container.list_blobs(name_starts_with="a/", results_per_page=2).by_page()
    listed = [[(blob.name, blob.size, blob.blob_type) for blob in page] for page in pages]
    assert listed == [[("a/1", 512, "PageBlob"), ("a/2", 512, "PageBlob")], [("a/3", 512, "PageBlob")]]


# Leases


def test_when_a_blob_is_leased_only_the_holder_writes(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(512)
    lease = blob.acquire_lease(lease_duration=15)
    assert blob.get_blob_properties().lease.state == "leased"
    refusal(lambda: blob.upload_page(b"x" * 512, 0, 512), 412, "LeaseIdMissing")
    refusal(lambda: blob.acquire_lease(), 409, "LeaseAlreadyPresent")
    blob.upload_page(b"x" * 512, 0, 512, lease=lease)
    storage.world.clock.offset += 16
    refusal(lambda: blob.upload_page(b"x" * 512, 0, 512, lease=lease), 412, "LeaseLost")
    lease.renew()
    lease.release()
    assert blob.get_blob_properties().lease.state == "available"


def test_when_a_lease_is_broken_anybody_may_go_on(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(512)
    lease = blob.acquire_lease()
    assert lease.break_lease() == 0
    assert blob.get_blob_properties().lease.state == "broken"
    blob.upload_page(b"x" * 512, 0, 512)
    refusal(lease.renew, 409, "LeaseIsBrokenAndCannotBeRenewed")


def test_when_nobody_holds_a_lease_no_id_matches_it(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(512)
    lease = BlobLeaseClient(blob, lease_id="00000000-0000-4000-8000-00000000a001")
    refusal(lease.renew, 409, "LeaseIdMismatchWithLeaseOperation")
    refusal(lease.release, 409, "LeaseIdMismatchWithLeaseOperation")
    refusal(lease.break_lease, 409, "LeaseNotPresentWithLeaseOperation")
    refusal(lambda: lease.change("00000000-0000-4000-8000-00000000a002"), 409, "LeaseNotPresentWithLeaseOperation")


def test_when_a_lease_has_run_out_and_the_blob_was_written_it_is_not_renewed(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(512)
    lease = blob.acquire_lease(lease_duration=15)
    storage.world.clock.offset += 16
    blob.upload_page(b"x" * 512, 0, 512)
    refusal(lease.renew, 409, "LeaseIdMismatchWithLeaseOperation")


def test_when_a_lease_is_breaking_its_holder_does_not_get_it_again(storage: Storage) -> None:
    blob = storage.blob()
    blob.create_page_blob(512)
    lease = blob.acquire_lease(lease_duration=60)
    lease.break_lease(lease_break_period=30)
    refusal(lambda: blob.acquire_lease(lease_id=lease.id), 409, "LeaseIsBreakingAndCannotBeAcquired")
    refusal(lambda: blob.acquire_lease(), 409, "LeaseAlreadyPresent")


# Limits


def test_when_a_blob_is_limited_requests_wait_their_turn_and_too_many_are_turned_away() -> None:
    blob, knobs = new_blob(PageStore(512), 0), Knobs(bandwidth=4 * MIB, requests_per_second=100)
    assert [take(blob, 4 * MIB, knobs, now=10) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(Refusal, match="ServerBusy"):
        take(blob, 4 * MIB, knobs, now=10)
    assert take(blob, 512, knobs, now=20) == pytest.approx(0.01)


def test_when_many_bytes_wait_a_request_without_any_waits_for_requests_only() -> None:
    blob, knobs = new_blob(PageStore(512), 0), Knobs(bandwidth=4 * MIB, requests_per_second=100)
    take(blob, 4 * MIB, knobs, now=10)
    assert take(blob, 0, knobs, now=10) == pytest.approx(0.02)
    assert take(blob, MIB, knobs, now=10) == pytest.approx(1.25)


# The store, the disk and the checksum


def test_when_a_vhd_is_made_it_is_fixed_whole_and_sparse() -> None:
    store = vhd(data_bytes=2 * MIB, virtual_size=1024 * MIB)
    footer = store.read(1024 * MIB, 512)
    assert store.size == 1024 * MIB + 512
    assert footer[:8] == b"conectix"
    assert int.from_bytes(footer[60:64], "big") == 2
    assert int.from_bytes(footer[64:68], "big") == ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF
    ranges = list(store.ranges())
    assert sum(end - start for start, end in ranges) == 2 * MIB
    assert len(ranges) > 5
    assert ranges[0][0] == 0
    assert ranges[-1][1] == store.size
    assert vhd(data_bytes=2 * MIB, virtual_size=1024 * MIB).read(0, 4096) == store.read(0, 4096)


Write = tuple[bool, int, int, int]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 15), st.integers(1, 16), st.integers(1, 255)), max_size=20))
def test_when_pages_are_written_and_cleared_in_any_order_the_store_is_as_a_plain_array(writes: list[Write]) -> None:
    store, plain, valid = PageStore(16 * PAGE), bytearray(16 * PAGE), [False] * 16
    for clears, first, count, value in writes:
        count = min(count, 16 - first)
        store.clear(first * PAGE, count * PAGE) if clears else store.write(first * PAGE, bytes([value]) * count * PAGE)
        plain[first * PAGE : (first + count) * PAGE] = bytes([0 if clears else value]) * count * PAGE
        valid[first : first + count] = [not clears] * count
    assert store.read(0, 16 * PAGE) == plain
    assert all(start < end for first in range(16) for start, end in store.ranges(first * PAGE, (first + 3) * PAGE))
    covered = [page for start, end in store.ranges() for page in range(start // PAGE, end // PAGE)]
    assert covered == [page for page in range(16) if valid[page]]
    assert list(store.copy().ranges()) == list(store.ranges())
    assert store.copy().read(700, 3000) == plain[700:3700]


def test_when_the_check_text_is_summed_the_crc_is_the_published_one() -> None:
    assert base64.b64decode(crc64(b"123456789"))[::-1].hex() == "ae8b14860a799888"


# Over the front


def test_when_a_signed_in_principal_comes_over_the_front_it_copies_a_page(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    ours = account("arm64images")
    ours.subscription = next(iter(sandbox.world.subscriptions))
    ours.containers["vhds"] = Container("vhds")
    sandbox.world.accounts[ours.name] = ours
    public = sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs
    name, source = next(iter(public.items()))
    url = f"https://rhcos.blob.core.windows.net/imagebucket/{name}"
    with (
        EnvironmentCredential() as credential,
        BlobClient.from_blob_url(
            f"https://arm64images.blob.core.windows.net/vhds/{name}", credential, api_version=VERSION
        ) as blob,
    ):
        blob.create_page_blob(source.store.size)
        blob.upload_pages_from_url(url, 0, 1024, 0)
        assert blob.download_blob(offset=0, length=2048).readall() == source.store.read(0, 1024) + bytes(1024)
