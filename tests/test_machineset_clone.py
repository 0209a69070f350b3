"""A template becomes its ARM64 clone: what changes, what stays, what is refused, what is said."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_arm64.cli.manifest import to_yaml
from kubectl_arm64.cluster import ManagedBootImages
from kubectl_arm64.errors import InvalidInput, Refused, Unsupported
from kubectl_arm64.image import GalleryImage, MarketplaceImage
from kubectl_arm64.machineset import Changes, Clone, clone
from kubectl_arm64.sizes import parse_sizes
from tests.skus import EASTUS, sku
from tests.templates import (
    FOLDER,
    GONE,
    SET_LABEL,
    annotated,
    changed,
    labelled,
    node_labelled,
    spec_of,
    tainted,
    worker,
)

IMAGE = GalleryImage("prod-x7k2p-rg", "rhcos_prod_x7k2p", "rhcos-arm64-gen2", "20260202.2246.418094000")
ARCH = "capacity.cluster-autoscaler.kubernetes.io/labels"
UNMANAGED = ManagedBootImages()
NAME = "prod-x7k2p-worker-arm64-eastus1"


def cloned(template: dict[str, Any], managed: ManagedBootImages = UNMANAGED, **changes: Any) -> Clone:
    wanted: dict[str, Any] = {"image": IMAGE, "vm_size": "Standard_D4ps_v5", **changes}
    return clone(template, Changes(**wanted), managed)


class TestWhatChanges:
    def test_when_an_ordinary_worker_is_cloned_it_is_the_golden_manifest(self) -> None:
        assert to_yaml(cloned(worker()).manifest) == (FOLDER / "worker.arm64.yaml").read_text()

    def test_when_an_ordinary_worker_is_cloned_there_is_nothing_to_warn_of(self) -> None:
        assert cloned(worker()).warnings == ()

    def test_when_cloned_the_template_itself_is_left_alone(self) -> None:
        template = worker()
        cloned(template, node_labels={"a": "b"}, no_spot=True, zone="2")
        assert template == worker()

    def test_when_the_image_was_a_paid_marketplace_image_its_keys_are_emptied_and_that_is_said(self) -> None:
        paid = {"publisher": "redhat", "offer": "rh-ocp-worker", "sku": "rh-ocp-worker", "version": "413.92.2023101700"}
        made = cloned(worker(image={**paid, "resourceID": "", "type": "MarketplaceWithPlan"}))
        assert spec_of(made.manifest)["image"] == {
            "offer": "",
            "publisher": "",
            "resourceID": IMAGE.resource_id,
            "sku": "",
            "version": "",
        }
        assert "not billed through the Marketplace" in made.warnings[0]

    def test_when_the_image_had_no_resource_id_it_gets_one(self) -> None:
        made = cloned(worker(image={"publisher": "x", "offer": "y", "sku": "z", "version": "1"}))
        assert spec_of(made.manifest)["image"]["resourceID"] == IMAGE.resource_id

    @pytest.mark.parametrize(
        ("present", "merged"),
        [
            (None, "kubernetes.io/arch=arm64"),
            ("", "kubernetes.io/arch=arm64"),
            ("kubernetes.io/arch=amd64", "kubernetes.io/arch=arm64"),
            ("a=b,kubernetes.io/arch=amd64,c=d", "a=b,kubernetes.io/arch=arm64,c=d"),
            ("a=b", "a=b,kubernetes.io/arch=arm64"),
            ("kubernetes.io/arch=arm64", "kubernetes.io/arch=arm64"),
            ("beta.kubernetes.io/arch=amd64", "beta.kubernetes.io/arch=arm64,kubernetes.io/arch=arm64"),
        ],
    )
    def test_when_the_autoscaler_is_told_labels_the_architecture_is_merged_in(
        self, present: str | None, merged: str
    ) -> None:
        template = annotated(worker(), {ARCH: present}) if present is not None else worker()
        if present is None:
            del template["metadata"]["annotations"][ARCH]
        assert cloned(template).manifest["metadata"]["annotations"][ARCH] == merged

    def test_when_there_are_no_annotations_at_all_there_is_one_afterwards(self) -> None:
        template = changed(worker(), metadata__annotations=GONE)
        assert cloned(template).manifest["metadata"]["annotations"] == {ARCH: "kubernetes.io/arch=arm64"}

    def test_when_nodes_carry_the_sets_label_it_names_the_clone(self) -> None:
        template = node_labelled(worker(), {SET_LABEL: worker()["metadata"]["name"], "tier": "web"})
        labels = cloned(template).manifest["spec"]["template"]["spec"]["metadata"]["labels"]
        assert labels == {SET_LABEL: NAME, "tier": "web"}

    def test_when_replicas_are_none_the_templates_stay(self) -> None:
        assert cloned(worker(), replicas=None).manifest["spec"]["replicas"] == 3
        assert cloned(worker(), replicas=0).manifest["spec"]["replicas"] == 0

    def test_when_taints_are_added_those_of_the_template_stay(self) -> None:
        taint = {"effect": "NoSchedule", "key": "multi-arch.openshift.io/arch", "value": "arm64"}
        made = cloned(tainted(worker(), "dedicated"), taints=[taint])
        assert made.manifest["spec"]["template"]["spec"]["taints"] == [
            {"effect": "NoSchedule", "key": "dedicated"},
            taint,
        ]

    def test_when_the_same_taint_is_there_it_stands_once_with_the_new_value(self) -> None:
        taint = {"effect": "NoSchedule", "key": "dedicated", "value": "arm64"}
        assert cloned(tainted(worker(), "dedicated"), taints=[taint]).manifest["spec"]["template"]["spec"][
            "taints"
        ] == [taint]

    @pytest.mark.parametrize("metadata", [{}, None, {"labels": {"tier": "web"}}])
    def test_when_node_labels_are_added_they_join_the_others(self, metadata: Any) -> None:
        template = changed(worker(), spec__template__spec__metadata=metadata)
        labels = cloned(template, node_labels={"workload": "arm"}).manifest["spec"]["template"]["spec"]["metadata"][
            "labels"
        ]
        assert labels == {**((metadata or {}).get("labels") or {}), "workload": "arm"}

    def test_when_another_zone_is_asked_for_name_and_spec_have_it(self) -> None:
        made = cloned(worker(), zone="3")
        assert (made.name, spec_of(made.manifest)["zone"]) == ("prod-x7k2p-worker-arm64-eastus3", "3")

    def test_when_the_image_is_of_the_marketplace_its_form_is_that_one(self) -> None:
        image = MarketplaceImage("azureopenshift", "aro4", "420-arm", "9.6.20251015")
        assert spec_of(cloned(worker(), image=image).manifest)["image"]["type"] == "MarketplaceNoPlan"


class TestWhatIsDropped:
    def test_when_the_source_is_a_dump_the_servers_fields_are_gone(self) -> None:
        template = changed(
            worker(),
            metadata__selfLink="/apis/x",
            metadata__ownerReferences=[{"kind": "X"}],
            metadata__finalizers=["x"],
        )
        made = cloned(template).manifest
        assert set(made) == {"apiVersion", "kind", "metadata", "spec"}
        assert set(made["metadata"]) == {"name", "namespace", "labels", "annotations"}

    def test_when_it_was_applied_with_kubectl_the_old_copy_is_gone(self) -> None:
        template = annotated(worker(), {"kubectl.kubernetes.io/last-applied-configuration": "{}"})
        assert cloned(template).manifest["metadata"]["annotations"] == {
            ARCH: "kubernetes.io/arch=arm64,topology=spread"
        }

    def test_when_a_machine_autoscaler_scales_the_source_its_bounds_are_gone_and_that_is_said(self) -> None:
        bounds = "machine.openshift.io/cluster-api-autoscaler-node-group-{}-size"
        template = annotated(worker(), {bounds.format("min"): "1", bounds.format("max"): "6"})
        made = cloned(template)
        assert list(made.manifest["metadata"]["annotations"]) == [ARCH]
        assert "A MachineAutoscaler scales".lower() in made.warnings[0].lower()
        assert "(1 to 6 replicas)" in made.warnings[0]

    @pytest.mark.parametrize(
        ("mark", "owner", "way"),
        [
            ("hive.openshift.io/machine-pool", "Hive", "a MachinePool on the hub"),
            ("argocd.argoproj.io/tracking-id", "Argo CD", "commit the clone to its Git repository"),
            ("app.kubernetes.io/instance", "Argo CD", "commit the clone to its Git repository"),
            ("meta.helm.sh/release-name", "Helm", "add the clone to the chart"),
            ("kustomize.toolkit.fluxcd.io/name", "Flux", "commit the clone to its Git repository"),
        ],
    )
    def test_when_somebody_owns_the_source_its_marks_are_gone_and_the_way_is_told(
        self, mark: str, owner: str, way: str
    ) -> None:
        for template in (labelled(worker(), {mark: "x"}), annotated(worker(), {mark: "x"})):
            made = cloned(template)
            assert mark not in to_yaml(made.manifest)
            (warning,) = made.warnings
            assert f"owned by {owner}" in warning
            assert way in warning

    def test_when_helm_says_only_that_it_manages_it_that_is_enough(self) -> None:
        made = cloned(labelled(worker(), {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/name": "pool"}))
        assert made.manifest["metadata"]["labels"]["app.kubernetes.io/name"] == "pool"
        assert "owned by Helm" in made.warnings[0]

    def test_when_an_owners_label_is_on_the_machines_it_goes_too_unless_the_selector_needs_it(self) -> None:
        template = worker()
        template["spec"]["template"]["metadata"]["labels"]["hive.openshift.io/managed"] = "true"
        kept = copy.deepcopy(template)
        kept["spec"]["selector"]["matchLabels"]["hive.openshift.io/managed"] = "true"
        assert "hive" not in to_yaml(cloned(template).manifest)
        assert "hive" in to_yaml(cloned(kept).manifest["spec"]["template"]["metadata"])

    def test_when_metadata_holds_keys_that_are_no_fields_they_are_left_out_and_named(self) -> None:
        template = changed(worker(), metadata__GPU="0", spec__template__metadata__owner="me")
        made = cloned(template)
        assert "owner" not in made.manifest["spec"]["template"]["metadata"]
        assert [warning.rpartition(": ")[2] for warning in made.warnings] == ["GPU", "owner"]

    def test_when_an_embedded_metadata_has_a_null_timestamp_it_goes_without_a_word(self) -> None:
        template = changed(
            worker(),
            spec__template__metadata__creationTimestamp=None,
            spec__template__spec__metadata={"creationTimestamp": None},
        )
        made = cloned(template)
        assert "creationTimestamp" not in made.manifest["spec"]["template"]["metadata"]
        assert made.manifest["spec"]["template"]["spec"]["metadata"] == {}
        assert made.warnings == ()


class TestWhatStays:
    def test_when_maps_are_empty_they_stay(self) -> None:
        spec = spec_of(cloned(worker(spotVMOptions={})).manifest)
        assert spec["spotVMOptions"] == {}
        assert spec["securityProfile"] == {"settings": {}}
        assert spec["osDisk"]["managedDisk"]["securityProfile"] == {"diskEncryptionSet": {}}
        assert spec["diagnostics"] == {}
        assert spec["metadata"] == {"creationTimestamp": None}

    @given(
        extra=st.dictionaries(
            st.from_regex(r"x[A-Z][a-z]{1,8}", fullmatch=True),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                max_leaves=8,
            ),
            max_size=4,
        )
    )
    @settings(max_examples=60, deadline=None)
    def test_when_the_template_has_fields_that_nobody_knows_they_stay_byte_for_byte(
        self, extra: dict[str, Any]
    ) -> None:
        template = worker()
        for place in (template["spec"], template["spec"]["template"]["spec"], spec_of(template)):
            place.update(copy.deepcopy(extra))
        assert set(_changes(template, cloned(template).manifest)) == {
            "metadata/annotations/" + ARCH.replace("/", "|"),
            "metadata/annotations/machine.openshift.io|GPU",
            "metadata/annotations/machine.openshift.io|memoryMb",
            "metadata/annotations/machine.openshift.io|vCPU",
            "metadata/creationTimestamp",
            "metadata/generation",
            "metadata/managedFields",
            "metadata/name",
            "metadata/resourceVersion",
            "metadata/uid",
            "spec/replicas",
            "spec/selector/matchLabels/machine.openshift.io|cluster-api-machineset",
            "spec/template/metadata/labels/machine.openshift.io|cluster-api-machineset",
            "spec/template/spec/providerSpec/value/image/resourceID",
            "spec/template/spec/providerSpec/value/vmSize",
            "status",
        }


def _changes(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Paths at which two values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            at = f"{path}/{key.replace('/', '|')}".lstrip("/")
            if key in before and key in after:
                yield from _changes(before[key], after[key], at)
            else:
                yield at
    elif type(before) is not type(after) or before != after:
        yield path


class TestTheName:
    @pytest.mark.parametrize(
        ("name", "location", "zone", "wanted", "clone_name"),
        [
            ("prod-x7k2p-worker-eastus1", "eastus", "1", None, "prod-x7k2p-worker-arm64-eastus1"),
            ("prod-x7k2p-worker-eastus21", "eastus2", "1", None, "prod-x7k2p-worker-arm64-eastus21"),
            ("prod-x7k2p-worker-eastus21", "eastus2", "1", "3", "prod-x7k2p-worker-arm64-eastus23"),
            ("prod-x7k2p-worker-westus", "westus", "", None, "prod-x7k2p-worker-arm64-westus"),
            ("prod-x7k2p-worker-eastus", "eastus", "1", "2", "prod-x7k2p-worker-arm64-eastus2"),
            ("cpd-workerocs-eastus2-1", "eastus2", "1", None, "cpd-workerocs-arm64-eastus2-1"),
            ("cpd-workerocs-eastus2-1", "eastus2", "1", "2", "cpd-workerocs-arm64-eastus2-2"),
            ("prod-worker-1", "eastus", "1", None, "prod-worker-arm64-1"),
            ("prod-worker-1", "eastus", "1", "2", "prod-worker-arm64-2"),
            ("winter", "eastus", "1", None, "winter-arm64"),
            ("winter", "eastus", "1", "2", "winter-arm64-eastus2"),
            ("prod-worker-eastus1", "East US", "1", None, "prod-worker-arm64-eastus1"),
            ("prod-worker-arm64-eastus1", "eastus", "1", "2", "prod-worker-arm64-eastus2"),
        ],
    )
    def test_when_cloned_arm64_stands_before_the_region_or_zone_part(
        self, name: str, location: str, zone: str, wanted: str | None, clone_name: str
    ) -> None:
        assert cloned(worker(name, location=location, zone=zone), zone=wanted).name == clone_name

    def test_when_it_is_renamed_selector_and_template_follow(self) -> None:
        made = cloned(worker(), name="other").manifest
        assert made["spec"]["selector"]["matchLabels"][SET_LABEL] == "other"
        assert made["spec"]["template"]["metadata"]["labels"][SET_LABEL] == "other"

    def test_when_it_would_be_longer_than_a_labels_value_may_be_name_is_advised(self) -> None:
        with pytest.raises(InvalidInput, match=r"has 69 characters.*--name"):
            cloned(worker(f"{'x' * 54}-eastus12", location="eastus1"))

    @pytest.mark.parametrize("name", ["UPPER", "-a", "a_b", "a/b", "ä"])
    def test_when_a_name_is_none_kubernetes_takes_it_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidInput, match="is not a name of a MachineSet"):
            cloned(worker(), name=name)

    def test_when_the_source_has_the_clones_own_name_it_is_refused(self) -> None:
        with pytest.raises(Refused, match="its source's own name"):
            cloned(worker("prod-worker-arm64-eastus1", vmSize="Standard_D4ps_v5"))


class TestOtherMachineSets:
    def test_when_anothers_selector_would_take_the_clones_machines_it_is_refused(self) -> None:
        greedy = changed(
            worker("greedy"), spec__selector__matchLabels={"machine.openshift.io/cluster-api-cluster": "prod-x7k2p"}
        )
        with pytest.raises(
            Refused, match="selector of MachineSet greedy would take the machines of prod-x7k2p-worker-arm64"
        ):
            clone(worker(), Changes(IMAGE, "Standard_D4ps_v5"), UNMANAGED, [worker(), greedy])

    def test_when_the_clone_would_take_anothers_machines_it_is_refused(self) -> None:
        labels = worker(NAME)["spec"]["template"]["metadata"]["labels"]
        copied = changed(
            worker("copied"), spec__template__metadata__labels=labels, spec__selector__matchLabels={"a": "b"}
        )
        with pytest.raises(Refused, match="would take the machines of copied"):
            clone(worker(), Changes(IMAGE, "Standard_D4ps_v5"), UNMANAGED, [copied])

    def test_when_the_clone_lives_already_that_is_no_clash(self) -> None:
        assert clone(worker(), Changes(IMAGE, "Standard_D4ps_v5"), UNMANAGED, [worker(), worker(NAME)]).name == NAME


class TestFeatures:
    SIZES = parse_sizes([*EASTUS, sku("D2ps_v9", 2, 8, AcceleratedNetworkingEnabled="False")], "eastus")

    def size(self, name: str) -> dict[str, Any]:
        return {"vm_size": name, "size": self.SIZES[name.lower()]}

    def test_when_the_size_has_no_accelerated_networking_it_is_switched_off_with_a_warning(self) -> None:
        made = cloned(worker(), **self.size("Standard_D2ps_v9"))
        assert spec_of(made.manifest)["acceleratedNetworking"] is False
        assert made.warnings == ("Standard_D2ps_v9 has no accelerated networking: it is switched off in the clone",)

    @pytest.mark.parametrize(
        ("spec", "reason"),
        [
            (
                {"osDisk": {"diskSizeGB": 128, "diskSettings": {"ephemeralStorageLocation": "Local"}}},
                "EphemeralOSDiskSupported False",
            ),
            ({"ultraSSDCapability": "Enabled"}, "no ultra SSD"),
            ({"dataDisks": [{"managedDisk": {"storageAccountType": "UltraSSD_LRS"}}]}, "no ultra SSD"),
            ({"securityProfile": {"settings": {"securityType": "TrustedLaunch"}}}, "no Trusted Launch"),
        ],
    )
    def test_when_the_size_lacks_what_the_machines_need_it_is_refused(self, spec: dict[str, Any], reason: str) -> None:
        with pytest.raises(Unsupported, match=reason):
            cloned(worker(**spec), **self.size("Standard_D4ps_v5"))

    def test_when_the_disk_controllers_do_not_match_it_is_refused(self) -> None:
        with pytest.raises(Unsupported, match="boots from NVMe only"):
            cloned(worker(), zone="2", disk_controllers=frozenset({"SCSI"}), **self.size("Standard_D4ps_v6"))

    @pytest.mark.parametrize(
        "spec",
        [
            {"securityProfile": {"settings": {"securityType": "ConfidentialVM"}}},
            {"osDisk": {"managedDisk": {"securityProfile": {"securityEncryptionType": "VMGuestStateOnly"}}}},
        ],
    )
    def test_when_its_machines_are_confidential_it_is_refused_with_both_fields_to_take_out(
        self, spec: dict[str, Any]
    ) -> None:
        with pytest.raises(
            Unsupported, match=r"x86 only; take securityProfile and osDisk\.managedDisk\.securityProfile"
        ):
            cloned(worker(**spec))

    def test_when_it_is_of_aro_gallery_images_are_refused(self) -> None:
        aro = {"publisher": "azureopenshift", "offer": "aro4", "sku": "aro_43", "version": "43.81.20200311"}
        with pytest.raises(Unsupported, match="Azure Red Hat OpenShift"):
            cloned(worker(image=aro))
        with pytest.raises(Unsupported, match="Azure Red Hat OpenShift"):
            cloned(worker(), aro=True)
        assert cloned(worker(image={**aro, "type": "MarketplaceNoPlan"})).name == NAME
        (warning,) = cloned(worker(image=aro), aro=False).warnings
        assert "looks like one of Azure Red Hat OpenShift" in warning


class TestWarnings:
    @pytest.mark.parametrize(
        ("template", "warning"),
        [
            (worker(spotVMOptions={}), "are Spot VMs (an empty spotVMOptions counts)"),
            (worker(spotVMOptions={"maxPrice": "0.1"}), "are Spot VMs (spotVMOptions)"),
            (annotated(worker(), {"machine.openshift.io/GPU": "1"}), "no ARM64 GPU size is assumed"),
            (worker(publicIP=True), "get a public address"),
            (worker(userDataSecret={"name": "luks-ign"}), "the unusual Secret luks-ign"),
            (worker(capacityReservationGroupID="/g"), "capacity reservation group /g"),
            (worker(availabilitySet="set-1"), "both an availability set and zone 1"),
            (
                node_labelled(worker(publicIP=True), {"submariner.io/gateway": "true"}),
                "each is one more gateway node with a public address",
            ),
            (node_labelled(worker(), {"node-role.kubernetes.io/infra": ""}), "each is one more infra node"),
            (node_labelled(worker(), {"cluster.ocs.openshift.io/openshift-storage": ""}), "one more storage node"),
            (node_labelled(worker(), {"node-role.kubernetes.io/batch": ""}), "keep the role batch"),
            (tainted(worker(), "dedicated"), "keep the taint dedicated"),
            (changed(worker(), spec__authoritativeAPI="ClusterAPI"), "the Cluster API is authoritative"),
            (worker(resourceGroup="another-rg"), "in resource group prod-x7k2p-rg, not in the cluster's (another-rg)"),
            (
                worker(
                    osDisk={
                        "managedDisk": {
                            "diskEncryptionSet": {
                                "id": "/subscriptions/00000000-0000-4000-8000-000000000009/resourceGroups/keys"
                                "/providers/Microsoft.Compute/diskEncryptionSets/des"
                            }
                        }
                    }
                ),
                "is not in the cluster's subscription",
            ),
        ],
    )
    def test_when_a_clone_needs_attention_it_says_why(self, template: dict[str, Any], warning: str) -> None:
        assert any(
            warning in found for found in cloned(template, subscription="00000000-0000-4000-8000-0000000000b1").warnings
        )

    def test_when_the_definition_has_no_gen2_in_its_name_that_is_said(self) -> None:
        (warning,) = cloned(worker(), image=GalleryImage("prod-x7k2p-rg", "g", "rhcos-arm64", "1.0.0")).warnings
        assert "rhcos-arm64 has no gen2 in its name" in warning

    def test_when_spot_is_not_wanted_the_key_goes_and_nothing_is_said(self) -> None:
        made = cloned(worker(spotVMOptions={}), no_spot=True)
        assert "spotVMOptions" not in spec_of(made.manifest)
        assert made.warnings == ()

    def test_when_the_resource_group_is_spelt_in_another_case_it_is_the_same(self) -> None:
        assert cloned(worker(resourceGroup="PROD-X7K2P-RG")).warnings == ()

    def test_when_a_label_enrols_the_clone_in_managed_boot_images_it_is_kept_and_named(self) -> None:
        made = cloned(labelled(worker(), {"test": "boot"}), ManagedBootImages("Partial", {"test": "boot"}))
        assert made.manifest["metadata"]["labels"]["test"] == "boot"
        assert "enrolled in managed boot images (by its label test=boot)" in made.warnings[0]

    def test_when_no_label_enrols_it_nothing_is_said(self) -> None:
        assert cloned(worker(), ManagedBootImages("Partial", {"test": "boot"})).warnings == ()

    def test_when_the_release_enrols_every_set_that_is_said(self) -> None:
        (warning,) = cloned(worker(), ManagedBootImages("All", by_default=True)).warnings
        assert "by the release's default" in warning
