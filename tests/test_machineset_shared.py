"""Every real MachineSet of the shared data, and what its index says the tool must make of it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_arm64.cli.manifest import to_yaml
from kubectl_arm64.cluster import Documents, ManagedBootImages, facts
from kubectl_arm64.errors import Failure, InvalidInput, NotFound, Refused, Unsupported
from kubectl_arm64.image import GalleryImage
from kubectl_arm64.machineset import (
    Changes,
    Clone,
    check_template,
    clone,
    default_template,
    name_of,
    needs,
    parse_templates,
    unfit,
    user_data_problem,
)
from kubectl_arm64.sizes import advice_for, nearest, parse_sizes, shortcomings
from tests.skus import EASTUS
from tests.templates import spec_of

IMAGE = GalleryImage("myclustername-rg", "rhcos_myclustername", "rhcos-arm64-gen2", "20260202.2246.418094000")


@pytest.fixture
def folder(shared_data: Path | None) -> Path:
    if shared_data is None:
        pytest.skip("no shared data on this machine; test_machineset_*.py cover the same ground")
    return shared_data / "data"


def templates(folder: Path, number: str) -> list[Any]:
    (path,) = (folder / "machinesets").glob(f"ms-{number}-*.yaml")
    return parse_templates(path.read_text(), path.name)


def cloned(folder: Path, number: str, managed: ManagedBootImages | None = None, **changes: Any) -> Clone:
    (template,) = templates(folder, number)
    wanted = Changes(**{"image": IMAGE, "vm_size": "Standard_D4ps_v5", **changes})
    return clone(template, wanted, managed or ManagedBootImages())


def warned(made: Clone, *words: str) -> bool:
    return any(all(word in warning for word in words) for warning in made.warnings)


def test_when_every_file_is_cloned_there_is_a_manifest_or_one_clear_failure(folder: Path) -> None:
    for path in sorted((folder / "machinesets").glob("ms-*.yaml")):
        for template in parse_templates(path.read_text(), path.name):
            made = _clone_or_failure(template)
            if isinstance(made, Failure):
                assert made.advice, path.name
                assert "\n" not in str(made)
            else:
                assert spec_of(made.manifest)["image"]["resourceID"] == IMAGE.resource_id
                assert not {"uid", "resourceVersion", "generation", "managedFields"} & set(made.manifest["metadata"])


def _clone_or_failure(template: Any) -> Clone | Failure:
    try:
        return clone(template, Changes(IMAGE, "Standard_D4ps_v5"), ManagedBootImages())
    except Failure as failure:
        return failure


def test_when_every_set_is_looked_at_the_fit_ones_are_the_plain_workers(folder: Path) -> None:
    fit = [path.name[:5] for path in sorted((folder / "machinesets").glob("*.yaml")) if not _unfit(path)]
    # ms-03 is a plain worker whose ARO image forbids the clone; ms-13's ephemeral disk decides the size.
    assert fit == ["ms-02", "ms-03", "ms-12", "ms-13", "ms-18", "ms-19", "ms-20", "ms-21"]


def _unfit(path: Path) -> bool:
    return any(unfit(template) for template in parse_templates(path.read_text(), path.name))


def test_ms_01_when_spot_options_are_an_empty_map_they_are_kept_and_said(folder: Path) -> None:
    made = cloned(folder, "01")
    spec = spec_of(made.manifest)
    assert spec["spotVMOptions"] == {}
    assert (spec["vmSize"], spec["zone"]) == ("Standard_D4ps_v5", "1")
    assert "type" not in spec["image"]
    assert "status" not in made.manifest
    assert warned(made, "Spot VMs", "an empty spotVMOptions counts")


def test_ms_02_when_it_is_a_full_dump_empty_maps_stay_and_the_architecture_is_rewritten(folder: Path) -> None:
    manifest = cloned(folder, "02").manifest
    spec = spec_of(manifest)
    assert spec["osDisk"]["managedDisk"]["securityProfile"] == {"diskEncryptionSet": {}}
    assert spec["securityProfile"] == {"settings": {}}
    assert (spec["subnet"], spec["vnet"], spec["networkResourceGroup"]) == ("control-plane", "zz-openshift", "zz-rg")
    assert manifest["metadata"]["annotations"] == {
        "capacity.cluster-autoscaler.kubernetes.io/labels": "kubernetes.io/arch=arm64"
    }


@pytest.mark.parametrize("number", ["03", "06"])
def test_ms_03_06_when_it_is_aro_the_gallery_image_is_refused(folder: Path, number: str) -> None:
    with pytest.raises(Unsupported, match=r"Azure Red Hat OpenShift.*Marketplace"):
        cloned(folder, number)


def test_ms_03_when_the_image_would_do_the_old_copy_is_left_out(folder: Path) -> None:
    assert "last-applied" not in to_yaml(cloned(folder, "03", aro=False).manifest)


def test_ms_04_when_tags_are_a_list_the_map_form_is_shown(folder: Path) -> None:
    with pytest.raises(
        InvalidInput, match=r"providerSpec\.value\.tags must be a map.*{kubernetes.io/cluster/prod42-x7k2p: owned}"
    ):
        cloned(folder, "04")


def test_ms_04_when_tags_are_a_map_odd_fields_are_no_trouble(folder: Path) -> None:
    (template,) = templates(folder, "04")
    spec_of(template)["tags"] = {"kubernetes.io/cluster/prod42-x7k2p": "owned"}
    made = clone(template, Changes(IMAGE, "Standard_D4ps_v5"), ManagedBootImages())
    assert (spec_of(made.manifest)["natRule"], spec_of(made.manifest)["sshPrivateKey"]) == (None, "")


def test_ms_05_when_it_is_a_gateway_it_is_cloned_only_with_a_warning(folder: Path) -> None:
    made = cloned(folder, "05")
    assert warned(made, "gateway node with a public address")
    labels = made.manifest["spec"]["template"]["spec"]["metadata"]["labels"]
    assert labels == {"submariner.io/gateway": "true", "node-role.kubernetes.io/infra": ""}


def test_ms_06_when_it_is_an_infra_set_keys_of_the_image_are_added_and_tags_stay(folder: Path) -> None:
    (template,) = templates(folder, "06")
    assert "role infra" in unfit(template)
    assert "taint" in unfit(template)
    spec = spec_of(cloned(folder, "06", aro=False).manifest)
    assert set(spec["image"]) == {"offer", "publisher", "resourceID", "sku", "version"}
    assert spec["tags"] == {"node_role": "infra"}


def test_ms_07_when_it_is_windows_it_is_refused(folder: Path) -> None:
    with pytest.raises(Unsupported, match="Windows"):
        cloned(folder, "07")


def test_ms_08_when_it_is_confidential_it_is_refused_and_without_that_the_rest_is_said(folder: Path) -> None:
    with pytest.raises(Unsupported, match="x86 only"):
        cloned(folder, "08")
    (template,) = templates(folder, "08")
    spec = spec_of(template)
    del spec["securityProfile"], spec["osDisk"]["managedDisk"]["securityProfile"]
    made = clone(template, Changes(IMAGE, "Standard_D4ps_v5"), ManagedBootImages())
    assert warned(made, "luks-ign")
    assert warned(made, "no fields", "machine.openshift.io/GPU")
    assert set(made.manifest["metadata"]) == {"name", "namespace", "labels", "annotations"}


def test_ms_09_when_it_is_arm64_already_it_is_no_x86_source(folder: Path) -> None:
    with pytest.raises(NotFound, match="mixed-6bq8z-arm64-machine-set-0: is ARM64 already"):
        default_template(templates(folder, "09"))


def test_ms_10_when_its_selector_names_another_set_it_is_refused_with_the_repair(folder: Path) -> None:
    with pytest.raises(Refused) as caught:
        cloned(folder, "10")
    assert "machines of arofundamentals-5c5n4-worker-eastus1" in caught.value.what
    assert "spec.selector.matchLabels" in caught.value.advice


def test_ms_11_when_argo_cd_owns_it_the_marks_go_and_git_is_named(folder: Path) -> None:
    made = cloned(folder, "11")
    text = to_yaml(made.manifest)
    assert not [mark for mark in ("argocd.argoproj.io", "helm.sh", "app.kubernetes.io/instance") if mark in text]
    assert warned(made, "owned by Argo CD", "Git")
    assert "role cp4x" in unfit(templates(folder, "11")[0])


def test_ms_12_when_it_is_a_list_without_zone_it_is_one_source_and_stays_without(folder: Path) -> None:
    made = cloned(folder, "12", subscription="00000000-0000-4000-8000-0000000000b1")
    spec = spec_of(made.manifest)
    assert made.name == "ci-ln-7s758l2-1d09d-5924w-worker-arm64-westus"
    assert spec["zone"] == ""
    assert spec["osDisk"]["managedDisk"]["diskEncryptionSet"]["id"].endswith("/foobar")
    assert warned(made, "disk encryption set", "not in the cluster's subscription")


def test_ms_13_when_its_os_disk_is_ephemeral_a_d_size_is_proposed(folder: Path) -> None:
    (template,) = templates(folder, "13")
    sizes = parse_sizes(EASTUS, "eastus")
    (problem,) = shortcomings(sizes["standard_d4ps_v5"], needs(template))
    assert "EphemeralOSDiskSupported False" in problem
    assert advice_for("Standard_D4ps_v5", sizes, 8, 32, needs(template)) == "these fit: Standard_D8pds_v5"
    chosen = nearest(sizes, 8, 32, needs(template))
    disk = spec_of(cloned(folder, "13", vm_size=chosen.name, size=chosen).manifest)["osDisk"]
    assert (disk["cachingType"], disk["managedDisk"]["storageAccountType"]) == ("ReadOnly", "Standard_LRS")


def test_ms_14_when_it_is_abridged_every_missing_field_is_named(folder: Path) -> None:
    (template,) = templates(folder, "14")
    with pytest.raises(InvalidInput) as caught:
        check_template(template)
    for field in ("location", "image", "osDisk", "vmSize", "subnet", "vnet", "userDataSecret"):
        assert f"spec.template.spec.providerSpec.value.{field} is missing" in caught.value.what
    assert caught.value.exit_code == 1


def test_ms_15_when_it_has_gpus_it_is_cloned_only_with_a_warning(folder: Path) -> None:
    assert "has a GPU" in unfit(templates(folder, "15")[0])
    assert warned(cloned(folder, "15"), "no ARM64 GPU size is assumed")


def test_ms_16_when_the_cluster_is_aro_it_is_refused(folder: Path) -> None:
    with pytest.raises(Unsupported, match="Azure Red Hat OpenShift"):
        cloned(folder, "16", aro=True)


def test_ms_17_when_a_file_holds_three_storage_sets_each_gets_its_own_name(folder: Path) -> None:
    sources = templates(folder, "17")
    made = [clone(source, Changes(IMAGE, "Standard_D16ps_v5"), ManagedBootImages(), sources) for source in sources]
    assert [each.name for each in made] == [f"cpd48-tz6lw-workerocs-arm64-eastus2-{zone}" for zone in "123"]
    assert all("storage label" in unfit(source) for source in sources)
    assert all(warned(each, "one more storage node") and warned(each, "taint") for each in made)


def test_ms_18_when_the_image_is_paid_for_its_keys_are_emptied_and_that_is_said(folder: Path) -> None:
    made = cloned(folder, "18")
    image = spec_of(made.manifest)["image"]
    assert {image[key] for key in ("offer", "publisher", "sku", "version")} == {""}
    assert "type" not in image
    assert warned(made, "not billed through the Marketplace")


def test_ms_19_when_hive_manages_it_the_labels_go_and_machine_pool_is_named(folder: Path) -> None:
    made = cloned(folder, "19")
    assert "hive.openshift.io" not in to_yaml(made.manifest)
    assert warned(made, "MachinePool on the hub")


def test_ms_20_when_it_is_private_in_us_government_network_and_balancer_stay(folder: Path) -> None:
    spec = spec_of(cloned(folder, "20").manifest)
    assert spec["publicLoadBalancer"] == ""
    assert (spec["vnet"], spec["networkResourceGroup"]) == ("sandbox1-openshift-vnet", "sandbox1-openshift-network")


def test_ms_21_when_a_label_enrols_it_by_cl_10_the_clone_is_announced_as_enrolled(folder: Path) -> None:
    document = yaml.safe_load((folder / "cluster" / "cl-10-machineconfiguration-partial.yaml").read_text())
    managed = facts(Documents(machine_configuration=document)).managed_boot_images
    made = cloned(folder, "21", managed)
    assert warned(made, "enrolled in managed boot images", "test=boot")
    assert made.manifest["metadata"]["labels"]["test"] == "boot"
    assert not warned(cloned(folder, "02", managed), "enrolled")


@pytest.mark.parametrize(
    ("file", "says", "fatal"),
    [
        ("cl-07-user-data-spec3.yaml", "no ignition.version", False),
        ("cl-08-user-data-spec2-append.yaml", "spec 2.2.0", True),
    ],
)
def test_cl_07_08_when_the_user_data_is_read_its_spec_is_judged(
    folder: Path, file: str, says: str, fatal: bool
) -> None:
    secret = yaml.safe_load((folder / "cluster" / file).read_text())
    problem, stops = user_data_problem(base64.b64decode(secret["data"]["userData"]).decode(), name_of(secret))
    assert says in problem
    assert stops is fatal


def test_when_recorded_skus_are_read_arm64_zones_and_restrictions_are_found(folder: Path) -> None:
    recorded = {
        path.name[:2]: yaml.safe_load(path.read_text())["response"]["body"]["value"]
        for path in (folder / "recordings" / "arm" / "skus").glob("*.json")
    }
    arm64 = parse_sizes(recorded["03"], "southcentralus")["standard_d16plds_v5"]
    assert (arm64.architecture, arm64.vcpus, arm64.memory_gib, arm64.zones) == ("Arm64", 16, 32, frozenset("123"))
    assert (arm64.local_disk_gib, arm64.cache_gib, arm64.trusted_launch) == (600, 400, False)
    assert parse_sizes(recorded["04"], "westcentralus")["standard_d16plds_v5"].zones == frozenset()
    closed = parse_sizes(recorded["02"], "eastus")["standard_ds2_v2_promo"]
    assert closed.restriction == "NotAvailableForSubscription"
    assert parse_sizes(recorded["01"], "eastus")["standard_d4s_v3"].ultra_ssd_zones == {"1", "2", "3"}
