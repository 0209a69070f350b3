"""Each of the documentation's steps stands in the record of one run, for each way to reach the storage."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import Plugin
from tests.sandbox.server import Sandbox
from tests.test_bootimage import BLOB, VERSION

SOURCE = f"https://rhcos.blob.core.windows.net/imagebucket/{BLOB}"


def only(sandbox: Sandbox, method: str, path: str) -> dict[str, Any]:
    """The one exchange of that method and path."""
    (found,) = sandbox.asked(method, path)
    return dict(found)


@pytest.mark.parametrize("auth", ["login", "key"])
def test_when_it_runs_once_every_documented_step_can_be_pointed_to(plugin: Plugin, sandbox: Sandbox, auth: str) -> None:
    result = plugin("bootimage", "--copy=async", "--storage-auth", auth)
    assert result.code == 0, result.err

    # 1. sign-in: tokens before the first write
    first_write = next(one["n"] for one in sandbox.exchanges if one["method"] == "PUT")
    scopes = [one["request"]["scope"] for one in sandbox.asked("POST", "/oauth2/v2.0/token") if one["n"] < first_write]
    assert any("management.azure.com/.default" in scope for scope in scopes)
    assert any("storage.azure.com/.default" in scope for scope in scopes) is (auth == "login")
    # 2. az storage account create
    account = only(sandbox, "PUT", "/storageAccounts/rhcos[a-z0-9]{19}[?]")["request"]
    assert (account["sku"]["name"], account["kind"], account["location"]) == ("Standard_LRS", "StorageV2", "eastus")
    # 3. az storage container create
    only(sandbox, "PUT", "/blobServices/default/containers/vhd[?]")
    # 4. URL and release out of the stream
    only(sandbox, "GET", "kubernetes.*/configmaps/coreos-bootimages")
    # 5. az storage container generate-sas: signed locally, so that its use is what shows
    requests = sandbox.asked("", rf"/vhd/{BLOB}")
    assert all(("sig=" in one["query"]) is (auth == "key") for one in requests)
    if auth == "key":
        assert all("spr=https" in one["query"] and re.search("sp=[a-z]*w", one["query"]) for one in requests)
    # 6. az storage blob copy start
    copy = only(sandbox, "PUT", rf"/vhd/{BLOB}")
    assert copy["headers"]["x-ms-copy-source"] == SOURCE
    # 7. az storage blob show, until success
    looks = sandbox.asked("HEAD", rf"/vhd/{BLOB}")
    assert [one["response_headers"].get("x-ms-copy-status") for one in looks if one["status"] == 200][-1] == "success"
    # 8. az sig create
    gallery = only(sandbox, "PUT", "/galleries/rhcos_prod_7x2kq[?]")
    # 9. az sig image-definition create
    definition = only(sandbox, "PUT", "/images/rhcos-arm64-gen2[?]")
    wanted = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2", "architecture": "Arm64"}
    assert wanted.items() <= definition["request"]["properties"].items()
    assert definition["request"]["properties"]["identifier"] == {
        "publisher": "RedHat",
        "offer": "rhcos",
        "sku": "rhcos-arm64-gen2",
    }
    # gallery and definition are made beside the copy
    assert copy["n"] < gallery["n"] < definition["n"] < looks[-1]["n"]
    # 10. az sig image-version create
    version = only(sandbox, "PUT", f"/versions/{VERSION}")["request"]
    assert [region["name"] for region in version["properties"]["publishingProfile"]["targetRegions"]] == ["eastus"]
    assert version["properties"]["storageProfile"]["osDiskImage"]["source"]["uri"].endswith(f"/vhd/{BLOB}")
    # 11. az sig image-version show, in the form that resourceID needs
    assert sandbox.asked("GET", rf"/versions/{VERSION}[?].*expand=ReplicationStatus")
    assert result.out.startswith("/resourceGroups/prod-7x2kq-rg/providers/Microsoft.Compute/galleries/")
