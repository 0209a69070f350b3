"""VM sizes: what SKUs say, what a size lacks, and which is nearest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kubectl_arm64.errors import Unsupported
from kubectl_arm64.sizes import Needs, VmSize, advice_for, named_arm64, nearest, parse_sizes, shortcomings
from tests.skus import CACHED, EASTUS, GIB, restricted, sku, x64

SCSI = frozenset({"SCSI"})
BOTH = frozenset({"SCSI", "NVMe"})


def sizes(*skus: dict[str, Any]) -> dict[str, VmSize]:
    return parse_sizes(skus or EASTUS, "eastus")


def one(entry: dict[str, Any]) -> VmSize:
    (size,) = sizes(entry).values()
    return size


class TestWhatASkuSays:
    def test_when_capabilities_are_absent_it_is_a_generation_1_x64_size_with_scsi(self) -> None:
        bare = {**x64("A1", 1, 2), "capabilities": [{"name": "vCPUs", "value": "1"}]}
        size = one(bare)
        assert (size.architecture, size.generations, size.disk_controllers) == ("x64", frozenset({"V1"}), SCSI)
        assert not size.premium_io
        assert not size.trusted_launch

    def test_when_azure_spells_the_region_for_people_it_is_the_same_region(self) -> None:
        assert "standard_d4ps_v5" in parse_sizes([sku("D4ps_v5", 4, 16, location="East US")], "eastus")

    def test_when_a_sku_is_of_another_region_or_resource_it_is_left_out(self) -> None:
        disk = {**sku("D4ps_v5", 4, 16), "resourceType": "disks"}
        assert parse_sizes([disk, sku("D4ps_v5", 4, 16, location="westus")], "eastus") == {}

    def test_when_a_zone_is_restricted_it_is_not_among_the_zones(self) -> None:
        size = one(sku("D4ps_v5", 4, 16, restrictions=[restricted("Zone", zones=["1"])]))
        assert size.zones == {"2", "3"}
        assert size.restricted_zones == {"1": "NotAvailableForSubscription"}

    def test_when_ultra_ssd_is_told_per_zone_it_holds_there_only(self) -> None:
        assert one(sku("D4ps_v5", 4, 16, ultra_ssd_in=["3"])).ultra_ssd_zones == {"3"}

    def test_when_a_number_is_no_number_it_counts_as_none(self) -> None:
        assert one(sku("D4ps_v5", 4, 16, GPUs="none")).gpus == 0

    @pytest.mark.parametrize(
        ("capabilities", "gib"),
        [
            ({"CachedDiskBytes": str(100 * GIB), "MaxResourceVolumeMB": "153600", **CACHED}, 100),
            ({"MaxResourceVolumeMB": "153600", "SupportedEphemeralOSDiskPlacements": "ResourceDisk"}, 150),
            ({"NvmeDiskSizeInMiB": "225280", "SupportedEphemeralOSDiskPlacements": "NvmeDisk"}, 220),
            ({}, 0),
        ],
        ids=["cache before local disk", "local disk", "NVMe disk", "neither"],
    )
    def test_when_no_placement_is_named_an_ephemeral_disk_lives_where_azure_puts_it(
        self, capabilities: dict[str, Any], gib: int
    ) -> None:
        assert one(sku("D4pds_v5", 4, 16, **capabilities)).cache_gib == gib


class TestWhatASizeLacks:
    def test_when_everything_fits_there_is_nothing_to_say(self) -> None:
        needs = Needs(zone="1", accelerated_networking=True, premium_io=True, encryption_at_host=True)
        assert shortcomings(one(sku("D4ps_v5", 4, 16)), needs, BOTH) == []

    def test_when_it_is_x86_nothing_else_matters(self) -> None:
        assert shortcomings(one(x64("D4s_v3", 4, 16)), Needs(zone="9")) == ["Standard_D4s_v3 in eastus is an x86 size"]

    @pytest.mark.parametrize(
        ("capabilities", "needs", "reason"),
        [
            (
                {"AcceleratedNetworkingEnabled": "False"},
                Needs(accelerated_networking=True),
                "no accelerated networking",
            ),
            ({}, Needs(ephemeral_os_disk_gib=128), "EphemeralOSDiskSupported False"),
            (
                {**CACHED, "CachedDiskBytes": str(100 * GIB)},
                Needs(ephemeral_os_disk_gib=128),
                "room for an ephemeral OS disk of 100 GiB, the template's has 128 GiB",
            ),
            ({}, Needs(ultra_ssd=True, zone="2"), "no ultra SSD in zone 2"),
            ({"EncryptionAtHostSupported": "False"}, Needs(encryption_at_host=True), "EncryptionAtHostSupported False"),
            ({"PremiumIO": "False"}, Needs(premium_io=True), "PremiumIO False"),
            ({"TrustedLaunchDisabled": "True"}, Needs(security_type="TrustedLaunch"), "no Trusted Launch"),
            ({}, Needs(security_type="ConfidentialVM"), "no ARM64 size can"),
            ({"HyperVGenerations": "V1"}, Needs(), "cannot boot a generation 2 image"),
        ],
    )
    def test_when_a_feature_is_missing_it_is_named_with_size_and_region(
        self, capabilities: dict[str, Any], needs: Needs, reason: str
    ) -> None:
        (found,) = shortcomings(one(sku("D4ps_v5", 4, 16, **capabilities)), needs)
        assert found.startswith("Standard_D4ps_v5 in eastus ")
        assert reason in found

    def test_when_size_and_definition_share_no_disk_controller_both_are_told(self) -> None:
        (found,) = shortcomings(one(sku("D4ps_v6", 4, 16, DiskControllerTypes="NVMe")), Needs(), SCSI)
        assert "boots from NVMe only" in found
        assert "allows SCSI only" in found

    @pytest.mark.parametrize("controllers", [None, frozenset({"nvme", "SCSI"})])
    def test_when_the_definition_is_unknown_or_spelt_otherwise_nvme_is_no_matter(
        self, controllers: frozenset[str] | None
    ) -> None:
        assert shortcomings(one(sku("D4ps_v6", 4, 16, DiskControllerTypes="NVMe")), Needs(), controllers) == []

    def test_when_the_zone_is_restricted_it_names_reason_and_free_zones(self) -> None:
        size = one(sku("D4ps_v5", 4, 16, restrictions=[restricted("Zone", zones=["1"])]))
        (found,) = shortcomings(size, Needs(zone="1"))
        assert "in zone 1 of eastus (NotAvailableForSubscription; free in zone 2, 3)" in found

    def test_when_the_region_is_restricted_it_names_the_reason(self) -> None:
        size = one(sku("D4ps_v5", 4, 16, restrictions=[restricted("Location", "QuotaId")]))
        assert shortcomings(size, Needs()) == [
            "Standard_D4ps_v5 is not available to this subscription in eastus (QuotaId)"
        ]

    def test_when_a_zone_is_asked_of_a_region_without_zones_it_is_refused(self) -> None:
        (found,) = shortcomings(one(sku("D4ps_v5", 4, 16, zones=())), Needs(zone="1"))
        assert "not offered in zone 1 of eastus (in no zone of it)" in found


class TestTheNearest:
    @pytest.mark.parametrize(
        ("vcpus", "memory", "needs", "controllers", "name"),
        [
            (4, 16, Needs(zone="1"), BOTH, "D4ps_v5"),
            (3, 9, Needs(zone="1"), BOTH, "D4ps_v5"),
            (4, 17, Needs(zone="1"), BOTH, "D8ps_v5"),
            (2, 8, Needs(), BOTH, "D2ps_v5"),
            (4, 16, Needs(security_type="TrustedLaunch"), SCSI, "B4ps_v2"),
            (4, 16, Needs(ephemeral_os_disk_gib=64), SCSI, "D4pds_v5"),
            (4, 16, Needs(ephemeral_os_disk_gib=128), SCSI, "D8pds_v5"),
        ],
    )
    def test_when_several_fit_it_takes_fewest_vcpus_then_least_memory_then_no_local_disk_then_name(
        self, vcpus: int, memory: int, needs: Needs, controllers: frozenset[str], name: str
    ) -> None:
        assert nearest(sizes(), vcpus, memory, needs, controllers).name == f"Standard_{name}"

    def test_when_skus_come_in_another_order_it_is_the_same_size(self) -> None:
        there: Sequence[dict[str, Any]] = EASTUS
        back = tuple(reversed(there))
        assert nearest(sizes(*there), 4, 16, Needs()) == nearest(sizes(*back), 4, 16, Needs())

    def test_when_another_is_as_large_a_burstable_size_is_not_taken(self) -> None:
        assert nearest(sizes(sku("B4ps_v2", 4, 16), sku("D4ps_v5", 4, 16)), 4, 16, Needs()).name == "Standard_D4ps_v5"

    def test_when_a_size_has_a_gpu_it_is_not_taken(self) -> None:
        assert nearest(sizes(sku("NC4ps_v9", 4, 16, GPUs="1"), sku("D8ps_v5", 8, 32)), 4, 16, Needs()).vcpus == 8

    def test_when_one_has_fewer_vcpus_and_another_less_memory_vcpus_count_first(self) -> None:
        pair = sizes(sku("E4ps_v5", 4, 32), sku("D8pls_v5", 8, 16))
        assert nearest(pair, 4, 16, Needs()).name == "Standard_E4ps_v5"

    def test_when_the_definition_lacks_nvme_it_takes_another_size(self) -> None:
        pair = sizes(sku("D4ps_v6", 4, 16, DiskControllerTypes="NVMe"), sku("D8ps_v5", 8, 32))
        assert nearest(pair, 4, 16, Needs(), SCSI).name == "Standard_D8ps_v5"

    def test_when_the_region_has_no_arm64_it_says_so_and_how_to_find_one_that_has(self) -> None:
        with pytest.raises(Unsupported, match=r"eastus offers no ARM64 VM size.*az vm list-skus"):
            nearest(sizes(x64("D4s_v3", 4, 16)), 4, 16, Needs())
        with pytest.raises(Unsupported, match="westindia offers no ARM64 VM size"):
            nearest({}, 4, 16, Needs(), location="westindia")

    def test_when_the_zone_has_none_it_names_the_zones_that_have(self) -> None:
        with pytest.raises(Unsupported) as caught:
            nearest(sizes(sku("D4ps_v5", 4, 16, zones=("2", "3"))), 4, 16, Needs(zone="1"))
        assert "no ARM64 VM size in zone 1 of eastus fits the template" in caught.value.what
        assert caught.value.advice == "Standard_D4ps_v5 is free in zone 2, 3: give --zone"

    def test_when_all_are_too_small_it_says_so(self) -> None:
        with pytest.raises(Unsupported, match=r"at least 64 vCPUs and 256 GiB\): the ones that it has are smaller"):
            nearest(sizes(), 64, 256, Needs())

    def test_when_none_has_a_feature_each_reason_is_named_and_long_lists_are_cut(self) -> None:
        many = sizes(*(sku(f"D{n}ps_v5", n, 4 * n) for n in (4, 8, 16, 32, 48)))
        with pytest.raises(Unsupported, match=r"Standard_D4ps_v5 in eastus has no ultra SSD.*; and 2 more"):
            nearest(many, 4, 16, Needs(ultra_ssd=True))


class TestAdvice:
    def test_when_a_named_size_does_not_fit_the_nearest_that_do_are_proposed(self) -> None:
        advice = advice_for("Standard_D8ps_v5", sizes(), 8, 32, Needs(ephemeral_os_disk_gib=128), BOTH)
        assert advice == "these fit: Standard_D8pds_v5"

    def test_when_nothing_has_the_feature_it_is_to_be_taken_out(self) -> None:
        assert "take it out of the template" in advice_for("Standard_D4ps_v5", sizes(), 4, 16, Needs(ultra_ssd=True))


@pytest.mark.parametrize(
    ("name", "arm64"),
    [
        ("Standard_D4ps_v5", True),
        ("standard_d16plds_v6", True),
        ("Standard_B2pts_v2", True),
        ("Standard_D4s_v3", False),
        ("Standard_NP10s", False),
        ("Standard_NC4as_T4_v3", False),
        ("Standard_DS2_v2_Promo", False),
    ],
)
def test_when_only_the_name_is_known_its_p_tells_arm64(name: str, arm64: bool) -> None:
    assert named_arm64(name) is arm64
