"""What kubectl prints: YAML, JSON, names, differences."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_arm64.cli import go_json
from kubectl_arm64.cli.manifest import diff, same, shown, to_yaml
from kubectl_arm64.cli.printing import Output
from tests.templates import worker

# Printed by kubectl 1.32: `kubectl create configmap texts --dry-run=client -o yaml --from-literal=...`.
PRINTED_BY_KUBECTL = (Path(__file__).parent / "fixtures" / "printed-by-kubectl.yaml").read_text()


class TestYaml:
    def test_when_a_manifest_is_printed_it_is_in_kubectls_style(self) -> None:
        assert to_yaml({"b": ["x", {"k": 1, "j": []}], "a": {"z": {}, "n": None, "s": "1", "t": True}}) == (
            'a:\n  "n": null\n  s: "1"\n  t: true\n  z: {}\nb:\n- x\n- j: []\n  k: 1\n'
        )

    def test_when_text_looks_like_another_type_it_is_quoted(self) -> None:
        assert to_yaml({"vCPU": "4", "zone": "1", "on": "yes", "e": "1e3", "y": "y"}) == (
            'e: "1e3"\n"on": "yes"\nvCPU: "4"\n"y": "y"\nzone: "1"\n'
        )

    def test_when_text_has_lines_it_is_a_literal_block(self) -> None:
        assert to_yaml({"last": "{}\n"}) == "last: |\n  {}\n"

    def test_when_one_value_stands_twice_no_alias_is_written(self) -> None:
        shared = {"name": "x"}
        assert "&" not in to_yaml([shared, shared])

    @settings(deadline=None)
    @given(st.text() | st.text(alphabet="a \n\t\r\x85\u2028\x00:#-"))
    def test_when_read_again_any_text_is_the_same(self, text: str) -> None:
        assert yaml.safe_load(to_yaml({"k": text})) == {"k": text}

    def test_when_kubectl_prints_the_same_object_it_is_the_same_text(self) -> None:
        assert to_yaml(yaml.safe_load(PRINTED_BY_KUBECTL)) == PRINTED_BY_KUBECTL


class TestOutputs:
    def test_when_json_is_printed_it_has_four_spaces_and_gos_escapes(self) -> None:
        assert go_json.indented({"b": "<&>", "a": "é"}) == '{\n    "a": "é",\n    "b": "\\u003c\\u0026\\u003e"\n}\n'

    def test_when_there_are_several_yaml_has_documents_and_json_is_a_list(self) -> None:
        pair = [worker("a"), worker("b")]
        assert [document["metadata"]["name"] for document in yaml.safe_load_all(shown(pair, Output.yaml))] == ["a", "b"]
        listed = json.loads(shown(pair, Output.json))
        assert (listed["kind"], len(listed["items"])) == ("List", 2)

    def test_when_there_is_one_json_is_that_object(self) -> None:
        assert json.loads(shown([worker("a")], Output.json))["kind"] == "MachineSet"

    def test_when_names_are_asked_for_they_hold_the_full_resource(self) -> None:
        assert shown([worker("a"), worker("b")], Output.name) == (
            "machineset.machine.openshift.io/a\nmachineset.machine.openshift.io/b\n"
        )

    def test_when_it_is_to_be_wide_each_is_a_line_under_the_names_of_its_columns(self) -> None:
        heads, one, other = shown([worker("prod-a", zone="1"), worker("b")], Output.wide).splitlines()
        assert heads.split() == ["NAME", "DESIRED", "TYPE", "REGION", "ZONE", "IMAGE"]
        assert one.split()[:5] == ["prod-a", "3", "Standard_D4s_v3", "eastus", "1"]
        assert (one.index("Standard"), other.index("Standard")) == (heads.index("TYPE"),) * 2


class TestDifference:
    def test_when_only_the_servers_fields_differ_there_is_none(self) -> None:
        later = worker()
        later["metadata"] |= {"resourceVersion": "99", "generation": 9, "managedFields": []}
        later["status"] = {"replicas": 0}
        assert diff(worker(), later) == ""
        assert same(worker(), later)

    def test_when_a_value_differs_it_is_unified_with_kubectls_headers(self) -> None:
        text = diff(worker(), worker(vmSize="Standard_D4ps_v5"))
        name = "machineset.machine.openshift.io/prod-x7k2p-worker-eastus1"
        assert text.startswith(f"--- live/{name}\n+++ merged/{name}\n")
        assert "-          vmSize: Standard_D4s_v3\n+          vmSize: Standard_D4ps_v5\n" in text

    def test_when_nothing_is_live_everything_is_added(self) -> None:
        assert all(line[0] in "+@-" for line in diff(None, worker()).splitlines())

    def test_when_true_becomes_1_that_is_a_difference(self) -> None:
        assert diff(worker(publicIP=True), worker(publicIP=1))
