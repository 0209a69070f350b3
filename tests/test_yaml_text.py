"""Text that is YAML, and text that only looks like it."""

from __future__ import annotations

import pytest
import yaml

from kubectl_arm64 import yaml_text
from kubectl_arm64.yaml_text import NotYaml

DEEP = "[" * 5000

# (text, what is said of it, where)
FAULTS = [
    ("a: b: c\n", "mapping values are not allowed here", (1, 5)),
    ("a: 1\nb: [\n", "expected the node content", (3, 1)),
    ("a: 1\n---\nb: 2\n", "but found another document", (2, 1)),
    ("a: \x01\n", "special characters are not allowed", (0, 0)),
    ("a: 2026-13-45\n", "month must be in 1..12", (0, 0)),
    (f"a: {'9' * 5000}\n", "limit", (0, 0)),
    (DEEP, "it is nested too deeply", (0, 0)),
    ("a: !!timestamp soon\n", "a value is not what its tag says", (0, 0)),
    ("a: !!bool perhaps\n", "a value is not what its tag says", (0, 0)),
]


@pytest.mark.parametrize(("text", "said", "where"), FAULTS, ids=[said for _, said, _ in FAULTS])
def test_when_a_text_is_not_yaml_it_says_why_and_where(text: str, said: str, where: tuple[int, int]) -> None:
    with pytest.raises(NotYaml) as fault:
        yaml_text.value(text)
    assert said in fault.value.problem
    assert (fault.value.line, fault.value.column) == where


def test_when_a_text_holds_several_documents_all_are_given() -> None:
    assert yaml_text.values("a: 1\n---\n- b\n---\n") == [{"a": 1}, ["b"], None]


@pytest.mark.parametrize("text", ["a: 1\n---\nb: 2026-13-45\n", f"a: 1\n---\n{DEEP}"])
def test_when_a_later_document_is_not_yaml_none_is_given(text: str) -> None:
    with pytest.raises(NotYaml):
        yaml_text.values(text)


def test_when_another_loader_is_named_it_reads_the_values() -> None:
    assert yaml_text.value("a: 2026-13-45\n", yaml.BaseLoader) == {"a": "2026-13-45"}
