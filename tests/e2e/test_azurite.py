"""The plugin's blob client on the sandbox's blob service and on Azurite: the same cases, the same outcomes.

Where the two differ, the last tests say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.storage.blob import ContainerClient

from kubectl_arm64.azure.blob_client import settings
from kubectl_arm64.azure.blobs import ContainerBlobs, by_key
from kubectl_arm64.azure.clouds import PUBLIC
from kubectl_arm64.azure.sas import container_sas
from kubectl_arm64.azure.source import UrlSource
from kubectl_arm64.azure.transport import Connection
from kubectl_arm64.copy.ports import PageBlob
from kubectl_arm64.copy.ranges import Span, merged
from kubectl_arm64.copy.troubles import BlobChanged, Busy, LeaseHeld, LeaseLost
from kubectl_arm64.errors import Denied, Failure, NotFound, Refused
from tests.azure_access import enter
from tests.e2e.azurite import Emulator, azurite, emulator
from tests.judged import judges
from tests.sandbox.blob.small_world import account as sandbox_account
from tests.sandbox.server import Sandbox
from tests.sandbox.world import new_key

ACCOUNT = "arm64images"
CONTAINER = "vhds"
KEY = new_key()
MIB = 1024 * 1024
BLOB = "rhcos-418.94.202602022246-0-azure.aarch64.vhd"
TAGS = {"release": "418.94.202602022246-0"}
OURS, THEIRS = "00000000-0000-4000-8000-00000000a001", "00000000-0000-4000-8000-00000000a002"


@dataclass(frozen=True)
class Storage:
    """One container of one account, which knows the key; `name` tells which service it is."""

    name: str
    endpoint: str
    ca: str

    @property
    def connection(self) -> Connection:
        return Connection(self.ca, lambda seconds: None)

    def blobs(self, key: str = KEY, *, removes: bool = False) -> ContainerBlobs:
        """The plugin's own client, which signs a SAS with `key`, to copy or to remove."""
        account = {
            "id": f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}",
            "name": ACCOUNT,
            "properties": {"primaryEndpoints": {"blob": self.endpoint}},
        }
        access = by_key(account, CONTAINER, lambda group, name: key, removes=removes)
        return ContainerBlobs(account, CONTAINER, access, self.connection, PUBLIC)

    def source(self, blob: str) -> UrlSource:
        """A blob of this container, read by the SAS in its URL."""
        ends = datetime.now(UTC) + timedelta(minutes=10)
        return UrlSource(
            f"{self.blobs().url(blob)}?{container_sas(ACCOUNT, CONTAINER, KEY, 'r', ends)}", self.connection
        )

    def container(self) -> ContainerClient:
        """The SDK's client with the account's key, for what the plugin has no need of: making, and writing bytes."""
        return ContainerClient(
            self.endpoint, CONTAINER, credential=AzureNamedKeyCredential(ACCOUNT, KEY), **settings(self.connection)
        )

    def write(self, blob: str, size: int, *pages: tuple[int, bytes]) -> None:
        """A page blob of `size` bytes with `pages` (offset, bytes) in it."""
        client = self.container().get_blob_client(blob)
        client.create_page_blob(size)
        for offset, data in pages:
            client.upload_page(data, offset, len(data))


@pytest.fixture(scope="module")
def running_azurite(tmp_path_factory: pytest.TempPathFactory, obtain: Callable[..., Any]) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("azurite")
    with ExitStack() as until_the_end:
        yield obtain("Azurite", lambda: until_the_end.enter_context(emulator(folder, azurite(), {ACCOUNT: KEY})))


@pytest.fixture(params=["sandbox", "azurite"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    if request.param == "azurite":
        real: Emulator = request.getfixturevalue("running_azurite")
        found = Storage("azurite", f"{real.url}/{ACCOUNT}", str(real.ca))
    else:
        double: Sandbox = request.getfixturevalue("sandbox")
        enter(double, monkeypatch)
        account = sandbox_account(ACCOUNT, allowSharedKeyAccess=True)
        account.keys[0] = KEY
        double.world.accounts[ACCOUNT] = account
        found = Storage("sandbox", PUBLIC.blob_endpoint(ACCOUNT), str(double.folder / "ca.pem"))
    found.container().create_container()
    yield found
    found.container().delete_container()


@pytest.fixture
def blobs(storage: Storage) -> ContainerBlobs:
    return storage.blobs()


@pytest.fixture
def page_blob(blobs: ContainerBlobs) -> PageBlob:
    """An empty page blob of 4 MiB."""
    blob = blobs.page_blob(BLOB)
    blob.create(4 * MIB, TAGS)
    return blob


def etag(blobs: ContainerBlobs, blob: str) -> str:
    state = blobs.head(blob)
    assert state
    return state.etag


# Looking and reading


@judges("look at a blob")
def test_when_a_blob_does_not_exist_there_is_no_state(blobs: ContainerBlobs) -> None:
    assert blobs.head(BLOB) is None


@judges("look at a blob")
def test_when_a_page_blob_exists_its_state_tells_size_kind_and_metadata(
    blobs: ContainerBlobs, page_blob: PageBlob
) -> None:
    state = blobs.head(BLOB)
    assert state
    assert (state.size, state.kind, state.metadata, state.copy) == (4 * MIB, "PageBlob", TAGS, None)
    assert state.etag


@judges("read a range")
def test_when_a_range_is_read_it_is_what_was_written(storage: Storage, blobs: ContainerBlobs) -> None:
    storage.write(BLOB, MIB, (512, b"a" * 512), (1024, b"b" * 512))
    assert blobs.read(BLOB, 768, 512) == b"a" * 256 + b"b" * 256
    assert blobs.read(BLOB, 0, 512) == bytes(512)


@judges("list page ranges")
def test_when_pages_were_written_their_ranges_are_told(storage: Storage, blobs: ContainerBlobs) -> None:
    storage.write(BLOB, MIB, (0, b"a" * 512), (4096, b"b" * 1024), (MIB - 512, b"c" * 512))
    page = blobs.page_blob(BLOB).page_ranges(Span(0, MIB), "")
    assert list(merged(page.ranges)) == [Span(0, 512), Span(4096, 5120), Span(MIB - 512, MIB)]
    assert page.marker == ""


@judges("list page ranges")
def test_when_a_window_is_asked_for_the_ranges_are_cut_to_it(storage: Storage, blobs: ContainerBlobs) -> None:
    storage.write(BLOB, MIB, (0, b"a" * 4096), (65536, b"b" * 4096))
    page = blobs.page_blob(BLOB).page_ranges(Span(2048, 65536 + 512), "")
    assert list(merged(page.ranges)) == [Span(2048, 4096), Span(65536, 65536 + 512)]


@judges("look at a blob")
def test_when_a_source_is_gone_it_is_said_in_words_about_the_source(storage: Storage) -> None:
    with pytest.raises(NotFound, match="VHD is gone"):
        storage.source("no-such.vhd").head()


# Making and marking


@judges("create a page blob")
def test_when_a_blob_exists_already_creating_it_again_is_refused(page_blob: PageBlob) -> None:
    with pytest.raises(BlobChanged):
        page_blob.create(4 * MIB, TAGS)


@judges("create a page blob")
def test_when_a_blob_is_still_the_same_it_can_be_replaced(blobs: ContainerBlobs, page_blob: PageBlob) -> None:
    page_blob.create(8 * MIB, {}, replace_etag=etag(blobs, BLOB))
    state = blobs.head(BLOB)
    assert state
    assert (state.size, state.metadata) == (8 * MIB, {})


@judges("create a page blob")
def test_when_a_blob_has_changed_it_is_not_replaced(blobs: ContainerBlobs, page_blob: PageBlob) -> None:
    before = etag(blobs, BLOB)
    page_blob.create(8 * MIB, TAGS, replace_etag=before)
    with pytest.raises(BlobChanged):
        page_blob.create(4 * MIB, TAGS, replace_etag=before)


@judges("mark a blob")
def test_when_we_hold_the_lease_we_may_mark_the_blob(blobs: ContainerBlobs, page_blob: PageBlob) -> None:
    page_blob.acquire_lease(OURS, 60)
    page_blob.set_metadata({**TAGS, "complete": "yes"}, lease=OURS)
    state = blobs.head(BLOB)
    assert state
    assert state.metadata["complete"] == "yes"
    page_blob.release_lease(OURS)


# Leases


@judges("acquire a lease")
def test_when_another_holds_the_lease_taking_it_is_refused(page_blob: PageBlob) -> None:
    page_blob.acquire_lease(THEIRS, 60)
    with pytest.raises(LeaseHeld):
        page_blob.acquire_lease(OURS, 60)
    page_blob.release_lease(THEIRS)


@judges("mark a blob")
def test_when_another_holds_the_lease_writing_with_ours_is_refused(page_blob: PageBlob) -> None:
    page_blob.acquire_lease(THEIRS, 60)
    with pytest.raises(LeaseLost):
        page_blob.set_metadata(TAGS, lease=OURS)
    page_blob.release_lease(THEIRS)


@judges("acquire a lease", "renew a lease", "release a lease")
def test_when_a_lease_is_released_another_may_take_it(page_blob: PageBlob) -> None:
    page_blob.acquire_lease(OURS, 60)
    page_blob.renew_lease(OURS)
    page_blob.release_lease(OURS)
    page_blob.acquire_lease(THEIRS, 60)
    page_blob.release_lease(THEIRS)


@judges("renew a lease")
def test_when_nobody_holds_a_lease_renewing_ours_is_refused(page_blob: PageBlob) -> None:
    """What the copy takes as a sign to acquire it anew."""
    with pytest.raises(LeaseHeld):
        page_blob.renew_lease(OURS)


@judges("release a lease")
def test_when_a_lease_was_released_it_cannot_be_released_again(page_blob: PageBlob) -> None:
    page_blob.acquire_lease(OURS, 60)
    page_blob.release_lease(OURS)
    with pytest.raises(LeaseHeld):
        page_blob.release_lease(OURS)


# The asynchronous copy


def copied(blobs: ContainerBlobs, storage: Storage, **conditions: Any) -> str:
    """Start a copy of source.vhd; its id."""
    wanted = {"source_etag": etag(blobs, "source.vhd"), "metadata": TAGS, "replace_etag": None, **conditions}
    return blobs.start_copy(BLOB, storage.source("source.vhd").url, **wanted).id


@judges("start an asynchronous copy")
def test_when_a_copy_is_started_its_state_is_told_until_it_succeeds(storage: Storage, blobs: ContainerBlobs) -> None:
    storage.write("source.vhd", MIB, (4096, b"a" * 512))
    copy_id = copied(blobs, storage)
    state = None
    for _ in range(20):
        state = blobs.head(BLOB)
        if state and state.copy and state.copy.status != "pending":
            break
    assert state
    assert state.copy
    assert (state.copy.id, state.copy.status, state.copy.done, state.copy.total) == (copy_id, "success", MIB, MIB)
    assert state.copy.source == blobs.url("source.vhd")
    assert (state.kind, state.metadata) == ("PageBlob", TAGS)
    assert blobs.read(BLOB, 4096, 512) == b"a" * 512


@judges("start an asynchronous copy")
def test_when_the_source_has_changed_a_copy_does_not_start(storage: Storage, blobs: ContainerBlobs) -> None:
    storage.write("source.vhd", MIB)
    with pytest.raises(Failure):
        copied(blobs, storage, source_etag='"0x8D000000000000"')
    assert blobs.head(BLOB) is None


@judges("start an asynchronous copy")
def test_when_the_destination_exists_a_copy_does_not_start(
    storage: Storage, blobs: ContainerBlobs, page_blob: PageBlob
) -> None:
    storage.write("source.vhd", MIB)
    with pytest.raises(Refused):
        copied(blobs, storage, metadata={"release": "another"})


@judges("start an asynchronous copy")
def test_when_the_destination_is_as_it_was_a_copy_replaces_it(
    storage: Storage, blobs: ContainerBlobs, page_blob: PageBlob
) -> None:
    storage.write("source.vhd", MIB)
    assert copied(blobs, storage, replace_etag=etag(blobs, BLOB))


# What is deleted


@judges("delete a blob", "list blobs")
def test_when_a_blob_is_deleted_it_is_listed_no_more(storage: Storage, page_blob: PageBlob) -> None:
    blobs = storage.blobs(removes=True)
    storage.write("other.vhd", MIB)
    assert sorted(blobs.names()) == sorted([BLOB, "other.vhd"])
    blobs.delete(BLOB, etag(blobs, BLOB))
    assert list(blobs.names()) == ["other.vhd"]
    blobs.delete(BLOB, '"0x8D000000000000"')  # gone already


@judges("delete a blob")
def test_when_a_blob_has_changed_or_is_leased_it_is_not_deleted(storage: Storage, page_blob: PageBlob) -> None:
    blobs = storage.blobs(removes=True)
    with pytest.raises(Failure):
        blobs.delete(BLOB, '"0x8D000000000000"')
    page_blob.acquire_lease(OURS, 60)
    with pytest.raises(Failure) as caught:
        blobs.delete(BLOB, etag(blobs, BLOB))
    assert caught.value.code == "LeaseIdMissing"
    page_blob.release_lease(OURS)


@judges("delete a blob", "list blobs")
def test_when_the_signature_is_for_copying_it_neither_deletes_nor_lists(
    blobs: ContainerBlobs, page_blob: PageBlob
) -> None:
    with pytest.raises(Denied):
        blobs.delete(BLOB, etag(blobs, BLOB))
    with pytest.raises(Denied):
        list(blobs.names())
    assert blobs.head(BLOB)


# Signatures


def test_when_the_key_is_another_ones_nothing_may_be_read(storage: Storage) -> None:
    with pytest.raises(Denied):
        storage.blobs(key=new_key()).head(BLOB)


def test_when_the_source_needs_a_sas_and_has_none_it_is_denied_or_gone(storage: Storage, page_blob: PageBlob) -> None:
    with pytest.raises((Denied, NotFound)):
        UrlSource(page_blob.url, storage.connection).head()


# Where they differ


def test_when_pages_are_copied_from_a_url_azurite_has_no_such_operation(
    storage: Storage, blobs: ContainerBlobs, page_blob: PageBlob
) -> None:
    """Azurite 3.37 answers every Put Page From URL with 500."""
    storage.write("source.vhd", 4 * MIB, (0, b"a" * 512))
    source, source_etag = storage.source("source.vhd").url, etag(blobs, "source.vhd")
    page_blob.acquire_lease(OURS, 60)
    with pytest.raises(Busy) if storage.name == "azurite" else nullcontext():
        page_blob.copy_pages(Span(0, 512), source, source_etag=source_etag, lease=OURS)
        assert blobs.read(BLOB, 0, 512) == b"a" * 512
    page_blob.release_lease(OURS)
