"""`version`: for people a line, for programs what `kubectl version --client -o json` has."""

from __future__ import annotations

import json

import pytest
import yaml

from kubectl_arm64 import __version__
from tests.conftest import Plugin


@pytest.mark.parametrize("words", ["version", "version --client", "version --client=true", "--version"])
def test_for_people_it_is_one_line(plugin: Plugin, words: str) -> None:
    result = plugin(*words.split())
    assert (result.code, result.out, result.err) == (0, f"kubectl-arm64 {__version__}\n", "")


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_for_programs_it_is_under_kubectls_names(plugin: Plugin, form: str, read: type) -> None:
    told = read(plugin("version", "--client", f"-o{form}").out)
    assert told["clientVersion"]["gitVersion"] == f"v{__version__}"
    assert told["clientVersion"]["platform"].count("/") == 1


def test_other_formats_are_refused(plugin: Plugin) -> None:
    result = plugin("version", "-o", "wide")
    assert result.code == 1
    assert "must be one of json, yaml" in result.err
