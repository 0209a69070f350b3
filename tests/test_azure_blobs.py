"""Blob storage by token and by SAS, and the source of the VHD."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from kubectl_arm64.azure.blobs import by_key
from kubectl_arm64.azure.session import Azure
from kubectl_arm64.copy.ports import Blobs, BlobState
from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFound, Refused
from kubectl_arm64.pipeline.ports import Resource
from tests.azure_access import group, reach
from tests.sandbox.server import Sandbox

ACCOUNT = "rhcosabcdefgh"
BLOB = "rhcos-418.94.202602022246-0-azure.aarch64.vhd"
SOURCE = f"https://rhcos.blob.core.windows.net/imagebucket/{BLOB}"
METADATA = {"kubectl_arm64_release": "418.94.202602022246-0"}


@pytest.fixture
def azure(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Azure:
    return reach(sandbox, monkeypatch, [])


@pytest.fixture
def account(sandbox: Sandbox, azure: Azure) -> Resource:
    """An account of ours with the container `vhd`."""
    body: Resource = {
        "location": "eastus",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"allowSharedKeyAccess": True},
    }
    operation = azure.storage_accounts.create(group(sandbox), ACCOUNT, body)
    while not operation.finished():
        pass
    azure.storage_accounts.create_container(group(sandbox), ACCOUNT, "vhd")
    found = azure.storage_accounts.get(group(sandbox), ACCOUNT)
    assert found
    return found


@pytest.fixture(params=["login", "key"])
def blobs(request: pytest.FixtureRequest, azure: Azure, account: Resource) -> Blobs:
    return azure.blobs(account, "vhd", request.param)


@pytest.fixture
def by_sas(azure: Azure, account: Resource) -> Blobs:
    return azure.blobs(account, "vhd", "key")


@pytest.fixture
def copy(azure: Azure) -> Callable[..., object]:
    """Start a copy of the stream's VHD."""

    def start(blobs: Blobs, *, etag: str = "", replace: str | None = None) -> object:
        known = etag or azure.source(SOURCE).head().etag
        return blobs.start_copy(BLOB, SOURCE, source_etag=known, metadata=METADATA, replace_etag=replace)

    return start


def finished(blobs: Blobs) -> BlobState:
    while (state := blobs.head(BLOB)) and state.copy and state.copy.status == "pending":
        pass
    assert state
    return state


# The destination


def test_a_copy_is_started_looked_at_and_read(blobs: Blobs, copy: Callable[..., object]) -> None:
    assert blobs.head(BLOB) is None
    copy(blobs)
    state = finished(blobs)
    assert state.copy
    assert (state.kind, state.copy.status, state.copy.source) == ("PageBlob", "success", SOURCE)
    assert (state.copy.done, state.copy.total) == (state.size, state.size)
    assert state.metadata == METADATA
    assert blobs.read(BLOB, state.size - 512, 8) == b"conectix"


def test_a_sas_is_https_only_short_lived_and_for_one_container(sandbox: Sandbox, by_sas: Blobs) -> None:
    by_sas.head(BLOB)
    (exchange,) = sandbox.asked("HEAD", f"{ACCOUNT}.blob")
    query = dict(pair.split("=", 1) for pair in exchange["query"].split("&"))
    assert (query["spr"], query["sr"], query["sp"], query["sv"]) == ("https", "c", "rcw", "2025-01-05")
    ends = datetime.fromisoformat(query["se"].replace("%3A", ":"))
    assert timedelta(minutes=25) < ends - datetime.now(UTC) <= timedelta(minutes=30)


def test_a_sas_is_made_anew_before_it_ends() -> None:
    moments = [datetime(2026, 3, 1, 12, 0, tzinfo=UTC)]
    keys: list[str] = []

    def key(group: str, name: str) -> str:
        keys.append(f"{group}/{name}")
        return "a2V5"

    resource = {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"}
    access = by_key(resource, "vhd", key, lambda: moments[-1])
    first = access().signature  # type: ignore[union-attr]
    moments.append(moments[0] + timedelta(minutes=15))
    assert access().signature == first  # type: ignore[union-attr]
    moments.append(moments[0] + timedelta(minutes=21))
    assert "12%3A51" in access().signature  # type: ignore[union-attr]
    assert keys == ["g/a", "g/a"]


def test_when_a_key_cannot_be_had_once_the_next_call_asks_again() -> None:
    moments = [datetime(2026, 3, 1, 12, 0, tzinfo=UTC)]
    keys: list[str | Failure] = ["a2V5"]

    def key(group: str, name: str) -> str:
        answer = keys[-1]
        if isinstance(answer, Failure):
            raise answer
        return answer

    resource = {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"}
    access = by_key(resource, "vhd", key, lambda: moments[-1])
    access()
    moments.append(moments[0] + timedelta(minutes=21))
    keys.append(Failure("no answer", "try again"))
    with pytest.raises(Failure, match="no answer"):
        access()
    keys.append("a2V5")
    assert "12%3A51" in access().signature  # type: ignore[union-attr]


def test_a_token_needs_no_key(sandbox: Sandbox, azure: Azure, account: Resource) -> None:
    azure.blobs(account, "vhd", "login").head(BLOB)
    assert not sandbox.asked("POST", "listKeys")


def test_when_shared_keys_are_off_the_code_tells(sandbox: Sandbox, azure: Azure, by_sas: Blobs) -> None:
    azure.storage_accounts.update(group(sandbox), ACCOUNT, {"properties": {"allowSharedKeyAccess": False}})
    with pytest.raises(Denied) as caught:
        by_sas.head(BLOB)
    assert caught.value.code == "KeyBasedAuthenticationNotPermitted"


def test_when_the_data_role_is_missing_the_code_tells(sandbox: Sandbox, azure: Azure, account: Resource) -> None:
    for role in sandbox.world.roles:
        role.data_actions.clear()
    with pytest.raises(Denied) as caught:
        azure.blobs(account, "vhd", "login").head(BLOB)
    assert caught.value.code == "AuthorizationPermissionMismatch"
    assert "Storage Blob Data Contributor" in caught.value.advice


def test_when_a_copy_is_pending_already_the_same_one_is_joined(by_sas: Blobs, copy: Callable[..., object]) -> None:
    first = copy(by_sas)
    state = by_sas.head(BLOB)
    assert state
    again = copy(by_sas)
    assert getattr(again, "id", "") == getattr(first, "id", None)


def test_when_another_copy_is_pending_it_is_refused(by_sas: Blobs, copy: Callable[..., object], azure: Azure) -> None:
    etag = azure.source(SOURCE).head().etag
    by_sas.start_copy(BLOB, SOURCE, source_etag=etag, metadata={"other": "1"}, replace_etag=None)
    with pytest.raises(Refused):
        copy(by_sas)


def test_when_the_answer_to_the_copy_is_lost_the_copy_is_found(
    sandbox: Sandbox, by_sas: Blobs, copy: Callable[..., object]
) -> None:
    by_sas.head(BLOB)
    sandbox.fault(f"{ACCOUNT}.blob", method="PUT", action="reset", after=True)
    copy(by_sas)
    state = finished(by_sas)
    assert state.copy
    assert state.copy.status == "success"


def test_when_the_source_changed_it_is_refused(by_sas: Blobs, copy: Callable[..., object]) -> None:
    with pytest.raises(Refused, match="the source changed meanwhile"):
        copy(by_sas, etag='"0x8D000000000000"')


def test_when_the_destination_changed_it_is_refused(by_sas: Blobs, copy: Callable[..., object], azure: Azure) -> None:
    etag = azure.source(SOURCE).head().etag
    by_sas.start_copy(BLOB, SOURCE, source_etag=etag, metadata={"other": "1"}, replace_etag=None)
    finished(by_sas)
    with pytest.raises(Refused, match="the destination changed meanwhile"):
        copy(by_sas)
    with pytest.raises(Refused, match="the destination changed meanwhile"):
        copy(by_sas, replace='"0x8D000000000000"')


def test_an_aborted_copy_leaves_an_empty_blob(sandbox: Sandbox, by_sas: Blobs, copy: Callable[..., object]) -> None:
    sandbox.knobs.copy_outcome = "stuck"
    started = copy(by_sas)
    by_sas.abort_copy(BLOB, getattr(started, "id", ""))
    state = by_sas.head(BLOB)
    assert state
    assert state.copy
    assert (state.size, state.copy.status) == (0, "aborted")


def test_to_abort_what_has_ended_is_no_error(by_sas: Blobs, copy: Callable[..., object]) -> None:
    copy(by_sas)
    state = finished(by_sas)
    assert state.copy
    by_sas.abort_copy(BLOB, state.copy.id)


def test_when_storage_is_busy_it_is_asked_again(sandbox: Sandbox, by_sas: Blobs) -> None:
    sandbox.fault(f"{ACCOUNT}.blob", status=503, times=6)
    assert by_sas.head(BLOB) is None


def test_no_wait_for_busy_storage_is_longer_than_half_a_minute(
    sandbox: Sandbox, account: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    blobs = reach(sandbox, monkeypatch, waits).blobs(account, "vhd", "key")
    sandbox.fault(f"{ACCOUNT}.blob", status=503, times=6)
    assert blobs.head(BLOB) is None
    assert len(waits) == 6
    assert max(waits) == 30


def test_a_signature_is_in_no_url_and_in_no_error(sandbox: Sandbox, by_sas: Blobs) -> None:
    assert "?" not in by_sas.url(BLOB)
    sandbox.fault(f"{ACCOUNT}.blob", action="reset", times=50)
    with pytest.raises(Failure) as caught:
        by_sas.head(BLOB)
    assert "sig" not in str(caught.value)
    assert caught.value.__suppress_context__


# The source


def test_the_public_source_is_read_without_any_credential(sandbox: Sandbox, azure: Azure) -> None:
    source = azure.source(SOURCE)
    state = source.head()
    assert (state.kind, state.size % 512) == ("PageBlob", 0)
    assert source.read(state.size - 512, 8) == b"conectix"
    assert "authorization" not in sandbox.asked("HEAD", "rhcos.blob")[0]["headers"]
    assert not sandbox.asked("POST", "token")


def test_when_the_source_is_gone_it_says_so(azure: Azure) -> None:
    with pytest.raises(NotFound, match=r"the VHD is gone: https://rhcos.blob.*/none.vhd"):
        azure.source("https://rhcos.blob.core.windows.net/imagebucket/none.vhd").head()


def test_when_the_source_s_account_is_private_it_says_so(sandbox: Sandbox, azure: Azure) -> None:
    sandbox.world.accounts["rhcos"].body["properties"]["allowBlobPublicAccess"] = False
    with pytest.raises(Denied, match="is not public") as caught:
        azure.source(SOURCE).head()
    assert "--source-url" in caught.value.advice


def test_when_the_sas_of_the_source_does_not_hold_it_is_not_shown(azure: Azure) -> None:
    with pytest.raises(Denied, match="with the SAS of its URL") as caught:
        azure.source(f"{SOURCE}?sp=r&sv=2025-01-05&sr=b&se=2020-01-01&sig=c2VjcmV0").head()
    assert "c2VjcmV0" not in str(caught.value)


def test_when_the_url_cannot_be_a_blob_s_it_says_what_one_looks_like(azure: Azure) -> None:
    with pytest.raises(InvalidInput, match="is not the URL of a blob"):
        azure.source("https://mirror.example.com/disk.vhd").head()
