"""`kubectl arm64 bootimage`, from the command line to the sandbox's Azure and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from kubectl_arm64.cli.options import ConnectionFlags
from kubectl_arm64.pipeline.storage_account import window
from tests.conftest import Plugin
from tests.sandbox.arm.policy import no_shared_keys
from tests.sandbox.seeds.azure import storage_blob_data_contributor
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Role

RELEASE = "418.94.202602022246-0"
VERSION = "20260202.2246.418094000"
BLOB = f"rhcos-{RELEASE}-azure.aarch64.vhd"
KEYS_ON = "kubectl-arm64.shared-keys-on"


def resource_id(gallery: str = "rhcos_prod_7x2kq", group: str = "prod-7x2kq-rg") -> str:
    return (
        f"/resourceGroups/{group}/providers/Microsoft.Compute/galleries/{gallery}"
        f"/images/rhcos-arm64-gen2/versions/{VERSION}"
    )


def writes(sandbox: Sandbox) -> list[str]:
    """Every write to Azure, in order: method and the last words of its path."""
    return [
        f"{one['method']} {one['path'].rsplit('/', 2)[-2]}/{one['path'].rsplit('/', 1)[-1]}"
        for one in sandbox.exchanges
        if one["method"] in ("PUT", "PATCH", "DELETE") and one["host"] != "kubernetes"
    ]


def only_account(sandbox: Sandbox) -> dict[str, Any]:
    """The body of the one account that is not Red Hat's."""
    (account,) = [account for name, account in sandbox.world.accounts.items() if name != "rhcos"]
    return account.body


def without_data_role(sandbox: Sandbox) -> None:
    """The service principal becomes an owner of the subscription, whom data roles do not follow."""
    principal = sandbox.world.principals[0]
    scope = f"/subscriptions/{next(iter(sandbox.world.subscriptions))}"
    sandbox.world.roles = [role for role in sandbox.world.roles if role.object_id != principal.object_id]
    sandbox.world.roles.append(Role(principal.object_id, scope, actions=["*"]))


def test_when_nothing_exists_it_publishes_and_prints_the_resource_id(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin("bootimage", "--copy=async")
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    assert "Next: kubectl arm64 machineset --apply" in result.err
    assert [write.split()[1].split("/")[0] for write in writes(sandbox)] == [
        "storageAccounts",
        "containers",
        "vhd",
        "galleries",
        "images",
        "versions",
    ]


def test_when_it_is_run_again_nothing_is_written_and_no_storage_is_touched(plugin: Plugin, sandbox: Sandbox) -> None:
    first = plugin("bootimage")
    sandbox.exchanges.clear()
    again = plugin("bootimage")
    assert (again.code, again.out) == (0, first.out)
    assert f"image version rhcos-arm64-gen2/{VERSION}: found" in again.err
    assert writes(sandbox) == []
    assert sandbox.asked("", r"blob\.core") == []


def test_when_the_account_is_made_it_is_hardened_in_its_first_put(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    (put,) = sandbox.asked("PUT", "/storageAccounts/[a-z0-9]+[?]")
    assert put["request"]["properties"] == {
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": True,
    }


def test_when_the_organisation_tags_its_cluster_every_resource_carries_the_tags(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    plugin("bootimage", "--tag", "env=prod")
    tagged = [
        put["request"]["tags"]
        for put in sandbox.asked("PUT", "management.*/(storageAccounts|galleries)/")
        if put["request"].get("location")
    ]
    assert len(tagged) == 4
    for tags in tagged:
        assert {
            "costCenter": "0042",
            "owner": "platform",
            "env": "prod",
            "kubectl-arm64": "managed",
        }.items() <= tags.items()


def test_when_the_definition_is_made_its_features_are_explicit(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    (put,) = sandbox.asked("PUT", "/images/rhcos-arm64-gen2[?]")
    properties = put["request"]["properties"]
    assert {key: properties[key] for key in ("architecture", "hyperVGeneration", "osType", "osState")} == {
        "architecture": "Arm64",
        "hyperVGeneration": "V2",
        "osType": "Linux",
        "osState": "Generalized",
    }
    assert {feature["name"]: feature["value"] for feature in properties["features"]} == {
        "DiskControllerTypes": "SCSI, NVMe",
        "SecurityType": "TrustedLaunchSupported",
    }


def test_when_the_version_is_made_it_names_account_and_uri_and_never_an_id(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    (put,) = sandbox.asked("PUT", f"/versions/{VERSION}")
    source = put["request"]["properties"]["storageProfile"]["osDiskImage"]["source"]
    assert source["storageAccountId"] == only_account(sandbox)["id"]
    assert source["uri"].endswith(f".blob.core.windows.net/vhd/{BLOB}")
    assert set(source) == {"storageAccountId", "uri"}


def test_no_byte_of_the_disk_passes_through_the_client(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    answered = [one["response"] for one in sandbox.asked("GET", r"blob\.core")]
    assert 0 < sum(body["bytes"] for body in answered if isinstance(body, dict)) < 4096


@pytest.mark.parametrize("staging", ["account", "disk"])
def test_when_the_source_url_is_longer_than_a_tag_may_be_it_is_published_all_the_same(
    plugin: Plugin, sandbox: Sandbox, staging: str
) -> None:
    blobs = sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs
    name = "y" * 260 + ".vhd"
    blobs[name] = blobs[BLOB]
    source = f"https://rhcos.blob.core.windows.net/imagebucket/{name}"
    result = plugin("bootimage", "--source-url", source, "--staging", staging)
    assert result.code == 0, result.err
    assert plugin("bootimage", "--source-url", source, "--staging", staging).out == result.out


# ---- storage authorisation


def test_when_a_data_role_is_there_no_sas_is_used_and_no_key_is_listed(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    assert sandbox.asked("POST", "/listKeys") == []
    assert sandbox.asked("", r"vhd/rhcos.*[?].*sig=") == []


def test_when_there_is_no_data_role_a_short_https_only_sas_is_used_and_the_keys_are_switched_off_again(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    without_data_role(sandbox)
    result = plugin("bootimage")
    assert result.code == 0, result.err
    signed = sandbox.asked("", r"/vhd/rhcos-.*sig=")
    assert signed
    assert all("spr=https" in one["query"] for one in signed)
    body = only_account(sandbox)
    assert body["properties"]["allowSharedKeyAccess"] is False
    assert KEYS_ON not in body["tags"]
    assert "shared keys of storage account" in result.err


def test_when_the_key_is_demanded_a_second_release_opens_the_window_again_and_says_so(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    assert plugin("bootimage", "--storage-auth", "key").code == 0
    result = plugin("bootimage", "--storage-auth=key", "--architecture=x86_64")
    assert result.code == 0, result.err
    assert "are switched on for the copy" in result.err
    assert only_account(sandbox)["properties"]["allowSharedKeyAccess"] is False


def test_when_the_version_was_ready_but_the_window_was_left_open_the_next_run_closes_it(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    plugin("bootimage")
    body = only_account(sandbox)
    body["properties"]["allowSharedKeyAccess"] = True
    body["tags"][KEYS_ON] = "2026-02-03T10:00:00Z"
    result = plugin("bootimage")
    assert "are switched off" in result.err
    assert only_account(sandbox)["properties"]["allowSharedKeyAccess"] is False


def test_no_secret_is_ever_shown(plugin: Plugin, sandbox: Sandbox) -> None:
    without_data_role(sandbox)
    result = plugin("bootimage", "-v", "9", "-o", "json")
    shown = result.out + result.err
    account = next(account for name, account in sandbox.world.accounts.items() if name != "rhcos")
    assert "HEAD" in shown
    assert account.keys[0] not in shown
    assert sandbox.world.principals[0].secret not in shown
    assert "sig=" not in shown or "sig=REDACTED" in shown


def test_when_the_data_role_is_on_the_account_alone_it_is_seen_there(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    without_data_role(sandbox)
    principal, account = sandbox.world.principals[0], str(only_account(sandbox)["id"])
    sandbox.world.roles.append(storage_blob_data_contributor(principal.object_id, account))
    result = plugin("bootimage", "--architecture=x86_64")
    assert result.code == 0, result.err
    assert "shared keys" not in result.err
    assert sandbox.asked("PATCH", "/storageAccounts/") == []


def test_when_login_is_demanded_without_a_data_role_nothing_is_made(plugin: Plugin, sandbox: Sandbox) -> None:
    without_data_role(sandbox)
    result = plugin("bootimage", "--storage-auth=login")
    assert result.code == 1
    assert "Storage Blob Data Contributor" in result.err
    assert writes(sandbox) == []


def test_when_a_policy_forbids_shared_keys_on_our_account_it_goes_on_with_the_token(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    assert plugin("bootimage").code == 0
    group = str(only_account(sandbox)["id"]).partition("/providers/")[0]
    sandbox.world.policies.append(no_shared_keys(group))
    untold = sandbox.fault("/permissions[?]", action="status", status=403)  # so that the key is tried first
    result = plugin("bootimage", "--architecture=x86_64")
    assert untold.seen
    assert result.code == 0, result.err
    assert "going on with the sign-in's own token" in result.err


def test_when_another_run_has_the_keys_on_for_its_own_vhd_they_stay_on(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    body = only_account(sandbox)
    body["properties"]["allowSharedKeyAccess"] = True
    body["tags"][KEYS_ON] = window(BLOB.replace("aarch64", "x86_64"))
    assert plugin("bootimage").code == 0
    assert only_account(sandbox)["properties"]["allowSharedKeyAccess"] is True


def test_when_a_run_fails_it_leaves_another_runs_window_open(plugin: Plugin, sandbox: Sandbox) -> None:
    without_data_role(sandbox)
    assert plugin("bootimage").code == 0
    body = only_account(sandbox)
    body["properties"]["allowSharedKeyAccess"] = True
    body["tags"][KEYS_ON] = window(BLOB)
    sandbox.fault("/images/rhcos-x64-gen2[?]", method="PUT", action="status", status=400)
    assert plugin("bootimage", "--architecture=x86_64").code == 1
    assert KEYS_ON in only_account(sandbox)["tags"]


def test_when_whoever_runs_it_again_may_only_read_the_ready_image_is_printed(plugin: Plugin, sandbox: Sandbox) -> None:
    first = plugin("bootimage")
    body = only_account(sandbox)
    body["properties"]["allowSharedKeyAccess"] = True
    body["tags"][KEYS_ON] = window(BLOB)
    for role in sandbox.world.roles:
        role.not_actions = ["*/write"]
    again = plugin("bootimage")
    assert (again.code, again.out) == (0, first.out), again.err
    assert "stay on" in again.err


def test_when_another_run_is_making_the_account_it_is_awaited(plugin: Plugin, sandbox: Sandbox) -> None:
    body = json.dumps(
        {"error": {"code": "StorageAccountOperationInProgress", "message": "An operation is in progress."}}
    )
    sandbox.fault("/storageAccounts/rhcos", method="PUT", action="status", status=409, body=body, after=True)
    result = plugin("bootimage")
    assert result.code == 0, result.err
    assert len(sandbox.asked("PUT", "/storageAccounts/rhcos[a-z0-9]+[?]")) == 1


def test_when_another_definition_has_our_identifier_it_is_refused_before_anything_is_made(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    assert plugin("bootimage", "--gallery=g1").code == 0
    key = next(key for key in sandbox.world.resources if key.endswith("/images/rhcos-arm64-gen2"))
    body = sandbox.world.resources.pop(key)
    for version in [child for child in sandbox.world.resources if child.startswith(f"{key}/")]:
        del sandbox.world.resources[version]
    name = "elsewhere-gen2"
    sandbox.world.resources[key.replace("rhcos-arm64-gen2", name)] = {
        **body, "name": name, "id": body["id"].replace("rhcos-arm64-gen2", name),
    }  # fmt: skip
    sandbox.exchanges.clear()
    result = plugin("bootimage", "--gallery=g1")
    assert result.code == 1
    assert "identifier RedHat/rhcos/rhcos-arm64-gen2 is that of image definition elsewhere-gen2" in result.err
    assert writes(sandbox) == []


NO_READ = json.dumps({"error": {"code": "AuthorizationFailed", "message": "The client lacks storageAccounts/read."}})


@pytest.mark.parametrize("words", [(), ("--delete-vhd",)])
def test_when_the_image_is_ready_an_account_that_may_not_be_read_does_no_harm(
    plugin: Plugin, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    assert plugin("bootimage").code == 0
    sandbox.fault("/storageAccounts/", method="GET", nth=1 + len(words), times=99, status=403, body=NO_READ)
    result = plugin("bootimage", *words)
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    assert ("VHD rhcos-418.94.202602022246-0-azure.aarch64.vhd stays" in result.err) is bool(words)


def test_when_something_unforeseen_happens_shared_keys_do_not_stay_on(plugin: Plugin, sandbox: Sandbox) -> None:
    without_data_role(sandbox)
    regions = {"publishingProfile": {"targetRegions": [{}]}, "provisioningState": "Succeeded"}  # one without a name
    tags = {"kubectl-arm64": "managed", "kubectl-arm64.release": RELEASE}
    sandbox.fault("/versions/", method="GET", status=200, body=json.dumps({"tags": tags, "properties": regions}))
    result = plugin("bootimage")
    assert result.code == 1
    assert "unforeseen" in result.err
    assert only_account(sandbox)["properties"]["allowSharedKeyAccess"] is False


# ---- what is asked for


@pytest.mark.parametrize(
    ("words", "following"),
    [
        ((), "machineset --apply"),
        (("--gallery=g1",), "machineset --apply --gallery g1"),
        (("-n", "machines"), "machineset --apply --namespace machines"),
        (("--as=jane", "--as-group=a", "--as-group=b"), "machineset --apply --as jane --as-group a --as-group b"),
        (("--architecture=x86_64",), ""),
    ],
)
def test_the_hint_names_the_command_that_uses_this_image(
    plugin: Plugin, words: tuple[str, ...], following: str
) -> None:
    result = plugin("bootimage", *words)
    assert ("Next: kubectl arm64 " + following if following else "") == "".join(
        line for line in result.err.splitlines() if line.startswith("Next")
    )


def test_the_hint_leads_to_the_same_cluster_as_the_same_user_and_tells_no_secret() -> None:
    connection = ConnectionFlags(
        kubeconfig="/etc/k", context="prod", cluster="c", user="u", server="https://api:6443", token="t0ken",
        username="jane", password="passw0rd", client_certificate="c.pem", client_key="k.pem",
        certificate_authority="ca.pem", tls_server_name="api", insecure_skip_tls_verify=True,
        namespace="machines", impersonate="jane", impersonate_groups=["a", "b"], impersonate_uid="7",
        impersonate_extra=["k=v"], request_timeout="3s", verbosity=9,
    )  # fmt: skip
    assert " ".join(connection.carried()) == (
        "--kubeconfig /etc/k --context prod --cluster c --user u --server https://api:6443 --client-certificate c.pem "
        "--client-key k.pem --certificate-authority ca.pem --tls-server-name api --namespace machines --as jane "
        "--as-uid 7 --insecure-skip-tls-verify --as-group a --as-group b --as-user-extra k=v"
    )
    assert ConnectionFlags().carried() == []


def test_when_a_right_is_missing_the_plan_warns_of_it(plugin: Plugin, sandbox: Sandbox) -> None:
    for role in sandbox.world.roles:
        role.not_actions = ["Microsoft.Compute/galleries/write"]
    result = plugin("bootimage", "--dry-run")
    assert result.code == 0
    assert "Warning: the signed-in identity lacks Microsoft.Compute/galleries/write" in result.err


@pytest.mark.parametrize("flag", ["--dry-run", "--dry-run=client", "--dry-run=server"])
def test_when_it_is_a_dry_run_it_prints_the_plan_and_writes_nothing(
    plugin: Plugin, sandbox: Sandbox, flag: str
) -> None:
    result = plugin("bootimage", flag)
    assert result.code == 0, result.err
    assert "create    gallery rhcos_prod_7x2kq" in result.out
    assert f"Result: {resource_id()}" in result.out
    assert writes(sandbox) == []


def test_when_all_exists_the_plan_says_so(plugin: Plugin) -> None:
    plugin("bootimage")
    result = plugin("bootimage", "--dry-run", "-o", "json")
    assert {step["action"] for step in json.loads(result.out)["steps"]} == {"exists"}


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_programs_get_the_whole_result(plugin: Plugin, form: str) -> None:
    result = plugin("bootimage", f"-o={form}")
    value = yaml.safe_load(result.out)
    assert value["resourceID"] == resource_id()
    assert value["release"] == RELEASE
    assert value["id"].startswith("/subscriptions/")


def test_when_it_need_not_wait_it_starts_the_copy_and_ends_with_8(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.knobs.polls["copy"] = 50
    result = plugin("bootimage", "--no-wait")
    assert result.code == 8
    assert result.err.rstrip().endswith("go on with: kubectl arm64 bootimage")
    assert len(sandbox.asked("PUT", "/galleries/rhcos_prod_7x2kq[?]")) == 1
    sandbox.knobs.polls["copy"] = 1
    assert plugin("bootimage").code == 0
    assert len(sandbox.asked("PUT", f"/vhd/{BLOB}")) == 1


def test_when_the_time_is_over_the_version_goes_on_and_the_next_run_joins_it(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.knobs.polls.update(storageAccounts=0, galleries=0, images=0, copy=0, versions=5)
    result = plugin("bootimage", "--copy=async", "--timeout", "0s")
    assert result.code == 8
    assert f"{VERSION} is not ready yet: eastus" in result.err
    assert "go on with: kubectl arm64 bootimage --copy=async --timeout 0s" in result.err
    assert plugin("bootimage").code == 0
    assert len(sandbox.asked("PUT", f"/versions/{VERSION}")) == 1


def test_when_more_regions_are_asked_for_the_version_is_replicated_there(plugin: Plugin, sandbox: Sandbox) -> None:
    plugin("bootimage")
    result = plugin("bootimage", "--target-region", "West Europe", "--target-region", "eastus")
    assert result.code == 0, result.err
    put = sandbox.asked("PUT", f"/versions/{VERSION}")[-1]
    names = [region["name"] for region in put["request"]["properties"]["publishingProfile"]["targetRegions"]]
    assert names == ["East US", "westeurope"]


def test_when_flags_and_a_stream_file_say_all_no_cluster_is_asked(
    plugin: Plugin, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stream = tmp_path_factory.mktemp("stream") / "stream.json"
    key = ("v1", "configmaps", "openshift-machine-config-operator", "coreos-bootimages")
    stream.write_text(sandbox.world.objects[key]["data"]["stream"])
    subscription = next(iter(sandbox.world.subscriptions))
    result = plugin(
        "bootimage", f"--stream-file={stream}", f"--subscription={subscription}", "--resource-group=prod-7x2kq-rg",
        "--location=eastus", "--infra-name=prod-7x2kq",
    )  # fmt: skip
    assert (result.code, result.out) == (0, resource_id() + "\n"), result.err
    assert sandbox.asked("", "^kubernetes") == []


def test_when_the_cluster_is_in_another_cloud_its_endpoints_are_used(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.reset("usgov")
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    result = plugin("bootimage")
    assert result.code == 0, result.err
    assert sandbox.asked("PUT", r"management\.usgovcloudapi\.net")
    assert sandbox.asked("", r"management\.azure\.com") == []
