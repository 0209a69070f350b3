"""What flags and the cluster ask for, made one plan."""

from __future__ import annotations

import pytest

from kubectl_arm64.cluster import ClusterFacts
from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.plan import Wishes, resolve
from kubectl_arm64.stream import Architecture, BootImage

VHD = "https://rhcos.blob.core.windows.net/imagebucket/rhcos-418.94.202602022246-0-azure.aarch64.vhd"
IMAGE = BootImage("rhel-9", Architecture.AARCH64, "418.94.202602022246-0", VHD)
FACTS = ClusterFacts(
    infra_name="prod-7x2kq",
    resource_group="prod-7x2kq-rg",
    location="eastus",
    subscription="00000000-0000-4000-8000-000000000001",
    resource_tags={"owner": "platform", "costCenter": "0042"},
)


@pytest.mark.parametrize("name", ["owner", "Owner", "OWNER"])
def test_when_a_flag_names_a_tag_of_the_cluster_in_any_case_it_takes_its_place(name: str) -> None:
    plan = resolve(IMAGE, Wishes(tags={name: "storage"}), FACTS)
    assert plan.tags == {name: "storage", "costCenter": "0042"}


def test_when_two_flags_name_one_tag_in_two_cases_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'owner' and 'Owner' are one name to Azure"):
        resolve(IMAGE, Wishes(tags={"owner": "storage", "Owner": "network"}), FACTS)
