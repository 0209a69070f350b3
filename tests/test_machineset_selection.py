"""Which MachineSet is cloned when none is named."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_arm64.errors import NotFound
from kubectl_arm64.machineset import default_template, name_of, unfit
from tests.templates import GONE, annotated, changed, node_labelled, set_at, tainted, worker

ROLE = "machine.openshift.io/cluster-api-machine-role"


def with_role(role: str) -> dict[str, Any]:
    template = worker()
    set_at(template, f"spec/template/metadata/labels/{ROLE.replace('/', '|')}", role)
    labels = template["spec"]["template"]["metadata"]["labels"]
    labels[ROLE] = labels.pop(ROLE.replace("/", "|"))
    return template


class TestTheChoice:
    def test_when_there_are_several_it_takes_the_lowest_zone_then_the_name(self) -> None:
        sets = [worker("c", zone="2"), worker("b", zone="1"), worker("a", zone="3"), worker("d", zone="1")]
        assert name_of(default_template(sets)) == "b"

    def test_when_a_zone_is_asked_for_it_takes_that_zones_own(self) -> None:
        assert name_of(default_template([worker("a", zone="1"), worker("b", zone="2")], "2")) == "b"

    def test_when_no_fit_set_is_in_the_zone_it_takes_the_lowest_zones(self) -> None:
        sets = [worker("a", zone="1"), worker("b", zone="3", spotVMOptions={})]
        assert name_of(default_template(sets, "3")) == "a"

    def test_when_none_is_fit_each_is_named_with_its_reason(self) -> None:
        with pytest.raises(NotFound) as caught:
            default_template([worker("gpu", vmSize="Standard_NC4as_T4_v3"), worker("cheap", spotVMOptions={})])
        assert caught.value.what == (
            "no MachineSet is fit to be cloned: cheap: its machines are Spot VMs; gpu: has a GPU (Standard_NC4as_T4_v3)"
        )
        assert "--from" in caught.value.advice

    def test_when_there_is_no_set_at_all_it_says_so(self) -> None:
        with pytest.raises(NotFound, match="no MachineSet to clone; name a source"):
            default_template([])


class TestWhatIsNotFit:
    def test_when_it_is_an_ordinary_worker_it_is_fit(self) -> None:
        assert unfit(worker()) == ""

    @pytest.mark.parametrize(
        ("template", "reason"),
        [
            (with_role("infra"), "role infra, not worker"),
            (worker(vmSize="Standard_D4ps_v5"), "is ARM64 already (Standard_D4ps_v5)"),
            (
                annotated(
                    worker(), {"capacity.cluster-autoscaler.kubernetes.io/labels": "a=b, kubernetes.io/arch=arm64"}
                ),
                "is ARM64 already",
            ),
            (annotated(worker(), {"machine.openshift.io/GPU": "1"}), "has a GPU"),
            (changed(worker(vmSize="Standard_NC4as_T4_v3"), metadata__annotations=GONE), "has a GPU"),
            (tainted(worker(), "dedicated"), "its nodes have a taint"),
            (worker(spotVMOptions={}), "its machines are Spot VMs"),
            (worker(spotVMOptions={"maxPrice": "0.1"}), "its machines are Spot VMs"),
            (worker(publicIP=True), "its machines have a public address"),
            (node_labelled(worker(), {"submariner.io/gateway": "true"}), "gateway label"),
            (node_labelled(worker(), {"cluster.ocs.openshift.io/openshift-storage": ""}), "storage label"),
            (node_labelled(worker(), {"node-role.kubernetes.io/infra": ""}), "infra label"),
            (node_labelled(worker(), {"node-role.kubernetes.io/batch": ""}), "role batch, not worker"),
            (worker(securityProfile={"settings": {"securityType": "ConfidentialVM"}}), "makes confidential VMs"),
            (changed(worker(), metadata__deletionTimestamp="2026-02-11T09:14:03Z"), "is being deleted"),
            (changed(worker(), metadata__name="copy"), "does not match its own name"),
            (worker(osDisk={"osType": "Windows"}), "makes Windows machines"),
            (worker(subnet=GONE), "value.subnet is missing"),
        ],
    )
    def test_when_it_is_special_it_is_not_taken_unasked(self, template: dict[str, Any], reason: str) -> None:
        assert reason in unfit(template)

    def test_when_spot_options_are_null_its_machines_are_not_spot(self) -> None:
        assert unfit(worker(spotVMOptions=None)) == ""
