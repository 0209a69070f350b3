"""kubectl's dialect of JSONPath: every output and refusal here is kubectl's own (tests/e2e/test_templates.py)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_arm64.cli.jsonpath import render
from kubectl_arm64.cli.manifest import shown
from kubectl_arm64.cli.printing import Format, PrintFlags
from kubectl_arm64.errors import InvalidInput
from tests.conftest import Plugin
from tests.sandbox.server import Sandbox

POD: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Pod",
    "metadata": {"name": "p", "labels": {"a": "one", "b.c/d": "x<y"}},
    "spec": {
        "containers": [
            {"name": "one", "image": "i1", "ports": [{"containerPort": 80}, {"containerPort": 81}]},
            {"name": "two", "image": "i2", "ports": [{"containerPort": 90}], "tty": True},
            {"name": "three", "image": "i3"},
        ],
        "nodeSelector": None,
        "terminationGracePeriodSeconds": 30,
    },
}


FILLED = [
    ("{.metadata.name}", "p"),
    ("{ .kind }", "Pod"),
    ("{$.kind} {@.kind}", "Pod Pod"),
    (".metadata.name", ".metadata.name"),
    ("a {.kind} b{.spec.terminationGracePeriodSeconds}", "a Pod b30"),
    ("{.metadata.labels}", r'{"a":"one","b.c/d":"x\u003cy"}'),
    (r"{.metadata.labels.b\.c/d}", "x<y"),
    (r"{.metadata.labels['b\.c/d']}", "x<y"),
    ("{.metadata['name']}", "p"),
    ("{.metadata['name','labels']}", r'p {"a":"one","b.c/d":"x\u003cy"}'),
    ("{.metadata.labels.*}", "one x<y"),
    ("{.spec.nodeSelector}", "null"),
    ("{.spec.containers[?(@.name<$.spec.nodeSelector)].name}", ""),
    ("{.spec.containers[?($.spec.nodeSelector<$.spec.nodeSelector)].name}", ""),
    ("{.spec.containers[?($.spec.nodeSelector==$.spec.nodeSelector)].name}", ""),
    ("{.spec.containers[?(@.name!=$.spec.nodeSelector)].name}", ""),
    ("{.nosuch}", ""),
    ("{.nosuch.deeper}", ""),
    ("{.kind.x}", ""),
    ("{.spec.containers.name}", ""),
    ("{.spec.containers[*].name}", "one two three"),
    ("{.spec.containers[-1].name}", "three"),
    ("{.spec.containers[0,2].name}", "one three"),
    ("{.spec.containers[0:2].name}", "one two"),
    ("{.spec.containers[0:-1].name}", "one two"),
    ("{.spec.containers[0:0].name}", ""),
    ("{.spec.containers[3:].name}", ""),
    ("{.spec.containers[-2:].name}", "two three"),
    ("{.spec.containers[::2].name}", "one three"),
    ("{.spec.containers[0:3:2].name}", "one three"),
    ("{.spec.containers[*].ports}", '[{"containerPort":80},{"containerPort":81}] [{"containerPort":90}]'),
    ("{..name}", "p one two three"),
    ("{..containerPort}", "80 81 90"),
    ("{..ports[*].containerPort}", "80 81 90"),
    ('{.spec.containers[?(@.name=="two")].image}', "i2"),
    ("{.spec.containers[?(@.name=='two')].image}", "i2"),
    ('{.spec.containers[?("two"==@.name)].image}', "i2"),
    ('{.spec.containers[?(@.name!="two")].name}', "one three"),
    ('{.spec.containers[?(@.nosuch=="x")].name}', ""),
    ("{.spec.containers[?(@.tty)].image}", "i2"),
    ("{.spec.containers[?(@.tty==true)].image}", "i2"),
    ('{.spec.containers[?(@.name=="one")].ports[?(@.containerPort==81)]}', '{"containerPort":81}'),
    (r'{range .spec.containers[*]}{.name}{"\t"}{.image}{"\n"}{end}', "one\ti1\ntwo\ti2\nthree\ti3\n"),
    ("{range .spec.containers[*]}[{range .ports[*]}{.containerPort},{end}]{end}", "[80,81,][90,][]"),
    ("{range .spec.containers[*]}{.name}", "onetwothree"),
    ('{"x"}{\'y\'}{"{}"}', "xy{}"),
    ("{true}{1}", "true1"),
]


@pytest.mark.parametrize(("template", "text"), FILLED)
def test_a_template_is_filled_as_kubectl_fills_it(template: str, text: str) -> None:
    assert render(template, POD) == text


def test_when_a_key_in_quotes_holds_quotes_and_brackets_they_are_its_own() -> None:
    assert render(r"{['a\'b]c','(']}", {"a'b]c": 1, "(": 2}) == "1 2"


def test_empty_braces_are_the_whole_document() -> None:
    assert render("{}", {"a": [1, None, True]}) == '{"a":[1,null,true]}'
    assert render("{@}", {"a": "ä&"}) == r'{"a":"ä\u0026"}'


REFUSED = [
    ("{.metadata.name", "error parsing jsonpath {.metadata.name, unclosed action"),
    ('{.metadata["name"]}', 'error parsing jsonpath {.metadata["name"]}, invalid array index "name"'),
    ("{.spec.containers[a]}", "invalid array index a"),
    ('{.spec.containers[?(@.name=="two"].image}', "unterminated filter"),
    ('{.spec.containers[?(@.name=="two" && @.tty==true)].image}', "unrecognized character in action"),
    ("{kind}", "unrecognized identifier kind"),
    ("{end}", "not in range, nothing to end"),
    ("{.spec.containers[5].name}", "array index out of bounds: index 5, length 3"),
    ("{.spec.containers[1:9].name}", "array index out of bounds: index 8, length 3"),
    ("{.spec.containers[5:].name}", "array index out of bounds: index 5, length 3"),
    ("{.metadata.labels[?(@.a)]}", "is not array or slice and cannot be filtered"),
    ("{.spec.containers[2:1].name}", "starting index 2 is greater than ending index 1"),
    ("{.metadata.name[0]}", "string is not array or slice"),
    ("{.spec.containers[-].name}", "array index - is not a number"),
    ("{.spec.containers[1:-].name}", "array index - is not a number"),
    (f"{{.spec.containers[{'9' * 5000}].name}}", "is not a number"),
    ("{.spec.containers[?(@.name==1)].name}", "incompatible types for comparison"),
]


@pytest.mark.parametrize(("template", "said"), REFUSED)
def test_what_kubectl_refuses_is_refused_in_its_words(template: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        render(template, POD)
    assert said in refused.value.what


# ---- on the command line


def test_a_field_of_the_plan_is_printed_and_nothing_else(plugin: Plugin) -> None:
    result = plugin("bootimage", "--dry-run", "-o", "jsonpath={.resourceID}")
    assert result.code == 0, result.err
    assert result.out.endswith("/images/rhcos-arm64-gen2/versions/20260202.2246.418094000")


def test_a_template_that_cannot_be_read_is_refused_before_anybody_is_asked(plugin: Plugin, sandbox: Sandbox) -> None:
    for command in ("bootimage", "machineset"):
        result = plugin(command, "-o", "jsonpath={.resourceID")
        assert result.code == 1
        assert result.err == "error: error parsing jsonpath {.resourceID, unclosed action\n"
    assert sandbox.exchanges == []


def test_several_manifests_are_one_list() -> None:
    manifests = [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]
    for several, template, text in ((2, "{.items[*].metadata.name}", "a b"), (1, "{.metadata.name}", "a")):
        output = PrintFlags(format=Format(f"jsonpath={template}")).output
        assert output is not None
        assert shown(manifests[:several], output) == text
