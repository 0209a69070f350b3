"""The real kubectl fills, and refuses, the templates of tests/test_jsonpath.py and tests/test_templates.py alike."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import test_jsonpath, test_templates

Fill = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def fill(go_programs: Path, tmp_path: Path) -> Fill:
    """`fill(document, "jsonpath=...", flags)`: kubectl prints the document, and asks no server."""

    def run(document: Mapping[str, Any], output: str, *flags: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "document.json"
        path.write_text(json.dumps(document))
        return subprocess.run(
            [
                go_programs / "kubectl",
                "patch",
                "--local",
                f"--filename={path}",
                "--type=merge",
                "-p={}",
                "-o",
                output,
                *flags,
            ],
            env={"HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def in_order(template: str, text: str) -> list[str]:
    """Go goes over a map's keys in any order."""
    return sorted(text.split()) if "*" in template or ".." in template else [text]


@pytest.mark.parametrize(("template", "text"), test_jsonpath.FILLED)
def test_kubectl_fills_jsonpath_alike(fill: Fill, template: str, text: str) -> None:
    ran = fill(test_jsonpath.POD, f"jsonpath={template}")
    assert in_order(template, ran.stdout) == in_order(template, text), ran.stderr


@pytest.mark.parametrize(("template", "said"), test_jsonpath.REFUSED)
def test_kubectl_refuses_jsonpath_alike(fill: Fill, template: str, said: str) -> None:
    ran = fill(test_jsonpath.POD, f"jsonpath={template}")
    assert ran.returncode == 1
    assert said in ran.stderr


@pytest.mark.parametrize(("template", "text"), test_templates.FILLED)
def test_kubectl_fills_go_templates_alike(fill: Fill, template: str, text: str) -> None:
    ran = fill(test_templates.DOCUMENT, f"go-template={template}")
    assert ran.stdout == text, ran.stderr


@pytest.mark.parametrize(("template", "said"), test_templates.REFUSED)
def test_kubectl_refuses_go_templates_alike(fill: Fill, template: str, said: str) -> None:
    ran = fill(test_templates.DOCUMENT, f"go-template={template}")
    assert ran.returncode == 1
    assert said in ran.stderr


@pytest.mark.parametrize(("template", "text"), test_templates.AS_JSON)
def test_kubectl_prints_jsonpath_as_json_alike(fill: Fill, template: str, text: str) -> None:
    ran = fill(test_templates.DOCUMENT, f"jsonpath-as-json={template}")
    assert ran.stdout == text, ran.stderr


@pytest.mark.parametrize(("form", "template", "said"), test_templates.MISSING)
def test_kubectl_refuses_alike_what_a_template_misses(fill: Fill, form: str, template: str, said: str) -> None:
    ran = fill(test_templates.DOCUMENT, form, f"--template={template}", "--allow-missing-template-keys=false")
    assert ran.returncode == 1
    assert said in ran.stderr
