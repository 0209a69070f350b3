"""Small parts: capacity and needs, taints and labels, whose a live set is, the Ignition stub."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_arm64.errors import InvalidInput, UsageError
from kubectl_arm64.machineset import (
    Capacity,
    capacity,
    differs,
    is_ours,
    made_by,
    needs,
    parse_node_label,
    parse_taint,
    user_data_problem,
)
from kubectl_arm64.sizes import Needs, parse_sizes
from tests.skus import EASTUS
from tests.templates import GONE, applied_by, changed, worker

SIZES = parse_sizes(EASTUS, "eastus")


class TestCapacity:
    def test_when_the_regions_sizes_hold_its_size_they_tell(self) -> None:
        assert capacity(changed(worker(), metadata__annotations=GONE), SIZES) == Capacity(4, 16)

    def test_when_they_do_not_its_annotations_tell(self) -> None:
        assert capacity(worker(vmSize="Standard_Retired_v1"), {}) == Capacity(4, 16)

    def test_when_neither_tells_vm_size_is_advised(self) -> None:
        with pytest.raises(InvalidInput, match=r"Standard_D4s_v3 is not among the region's sizes.*--vm-size"):
            capacity(changed(worker(), metadata__annotations=GONE), {})


class TestNeeds:
    def test_when_it_is_an_ordinary_worker_it_needs_what_it_uses(self) -> None:
        assert needs(worker()) == Needs(zone="1", accelerated_networking=True, premium_io=True)

    def test_when_told_to_people_only_what_is_asked_is_named(self) -> None:
        asked = Needs(ephemeral_os_disk_gib=64, ultra_ssd=True, encryption_at_host=True, security_type="TrustedLaunch")
        assert str(asked) == "an ephemeral OS disk of 64 GiB, ultra SSD, encryption at host, TrustedLaunch"
        assert str(Needs()) == ""

    def test_when_another_zone_is_asked_for_it_needs_that(self) -> None:
        assert needs(worker(), "3").zone == "3"

    @pytest.mark.parametrize(("size", "gib"), [(300, 300), (GONE, 128)])
    def test_when_its_os_disk_is_ephemeral_its_size_counts(self, size: object, gib: int) -> None:
        template = worker()
        disk = template["spec"]["template"]["spec"]["providerSpec"]["value"]["osDisk"]
        disk["diskSettings"] = {"ephemeralStorageLocation": "Local"}
        changed(template, spec__template__spec__providerSpec__value__osDisk__diskSizeGB=size)
        assert needs(template).ephemeral_os_disk_gib == gib


class TestTaints:
    def test_when_bare_it_is_the_documented_one(self) -> None:
        assert parse_taint("") == {"effect": "NoSchedule", "key": "multi-arch.openshift.io/arch", "value": "arm64"}

    @pytest.mark.parametrize(
        ("text", "taint"),
        [
            ("a/b=c:NoExecute", {"effect": "NoExecute", "key": "a/b", "value": "c"}),
            ("dedicated:PreferNoSchedule", {"effect": "PreferNoSchedule", "key": "dedicated"}),
            ("dedicated=:NoSchedule", {"effect": "NoSchedule", "key": "dedicated", "value": ""}),
        ],
    )
    def test_when_written_as_oc_adm_taint_takes_it_it_is_read(self, text: str, taint: dict[str, str]) -> None:
        assert parse_taint(text) == taint

    @pytest.mark.parametrize("text", ["a=b", "a=b:Never", "=b:NoSchedule", ":NoSchedule", "a b=c:NoSchedule"])
    def test_when_it_is_no_taint_the_form_is_shown(self, text: str) -> None:
        with pytest.raises(UsageError, match="is not KEY=VALUE:EFFECT"):
            parse_taint(text)

    def test_when_a_node_label_has_no_value_it_may_be_empty_but_not_absent(self) -> None:
        assert parse_node_label("tier=") == ("tier", "")
        with pytest.raises(UsageError, match="--node-label tier is not KEY=VALUE"):
            parse_node_label("tier")


class TestWhoseItIs:
    def test_when_this_tool_applied_it_it_is_ours(self) -> None:
        assert is_ours(applied_by("kubectl-arm64")(worker()))

    def test_when_others_made_it_they_are_named(self) -> None:
        assert not is_ours(worker())
        assert made_by(worker()) == "cluster-bootstrap"
        assert made_by({"metadata": {}}) == "an unknown writer"

    def test_when_our_name_only_updated_it_it_is_not_ours(self) -> None:
        entry = {"manager": "kubectl-arm64", "operation": "Update"}
        assert not is_ours(changed(worker(), metadata__managedFields=[entry]))


class TestWhetherAnythingIsLeftToDo:
    @pytest.mark.parametrize(
        ("manifest", "live", "left"),
        [
            ({"a": 1}, {"a": 1, "b": 2}, False),
            ({"a": 1}, {"a": True}, True),
            ({"a": {}}, {}, True),
            ({"a": None}, {}, False),
            ({"a": [1]}, {"a": [1, 2]}, True),
        ],
    )
    def test_when_compared_only_what_the_manifest_states_counts(self, manifest: Any, live: Any, left: bool) -> None:
        assert differs(manifest, live) is left


class TestTheIgnitionStub:
    @pytest.mark.parametrize(
        ("user_data", "says", "fatal"),
        [
            ('{"ignition": {"version": "3.2.0"}}', "", False),
            (
                '{"ignition": {"version": "2.2.0"}}',
                "Ignition stub of spec 2.2.0, and every ARM64 image wants spec 3",
                True,
            ),
            ('{"ignition": {"config": {"append": []}}}', "spec 2, and every ARM64 image wants spec 3", True),
            (
                '{"ignition": {"config": {"merge": []}}}',
                "has no ignition.version; its merge form is that of spec 3",
                False,
            ),
            ('{"ignition": {}}', "is not known (missing)", False),
            ('{"ignition": {"config": []}}', "is not known (missing)", False),
            ('{"ignition": {"version": "4.0.0"}}', "is not known (4.0.0)", False),
            ("#cloud-config", "is not known (missing)", False),
            ("[]", "is not known (missing)", False),
            ('{"ignition": 3}', "is not known (missing)", False),
        ],
    )
    def test_when_read_its_spec_is_judged(self, user_data: str, says: str, fatal: bool) -> None:
        problem, stops = user_data_problem(user_data, "worker-user-data")
        assert says in problem
        assert bool(says) is bool(problem)
        assert stops is fatal
