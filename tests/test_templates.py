"""-o go-template, and templates in files: every output here is kubectl's own (tests/e2e/test_templates.py)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from kubectl_arm64.cli.gotemplate import render
from kubectl_arm64.cli.printing import Format, PrintFlags
from kubectl_arm64.cli.templates import Template
from kubectl_arm64.errors import InvalidInput, Unsupported
from tests.conftest import Plugin
from tests.sandbox.server import Sandbox

DOCUMENT: dict[str, Any] = {
    "apiVersion": "machine.openshift.io/v1beta1",
    "kind": "MachineSet",
    "metadata": {"annotations": {"a/b": "1"}, "name": "worker"},
    "spec": {
        "list": [{"n": "one", "s": 1}, {"n": "two", "s": 2.5}],
        "nothing": None,
        "paused": False,
        "replicas": 3,
        "size": 20000000,
    },
}

FILLED = [
    ("{{.metadata.name}}", "worker"),
    ("{{.spec.replicas}} of {{.spec.size}}", "3 of 20000000"),
    ("{{.nosuch}} {{.nosuch.deeper}} {{.spec.nothing}}", "<no value> <no value> <no value>"),
    (r'{{range .spec.list}}{{.n}}={{.s}}{{"\n"}}{{end}}', "one=1\ntwo=2.5\n"),
    ("{{range .none}}a{{else}}none{{end}}", "none"),
    ("{{range $key, $value := .metadata}}{{$key}} {{end}}", "annotations name "),
    ('{{index .metadata.annotations "a/b"}}', "1"),
    ("{{(index .spec.list 1).s}}", "2.5"),
    ("{{.metadata}}", "map[annotations:map[a/b:1] name:worker]"),
    ("{{.spec.list}}", "[map[n:one s:1] map[n:two s:2.5]]"),
    ("{{if .spec.paused}}paused{{else if gt .spec.replicas 2}}many{{else}}few{{end}}", "many"),
    ('{{with .spec}}{{printf "%s-%v" "x" .replicas}}{{end}}', "x-3"),
    ('{{.kind | printf "%q"}} {{len .spec.list}} {{slice .kind 0 7}}', '"MachineSet" 2 Machine'),
    ('{{eq .kind "MachineSet"}} {{not .spec.paused}} {{and 1 0}}', "true true 0"),
    ('{{define "shown"}}[{{.}}]{{end}}{{template "shown" .kind}}', "[MachineSet]"),
    ('{{- /* a comment */ -}} x {{- " y" }}', "x y"),
    ('{{exists . "metadata" "name"}} {{exists . "metadata" "uid"}} {{exists .spec.list 7}}', "true false false"),
    ('{{base64decode "aGVsbG8="}}', "hello"),
    (r'{{base64decode "aGVs\nbG8="}}', "hello"),
]
REFUSED = [
    ("{{.metadata.name", "unclosed action"),
    ("{{range .spec.list}}", "unexpected EOF"),
    ("{{nosuch}}", "not defined"),
    ("{{index .spec.list 9}}", "index out of range"),
    ('{{gt .spec.replicas "2"}}', "incompatible types for comparison"),
    ('{{base64decode "!!"}}', "illegal base64 data at input byte 0"),
    ('{{base64decode "aGVs!G8="}}', "illegal base64 data at input byte 4"),
    ('{{base64decode "aGVsbG8"}}', "illegal base64 data at input byte 4"),
]

AS_JSON = [
    ("{.spec.list[*].n}", '[\n    "one",\n    "two"\n]\n'),
    ("{.spec.list[1]}", '[\n    {\n        "n": "two",\n        "s": 2.5\n    }\n]\n'),
    ("{.nosuch}", "[]\n"),
    ("{range .spec.list[*]}{.n}{end}", '[\n    "one"\n]\n[\n    "two"\n]\n'),
    ("x{.kind}", '[\n    "x"\n]\n[\n    "MachineSet"\n]\n'),
    ("{3}{1.0}{true}", "[\n    3\n]\n[\n    1\n]\n[\n    true\n]\n"),
]
# (format, template, what is said) where missing keys are not allowed.
MISSING = [
    ("jsonpath", "{.nosuch}", "nosuch is not found"),
    ("jsonpath", "{.kind.nosuch}", "nosuch is not found"),
    ("jsonpath", "{.metadata['name','nosuch']}", "nosuch is not found"),
    ("jsonpath", "{.spec.list[?(@.nosuch==1)].n}", "nosuch is not found"),
    ("jsonpath-as-json", "{..nosuch}", "nosuch is not found"),
    ("go-template", "{{.nosuch}}", "nosuch"),
    ("go-template", "{{.metadata.nosuch}}", "nosuch"),
]


@pytest.mark.parametrize(("template", "text"), FILLED)
def test_a_template_is_filled_as_kubectl_fills_it(template: str, text: str) -> None:
    assert render(template, DOCUMENT) == text


@pytest.mark.parametrize(("template", "said"), REFUSED)
def test_what_kubectl_refuses_is_refused(template: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        render(template, DOCUMENT)
    assert said in refused.value.what
    assert template in refused.value.what


def test_without_the_library_it_says_what_to_use_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gotpl", None)
    with pytest.raises(Unsupported, match="-o jsonpath"):
        _ = PrintFlags(format=Format("go-template={{.kind}}")).output


@pytest.mark.parametrize(
    ("form", "content"), [("jsonpath-file", "{.resourceID}"), ("go-template-file", "{{.resourceID}}")]
)
def test_a_template_may_stand_in_a_file(tmp_path: Path, form: str, content: str) -> None:
    (tmp_path / "template").write_text(content)
    output = PrintFlags(format=Format(f"{form}={tmp_path}/template")).output
    assert output is not None
    assert output.template is not None
    assert output.template.fill({"resourceID": "/resourceGroups/rg"}) == "/resourceGroups/rg"


def test_a_file_that_is_not_there_is_told_in_kubectls_words(plugin: Plugin) -> None:
    result = plugin("bootimage", "-o", "jsonpath-file=/nonexistent")
    assert (result.code, result.err) == (
        1,
        "error: error reading --template /nonexistent, open /nonexistent: no such file or directory\n",
    )


@pytest.mark.parametrize("form", [prefix.rstrip("=") for prefix in Format.TEMPLATES])
def test_a_form_without_its_template_is_refused(plugin: Plugin, form: str) -> None:
    for value in (form, f"{form}="):
        result = plugin("machineset", "-o", value)
        assert result.code == 1
        assert result.err.startswith("error: template format specified but no template given")


def test_a_format_that_there_is_not_gets_kubectls_line(plugin: Plugin) -> None:
    assert plugin("bootimage", "-o", "custom-columns=NAME:.x").err.splitlines()[0] == (
        'error: unable to match a printer suitable for the output format "custom-columns=NAME:.x", allowed formats '
        "are: go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,"
        "wide,yaml"
    )


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("-o jsonpath --template={.location}", "eastus"),
        ("-o jsonpath-as-json --template={.location}", '[\n    "eastus"\n]\n'),
        ("-o jsonpath-as-json={.location}", '[\n    "eastus"\n]\n'),
        ("-o jsonpath={.nosuch}", ""),
        ("-o name --template={{.location}}", None),
    ],
)
def test_a_template_may_stand_in_a_flag_of_its_own(plugin: Plugin, words: str, printed: str | None) -> None:
    result = plugin("bootimage", *words.split())
    assert result.out == (plugin("bootimage", "-o", "name").out if printed is None else printed)


NO_LIBRARY = pytest.mark.sources_only("the archive has no library for Go templates (docs/adr/0005-go-templates.md)")


@NO_LIBRARY
@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("-o go-template --template={{.location}}", "eastus"),
        ("-o template={{.location}}", "eastus"),
        ("--template={{.location}}", "eastus"),
        ("--template={{.nosuch}}", "<no value>"),
    ],
)
def test_a_template_alone_is_gos(plugin: Plugin, words: str, printed: str) -> None:
    assert plugin("bootimage", *words.split()).out == printed


@NO_LIBRARY
def test_the_flag_of_its_own_may_name_a_file(plugin: Plugin, tmp_path: Path) -> None:
    (tmp_path / "template").write_text("{{.location}}")
    assert plugin("bootimage", "-o", "templatefile", f"--template={tmp_path}/template").out == "eastus"


@pytest.mark.parametrize(("form", "template", "said"), MISSING)
def test_what_a_template_misses_is_an_error_on_request(form: str, template: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Template(form, template, strict=True).fill(DOCUMENT)


def test_the_flag_that_requests_it_is_kubectls(plugin: Plugin) -> None:
    result = plugin("bootimage", "-o", "jsonpath={.nosuch}", "--allow-missing-template-keys=false")
    assert result.code == 1
    assert 'error: error executing jsonpath "{.nosuch}": nosuch is not found' in result.err


def test_two_templates_are_one_too_many(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin("bootimage", "-o", "jsonpath={.location}", "--template={.location}")
    assert result.code == 1
    assert result.err.startswith("error: -o jsonpath={.location} and --template both give a template")
    assert sandbox.asked("", "") == []


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_managed_fields_are_printed_on_request_alone(plugin: Plugin, form: str) -> None:
    assert plugin("machineset", "--publish", "--apply").code == 0
    shown = plugin("machineset", "--apply", "-o", form)
    assert "resourceVersion" in shown.out
    assert "managedFields" not in shown.out
    assert "managedFields" in plugin("machineset", "--apply", "-o", form, "--show-managed-fields").out


@pytest.mark.parametrize(("template", "text"), AS_JSON)
def test_jsonpath_as_json_prints_an_array_for_each_expression(template: str, text: str) -> None:
    assert Template("jsonpath-as-json", template).fill(DOCUMENT) == text


def test_a_wide_plan_is_a_table_with_the_right_that_each_step_needs(plugin: Plugin) -> None:
    heads, *lines = plugin("bootimage", "--dry-run", "-o", "wide").out.splitlines()
    assert heads.split() == ["ACTION", "RESOURCE", "NOTE", "PERMISSION"]
    assert lines[-1].startswith("create   image version rhcos-arm64-gen2/")
    assert lines[-1].endswith("   Microsoft.Compute/galleries/images/versions/write")


def test_a_result_without_a_table_is_printed_as_ever(plugin: Plugin) -> None:
    assert plugin("bootimage", "-o", "wide").out == plugin("bootimage").out
