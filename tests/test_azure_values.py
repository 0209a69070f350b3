"""Clouds, permissions and signatures: no I/O."""

from __future__ import annotations

import base64
import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from azure.storage.blob import ContainerSasPermissions, generate_container_sas

from kubectl_arm64.azure import clouds
from kubectl_arm64.azure.permissions import Permissions
from kubectl_arm64.azure.sas import container_sas
from kubectl_arm64.errors import Unsupported

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
KEY = base64.b64encode(b"k" * 64).decode()


def test_importing_the_session_does_not_load_the_sdk() -> None:
    program = "import kubectl_arm64.azure.session, sys; sys.exit('azure.core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "arm"),
    [
        ("", "https://management.azure.com"),
        ("AzurePublicCloud", "https://management.azure.com"),
        ("azureusgovernmentcloud", "https://management.usgovcloudapi.net"),
        ("AzureUSGovernment", "https://management.usgovcloudapi.net"),
        ("AzureChinaCloud", "https://management.chinacloudapi.cn"),
    ],
)
def test_a_cloud_is_known_by_the_names_that_clusters_and_az_use(name: str, arm: str) -> None:
    assert clouds.named(name).arm == arm


def test_when_the_cloud_is_azure_stack_it_is_refused() -> None:
    with pytest.raises(Unsupported, match="AzureStackCloud is not supported"):
        clouds.named("AzureStackCloud")


def test_what_one_role_excludes_another_may_grant() -> None:
    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    granter = {"actions": ["microsoft.authorization/roleAssignments/write"], "notActions": []}
    action = "Microsoft.Authorization/roleAssignments/write"
    assert not Permissions((contributor,)).may(action)
    assert Permissions((contributor, granter)).may(action)


def test_a_right_to_manage_is_no_right_to_data() -> None:
    owner = Permissions(({"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []},))
    reader = Permissions(({"actions": [], "dataActions": [f"{BLOBS}/*"], "notDataActions": [f"{BLOBS}/write"]},))
    assert owner.may(f"{BLOBS}/write")
    assert not owner.may(f"{BLOBS}/write", data=True)
    assert reader.may(f"{BLOBS}/read", data=True)
    assert not reader.may(f"{BLOBS}/write", data=True)


def test_a_pattern_s_dots_are_dots() -> None:
    assert not Permissions(({"actions": ["Microsoft.Compute/*"]},)).may("MicrosoftXCompute/galleries/write")


def test_the_sas_is_the_one_that_the_sdk_signs_for_the_same_version() -> None:
    expiry = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    theirs = parse_qs(
        generate_container_sas(
            "rhcosabc",
            "vhd",
            account_key=KEY,
            permission=ContainerSasPermissions(read=True, create=True, write=True),
            expiry=expiry,
            protocol="https",
        )
    )
    ours = container_sas("rhcosabc", "vhd", KEY, "rcw", expiry, version=theirs["sv"][0])
    assert parse_qs(ours) == theirs
