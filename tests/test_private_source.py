"""Case S32: a VHD that is not public, read with the sign-in; whose token no stranger ever sees."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from kubectl_arm64.azure.clouds import CHINA, PUBLIC, Cloud
from kubectl_arm64.azure.sas import container_sas
from kubectl_arm64.azure.source_access import takes_token
from tests.conftest import Plugin, Result
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Container, StorageAccount
from tests.test_bootimage import BLOB, resource_id
from tests.test_bootimage_copy import PUT_PAGE, copies_started, pages_written

MIRROR = f"https://rhcosmirror.blob.core.windows.net/images/{BLOB}"


@pytest.fixture
def mirror(sandbox: Sandbox) -> StorageAccount:
    """The VHD in a private container of the organisation's own account, which the principal may read."""
    world = sandbox.world
    subscription = next(iter(world.subscriptions))
    account = StorageAccount(subscription, "prod-7x2kq-rg", "rhcosmirror", {"name": "rhcosmirror"})
    endpoints = {"blob": "https://rhcosmirror.blob.core.windows.net/"}
    account.body |= {"id": account.resource_id, "properties": {"primaryEndpoints": endpoints}}
    public = world.accounts["rhcos"].containers["imagebucket"].blobs[BLOB]
    account.containers["images"] = Container("images", blobs={BLOB: public})
    world.accounts["rhcosmirror"] = account
    return account


def tokens_sent(sandbox: Sandbox) -> set[str]:
    """The hosts that were sent a bearer token for storage, for themselves or for their source."""
    return {
        one["host"]
        for one in sandbox.asked("", "blob[.]core")
        if "x-ms-copy-source-authorization" in one["headers"] or "authorization" in one["headers"]
    }


def source_tokens(sandbox: Sandbox) -> list[str]:
    """The header of each copy of pages, "" where there is none."""
    return [one["headers"].get("x-ms-copy-source-authorization", "") for one in sandbox.asked("PUT", PUT_PAGE)]


def shows_no_secret(result: Result) -> bool:
    return not re.search(r"eyJ|Bearer [^R]|sig=(?!REDACTED)", result.out + result.err)


@pytest.mark.parametrize("hidden", ["no-public-access", "no-public-containers"])
@pytest.mark.parametrize("auth", ["login", "key"])
def test_when_the_source_is_private_its_pages_are_copied_with_the_sign_in(
    plugin: Plugin, sandbox: Sandbox, mirror: StorageAccount, auth: str, hidden: str
) -> None:
    mirror.body["properties"]["allowBlobPublicAccess"] = hidden == "no-public-containers"
    result = plugin("bootimage", "--source-url", MIRROR, f"--storage-auth={auth}", "-v", "9")
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    assert pages_written(sandbox) == 12
    assert all(each.startswith("Bearer ") for each in source_tokens(sandbox))
    assert shows_no_secret(result)


def test_when_the_source_is_public_nothing_of_the_sign_in_is_sent_for_it(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    assert "rhcos.blob.core.windows.net" not in tokens_sent(sandbox)
    assert set(source_tokens(sandbox)) == {""}


def test_when_azure_copies_alone_it_reads_by_a_sas_of_the_sign_ins_own(
    plugin: Plugin, sandbox: Sandbox, mirror: StorageAccount
) -> None:
    result = plugin("bootimage", "--source-url", MIRROR, "--copy=async", "-v", "9")
    assert (result.code, copies_started(sandbox)) == (0, 1), result.err
    (copy,) = [one for one in sandbox.asked("PUT", BLOB) if "x-ms-copy-source" in one["headers"]]
    assert "sp=r&" in copy["headers"]["x-ms-copy-source"]
    assert "skoid=" in copy["headers"]["x-ms-copy-source"]
    assert "x-ms-copy-source-authorization" not in copy["headers"]
    assert shows_no_secret(result)


def test_when_pages_cannot_be_copied_the_other_way_reads_with_the_sign_in_too(
    plugin: Plugin, sandbox: Sandbox, mirror: StorageAccount
) -> None:
    refusal = {"x-ms-error-code": "CannotVerifyCopySource", "x-ms-copy-source-status-code": "403"}
    sandbox.fault(PUT_PAGE, method="PUT", times=999, status=403, headers=refusal)
    result = plugin("bootimage", "--source-url", MIRROR)
    assert (result.code, copies_started(sandbox)) == (0, 1), result.err


def test_when_the_vhd_goes_onto_a_disk_its_pages_are_copied_with_the_sign_in(
    plugin: Plugin, sandbox: Sandbox, mirror: StorageAccount
) -> None:
    result = plugin("bootimage", "--source-url", MIRROR, "--staging=disk")
    assert result.code == 0, result.err
    assert all(each.startswith("Bearer ") for each in source_tokens(sandbox))


def test_when_the_url_carries_a_sas_that_reads_and_no_token_is_sent(
    plugin: Plugin, sandbox: Sandbox, mirror: StorageAccount
) -> None:
    sas = container_sas("rhcosmirror", "images", mirror.keys[0], "r", datetime.now(UTC) + timedelta(hours=1))
    result = plugin("bootimage", "--source-url", f"{MIRROR}?{sas}", "-v", "9")
    assert result.code == 0, result.err
    assert "rhcosmirror.blob.core.windows.net" not in tokens_sent(sandbox)
    assert set(source_tokens(sandbox)) == {""}
    assert shows_no_secret(result)


def test_when_a_sas_does_not_hold_the_sign_in_does_not_step_in(
    plugin: Plugin, sandbox: Sandbox, mirror: StorageAccount
) -> None:
    result = plugin("bootimage", "--source-url", f"{MIRROR}?sp=r&sig=c2VjcmV0")
    assert result.code == 1
    assert "with the SAS of its URL" in result.err
    assert "rhcosmirror.blob.core.windows.net" not in tokens_sent(sandbox)


def test_when_the_identity_may_not_read_it_either_both_ways_out_are_told_before_anything_is_made(
    plugin: Plugin, sandbox: Sandbox, mirror: StorageAccount
) -> None:
    mirror.subscription = "00000000-0000-4000-8000-00000000f0f0"  # another tenant's
    result = plugin("bootimage", "--source-url", MIRROR)
    assert result.code == 1
    assert "is not public, and the signed-in identity may not read it" in result.err
    assert "Storage Blob Data Reader" in result.err
    assert "--source-url" in result.err
    assert sandbox.asked("PUT") == []
    assert shows_no_secret(result)


def test_when_it_is_not_there_the_sign_in_is_not_asked(plugin: Plugin, sandbox: Sandbox) -> None:
    url = f"https://rhcos.blob.core.windows.net/imagebucket/gone-{BLOB}"
    result = plugin("bootimage", "--source-url", url)
    assert "the VHD is gone" in result.err
    assert tokens_sent(sandbox) == set()


def test_when_the_source_sends_the_token_elsewhere_it_does_not_go(
    plugin: Plugin, sandbox: Sandbox, mirror: StorageAccount
) -> None:
    sandbox.fault(
        "rhcosmirror",
        method="HEAD",
        nth=2,
        status=307,
        headers={"location": f"https://rhcos.blob.core.windows.net/imagebucket/{BLOB}"},
    )
    result = plugin("bootimage", "--source-url", MIRROR)
    assert result.code == 1
    assert sandbox.asked("", "rhcos.blob.core") == []


@pytest.mark.parametrize(
    ("url", "cloud", "takes"),
    [
        (MIRROR, PUBLIC, True),
        (MIRROR.replace("rhcosmirror", "RHCOSMIRROR"), PUBLIC, True),
        (MIRROR.replace(".net/", ".net:443/"), PUBLIC, True),
        (MIRROR, CHINA, False),
        (MIRROR.replace("https", "http"), PUBLIC, False),
        (MIRROR.replace(".net/", ".net:8443/"), PUBLIC, False),
        (MIRROR + "?sp=r&sig=c2VjcmV0", PUBLIC, False),
        (f"https://mirror.example/images/{BLOB}", PUBLIC, False),
        (f"https://rhcosmirror.blob.core.windows.net.mirror.example/{BLOB}", PUBLIC, False),
        (f"https://evil.rhcosmirror.blob.core.windows.net/{BLOB}", PUBLIC, False),
        (f"https://evilblob.core.windows.net/{BLOB}", PUBLIC, False),
        (f"https://rhcosmirror.file.core.windows.net/{BLOB}", PUBLIC, False),
        (f"https://rhcosmirror.blob.core.windows.net@mirror.example/{BLOB}", PUBLIC, False),
        (f"https://mirror.example\\@rhcosmirror.blob.core.windows.net/{BLOB}", PUBLIC, False),
        (f"https://mirror.example#@rhcosmirror.blob.core.windows.net/{BLOB}", PUBLIC, False),
        (f"https://rhcosmirror.blob.core.windows.net\\.mirror.example/{BLOB}", PUBLIC, False),
        (f"https://rhcosmirror.blob.core.windows%2enet/{BLOB}", PUBLIC, False),
    ],
)
def test_the_token_goes_to_blob_storage_of_the_same_cloud_alone(url: str, cloud: Cloud, takes: bool) -> None:
    assert takes_token(url, cloud) is takes
