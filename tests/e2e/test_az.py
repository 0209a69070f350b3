"""The documentation's own commands, run by the real az on the sandbox; then `bootimage` on what they left.

The sequence: OpenShift's documentation, "Creating an ARM64 boot image using the Azure image gallery".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e import azure_cli
from tests.e2e.azure_cli import AzureCli
from tests.e2e.plugin import plugin
from tests.judged import judges
from tests.sandbox.server import Sandbox
from tests.swagger import Specs

GROUP = "prod-7x2kq-rg"
LOCATION = "eastus"
_UNDESCRIBED = re.compile(r"api-version (\S*) has no description")
ACCOUNT = "prodarm64images"
CONTAINER = "rhcos-images"
GALLERY = "prod_arm64_gallery"
DEFINITION = "rhcos-arm64"
VERSION = "1.0.0"
# az waits 30 seconds between two looks where the service asks for no other time.
AT_ONCE = {"storageAccounts": 0, "galleries": 0, "images": 0, "versions": 0}


# az's own api-versions, of which there is no description here; what it sends in these is judged by nobody.
UNDESCRIBED = frozenset({"2024-11-01", "2025-08-01", "2026-03-03"})


@pytest.fixture(scope="module")
def azure(swagger: Specs | None) -> Iterator[Sandbox]:
    """A sandbox for this module alone: az and the plugin leave things to each other in it.

    What both asked of Resource Manager is held against Azure's official description afterwards.
    """
    with Sandbox(polls=AT_ONCE) as running:
        yield running
        assert running.crashes == []
        if swagger:
            faults = [fault for exchange in running.exchanges for fault in swagger.check(exchange)]
            undescribed = {match[1] for fault in faults if (match := _UNDESCRIBED.search(fault))}
            assert [fault for fault in faults if not _UNDESCRIBED.search(fault)] == []
            assert undescribed == UNDESCRIBED


@pytest.fixture(scope="module")
def az(azure: Sandbox, obtain: Callable[..., Any]) -> AzureCli:
    return AzureCli(obtain("az", azure_cli.az), azure)


@pytest.fixture(scope="module")
def boot_image(azure: Sandbox) -> dict[str, str]:
    """`url` and `release` out of the stream, as the documentation takes them with oc and jq."""
    config_map = azure.world.objects["v1", "configmaps", "openshift-machine-config-operator", "coreos-bootimages"]
    stream = json.loads(config_map["data"]["stream"])
    found: dict[str, str] = stream["architectures"]["aarch64"]["rhel-coreos-extensions"]["azure-disk"]
    return found


@pytest.fixture(scope="module")
def blob_name(boot_image: dict[str, str]) -> str:
    return f"rhcos-{boot_image['release']}-azure.aarch64.vhd"


@pytest.fixture(scope="module")
def documented(az: AzureCli, boot_image: dict[str, str], blob_name: str) -> dict[str, Any]:
    """What each command of the documentation printed, by its name."""
    printed: dict[str, Any] = {}
    account = ("--account-name", ACCOUNT)
    gallery = ("--resource-group", GROUP, "--gallery-name", GALLERY)
    printed["account"] = az(
        *("storage", "account", "create", "-n", ACCOUNT, "-g", GROUP, "-l", LOCATION, "--sku", "Standard_LRS")
    )
    printed["container"] = az("storage", "container", "create", "-n", CONTAINER, *account)
    end = (datetime.now(UTC) + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%MZ")
    printed["sas"] = az(
        *("storage", "container", "generate-sas", "-n", CONTAINER, *account),
        *("--https-only", "--permissions", "dlrw", "--expiry", end, "-o", "tsv"),
    )
    printed["copy"] = az(
        *("storage", "blob", "copy", "start", *account, "--sas-token", printed["sas"]),
        *("--source-uri", boot_image["url"]),
        *("--destination-blob", blob_name, "--destination-container", CONTAINER),
    )
    printed["blob"] = _copied(az, blob_name)
    printed["gallery"] = az("sig", "create", *gallery)
    printed["definition"] = az(
        *("sig", "image-definition", "create", *gallery, "--gallery-image-definition", DEFINITION),
        *("--publisher", "RedHat", "--offer", "arm", "--sku", "arm64"),
        *("--os-type", "linux", "--architecture", "Arm64", "--hyper-v-generation", "V2"),
    )
    url = az("storage", "blob", "url", *account, "-c", CONTAINER, "-n", blob_name, "-o", "tsv")
    printed["url"] = url
    version = ("--gallery-image-definition", DEFINITION, "--gallery-image-version", VERSION)
    printed["version"] = az(
        *("sig", "image-version", "create", *gallery, *version),
        *("--os-vhd-storage-account", ACCOUNT, "--os-vhd-uri", url),
    )
    printed["shown"] = az("sig", "image-version", "show", "-r", GALLERY, "-g", GROUP, "-i", DEFINITION, "-e", VERSION)
    return printed


def _copied(az: AzureCli, blob_name: str) -> Any:
    """`az storage blob show` until the copy has ended, as the documentation tells; each look is progress here."""
    for _ in range(20):
        blob = az("storage", "blob", "show", "-c", CONTAINER, "-n", blob_name, "--account-name", ACCOUNT)
        if blob["properties"]["copy"]["status"] != "pending":
            return blob
    raise AssertionError("the copy is pending after 20 looks")


# The documentation's sequence


@judges("create a storage account", "look at an operation")
def test_the_account_is_made_as_documented(documented: dict[str, Any]) -> None:
    account = documented["account"]
    assert (account["name"], account["provisioningState"]) == (ACCOUNT, "Succeeded")
    assert (account["location"], account["sku"]["name"]) == (LOCATION, "Standard_LRS")


def test_the_container_is_made_and_its_sas_is_https_only(documented: dict[str, Any]) -> None:
    assert documented["container"] == {"created": True}
    assert "spr=https" in documented["sas"]
    assert "sp=rwdl" in documented["sas"]


@judges("start an asynchronous copy", "look at a blob")
def test_the_copy_is_asynchronous_and_succeeds(documented: dict[str, Any], boot_image: dict[str, str]) -> None:
    assert documented["copy"]["copy_status"] == "pending"
    copy = documented["blob"]["properties"]["copy"]
    assert copy["status"] == "success"
    assert copy["source"] == boot_image["url"]
    done, total = copy["progress"].split("/")
    assert done == total == str(documented["blob"]["properties"]["contentLength"])


def test_the_blob_is_a_page_blob_at_the_url_that_az_prints(documented: dict[str, Any], blob_name: str) -> None:
    assert documented["blob"]["properties"]["blobType"] == "PageBlob"
    assert documented["url"] == f"https://{ACCOUNT}.blob.core.windows.net/{CONTAINER}/{blob_name}"


@judges("create an image definition")
def test_the_definition_is_arm64_generation_2_linux(documented: dict[str, Any]) -> None:
    definition = documented["definition"]
    assert (definition["architecture"], definition["hyperVGeneration"]) == ("Arm64", "V2")
    assert (definition["osType"], definition["osState"]) == ("Linux", "Generalized")


@judges("create an image version", "look at an operation")
def test_the_version_succeeds_and_is_in_the_groups_region(documented: dict[str, Any]) -> None:
    for version in (documented["version"], documented["shown"]):
        assert version["provisioningState"] == "Succeeded"
        assert [region["regionalReplicaCount"] for region in version["publishingProfile"]["targetRegions"]] == [1]
    assert documented["shown"]["id"].endswith(f"/galleries/{GALLERY}/images/{DEFINITION}/versions/{VERSION}")


# `bootimage` on what the documentation left

DOCUMENTED_NAMES = (
    *("--storage-account", ACCOUNT, "--container", CONTAINER),
    *("--gallery", GALLERY, "--image-definition", DEFINITION),
)


@pytest.fixture
def writes(azure: Sandbox) -> Callable[[], list[str]]:
    """Method and last word of every write to Azure in this test (Entra's tokens are POSTs)."""
    first = len(azure.exchanges)
    return lambda: [
        f"{exchange['method']} {exchange['path'].rsplit('/', 1)[1]}"
        for exchange in azure.exchanges[first:]
        if exchange["method"] not in ("GET", "HEAD", "POST")
    ]


@judges(
    "read a storage account",
    "read a container",
    "look at a blob",
    "read a gallery",
    "read an image definition",
    "read an image version",
)
def test_when_given_the_documented_names_and_version_nothing_is_left_to_do(
    documented: dict[str, Any], azure: Sandbox, writes: Callable[[], list[str]]
) -> None:
    ran = plugin("bootimage", *DOCUMENTED_NAMES, "--image-version", VERSION, "-o", "name", sandbox=azure)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() in documented["shown"]["id"]
    assert writes() == []


@judges("look at a blob")
def test_when_given_the_documented_names_the_copied_blob_is_reused(
    documented: dict[str, Any], azure: Sandbox, writes: Callable[[], list[str]]
) -> None:
    ran = plugin("bootimage", *DOCUMENTED_NAMES, "-o", "name", sandbox=azure)
    assert ran.returncode == 0, ran.stderr
    assert writes() == [f"PUT {parts(ran.stdout)['versions']}"]


def test_when_the_documented_definition_lacks_gen2_in_its_name_it_warns(
    documented: dict[str, Any], azure: Sandbox
) -> None:
    ran = plugin("bootimage", *DOCUMENTED_NAMES, "--dry-run", sandbox=azure)
    assert f"Warning: image definition {DEFINITION} does not have gen2 in its name" in ran.stderr


@judges("read an image definition")
def test_when_az_made_a_definition_of_another_kind_each_difference_is_named(
    az: AzureCli, documented: dict[str, Any], azure: Sandbox, writes: Callable[[], list[str]]
) -> None:
    az(
        *("sig", "image-definition", "create", "--resource-group", GROUP, "--gallery-name", GALLERY),
        *("--gallery-image-definition", "x86-gen1", "--publisher", "RedHat", "--offer", "x86", "--sku", "gen1"),
        *("--os-type", "linux", "--architecture", "x64", "--hyper-v-generation", "V1", "--os-state", "specialized"),
    )
    before = writes()
    ran = plugin("bootimage", "--gallery", GALLERY, "--image-definition", "x86-gen1", sandbox=azure)
    assert ran.returncode == 1
    for difference in (
        "architecture is x64, not Arm64",
        "hyperVGeneration is V1, not V2",
        "osState is Specialized, not Generalized",
    ):
        assert difference in ran.stderr
    assert writes() == before


def test_when_a_name_of_the_documentation_is_taken_by_somebody_else_it_is_refused(azure: Sandbox) -> None:
    ran = plugin("bootimage", "--storage-account", "rhcos", sandbox=azure)  # Red Hat's own
    assert ran.returncode == 1
    assert "rhcos" in ran.stderr.splitlines()[-1]
    assert ran.stderr.splitlines()[-1].startswith("error: ")


# What `bootimage` made, in az's eyes


@pytest.fixture(scope="module")
def published(azure: Sandbox) -> str:
    """The resource ID that `bootimage` printed."""
    ran = plugin("bootimage", "-o", "name", sandbox=azure)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def parts(resource_id: str) -> dict[str, str]:
    words = resource_id.strip().strip("/").split("/")
    return dict(zip(words[::2], words[1::2], strict=True))


@judges("create an image version")
def test_when_bootimage_has_published_az_shows_the_version(az: AzureCli, published: str) -> None:
    named = parts(published)
    version = az(
        *("sig", "image-version", "show", "-g", named["resourceGroups"], "-r", named["galleries"]),
        *("-i", named["images"], "-e", named["versions"]),
    )
    assert version["provisioningState"] == "Succeeded"
    assert version["tags"]["kubectl-arm64"] == "managed"
    assert version["tags"]["costCenter"] == "0042"


@judges("create a gallery", "create an image definition")
def test_when_bootimage_has_published_az_shows_a_definition_that_arm64_machines_can_use(
    az: AzureCli, published: str
) -> None:
    named = parts(published)
    definition = az(
        *("sig", "image-definition", "show", "-g", named["resourceGroups"], "-r", named["galleries"]),
        *("-i", named["images"]),
    )
    assert (definition["architecture"], definition["hyperVGeneration"]) == ("Arm64", "V2")
    features = {feature["name"]: feature["value"] for feature in definition["features"]}
    assert "NVMe" in features["DiskControllerTypes"]


@judges("create a storage account")
def test_when_bootimage_has_published_az_shows_a_hardened_account(az: AzureCli, published: str) -> None:
    accounts = az("storage", "account", "list", "-g", GROUP)
    (ours,) = [account for account in accounts if "kubectl-arm64" in (account["tags"] or {})]
    assert ours["enableHttpsTrafficOnly"] is True
    assert ours["minimumTlsVersion"] == "TLS1_2"
    assert ours["allowBlobPublicAccess"] is False
    assert ours["allowSharedKeyAccess"] is False
