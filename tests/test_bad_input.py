"""What bad input gets, for both commands: one line, what is wrong, where, what to do; a code; and nothing is made.

Each case spoils the seeded world in one way and runs a real command line. What `refused` asserts holds for all.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kubectl_arm64 import names
from tests.conftest import Plugin, Result
from tests.sandbox.arm.account_body import new_body
from tests.sandbox.arm.policy import no_shared_keys, required_tag
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.kubernetes.objects import find
from tests.sandbox.seeds.azure import OBJECT_ID, SECRET, reader
from tests.sandbox.seeds.spec import SUBSCRIPTION, TENANT
from tests.sandbox.server import Sandbox
from tests.sandbox.world import Blob, Role, StorageAccount

INFRA, GROUP, LOCATION = "prod-7x2kq", "prod-7x2kq-rg", "eastus"
SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
ACCOUNT = names.storage_account(SUBSCRIPTION, GROUP, INFRA, LOCATION)
RELEASE = "418.94.202602022246-0"
VERSION = "20260202.2246.418094000"
VHD = f"rhcos-{RELEASE}-azure.aarch64.vhd"
SOURCE = f"https://rhcos.blob.core.windows.net/imagebucket/{VHD}"
GALLERIES = f"{SCOPE}/providers/Microsoft.Compute/galleries"
DEFINITION = f"{GALLERIES}/rhcos_prod_7x2kq/images/rhcos-arm64-gen2"
OTHER_SUBSCRIPTION = "00000000-0000-4000-8000-00000000c002"
OTHER_TENANT = "00000000-0000-4000-8000-00000000d002"
CLONE = "prod-7x2kq-worker-arm64-eastus1"

Spoil = Callable[[Sandbox], object]


def as_seeded(sandbox: Sandbox) -> None:
    """Nothing is wrong with the world: the words are."""


def what_exists(sandbox: Sandbox) -> Any:
    """Everything that a command could have made or changed."""
    world = sandbox.world
    accounts = {name: (account.body, containers(account)) for name, account in world.accounts.items()}
    objects = copy.deepcopy(world.objects)
    for each in objects.values():
        each["metadata"].pop("resourceVersion")  # which the API server moves on when a test has changed an object
    return copy.deepcopy((world.resources, accounts)), objects


def containers(account: StorageAccount) -> dict[str, Any]:
    return {
        name: {blob: (each.metadata, each.properties.get("etag")) for blob, each in container.blobs.items()}
        for name, container in account.containers.items()
    }


def writes(sandbox: Sandbox) -> list[str]:
    """What was sent to Azure or the cluster that is more than a question."""
    return [
        f"{one['method']} {one['host']}{one['path']} -> {one['status']}"
        for one in sandbox.exchanges
        if one["method"] in ("PUT", "PATCH", "DELETE")
        or (one["method"] == "POST" and not re.search(r"/token|checkNameAvailability|/listKeys", one["path"]))
    ]


def secrets(sandbox: Sandbox) -> list[str]:
    world = sandbox.world
    keys = [key for account in world.accounts.values() for key in account.keys]
    return [SECRET, *keys, *world.kube_users]


def error_of(result: Result) -> str:
    """The one error line of a failed call, without `error: `; warnings may stand before it."""
    lines = result.err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1, result.err
    assert [line for line in lines if not line.startswith(("error: ", "Warning: ", "See '"))] == [], result.err
    assert lines[-1].startswith(("error: ", "See '"))
    return errors[0].removeprefix("error: ")


def refused(
    plugin: Plugin, sandbox: Sandbox, *words: str, code: int = 1, said: tuple[str, ...] = (), sent: bool = False
) -> str:
    """Run, and assert what holds for all bad input; the error. `sent`: Azure or the cluster itself refuses a write."""
    before = what_exists(sandbox)
    sandbox.exchanges.clear()
    result = plugin(*words)
    error = error_of(result)
    assert (result.code, result.out) == (code, ""), error
    for phrase in said:
        assert phrase in error
    assert sent or writes(sandbox) == []
    assert what_exists(sandbox) == before
    assert "Traceback" not in result.err
    assert "unforeseen" not in error
    assert not any(secret in result.err for secret in secrets(sandbox))
    assert not re.search(r"\beyJ|sig=(?!REDACTED)", result.err)
    return error


@dataclass(frozen=True)
class Bad:
    """One sort of bad input: the command line, what must be said of it, and how the world is spoilt."""

    words: str
    said: tuple[str, ...]
    world: Spoil = as_seeded
    code: int = 1
    sent: bool = False


def table(**cases: Bad) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases.values(), ids=[name.replace("_", " ") for name in cases])


def judge(case: Bad, plugin: Plugin, sandbox: Sandbox) -> None:
    case.world(sandbox)
    refused(plugin, sandbox, *case.words.split(), code=case.code, said=case.said, sent=case.sent)


# ---- the cluster


@pytest.mark.parametrize("words", ["bootimage", "machineset", "machineset --apply"])
def test_when_there_is_no_kubeconfig_it_says_how_to_sign_in(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str
) -> None:
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    error = refused(plugin, sandbox, *words.split(), code=4)
    assert f"{tmp_path}/.kube/config does not exist" in error
    assert "oc login" in error
    assert sandbox.exchanges == []


@pytest.mark.parametrize("command", ["bootimage", "machineset"])
@table(
    the_file_is_missing=Bad("--kubeconfig /no/such/file", ("/no/such/file",)),
    nobody_listens=Bad(
        "--server https://127.0.0.1:1", ("the API server 127.0.0.1:1 cannot be reached", "check the kubeconfig")
    ),
    the_context_is_unknown=Bad("--context nosuch", ("the context 'nosuch' does not exist", "--context: default/")),
    the_token_is_not_valid=Bad("--token sha256~nobody-s", ("no longer valid", "oc login https://"), code=4),
    nothing_may_be_read=Bad(
        "--token sha256~sandbox-nobody", ('User "nobody" cannot get resource "infrastructures"', "cluster-reader")
    ),
)
def test_when_the_cluster_cannot_be_read_it_says_why(plugin: Plugin, sandbox: Sandbox, command: str, case: Bad) -> None:
    judge(Bad(f"{command} {case.words}", case.said, code=case.code), plugin, sandbox)


def test_when_the_machineset_may_not_be_written_the_right_is_named(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    refused(
        plugin, sandbox, "machineset", "--apply", "--token=sha256~sandbox-reader", sent=True,
        said=('User "reader" cannot patch resource "machinesets"', "ask a cluster administrator"),
    )  # fmt: skip


def infrastructure(sandbox: Sandbox) -> dict[str, Any]:
    status: dict[str, Any] = find(sandbox.world, "infrastructures", "cluster", "")["status"]
    return status


def on_platform(name: str) -> Spoil:
    def spoil(sandbox: Sandbox) -> None:
        infrastructure(sandbox)["platformStatus"] = {"type": name}
        infrastructure(sandbox)["platform"] = name

    return spoil


def in_cloud(name: str) -> Spoil:
    return lambda sandbox: infrastructure(sandbox)["platformStatus"]["azure"].update(cloudName=name)


def is_aro(sandbox: Sandbox) -> None:
    sandbox.world.unserved_groups.discard("aro.openshift.io")


def is_hosted(sandbox: Sandbox) -> None:
    infrastructure(sandbox)["controlPlaneTopology"] = "External"


def no_machine_api(sandbox: Sandbox) -> None:
    sandbox.world.unserved_groups.add("machine.openshift.io")


def no_openshift(sandbox: Sandbox) -> None:
    del sandbox.world.objects["config.openshift.io/v1", "infrastructures", "", "cluster"]


@pytest.mark.parametrize("command", ["bootimage", "machineset", "machineset --apply"])
@table(
    aws=Bad("", ("platform is AWS, not Azure", "OpenShift on Azure"), on_platform("AWS")),
    plain_kubernetes=Bad("", ("not an OpenShift cluster", "infrastructure/cluster"), no_openshift),
    aro=Bad("", ("Azure Red Hat OpenShift (ARO)", "does not take gallery images", "Marketplace"), is_aro),
    hypershift=Bad("", ("hosted (HyperShift)", "create a NodePool"), is_hosted),
    no_machineset_api=Bad("", ("hosted (HyperShift)", "create a NodePool"), no_machine_api),
    azure_stack=Bad("", ("Azure Stack Hub", "no ARM64 sizes"), in_cloud("AzureStackCloud")),
    unknown_cloud=Bad("", ("cloud AzureMoonCloud is unknown", "US Government"), in_cloud("AzureMoonCloud")),
)
def test_where_no_gallery_image_can_boot_it_is_refused_before_any_call_to_azure(
    plugin: Plugin, sandbox: Sandbox, command: str, case: Bad
) -> None:
    judge(Bad(command, case.said, case.world), plugin, sandbox)
    assert sandbox.asked("", "^(?!kubernetes)") == []


def amd64_only(sandbox: Sandbox) -> None:
    desired = find(sandbox.world, "clusterversions", "version", "")["status"]["desired"]
    del desired["architecture"]
    conditions = find(sandbox.world, "clusterversions", "version", "")["status"]["conditions"]
    (accepted,) = [each for each in conditions if each["type"] == "ReleaseAccepted"]
    accepted["message"] = accepted["message"].replace('"Multi"', '"amd64"')


def of_version(version: str, *, control_plane: str = "amd64") -> Spoil:
    def spoil(sandbox: Sandbox) -> None:
        find(sandbox.world, "clusterversions", "version", "")["status"]["desired"]["version"] = version
        for (_, plural, _, name), node in sandbox.world.objects.items():
            if plural == "nodes" and "master" in name:
                node["status"]["nodeInfo"]["architecture"] = control_plane

    return spoil


EXCLUDED = {
    "payload for amd64": Bad(
        "", ("payload of 4.18.34 is amd64 only: arm64 nodes cannot run it", "--to-multi-arch"), amd64_only
    ),
    "4.10": Bad("", ("OpenShift 4.10.67 cannot have", "4.11 is the first release"), of_version("4.10.67")),
    "arm64 control plane in 4.15": Bad(
        "", ("control plane of arm64", "update to 4.16"), of_version("4.15.9", control_plane="arm64")
    ),
}


@pytest.mark.parametrize("case", EXCLUDED.values(), ids=EXCLUDED)
def test_what_the_documentation_excludes_apply_refuses(plugin: Plugin, sandbox: Sandbox, case: Bad) -> None:
    judge(Bad("machineset --apply", case.said, case.world), plugin, sandbox)


@pytest.mark.parametrize("case", EXCLUDED.values(), ids=EXCLUDED)
def test_what_the_documentation_excludes_bootimage_warns_of_and_publishes(
    plugin: Plugin, sandbox: Sandbox, case: Bad
) -> None:
    case.world(sandbox)
    result = plugin("bootimage")
    assert result.code == 0, result.err
    for phrase in case.said:
        assert phrase in result.err.splitlines()[0]
    assert result.err.startswith("Warning: ")


def without_machinesets(sandbox: Sandbox) -> None:
    of_version("4.14.3")(sandbox)
    for key in [key for key in sandbox.world.objects if key[1] == "machinesets"]:
        del sandbox.world.objects[key]


def test_when_the_cluster_seems_user_provisioned_apply_asks_for_yes(plugin: Plugin, sandbox: Sandbox) -> None:
    without_machinesets(sandbox)
    refused(plugin, sandbox, "machineset", "--apply", said=("no MachineSet", "user-provisioned", "--yes"))


def bare(sandbox: Sandbox) -> None:
    """An Infrastructure that tells the platform and no more."""
    status = infrastructure(sandbox)
    del status["infrastructureName"]
    status["platformStatus"]["azure"] = {"cloudName": "AzurePublicCloud"}


@pytest.mark.parametrize("command", ["bootimage", "machineset"])
def test_when_the_cluster_does_not_tell_its_place_every_path_and_flag_is_named_at_once(
    plugin: Plugin, sandbox: Sandbox, command: str
) -> None:
    bare(sandbox)
    refused(
        plugin, sandbox, command,
        said=("status.infrastructureName", "azure.resourceGroupName", "--infra-name", "--resource-group"),
    )  # fmt: skip


# ---- the stream


def stream_of(sandbox: Sandbox) -> dict[str, str]:
    data: dict[str, str] = find(sandbox.world, "configmaps", "coreos-bootimages", "openshift-machine-config-operator")[
        "data"
    ]
    return data


def streaming(change: Callable[[dict[str, Any]], object]) -> Spoil:
    def spoil(sandbox: Sandbox) -> None:
        document = json.loads(stream_of(sandbox)["stream"])
        change(document)
        stream_of(sandbox)["stream"] = json.dumps(document)

    return spoil


def without_aarch64(stream: dict[str, Any]) -> None:
    del stream["architectures"]["aarch64"]


def of_4_10(stream: dict[str, Any]) -> None:
    stream["stream"] = "rhcos-4.10"
    del stream["architectures"]["aarch64"]["rhel-coreos-extensions"]


def without_url(stream: dict[str, Any]) -> None:
    del stream["architectures"]["aarch64"]["rhel-coreos-extensions"]["azure-disk"]["url"]


def broken_json(sandbox: Sandbox) -> None:
    stream_of(sandbox)["stream"] = '{"stream": "rhcos-4.18",}'


def as_4_10(sandbox: Sandbox) -> None:
    stream_of(sandbox)["releaseVersion"] = "4.10.67"
    streaming(of_4_10)(sandbox)


def deep_json(sandbox: Sandbox) -> None:
    stream_of(sandbox)["stream"] = "[" * 5000


def without_config_map(sandbox: Sandbox) -> None:
    del sandbox.world.objects["v1", "configmaps", "openshift-machine-config-operator", "coreos-bootimages"]


@pytest.mark.parametrize("command", ["bootimage", "machineset --apply"])
@table(
    no_such_architecture=Bad(
        "", ("4.18 has no ARM64 boot image for Azure", "--stream-file"), streaming(without_aarch64)
    ),
    stream_of_4_10=Bad("", ("4.10 has no ARM64 boot image for Azure", "4.11 is the first"), as_4_10),
    broken_json=Bad("", ("data.stream, line 1, column 25: broken JSON", "--stream-file"), broken_json),
    bottomless_json=Bad("", ("data.stream is nested too deeply",), deep_json),
    no_config_map=Bad("", ("coreos-bootimages", "--stream-file"), without_config_map),
)
def test_when_the_stream_cannot_be_used_it_says_where(
    plugin: Plugin, sandbox: Sandbox, command: str, case: Bad
) -> None:
    judge(Bad(command, case.said, case.world), plugin, sandbox)


def test_when_the_stream_has_no_url_the_flag_that_gives_one_is_named(plugin: Plugin, sandbox: Sandbox) -> None:
    streaming(without_url)(sandbox)
    refused(plugin, sandbox, "bootimage", said=(f"names release {RELEASE} without a url", "--source-url"))


@table(
    no_such_file=Bad("--stream-file /no/such.json", ("cannot read /no/such.json", "No such file")),
    unknown_os_stream=Bad("--os-stream rhel-11", ("no OS stream rhel-11", "it has rhel-9")),
    url_is_none=Bad("--source-url https://[::1/rhcos.vhd", ("--source-url is not a URL",)),
    url_is_http=Bad("--source-url http://mirror.example.com/a.vhd", ("--source-url is not an https URL",)),
    url_is_compressed=Bad(
        "--source-url https://mirror.example.com/a.vhd.gz", ("--source-url is compressed", "decompress")
    ),
    url_of_x86=Bad(
        f"--source-url {SOURCE.replace('aarch64', 'x86_64')}", ("is a VHD for x86_64, not aarch64", "--architecture")
    ),
)
def test_when_the_named_stream_or_source_cannot_be_used_it_says_why(
    plugin: Plugin, sandbox: Sandbox, case: Bad
) -> None:
    judge(Bad(f"bootimage {case.words}", case.said), plugin, sandbox)


def test_when_the_stream_file_is_broken_the_place_is_named(plugin: Plugin, sandbox: Sandbox, tmp_path: Path) -> None:
    broken = tmp_path / "stream.json"
    broken.write_text('{"stream": "rhcos-4.18",\n "architectures": }')
    refused(plugin, sandbox, "bootimage", "--stream-file", str(broken), said=(f"{broken}, line 2, column 19",))


# ---- the sign-in


def signed_out(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """No service principal in the environment, no az, and a machine without an identity."""
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", "/nonexistent")
    sandbox.world.principals.clear()


@pytest.mark.parametrize("command", ["bootimage", "machineset"])
def test_when_nobody_is_signed_in_to_azure_every_way_is_told(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    signed_out(monkeypatch, sandbox)
    refused(plugin, sandbox, command, code=4, said=("az", "managed identity"))


def of_another_tenant(sandbox: Sandbox) -> None:
    sandbox.world.tenants.append(OTHER_TENANT)
    sandbox.world.principals[0].tenant = OTHER_TENANT


@pytest.mark.parametrize("command", ["bootimage", "machineset"])
def test_when_the_sign_in_is_of_another_tenant_both_and_the_command_are_named(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    of_another_tenant(sandbox)
    monkeypatch.setenv("AZURE_TENANT_ID", OTHER_TENANT)
    refused(
        plugin, sandbox, command, code=4,
        said=(f"tenant {OTHER_TENANT}", f"belongs to tenant {TENANT}", f"az login --tenant {TENANT}"),
    )  # fmt: skip


@pytest.mark.parametrize("command", ["bootimage", "machineset"])
def test_when_the_secret_is_wrong_its_variable_is_named(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    refused(plugin, sandbox, command, code=4, said=("AZURE_CLIENT_SECRET",))


# ---- rights, policies and the ground


def may(*actions: str) -> Spoil:
    def spoil(sandbox: Sandbox) -> None:
        sandbox.world.roles = [Role(OBJECT_ID, f"/subscriptions/{SUBSCRIPTION}", actions=list(actions))]

    return spoil


def may_read(sandbox: Sandbox) -> None:
    sandbox.world.roles = [reader(OBJECT_ID, f"/subscriptions/{SUBSCRIPTION}")]


def may_not(action: str) -> Spoil:
    def spoil(sandbox: Sandbox) -> None:
        sandbox.world.roles[0].not_actions.append(action)

    return spoil


def denied_by_policy(sandbox: Sandbox) -> None:
    sandbox.world.policies.append(required_tag(SCOPE, "costCode"))


def unregistered(sandbox: Sandbox) -> None:
    sandbox.world.subscriptions[SUBSCRIPTION]["providers"]["Microsoft.Compute"] = "NotRegistered"


@table(
    nothing_is_granted=Bad("bootimage", ("lacks Microsoft.Resources/subscriptions/resourceGroups/read", SCOPE), may()),
    reading_only=Bad(
        "bootimage",
        ("lacks Microsoft.Storage/storageAccounts/write", "Microsoft.Compute/galleries/write", f"on {SCOPE}", "role"),
        may_read,
    ),
    no_list_keys=Bad(
        "bootimage --staging=account",
        (f"lacks Microsoft.Storage/storageAccounts/listKeys/action on {SCOPE}",),
        may_not("Microsoft.Storage/storageAccounts/listKeys/action"),
    ),
    no_read_of_galleries=Bad(
        "machineset", ("lacks Microsoft.Compute/galleries/images/read on", "ask for a role"), may()
    ),
    policy=Bad(
        "bootimage --staging=account",
        ("policy of the organisation", "'Require tag costCode' (assignment /", "exemption"),
        denied_by_policy,
        sent=True,
    ),
    provider_not_registered=Bad(
        "bootimage",
        ("not registered for Microsoft.Compute", "az provider register --namespace Microsoft.Compute"),
        unregistered,
    ),
    no_such_group=Bad(
        "bootimage --resource-group nosuch-rg",
        ("resource group nosuch-rg does not exist", SUBSCRIPTION, "--resource-group"),
    ),
    no_such_region=Bad("bootimage --location nowhere", ("'nowhere' is no region", "--location")),
    no_such_target_region=Bad("bootimage --target-region Nowhere", ("'nowhere' is no region", "--target-region")),
    no_such_subscription=Bad(f"bootimage --subscription {OTHER_SUBSCRIPTION}", (OTHER_SUBSCRIPTION, "--subscription")),
)
def test_when_a_right_or_the_ground_is_missing_it_says_which_and_where(
    plugin: Plugin, sandbox: Sandbox, case: Bad
) -> None:
    judge(case, plugin, sandbox)


# ---- names, tags and flags


@table(
    subscription=Bad("--subscription production", ("'production'", "the subscription's ID", "--subscription")),
    subscription_as_a_path=Bad(f"--subscription x/../{SUBSCRIPTION}", ("name of a subscription",)),
    storage_account=Bad("--storage-account My-Account", ("'My-Account'", "storage account", "3 to 24 lower-case")),
    container=Bad("--container a--b", ("'a--b'", "name of a container", "single dashes", "--container")),
    gallery=Bad("--gallery my-gallery", ("'my-gallery'", "name of a gallery", "letters, digits, '_'", "--gallery")),
    image_definition=Bad("--image-definition gen2!", ("'gen2!'", "an image definition", "--image-definition")),
    image_version=Bad("--image-version 9.6.20250402-0", ("'9.6.20250402-0'", "three numbers", "--image-version")),
    version_of_65_bits=Bad("--image-version 1.0.202207130959", ("'1.0.202207130959'", "at most 2147483647")),
    resource_group=Bad("--resource-group rg.", ("'rg.'", "not ending with '.'", "--resource-group")),
    tag_without_value=Bad("--tag costCenter", ("--tag costCenter is not KEY=VALUE",)),
    tag_without_key=Bad("--tag =x", ("--tag =x is not KEY=VALUE",)),
    tag_with_a_percent_sign=Bad("--tag a%b=x", ("--tag", "'a%b'", "'%'")),
    tag_of_ours=Bad("--tag kubectl-arm64=x", ("'kubectl-arm64'", "this tool's own")),
    timeout=Bad("--timeout soon", ("--timeout=soon is not a duration", "90s, 30m or 2h")),
    timeout_in_superscript=Bad("--timeout ²", ("--timeout=² is not a duration",)),
    timeout_with_a_stray_unit=Bad("--timeout 2h5", ("--timeout=2h5 is not a duration",)),
    negative_timeout=Bad("--timeout=-5m", ("--timeout=-5m is not a duration",)),
    request_timeout=Bad("--request-timeout x", ("--request-timeout=x is not a duration",)),
    architecture=Bad("--architecture arm65", ("--architecture", '"arm65"', "aarch64, x86_64")),
    output=Bad("-o table", ("output format", '"table"', "json,jsonpath,jsonpath-as-json,jsonpath-file,name,")),
    typing_error=Bad("--galery x", ("unknown flag: --galery", "did you mean --gallery?")),
    word_too_many=Bad("now", ('unknown command "now"',)),
    value_missing=Bad("--gallery", ("flag needs an argument: --gallery",)),
)
def test_when_a_flag_of_bootimage_is_wrong_it_is_named_before_anything_is_asked_of_azure(
    plugin: Plugin, sandbox: Sandbox, case: Bad
) -> None:
    judge(Bad(f"bootimage {case.words}", case.said), plugin, sandbox)
    assert sandbox.asked("", "^(?!kubernetes)") == []


@table(
    subscription=Bad("--subscription production", ("'production'", "the subscription's ID", "--subscription")),
    gallery=Bad("--gallery my-gallery", ("'my-gallery'", "name of a gallery", "--gallery")),
    resource_group=Bad("--resource-group rg.", ("'rg.'", "not ending with '.'", "--resource-group")),
)
@pytest.mark.parametrize("image", ["", f"--image {DEFINITION}/versions/{VERSION} "])
def test_when_a_shared_name_is_wrong_machineset_names_it_too(
    plugin: Plugin, sandbox: Sandbox, image: str, case: Bad
) -> None:
    judge(Bad(f"machineset {image}{case.words}", case.said), plugin, sandbox)


IMAGE = f"--image {DEFINITION.removeprefix(f'/subscriptions/{SUBSCRIPTION}')}"


@table(
    two_sources=Bad("--from a -f b.yaml", ("--from and -f exclude each other",)),
    zone_and_all=Bad("--zone 1 --all-zones", ("--zone and --all-zones exclude each other",)),
    zone_by_region=Bad("--zone eastus-1", ("--zone eastus-1 is not the number of a zone",)),
    image_and_publish=Bad(f"{IMAGE}/versions/1.0.0 --publish", ("--image and --publish exclude each other",)),
    replicas=Bad("--replicas=-1", ("--replicas -1 is less than 0",)),
    no_number=Bad("--replicas many", ("--replicas", "whole number")),
    dry_run_without_apply=Bad("--dry-run=server", ("--dry-run is of --apply", "add --apply")),
    unknown_dry_run=Bad("--apply --dry-run=maybe", ("--dry-run", "maybe")),
    x86_architecture=Bad("--architecture x86_64", ("ARM64 MachineSets", "--architecture x86_64")),
    taint=Bad("--taint nonsense", ("nonsense", "KEY")),
    taint_effect=Bad("--taint a=b:Never", ("Never", "NoSchedule")),
    node_label=Bad("--node-label =x", ("=x", "KEY=VALUE")),
    definition_as_image=Bad(IMAGE, ("names an image definition without a version", "add /versions/VERSION")),
    no_id_as_image=Bad("--image rhcos", ("'rhcos' is not the resource ID of an image version",)),
    no_such_file=Bad("-f /no/such.yaml", ("cannot read /no/such.yaml",)),
    typing_error=Bad("--aply", ("unknown flag: --aply", "did you mean --apply?")),
    timeout=Bad("--timeout soon", ("--timeout=soon is not a duration",)),
    bad_duration=Bad("--request-timeout x", ("--request-timeout=x is not a duration",)),
)
def test_when_a_flag_of_machineset_is_wrong_it_is_named(plugin: Plugin, sandbox: Sandbox, case: Bad) -> None:
    judge(Bad(f"machineset {case.words}", case.said), plugin, sandbox)


@pytest.mark.parametrize(("word", "near"), [("bootimag", "bootimage"), ("machinesets", "machineset")])
def test_when_the_command_is_misspelt_the_near_one_is_named(
    plugin: Plugin, sandbox: Sandbox, word: str, near: str
) -> None:
    result = plugin(word)
    assert (result.code, result.out) == (1, "")
    first, *others = result.err.splitlines()
    assert first == f'error: unknown command "{word}" for "kubectl arm64"'
    assert near in "".join(others)  # as kubectl says it, below the line
    assert sandbox.exchanges == []


def tagged_as_azure_refuses(sandbox: Sandbox) -> None:
    infrastructure(sandbox)["platformStatus"]["azure"]["resourceTags"] = [{"key": "a/b", "value": "x"}]


def test_when_the_clusters_own_tags_cannot_be_used_their_place_is_named(plugin: Plugin, sandbox: Sandbox) -> None:
    tagged_as_azure_refuses(sandbox)
    refused(plugin, sandbox, "bootimage", said=("azure.resourceTags of infrastructure/cluster", "'a/b'"))


# ---- what is there already, and is not what is wanted


def taken_in_the_world(sandbox: Sandbox) -> None:
    account(sandbox, ACCOUNT, subscription=OTHER_SUBSCRIPTION)


def account(sandbox: Sandbox, name: str, *, subscription: str = SUBSCRIPTION, group: str = GROUP, **body: Any) -> None:
    """Somebody's account: a plain one, changed by keys of its body."""
    resource_id = (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{name}"
    )
    made = new_body(resource_id, {"location": LOCATION, "properties": {}}, "blob.core.windows.net", 1_770_000_000)
    for key, value in body.items():
        made[key] = {**made[key], **value} if isinstance(value, dict) and key in made else value
    sandbox.world.accounts[name] = StorageAccount(subscription, group, name, made)


@table(
    in_the_world=Bad("", (f"storage account {ACCOUNT}", "taken", "--storage-account"), taken_in_the_world),
    by_flag=Bad("--storage-account rhcos", ("storage account rhcos", "taken", "--storage-account")),
    in_our_group=Bad(
        "",
        ("does not carry the tag kubectl-arm64", "this tool did not make it", f"--storage-account {ACCOUNT}"),
        lambda sandbox: account(sandbox, ACCOUNT),
    ),
    in_another_group=Bad(
        "--storage-account corpstore",
        ("storage account corpstore", f"in resource group {GROUP}", "--storage-account"),
        lambda sandbox: account(sandbox, "corpstore", group="corp-rg"),
    ),
    in_another_region=Bad(
        "--storage-account corpstore",
        ("is in westeurope, and eastus is wanted", "--storage-account"),
        lambda sandbox: account(sandbox, "corpstore", location="westeurope"),
    ),
    without_page_blobs=Bad(
        "--storage-account corpstore",
        ("of kind BlobStorage", "no page blobs", "StorageV2"),
        lambda sandbox: account(sandbox, "corpstore", kind="BlobStorage"),
    ),
    without_shared_keys=Bad(
        "--storage-account corpstore --storage-auth key",
        ("corpstore forbids shared keys", "--storage-auth login", "Storage Blob Data Contributor"),
        lambda sandbox: account(sandbox, "corpstore", properties={"allowSharedKeyAccess": False}),
    ),
)
def test_when_the_storage_account_cannot_be_used_it_says_whose_it_is(
    plugin: Plugin, sandbox: Sandbox, case: Bad
) -> None:
    judge(Bad(f"bootimage {case.words}", case.said, case.world), plugin, sandbox)


def published(plugin: Plugin, sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """A world in which the boot image is there; its resources, by lower-case ID."""
    result = plugin("bootimage")
    assert result.code == 0, result.err
    return sandbox.world.resources


def definition(sandbox: Sandbox) -> dict[str, Any]:
    body: dict[str, Any] = sandbox.world.resources[DEFINITION.lower()]
    return body


def version(sandbox: Sandbox) -> dict[str, Any]:
    body: dict[str, Any] = sandbox.world.resources[f"{DEFINITION}/versions/{VERSION}".lower()]
    return body


DIFFERENCES: dict[str, tuple[dict[str, Any], str]] = {
    "x64": ({"architecture": "x64"}, "architecture is x64, not Arm64"),
    "no architecture": ({"architecture": None}, "architecture is x64, not Arm64"),
    "generation 1": ({"hyperVGeneration": "V1"}, "hyperVGeneration is V1, not V2"),
    "windows": ({"osType": "Windows"}, "osType is Windows, not Linux"),
    "specialized": ({"osState": "Specialized"}, "osState is Specialized, not Generalized"),
    "identifier": (
        {"identifier": {"publisher": "RedHat", "offer": "arm", "sku": "arm64"}},
        "identifier is RedHat/arm/arm64, not RedHat/rhcos/rhcos-arm64-gen2",
    ),
}


def with_properties(body: dict[str, Any], changes: dict[str, Any]) -> None:
    """The body's properties with changes; None takes one out."""
    kept = {**body["properties"], **changes}
    body["properties"] = {name: value for name, value in kept.items() if value is not None}


@pytest.mark.parametrize(("changes", "said"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_when_the_definition_is_of_another_kind_the_difference_is_named_before_the_copy(
    plugin: Plugin, sandbox: Sandbox, changes: dict[str, Any], said: str
) -> None:
    published(plugin, sandbox)
    with_properties(definition(sandbox), changes)
    refused(plugin, sandbox, "bootimage", said=(said, "image definition rhcos-arm64-gen2", "--image-definition NAME"))


def test_when_it_differs_in_several_ways_each_is_named_by_both_commands(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    with_properties(definition(sandbox), {"architecture": "x64", "hyperVGeneration": "V1", "osType": "Windows"})
    each = ("architecture is x64", "hyperVGeneration is V1", "osType is Windows")
    refused(plugin, sandbox, "bootimage", said=each)
    refused(plugin, sandbox, "machineset", "--apply", said=each)


def without_our_tag(body: dict[str, Any]) -> None:
    body["tags"] = {"owner": "somebody"}


def test_when_the_gallery_under_our_name_is_somebody_elses_it_is_refused(plugin: Plugin, sandbox: Sandbox) -> None:
    without_our_tag(published(plugin, sandbox)[f"{GALLERIES}/rhcos_prod_7x2kq".lower()])
    refused(plugin, sandbox, "bootimage", said=("gallery rhcos_prod_7x2kq", "did not make it", "--gallery"))


def test_when_the_version_holds_another_release_both_are_named(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    version(sandbox)["tags"]["kubectl-arm64.release"] = "418.94.202601010000-0"
    said = (f"rhcos-arm64-gen2/{VERSION} holds release 418.94.202601010000-0, not release {RELEASE}", "--image-version")
    refused(plugin, sandbox, "bootimage", said=said)
    refused(plugin, sandbox, "machineset", said=said)


def test_when_the_version_is_somebody_elses_of_another_source_that_is_named(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    without_our_tag(version(sandbox))
    source = version(sandbox)["properties"]["storageProfile"]["osDiskImage"]["source"]
    source["uri"] = "https://corp.blob.core.windows.net/images/ubuntu.vhd?sig=c2VjcmV0"
    refused(plugin, sandbox, "bootimage", said=("what somebody else made from https://corp.blob", "--image-version"))


# ---- the VHD


def vhd(sandbox: Sandbox) -> Blob:
    return sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs[VHD]


def gone(sandbox: Sandbox) -> None:
    del sandbox.world.accounts["rhcos"].containers["imagebucket"].blobs[VHD]


def private(sandbox: Sandbox) -> None:
    sandbox.world.accounts["rhcos"].containers["imagebucket"].public_access = "None"


def block_blob(sandbox: Sandbox) -> None:
    vhd(sandbox).properties["blob_type"] = "BlockBlob"


def compressed(sandbox: Sandbox) -> None:
    vhd(sandbox).store.write(0, b"\x1f\x8b".ljust(512, b"\0"))


def no_vhd(sandbox: Sandbox) -> None:
    vhd(sandbox).store.write(vhd(sandbox).store.size - 512, bytes(512))


def one_byte_short(sandbox: Sandbox) -> None:
    whole = vhd(sandbox)
    whole.store = PageStore(whole.store.size - 1)


def dynamic(sandbox: Sandbox) -> None:
    from tests.sandbox.blob.vhd import footer

    size = vhd(sandbox).store.size - 512
    vhd(sandbox).store.write(size, footer(size, disk_type=3))


@table(
    gone=Bad("", (SOURCE, "--source-url"), gone),
    private=Bad("", (SOURCE, "--source-url"), private),
    block_blob=Bad("", (SOURCE, "is a BlockBlob", "az storage blob upload --type page"), block_blob),
    compressed=Bad("", (SOURCE, "compressed (gzip)", "decompress it"), compressed),
    no_footer=Bad("", (SOURCE, "not a fixed VHD", "conectix", "--source-url"), no_vhd),
    one_byte_short=Bad("", (SOURCE, "17179869695 bytes", "not a multiple of 512"), one_byte_short),
    dynamic_vhd=Bad("", (SOURCE, "disk type 3", "not a fixed one"), dynamic),
)
def test_when_the_source_is_no_vhd_in_a_page_blob_it_is_refused_before_any_write(
    plugin: Plugin, sandbox: Sandbox, case: Bad
) -> None:
    judge(Bad("bootimage", case.said, case.world), plugin, sandbox)


def test_when_the_sources_url_carries_a_sas_no_error_shows_it(plugin: Plugin, sandbox: Sandbox) -> None:
    gone(sandbox)
    refused(plugin, sandbox, "bootimage", f"--source-url={SOURCE}?sp=r&sig=c2VjcmV0", said=(SOURCE,))


def pending_copy_of_another_source(plugin: Plugin, sandbox: Sandbox) -> dict[str, Any]:
    """Into the very blob that ours is to be; somebody started it by hand."""
    sandbox.knobs.copy_outcome = "stuck"
    assert plugin("bootimage", "--no-wait").code == 8
    blob = sandbox.world.accounts[ACCOUNT].containers["vhd"].blobs[VHD]
    blob.metadata.clear()
    copied: dict[str, Any] = blob.properties["copy"]
    copied["source"] = "https://corp.blob.core.windows.net/images/other.vhd"
    return copied


def test_when_another_copy_into_the_blob_is_pending_its_id_and_the_flag_are_named(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    copied = pending_copy_of_another_source(plugin, sandbox)
    refused(
        plugin, sandbox, "bootimage",
        said=(copied["source"], f"copy ID {copied['id']}", "did not start it", "--abort-copy"),
    )  # fmt: skip


# ---- the MachineSet


def without_arm64_sizes(sandbox: Sandbox) -> None:
    sandbox.world.skus = [sku for sku in sandbox.world.skus if "Arm64" not in json.dumps(sku)]


def in_westeurope_only(sandbox: Sandbox) -> None:
    profile = version(sandbox)["properties"]["publishingProfile"]
    profile["targetRegions"] = [{"name": "West Europe", "regionalReplicaCount": 1}]


def other_definition(**changes: Any) -> Spoil:
    return lambda sandbox: with_properties(definition(sandbox), changes)


@table(
    unknown_source=Bad(
        "--from nosuch", ("no MachineSet nosuch in openshift-machine-api", "there are: ", f"{INFRA}-worker-eastus1")
    ),
    x86_size=Bad("--vm-size Standard_D4s_v3", ("Standard_D4s_v3 in eastus is an x86 size", "Standard_D4ps_v5")),
    name=Bad("--name Worker_ARM", ("'Worker_ARM' is not a name of a MachineSet", "lower-case letters")),
    unknown_size=Bad("--vm-size Standard_D4ps_v9", ("Standard_D4ps_v9 is not offered in eastus", "Standard_D4ps_v5")),
    restricted_size=Bad("--vm-size Standard_E4pds_v5", ("Standard_E4pds_v5", "NotAvailableForSubscription")),
    restricted_zone=Bad("--vm-size Standard_D8ps_v5 --zone 1", ("Standard_D8ps_v5", "zone 1", "2, 3")),
    no_arm64_sizes=Bad("", ("eastus offers no ARM64 VM size", "az vm list-skus"), without_arm64_sizes),
    not_in_the_region=Bad(
        "", ("is not in eastus", "but in westeurope", "bootimage --target-region eastus"), in_westeurope_only
    ),
    no_such_version=Bad(f"{IMAGE}/versions/1.0.0", ("image version 1.0.0 does not exist", "az sig image-version list")),
    image_elsewhere=Bad(
        f"--image {DEFINITION.replace(SUBSCRIPTION, OTHER_SUBSCRIPTION)}/versions/{VERSION}",
        (f"subscription {OTHER_SUBSCRIPTION}", f"the cluster in {SUBSCRIPTION}", "--image"),
    ),
    definition_of_generation_1=Bad("", ("hyperVGeneration is V1, not V2",), other_definition(hyperVGeneration="V1")),
)
@pytest.mark.parametrize("command", ["machineset", "machineset --apply"])
def test_when_the_clone_cannot_be_made_it_says_why(plugin: Plugin, sandbox: Sandbox, command: str, case: Bad) -> None:
    published(plugin, sandbox)
    judge(Bad(f"{command} {case.words}", case.said, case.world), plugin, sandbox)


def test_when_nothing_is_published_the_command_is_named(plugin: Plugin, sandbox: Sandbox) -> None:
    said = (f"boot image {RELEASE} is not published", "run `kubectl arm64 bootimage`", "--publish")
    refused(plugin, sandbox, "machineset", "--apply", said=said)


def owned_by(manager: str, *path: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key in reversed(path):
        fields = {f"f:{key}": fields}
    return {"manager": manager, "operation": "Update", "fieldsV1": fields}


def test_when_a_second_writer_owns_a_field_both_are_named(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    assert plugin("machineset", "--apply").code == 0
    live = find(sandbox.world, "machinesets", CLONE)
    live["spec"]["template"]["spec"]["providerSpec"]["value"]["vmSize"] = "Standard_D8ps_v5"
    (ours,) = live["metadata"]["managedFields"]
    theirs = owned_by("argocd-controller", "spec", "template", "spec", "providerSpec", "value", "vmSize")
    live["metadata"]["managedFields"].append({**ours, **theirs})
    refused(
        plugin, sandbox, "machineset", "--apply", sent=True,
        said=("argocd-controller owns .spec.template.spec.providerSpec.value.vmSize", "--force-conflicts"),
    )  # fmt: skip


def test_when_a_set_of_the_clones_name_is_somebody_elses_it_is_refused(plugin: Plugin, sandbox: Sandbox) -> None:
    published(plugin, sandbox)
    refused(
        plugin, sandbox, "machineset", "--apply", f"--name={INFRA}-infra-eastus1",
        said=(f"MachineSet {INFRA}-infra-eastus1 exists", "did not make it", "--name", "--force"),
    )  # fmt: skip


def test_when_the_diff_fails_the_code_is_above_1(plugin: Plugin, sandbox: Sandbox) -> None:
    refused(plugin, sandbox, "machineset", "--diff", code=2, said=("is not published",))


# ---- Azure's own refusals


def policy_violation(name: str, number: int) -> dict[str, Any]:
    info = {
        "policyDefinitionDisplayName": name,
        "policyAssignmentId": f"{SCOPE}/providers/Microsoft.Authorization/policyAssignments/landing-zone-{number}",
    }
    return {"type": "PolicyViolation", "info": info}


def test_when_two_policies_deny_both_are_named_with_their_assignments(plugin: Plugin, sandbox: Sandbox) -> None:
    denied = {
        "code": "RequestDisallowedByPolicy",
        "message": "Resource was disallowed by policy.",
        "additionalInfo": [policy_violation("No public network", 1), policy_violation("Secure transfer", 2)],
    }
    sandbox.fault("/storageAccounts/", method="PUT", status=403, body=json.dumps({"error": denied}))
    refused(
        plugin, sandbox, "bootimage", "--staging=account", sent=True,
        said=("'No public network' (assignment", "landing-zone-1", "'Secure transfer' (assignment", "landing-zone-2"),
    )  # fmt: skip


def test_when_shared_keys_are_forbidden_by_policy_it_is_named(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.world.policies.append(no_shared_keys(SCOPE))
    error = refused(plugin, sandbox, "bootimage", "--staging=account", "--storage-auth=key", sent=True)
    assert "'Storage Account Creation Denied When Shared Access Key Is Enabled' (assignment /" in error


@pytest.mark.parametrize("command", ["bootimage", "machineset"])
def test_when_azure_no_longer_takes_the_token_it_asks_for_a_sign_in(
    plugin: Plugin, sandbox: Sandbox, command: str
) -> None:
    expired = {"error": {"code": "ExpiredAuthenticationToken", "message": "The access token expiry UTC time is over."}}
    sandbox.fault("^management", status=401, times=100, body=json.dumps(expired))
    refused(plugin, sandbox, command, code=4, said=("The access token expiry UTC time is over", "az login"))


@pytest.mark.parametrize("command", ["bootimage", "machineset"])
def test_when_azure_cannot_be_reached_the_proxy_is_named(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://user:hunter2@127.0.0.1:9")
    monkeypatch.setenv("KUBECTL_ARM64_RETRY_FACTOR", "0")
    error = refused(plugin, sandbox, command, said=("proxy", "HTTPS_PROXY"))
    assert "hunter2" not in error
