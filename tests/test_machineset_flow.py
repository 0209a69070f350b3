"""`machineset` from flags to output and exit code, on a cluster and an Azure in memory."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from kubectl_arm64.cli.machineset import MachinesetFlags, Ports, run
from kubectl_arm64.cli.options import DryRun, ImageFlags
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.cli.printing import Format
from kubectl_arm64.cluster import ClusterFacts, Documents
from kubectl_arm64.errors import Denied, Failure, InvalidInput, NotFinished, NotFound, Refused, Unsupported, UsageError
from tests.doubles.machine_api import (
    DEFINITION,
    GALLERY,
    GROUP,
    RELEASE,
    SUBSCRIPTION,
    VERSION,
    MemoryAzure,
    MemoryCluster,
    MemoryGalleries,
    definition,
    documents,
    stream,
    version,
)
from tests.skus import sku, x64
from tests.templates import applied_by, labelled, spec_of, worker

NAME = "prod-x7k2p-worker-arm64-eastus1"
LINE = f"machineset.machine.openshift.io/{NAME}"
IMAGE_ID = (
    f"/resourceGroups/{GROUP}/providers/Microsoft.Compute/galleries/{GALLERY}/images/{DEFINITION}/versions/{VERSION}"
)
ALONE: dict[str, Any] = {"file": "worker.yaml", "image": IMAGE_ID, "vm_size": "Standard_D4ps_v5"}


def zonal(zone: str, **spec: Any) -> dict[str, Any]:
    return worker(f"prod-x7k2p-worker-eastus{zone}", zone=zone, **spec)


@dataclass
class Desk:
    """Where a user sits: the world, the files, and what came out."""

    cluster: MemoryCluster = field(
        default_factory=lambda: MemoryCluster(documents([zonal("1"), zonal("2"), zonal("3")]))
    )
    azure: MemoryAzure = field(default_factory=MemoryAzure)
    files: dict[str, str] = field(default_factory=lambda: {"worker.yaml": json.dumps(worker())})
    on_publish: Callable[[], None] = lambda: None
    connected: list[str] = field(default_factory=list)
    published: list[list[str]] = field(default_factory=list)
    out: str = ""
    err: str = ""

    def machineset(self, place: ImageFlags | None = None, **flags: Any) -> int:
        out, err = io.StringIO(), io.StringIO()
        try:
            return run(
                place or ImageFlags(),
                MachinesetFlags(**flags),
                "openshift-machine-api",
                self._ports(),
                Streams(out, err),
            )
        finally:
            self.out, self.err = out.getvalue(), err.getvalue()

    def _ports(self) -> Ports:
        return Ports(self._cluster, self._azure, self._publish, self.files.__getitem__, "oc arm64 bootimage")

    def _cluster(self) -> MemoryCluster:
        self.connected.append("cluster")
        return self.cluster

    def _azure(self, facts: ClusterFacts) -> MemoryAzure:
        self.connected.append(f"azure {facts.subscription}")
        return self.azure

    def _publish(self, regions: Sequence[str], documents: Documents | None) -> None:
        self.published.append(list(regions))
        self.on_publish()

    @property
    def printed(self) -> list[Any]:
        return list(yaml.safe_load_all(self.out))

    def spec(self) -> dict[str, Any]:
        (manifest,) = self.printed
        return spec_of(manifest)


@pytest.fixture
def desk() -> Desk:
    return Desk()


class TestPrinting:
    def test_when_nothing_is_said_the_lowest_zones_worker_is_cloned_for_the_published_image(self, desk: Desk) -> None:
        assert desk.machineset() == 0
        assert desk.printed[0]["metadata"]["name"] == NAME
        assert (desk.spec()["image"]["resourceID"], desk.spec()["vmSize"]) == (IMAGE_ID, "Standard_D4ps_v5")
        assert desk.err == ""
        assert desk.azure.galleries.asked == [(GROUP, GALLERY, DEFINITION), (GROUP, GALLERY, DEFINITION, VERSION)]

    def test_when_it_is_applied_it_is_the_very_manifest_that_was_printed(self, desk: Desk) -> None:
        desk.machineset()
        (printed,) = desk.printed
        desk.machineset(apply=True)
        live = desk.cluster.named(NAME)
        assert live["spec"] == printed["spec"]
        assert live["metadata"]["annotations"] == printed["metadata"]["annotations"]

    def test_when_another_output_is_asked_for_it_is_that(self, desk: Desk) -> None:
        desk.machineset(format=Format("name"))
        assert desk.out == f"{LINE}\n"
        desk.machineset(format=Format("json"))
        assert json.loads(desk.out)["metadata"]["name"] == NAME

    def test_when_there_are_warnings_they_are_on_stderr_alone(self, desk: Desk) -> None:
        desk.cluster = MemoryCluster(documents([zonal("1", spotVMOptions={})]))
        desk.machineset(source="prod-x7k2p-worker-eastus1")
        assert desk.err.startswith(f"Warning: machines of {NAME} are Spot VMs")
        assert "Warning" not in desk.out

    def test_when_flags_change_nodes_and_machines_they_are_in_the_manifest(self, desk: Desk) -> None:
        desk.machineset(replicas=2, taint=[""], node_label=["tier=arm"], name="arm", zone="2")
        (manifest,) = desk.printed
        machine = manifest["spec"]["template"]["spec"]
        assert (manifest["metadata"]["name"], manifest["spec"]["replicas"], desk.spec()["zone"]) == ("arm", 2, "2")
        assert machine["taints"][0]["key"] == "multi-arch.openshift.io/arch"
        assert machine["metadata"]["labels"] == {"tier": "arm"}


class TestSources:
    def test_when_a_source_is_named_it_is_that_one(self, desk: Desk) -> None:
        desk.machineset(source="prod-x7k2p-worker-eastus3")
        assert desk.printed[0]["metadata"]["name"] == "prod-x7k2p-worker-arm64-eastus3"

    def test_when_the_named_one_does_not_exist_those_that_do_are_named(self, desk: Desk) -> None:
        with pytest.raises(NotFound, match=r"no MachineSet typo.*prod-x7k2p-worker-eastus1, prod-x7k2p-worker-eastus2"):
            desk.machineset(source="typo")

    def test_when_they_may_not_be_listed_the_servers_sentence_is_told(self, desk: Desk) -> None:
        desk.cluster = MemoryCluster(documents((), denied={"machinesets": "cannot list machinesets"}))
        with pytest.raises(Denied, match="cannot list machinesets"):
            desk.machineset()

    def test_when_a_zone_is_asked_for_its_own_set_is_the_source(self, desk: Desk) -> None:
        desk.cluster.named("prod-x7k2p-worker-eastus2")["spec"]["minReadySeconds"] = 7
        desk.machineset(zone="2")
        assert desk.printed[0]["spec"]["minReadySeconds"] == 7

    def test_when_all_zones_are_asked_for_each_gets_its_own_name_and_zone(self, desk: Desk) -> None:
        desk.machineset(all_zones=True)
        assert [(each["metadata"]["name"], spec_of(each)["zone"]) for each in desk.printed] == [
            (f"prod-x7k2p-worker-arm64-eastus{zone}", zone) for zone in "123"
        ]

    def test_when_a_zone_does_not_have_the_size_all_zones_leaves_it_out(self, desk: Desk) -> None:
        desk.machineset(all_zones=True, vm_size="standard_d4ps_v6")
        assert [(spec_of(each)["zone"], spec_of(each)["vmSize"]) for each in desk.printed] == [
            ("2", "Standard_D4ps_v6"),
            ("3", "Standard_D4ps_v6"),
        ]

    def test_when_the_region_has_no_zones_all_zones_is_one_set(self, desk: Desk) -> None:
        desk.cluster = MemoryCluster(documents([worker("prod-x7k2p-worker-eastus", zone="")]))
        desk.azure.skus = [sku("D4ps_v5", 4, 16, zones=())]
        desk.machineset(all_zones=True)
        assert [each["metadata"]["name"] for each in desk.printed] == ["prod-x7k2p-worker-arm64-eastus"]

    def test_when_a_file_holds_several_each_is_cloned(self, desk: Desk) -> None:
        desk.files["both.yaml"] = f"{json.dumps(zonal('1'))}\n---\n{json.dumps(zonal('2'))}\n"
        desk.machineset(file="both.yaml")
        assert len(desk.printed) == 2

    def test_when_several_would_share_a_name_it_is_refused(self, desk: Desk) -> None:
        with pytest.raises(InvalidInput, match="3 MachineSets would share the name arm"):
            desk.machineset(all_zones=True, name="arm")

    def test_when_a_file_is_in_another_namespace_that_is_an_error_as_kubectls(self, desk: Desk) -> None:
        other = worker()
        other["metadata"]["namespace"] = "elsewhere"
        desk.files["worker.yaml"] = json.dumps(other)
        with pytest.raises(InvalidInput, match="in namespace elsewhere, not in openshift-machine-api"):
            desk.machineset(file="worker.yaml")

    def test_when_a_file_is_another_clusters_it_is_printed_with_a_warning_and_applied_only_by_force(
        self, desk: Desk
    ) -> None:
        label = "machine.openshift.io/cluster-api-cluster"
        desk.files["worker.yaml"] = json.dumps(labelled(worker(), {label: "test-9qk4d"}))
        sentence = "is of cluster test-9qk4d .* and this cluster is prod-x7k2p"
        with pytest.raises(Refused, match=sentence):
            desk.machineset(file="worker.yaml", apply=True)
        desk.machineset(file="worker.yaml")
        assert re.search(sentence, desk.err)
        desk.machineset(file="worker.yaml", apply=True, force=True)
        assert re.search(sentence, desk.err)

    def test_when_the_namespace_has_no_machineset_it_is_named(self, desk: Desk) -> None:
        desk.cluster = MemoryCluster(documents([]))
        with pytest.raises(NotFound, match=r"no MachineSet in namespace openshift-machine-api; .*--namespace"):
            desk.machineset()

    def test_when_a_file_names_no_namespace_the_clone_gets_the_flags(self, desk: Desk) -> None:
        other = worker()
        del other["metadata"]["namespace"]
        desk.files["worker.yaml"] = json.dumps(other)
        desk.machineset(**ALONE)
        assert desk.printed[0]["metadata"]["namespace"] == "openshift-machine-api"


class TestWhatIsNeeded:
    def test_when_file_image_and_size_are_given_nobody_is_asked_and_that_is_said(self, desk: Desk) -> None:
        assert desk.machineset(**ALONE) == 0
        assert desk.connected == []
        assert "not checked, since Azure was not asked" in desk.err
        assert "offered in zone 1 of eastus with accelerated networking, premium storage" in desk.err

    def test_when_they_are_applied_the_cluster_is_asked_alone(self, desk: Desk) -> None:
        desk.machineset(**ALONE, apply=True)
        assert desk.connected == ["cluster"]

    def test_when_stream_and_place_are_given_azure_is_asked_alone(self, desk: Desk, tmp_path: Any) -> None:
        (tmp_path / "stream.json").write_text(json.dumps(stream()))
        place = ImageFlags(
            subscription=SUBSCRIPTION,
            resource_group=GROUP,
            location="eastus",
            infra_name="prod-x7k2p",
            stream_file=str(tmp_path / "stream.json"),
        )
        desk.machineset(place, file="worker.yaml")
        assert desk.connected == [f"azure {SUBSCRIPTION}"]
        assert desk.spec()["image"]["resourceID"] == IMAGE_ID

    def test_when_the_size_is_x86_by_its_name_that_is_enough_to_refuse(self, desk: Desk) -> None:
        with pytest.raises(Unsupported, match="Standard_D4s_v3 is not an ARM64 size by its name"):
            desk.machineset(**{**ALONE, "vm_size": "Standard_D4s_v3"})

    def test_when_the_subscription_is_not_known_its_flag_is_named(self, desk: Desk) -> None:
        desk.cluster = MemoryCluster(documents([worker()], cloud_provider_config=None))
        with pytest.raises(UsageError, match="--subscription"):
            desk.machineset()

    @pytest.mark.parametrize(
        "flags",
        [
            {"source": "a", "file": "b"},
            {"zone": "1", "all_zones": True},
            {"image": IMAGE_ID, "publish": True},
            {"dry_run": DryRun.server},
            {"dry_run": DryRun.client, "diff": True},
            {"apply": True, "diff": True},
            {"replicas": -1},
            {"zone": "eastus-1"},
            {"taint": ["nonsense"]},
            {"node_label": ["nonsense"]},
        ],
    )
    def test_when_flags_contradict_nobody_is_asked(self, desk: Desk, flags: dict[str, Any]) -> None:
        with pytest.raises(UsageError):
            desk.machineset(**flags)
        assert desk.connected == []


class TestTheImage:
    def test_when_it_is_not_published_the_command_is_named(self, desk: Desk) -> None:
        desk.azure.galleries = MemoryGalleries(None, None)
        with pytest.raises(
            NotFound, match=rf"{RELEASE} is not published.*run `oc arm64 bootimage` first, or add --publish"
        ):
            desk.machineset()

    def test_when_publish_is_given_it_is_published_where_it_is_wanted_and_read_again(self, desk: Desk) -> None:
        galleries = desk.azure.galleries
        galleries.version = None
        desk.on_publish = lambda: setattr(galleries, "version", version())
        assert desk.machineset(publish=True) == 0
        assert desk.published == [["eastus"]]
        assert desk.spec()["image"]["resourceID"] == IMAGE_ID

    def test_when_it_is_there_publish_does_nothing(self, desk: Desk) -> None:
        desk.machineset(publish=True)
        assert desk.published == []

    @pytest.mark.parametrize(
        "unready",
        [
            version("Failed"),
            version("Creating"),
            version(regions=["westeurope"]),
            version(replication=[{"region": "eastus", "state": "Replicating"}]),
        ],
    )
    def test_when_it_is_there_and_not_ready_publish_makes_it_so(self, desk: Desk, unready: dict[str, Any]) -> None:
        galleries = desk.azure.galleries
        galleries.version = unready
        desk.on_publish = lambda: setattr(galleries, "version", version())
        assert desk.machineset(publish=True, apply=True) == 0
        assert desk.published == [["eastus"]]

    def test_when_publishing_does_not_make_it_ready_the_reason_is_told(self, desk: Desk) -> None:
        desk.azure.galleries.version = version(replication=[{"region": "eastus", "state": "Failed", "details": "full"}])
        with pytest.raises(Failure, match="failed to replicate to eastus: full"):
            desk.machineset(publish=True, apply=True)
        assert [call for call in desk.cluster.calls if call == "apply"] == []

    @pytest.mark.parametrize("flags", [{"diff": True}, {"apply": True, "dry_run": DryRun.client}])
    def test_when_nothing_is_to_be_written_publish_is_only_announced(self, desk: Desk, flags: dict[str, Any]) -> None:
        desk.azure.galleries = MemoryGalleries(None, None)
        desk.machineset(publish=True, **flags)
        assert desk.published == []
        assert f"the boot image would be published first: the boot image {RELEASE} is not published" in desk.err

    @pytest.mark.parametrize(
        ("flags", "sentence"),
        [
            ({"vm_size": "Standard_D4s_v3"}, "is an x86 size"),
            ({"zone": "9"}, "no zone 9"),
            ({"name": "prod-x7k2p-worker-eastus2"}, "did not make it"),
        ],
    )
    def test_when_the_clone_is_refused_nothing_is_published(
        self, desk: Desk, flags: dict[str, Any], sentence: str
    ) -> None:
        desk.azure.galleries = MemoryGalleries(None, None)
        with pytest.raises(Failure, match=sentence):
            desk.machineset(publish=True, apply=True, **flags)
        assert desk.published == []

    def test_when_the_api_server_refuses_the_clone_nothing_is_published(self, desk: Desk) -> None:
        live = worker(NAME, vmSize="Standard_D2ps_v5")
        ours = {"manager": "kubectl-arm64", "operation": "Apply"}
        live["metadata"]["managedFields"] = [ours, {"manager": "machine-config-controller", "operation": "Update"}]
        desk.cluster = MemoryCluster(documents([worker(), live]))
        desk.azure.galleries = MemoryGalleries(None, None)
        with pytest.raises(Refused, match="conflict with machine-config-controller"):
            desk.machineset(publish=True, apply=True)
        assert (desk.published, desk.cluster.calls) == ([], ["read", "apply dry"])

    def test_when_the_definition_is_still_to_be_made_sizes_that_boot_from_nvme_are_fit(self, desk: Desk) -> None:
        galleries = desk.azure.galleries = MemoryGalleries(None, None)
        desk.on_publish = lambda: galleries.__init__()  # type: ignore[misc]
        assert desk.machineset(publish=True, zone="2", vm_size="Standard_D4ps_v6") == 0

    def test_when_the_version_was_made_in_another_region_bootimage_is_told_to_work_there(self, desk: Desk) -> None:
        desk.azure.galleries.version = {**version(regions=["westeurope"]), "location": "westeurope"}
        with pytest.raises(NotFound, match="`oc arm64 bootimage --location westeurope --target-region eastus`"):
            desk.machineset(ImageFlags(location="eastus"))

    def test_when_it_is_not_in_the_region_target_region_is_advised(self, desk: Desk) -> None:
        desk.azure.galleries.version = version(regions=["West Europe", "northeurope"])
        with pytest.raises(NotFound, match=r"not in eastus.*westeurope, northeurope.*bootimage --target-region eastus"):
            desk.machineset()

    def test_when_it_is_still_replicating_there_it_is_not_finished(self, desk: Desk) -> None:
        desk.azure.galleries.version = version(
            replication=[{"region": "East US", "state": "Replicating", "progress": 40}]
        )
        with pytest.raises(NotFinished, match=r"not ready in eastus yet \(40 %\)"):
            desk.machineset()

    def test_when_replication_there_failed_azures_reason_is_told(self, desk: Desk) -> None:
        failed = {"region": "eastus", "state": "Failed", "details": "no capacity"}
        desk.azure.galleries.version = version(replication=[failed])
        with pytest.raises(Failure, match=r"failed to replicate to eastus: no capacity; take it out of .* add it"):
            desk.machineset()

    @pytest.mark.parametrize("state", ["Creating", "Updating"])
    def test_when_it_is_being_made_it_is_not_finished(self, desk: Desk, state: str) -> None:
        desk.azure.galleries.version = version(state, replication=[{"region": "eastus", "progress": 60}])
        with pytest.raises(NotFinished, match=r"not ready yet \(eastus 60 %\)"):
            desk.machineset()

    def test_when_it_failed_it_cannot_be_used(self, desk: Desk) -> None:
        desk.azure.galleries.version = version("Failed")
        with pytest.raises(Failure, match="provisioningState is Failed"):
            desk.machineset()

    def test_when_our_tag_tells_another_release_it_is_refused(self, desk: Desk) -> None:
        desk.azure.galleries.version = version(
            tags={"kubectl-arm64": "managed", "kubectl-arm64.release": "418.94.202501010000-0"}
        )
        with pytest.raises(Refused, match=rf"holds release 418\.94\.202501010000-0, not release {RELEASE}"):
            desk.machineset()

    def test_when_it_is_somebody_elses_its_source_must_name_the_release(self, desk: Desk) -> None:
        desk.azure.galleries.version = version(tags={}, uri=f"https://a.blob.core.windows.net/vhd/rhcos-{RELEASE}.vhd")
        assert desk.machineset() == 0
        desk.azure.galleries.version = version(tags={}, uri="https://a.blob.core.windows.net/vhd/disk.vhd")
        with pytest.raises(Refused, match="what somebody else made"):
            desk.machineset()

    @pytest.mark.parametrize(
        ("properties", "difference"),
        [
            ({"architecture": "x64"}, "architecture is x64, not Arm64"),
            ({"hyperVGeneration": "V1"}, "hyperVGeneration is V1, not V2"),
            ({"osState": "Specialized"}, "osState is Specialized, not Generalized"),
        ],
    )
    def test_when_the_definition_is_of_another_kind_each_difference_is_named(
        self, desk: Desk, properties: dict[str, str], difference: str
    ) -> None:
        desk.azure.galleries.definition = definition(**properties)
        with pytest.raises(Refused, match=difference):
            desk.machineset()

    def test_when_the_definition_does_not_tell_its_architecture_it_is_x64(self, desk: Desk) -> None:
        made = definition()
        del made["properties"]["architecture"]
        desk.azure.galleries.definition = made
        with pytest.raises(Refused, match="architecture is x64"):
            desk.machineset()

    def test_when_the_definition_allows_scsi_only_an_nvme_size_is_refused(self, desk: Desk) -> None:
        desk.azure.galleries.definition = definition(features=[])
        with pytest.raises(Unsupported, match=r"boots from NVMe only.*these fit: Standard_D4ps_v5"):
            desk.machineset(zone="2", vm_size="Standard_D4ps_v6")

    def test_when_the_definition_forbids_trusted_launch_a_source_that_uses_it_is_refused(self, desk: Desk) -> None:
        desk.azure.galleries.definition = definition(features=[{"name": "SecurityType", "value": "Standard"}])
        desk.azure.skus = [sku("D4ps_v6", 4, 16)]
        trusted = zonal("1", securityProfile={"settings": {"securityType": "TrustedLaunch"}})
        desk.cluster = MemoryCluster(documents([trusted]))
        with pytest.raises(Unsupported, match=f"Trusted Launch, which image definition {DEFINITION} does not allow"):
            desk.machineset()


class TestANamedImage:
    def test_when_it_has_the_clusters_subscription_that_is_cut(self, desk: Desk) -> None:
        desk.machineset(image=f"/subscriptions/{SUBSCRIPTION.upper()}{IMAGE_ID}")
        assert desk.spec()["image"]["resourceID"] == IMAGE_ID

    def test_when_it_is_in_another_subscription_it_is_refused(self, desk: Desk) -> None:
        with pytest.raises(Refused, match=r"in subscription 00000000-0000-4000-8000-000000000009"):
            desk.machineset(image=f"/subscriptions/00000000-0000-4000-8000-000000000009{IMAGE_ID}")

    def test_when_its_version_does_not_exist_the_list_is_advised(self, desk: Desk) -> None:
        desk.azure.galleries.version = None
        with pytest.raises(NotFound, match=rf"az sig image-version list -g {GROUP} -r {GALLERY} -i {DEFINITION}"):
            desk.machineset(image=IMAGE_ID)

    def test_when_it_holds_another_release_that_is_the_users_choice(self, desk: Desk) -> None:
        desk.azure.galleries.version = version(tags={})
        assert desk.machineset(image=IMAGE_ID) == 0

    @pytest.mark.parametrize(
        ("unready", "advice"),
        [
            (version("Failed"), "choose another: `az sig image-version list"),
            (version("Creating"), "`az sig image-version wait --updated"),
            (version(regions=["westeurope"]), r"`az sig image-version update .*targetRegions name=eastus`"),
        ],
    )
    def test_when_it_is_not_ready_the_advice_is_azures_since_bootimage_does_not_make_it(
        self, desk: Desk, unready: dict[str, Any], advice: str
    ) -> None:
        desk.azure.galleries.version = unready
        with pytest.raises(Failure, match=advice) as caught:
            desk.machineset(image=IMAGE_ID)
        assert "bootimage" not in str(caught.value)

    def test_when_the_flag_names_another_subscription_it_is_looked_for_in_the_clusters(self, desk: Desk) -> None:
        desk.machineset(ImageFlags(subscription="00000000-0000-4000-8000-000000000009"), image=IMAGE_ID)
        assert desk.connected == ["cluster", f"azure {SUBSCRIPTION}"]

    def test_when_there_is_no_cluster_it_is_looked_for_in_the_flags_subscription(self, desk: Desk) -> None:
        desk.machineset(ImageFlags(subscription=SUBSCRIPTION), file="worker.yaml", image=IMAGE_ID)
        assert desk.connected == [f"azure {SUBSCRIPTION}"]

    @pytest.mark.parametrize("latest", ["latest", "Latest"])
    def test_when_latest_is_asked_for_only_the_definition_is_read(self, desk: Desk, latest: str) -> None:
        desk.machineset(image=IMAGE_ID.replace(VERSION, latest))
        assert desk.azure.galleries.asked == [(GROUP, GALLERY, DEFINITION)]

    def test_when_it_has_no_version_it_is_refused_before_anybody_is_asked_of_azure(self, desk: Desk) -> None:
        with pytest.raises(InvalidInput, match="without a version"):
            desk.machineset(image=IMAGE_ID.partition("/versions/")[0])


class TestSizes:
    def test_when_the_source_is_confidential_azure_is_not_asked(self, desk: Desk) -> None:
        confidential = worker(securityProfile={"settings": {"securityType": "ConfidentialVM"}})
        desk.cluster = MemoryCluster(documents([confidential]))
        with pytest.raises(Unsupported, match="confidential VMs, which are x86 only"):
            desk.machineset(source="prod-x7k2p-worker-eastus1")
        assert desk.connected == ["cluster"]

    def test_when_the_size_is_x86_arm64_ones_are_proposed(self, desk: Desk) -> None:
        with pytest.raises(Unsupported, match=r"Standard_D4s_v3 in eastus is an x86 size; these fit: Standard_D4ps_v5"):
            desk.machineset(vm_size="Standard_D4s_v3")

    def test_when_the_size_does_not_exist_it_says_so(self, desk: Desk) -> None:
        with pytest.raises(Unsupported, match="Standard_D5ps_v5 is not offered in eastus"):
            desk.machineset(vm_size="Standard_D5ps_v5")

    def test_when_the_region_lacks_the_zone_those_that_it_has_are_named(self, desk: Desk) -> None:
        with pytest.raises(Unsupported, match="there is no zone 9 in eastus; its zones are 1, 2, 3"):
            desk.machineset(vm_size="Standard_D4ps_v5", zone="9")

    def test_when_the_region_has_no_zones_the_flag_is_the_fault(self, desk: Desk) -> None:
        desk.azure.skus = [x64("D4s_v3", 4, 16, zones=()), sku("D4ps_v5", 4, 16, zones=())]
        with pytest.raises(Unsupported, match="no zone 1 in eastus: it has no zones; leave out --zone"):
            desk.machineset(zone="1")

    def test_when_the_region_has_no_arm64_it_says_so(self, desk: Desk) -> None:
        desk.azure.skus = [x64("D4s_v3", 4, 16)]
        with pytest.raises(Unsupported, match="eastus offers no ARM64 VM size"):
            desk.machineset()

    def test_when_no_size_has_accelerated_networking_it_is_switched_off_with_a_warning(self, desk: Desk) -> None:
        desk.azure.skus = [x64("D4s_v3", 4, 16), sku("D4ps_v5", 4, 16, AcceleratedNetworkingEnabled="False")]
        desk.machineset()
        assert desk.spec()["acceleratedNetworking"] is False
        assert "no accelerated networking" in desk.err


class TestApplying:
    def test_when_applied_twice_it_is_created_and_then_unchanged(self, desk: Desk) -> None:
        assert desk.machineset(apply=True) == 0
        assert desk.out == f"{LINE} created\n"
        assert desk.machineset(apply=True) == 0
        assert desk.out == f"{LINE} unchanged\n"

    def test_when_something_changes_it_is_configured(self, desk: Desk) -> None:
        desk.machineset(apply=True)
        desk.machineset(apply=True, vm_size="Standard_D8ps_v5")
        assert desk.out == f"{LINE} configured\n"

    def test_when_it_was_scaled_the_live_replicas_are_kept_unless_the_flag_says_otherwise(self, desk: Desk) -> None:
        desk.machineset(apply=True)
        desk.cluster.named(NAME)["spec"]["replicas"] = 5
        desk.machineset(apply=True)
        assert (desk.out, desk.cluster.named(NAME)["spec"]["replicas"]) == (f"{LINE} unchanged\n", 5)
        desk.machineset(apply=True, replicas=0)
        assert (desk.out, desk.cluster.named(NAME)["spec"]["replicas"]) == (f"{LINE} configured\n", 0)

    def test_when_all_zones_are_applied_there_is_a_line_for_each(self, desk: Desk) -> None:
        desk.machineset(apply=True, all_zones=True)
        assert [line.split()[1] for line in desk.out.splitlines()] == ["created"] * 3

    def test_when_a_later_one_fails_those_before_it_are_told(self, desk: Desk) -> None:
        live = worker("prod-x7k2p-worker-arm64-eastus2", vmSize="Standard_D2ps_v5")
        ours = {"manager": "kubectl-arm64", "operation": "Apply"}
        live["metadata"]["managedFields"] = [ours, {"manager": "machine-config-controller", "operation": "Update"}]
        desk.cluster = MemoryCluster(documents([worker(), live]))
        with pytest.raises(Refused, match="conflict"):
            desk.machineset(apply=True, all_zones=True)
        assert desk.out == f"{LINE} created\n"

    def test_when_the_list_does_not_tell_kinds_it_is_unchanged_all_the_same(self, desk: Desk) -> None:
        desk.machineset(apply=True)
        del desk.cluster.named(NAME)["kind"], desk.cluster.named(NAME)["apiVersion"]
        desk.machineset(apply=True)
        assert desk.out == f"{LINE} unchanged\n"

    def test_when_an_output_is_asked_for_the_applied_object_is_printed(self, desk: Desk) -> None:
        desk.machineset(apply=True, format=Format("yaml"))
        (manifest,) = desk.printed
        assert manifest["metadata"]["uid"] == "u"
        assert "managedFields" not in manifest["metadata"]

    @pytest.mark.parametrize(
        ("dry_run", "suffix", "calls"),
        [(DryRun.client, "(dry run)", []), (DryRun.server, "(server dry run)", ["apply dry"])],
    )
    def test_when_it_is_a_dry_run_nothing_is_written(
        self, desk: Desk, dry_run: DryRun, suffix: str, calls: list[str]
    ) -> None:
        desk.machineset(apply=True, dry_run=dry_run)
        assert desk.out == f"{LINE} created {suffix}\n"
        assert [call for call in desk.cluster.calls if call.startswith("apply")] == calls
        desk.machineset(apply=True)
        desk.machineset(apply=True, dry_run=dry_run)
        assert desk.out == f"{LINE} unchanged {suffix}\n"
        desk.machineset(apply=True, dry_run=dry_run, replicas=9)
        assert desk.out == f"{LINE} configured {suffix}\n"

    def test_when_a_set_of_that_name_is_somebody_elses_it_is_refused_unless_forced(self, desk: Desk) -> None:
        desk.cluster = MemoryCluster(
            documents([worker(), applied_by("argocd-controller")(worker(NAME, vmSize="Standard_D2ps_v5"))])
        )
        with pytest.raises(
            Refused, match=rf"{NAME} exists, and this tool did not make it \(made by argocd-controller\)"
        ):
            desk.machineset(apply=True)
        assert desk.machineset(apply=True, force=True) == 0

    def test_when_another_manager_owns_a_field_force_conflicts_takes_it(self, desk: Desk) -> None:
        live = worker(NAME, vmSize="Standard_D2ps_v5")
        ours = {"manager": "kubectl-arm64", "operation": "Apply"}
        live["metadata"]["managedFields"] = [ours, {"manager": "machine-config-controller", "operation": "Update"}]
        desk.cluster = MemoryCluster(documents([worker(), live]))
        with pytest.raises(Refused, match="conflict with machine-config-controller"):
            desk.machineset(apply=True)
        assert desk.machineset(apply=True, force_conflicts=True) == 0

    def test_when_the_payload_is_not_multi_it_is_printed_and_not_applied(self, desk: Desk) -> None:
        single = {"status": {"desired": {"version": "4.18.34", "architecture": "amd64"}}}
        desk.cluster = MemoryCluster(documents([worker()], cluster_version={**single}))
        single["status"]["conditions"] = [  # type: ignore[assignment]
            {
                "type": "ReleaseAccepted",
                "status": "True",
                "message": 'Payload loaded version="4.18.34" architecture="amd64"',
            }
        ]
        with pytest.raises(Unsupported, match="--to-multi-arch"):
            desk.machineset(apply=True)
        assert desk.machineset() == 0
        assert "Warning" in desk.err

    def test_when_mco_manages_boot_images_a_definition_without_gen2_is_refused_unless_forced(self, desk: Desk) -> None:
        managers = [{"resource": "machinesets", "apiGroup": "machine.openshift.io", "selection": {"mode": "All"}}]
        configuration = {"status": {"managedBootImagesStatus": {"machineManagers": managers}}}
        desk.cluster = MemoryCluster(documents([worker()], machine_configuration=configuration))
        place = ImageFlags(image_definition="rhcos-arm64")
        with pytest.raises(Refused, match="without gen2"):
            desk.machineset(place, apply=True)
        assert desk.machineset(place, apply=True, force=True) == 0
        assert desk.machineset(apply=True, name="with-gen2") == 0
        assert "enrolled in managed boot images" in desk.err


class TestDifference:
    def test_when_nothing_differs_it_is_silent_and_0(self, desk: Desk) -> None:
        desk.machineset(apply=True)
        assert desk.machineset(diff=True) == 0
        assert desk.out == ""

    def test_when_something_differs_it_is_shown_and_1_and_nothing_is_written(self, desk: Desk) -> None:
        assert desk.machineset(diff=True) == 1
        assert desk.out.startswith(f"--- live/{LINE}\n+++ merged/{LINE}\n")
        assert desk.cluster.calls == ["read", "apply dry"]

    def test_when_it_fails_the_code_is_above_1(self, desk: Desk) -> None:
        with pytest.raises(NotFound) as caught:
            desk.machineset(diff=True, source="typo")
        assert caught.value.exit_code == 2


class TestUserData:
    def test_when_the_stub_is_of_ignition_2_it_is_refused_unless_forced(self, desk: Desk) -> None:
        desk.cluster.user_data = {"worker-user-data": '{"ignition": {"version": "2.2.0"}}'}
        with pytest.raises(Unsupported, match=r"spec 2\.2\.0.*worker-user-data-managed"):
            desk.machineset()
        assert desk.machineset(force=True) == 0
        assert "every ARM64 image wants spec 3" in desk.err

    def test_when_the_stub_tells_no_version_it_is_a_warning(self, desk: Desk) -> None:
        desk.cluster.user_data = {"worker-user-data": '{"ignition": {"config": {"merge": []}}}'}
        assert desk.machineset() == 0
        assert "no ignition.version" in desk.err

    def test_when_the_secret_cannot_be_read_that_is_said(self, desk: Desk) -> None:
        desk.cluster.user_data = {}
        assert desk.machineset() == 0
        assert "not checked that Secret worker-user-data" in desk.err


def test_when_an_owned_source_is_cloned_into_all_zones_each_warning_stands_once(desk: Desk) -> None:
    desk.cluster = MemoryCluster(documents([labelled(worker(), {"hive.openshift.io/machine-pool": "worker"})]))
    desk.machineset(all_zones=True)
    assert desk.err.count("owned by Hive") == 1
