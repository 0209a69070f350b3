"""Reading a MachineSet that somebody wrote, and what it must have."""

from __future__ import annotations

import json

import pytest

from kubectl_arm64.errors import InvalidInput, Refused, Unsupported
from kubectl_arm64.machineset import check_template, name_of, parse_templates
from kubectl_arm64.machineset.template import selects
from tests.templates import FOLDER, GONE, SET_LABEL, VALUE, changed, set_at, worker

WORKER = (FOLDER / "worker.yaml").read_text()


class TestReading:
    def test_when_it_is_one_document_it_is_one_template(self) -> None:
        assert parse_templates(WORKER, "worker.yaml") == [worker()]

    def test_when_it_is_json_indented_with_tabs_it_is_read(self) -> None:
        assert parse_templates(json.dumps(worker(), indent="\t"), "-") == [worker()]

    def test_when_there_are_several_documents_each_is_a_template(self) -> None:
        text = f"---\n{json.dumps(worker('a'))}\n---\n{json.dumps(worker('b'))}\n---\n"
        assert [name_of(each) for each in parse_templates(text, "x")] == ["a", "b"]

    @pytest.mark.parametrize("kind", ["List", "MachineSetList"])
    def test_when_it_is_a_list_each_item_is_a_template(self, kind: str) -> None:
        text = json.dumps({"kind": kind, "apiVersion": "v1", "items": [worker("a"), worker("b")]})
        assert [name_of(each) for each in parse_templates(text, "x")] == ["a", "b"]

    def test_when_times_are_not_quoted_they_stay_text(self) -> None:
        text = WORKER.replace('creationTimestamp: "2026-02-11T09:14:03Z"', "creationTimestamp: 2026-02-11T09:14:03Z")
        assert parse_templates(text, "x") == [worker()]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a: b: c\n", r"x\.yaml is not YAML, line 1, column 5: mapping values are not allowed here"),
            ("kind: MachineSet\n\tbad: 1\n", r"x\.yaml is not YAML, line 2"),
            ('{"kind": "MachineSet",', r"x\.yaml is not YAML, line 1"),
            ("", r"x\.yaml holds no MachineSet"),
            ("---\n---\n", r"x\.yaml holds no MachineSet"),
            ("just words", r"x\.yaml holds a string where a MachineSet is expected"),
            ("kind: List\nitems: 3\n", r"items of the List must be a list, not a number"),
            ("kind: MachineSet\n", r"holds MachineSet \(no apiVersion\)"),
            ("apiVersion: v1\nkind: Node\n", r"holds Node \(v1\) where a MachineSet is expected"),
            ("a: !!binary aGVsbG8=\n", r"is not YAML: .*not JSON serializable"),
            ("a: \x01\n", r"is not YAML"),
            (f'{{"a": {"[" * 500_000}', r"is not YAML: it is nested too deeply; give a MachineSet as YAML or JSON"),
        ],
    )
    def test_when_it_cannot_be_read_the_file_and_place_are_named(self, text: str, message: str) -> None:
        with pytest.raises(InvalidInput, match=message):
            parse_templates(text, "x.yaml")

    def test_when_it_is_of_the_cluster_api_it_is_refused_with_the_right_resource_name(self) -> None:
        with pytest.raises(InvalidInput, match=r"of the Cluster API.*machinesets\.machine\.openshift\.io"):
            parse_templates("apiVersion: cluster.x-k8s.io/v1beta1\nkind: MachineSet\n", "x")


class TestWhatItMustHave:
    def test_when_it_is_whole_it_passes(self) -> None:
        check_template(worker())

    def test_when_fields_are_missing_each_is_named_with_its_path(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            check_template(parse_templates((FOLDER / "abridged.yaml").read_text(), "x")[0])
        for field in ("location", "image", "osDisk", "vmSize", "subnet", "vnet", "userDataSecret"):
            assert f"spec.template.spec.providerSpec.value.{field} is missing" in str(caught.value)
        assert "spec.template.metadata.labels is missing" in str(caught.value)

    def test_when_tags_are_a_list_it_shows_the_map_form(self) -> None:
        template = worker(tags=[{"name": "cost-centre", "value": "4711"}])
        with pytest.raises(
            InvalidInput, match=r"value\.tags must be a map, not a list: write tags: {cost-centre: 4711}"
        ):
            check_template(template)

    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            (f"{VALUE}/zone", 1, r'value\.zone must be a string, not a number \(write "1"\)'),
            (f"{VALUE}/osDisk", "big", r"value\.osDisk must be a map, not a string"),
            (f"{VALUE}/dataDisks", {}, r"value\.dataDisks must be a list of maps, not a map"),
            ("spec/template/spec/taints", ["x"], r"taints must be a list of maps, not a list"),
            ("metadata/labels", {"team": 7}, r'metadata\.labels\["team"\] must be a string, not a number'),
            ("spec/template", [], r"spec\.template must be a map, not a list"),
            ("spec", None, r"spec\.selector\.matchLabels is missing"),
            ("metadata", None, r"metadata\.name is missing"),
        ],
    )
    def test_when_a_field_has_the_wrong_shape_its_path_is_named(self, path: str, value: object, message: str) -> None:
        template = worker()
        set_at(template, path, value)
        with pytest.raises(InvalidInput, match=message):
            check_template(template)

    @pytest.mark.parametrize(
        "template",
        [
            worker(osDisk={"osType": "Windows", "diskSizeGB": 128}),
            worker(image={"publisher": "MicrosoftWindowsServer", "offer": "WindowsServer"}),
            changed(
                worker(), spec__template__metadata__labels={SET_LABEL: "x", "machine.openshift.io/os-id": "Windows"}
            ),
        ],
    )
    def test_when_its_machines_run_windows_it_is_refused(self, template: dict[str, object]) -> None:
        with pytest.raises(Unsupported, match="Windows machines"):
            check_template(template)


class TestItsSelector:
    def test_when_it_selects_another_sets_machines_both_are_named_and_the_repair(self) -> None:
        template = changed(worker("prod-x7k2p-worker-eastus1"), metadata__name="prod-x7k2p-copy")
        with pytest.raises(Refused) as caught:
            check_template(template)
        assert "it selects the machines of prod-x7k2p-worker-eastus1" in caught.value.what
        assert f"set {SET_LABEL} to prod-x7k2p-copy" in caught.value.advice

    def test_when_it_does_not_hold_the_sets_label_it_would_take_the_clones_machines(self) -> None:
        template = changed(worker(), spec__selector__matchLabels={"team": "a"})
        with pytest.raises(Refused, match="would take the clone's machines too"):
            check_template(template)

    @pytest.mark.parametrize("labels", [{"x": "y"}, {SET_LABEL: "another"}])
    def test_when_its_template_is_not_selected_it_is_refused(self, labels: dict[str, str]) -> None:
        template = changed(worker(), spec__template__metadata__labels=labels)
        with pytest.raises(Refused, match="does not match the labels of its own template"):
            check_template(template)

    @pytest.mark.parametrize(
        ("expression", "taken"),
        [
            ({"key": "zone", "operator": "In", "values": ["1", "2"]}, True),
            ({"key": "zone", "operator": "NotIn", "values": ["1"]}, False),
            ({"key": "zone", "operator": "Exists"}, True),
            ({"key": "zone", "operator": "DoesNotExist"}, False),
            ({"key": "zone", "operator": "Near"}, False),
        ],
    )
    def test_when_it_has_expressions_they_count(self, expression: dict[str, object], taken: bool) -> None:
        template = changed(worker(), spec__selector={"matchExpressions": [expression]})
        assert selects(template, {"zone": "1"}) is taken

    def test_when_it_is_empty_it_selects_nothing(self) -> None:
        assert not selects(changed(worker(), spec__selector=GONE), {"zone": "1"})
