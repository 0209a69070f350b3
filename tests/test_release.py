"""What a release rests on: workflows, the krew index, the container image's recipe, and what release-check refuses."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest
import yaml

import kubectl_arm64
from scripts import glibc, krew, release
from scripts.shipped import closure, foreign_modules
from tests.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# What github.event and its like hold is written by strangers; in a script it would be run.
SAFE = {"github.token", "github.ref", "github.repository", "github.event.repository.default_branch"}


def steps(workflow: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


# ---- workflows


def test_every_action_is_pinned_by_a_commit() -> None:
    assert release.workflows().startswith(str(sum("uses" in step for path in WORKFLOWS for step in steps(path))))


@pytest.mark.parametrize("reference", ["actions/checkout@v4", "actions/checkout@11bd719", "actions/checkout"])
def test_what_can_move_is_no_pin(reference: str) -> None:
    (used,) = release.uses({"jobs": {"test": {"steps": [{"uses": reference}, {"run": "make test"}]}}})
    assert not release.PINNED.fullmatch(used)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_no_checkout_leaves_its_token_behind(workflow: Path) -> None:
    checkouts = [step for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False] * len(checkouts)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_pasted_into_a_script(workflow: Path) -> None:
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []
    pasted = set(re.findall(r"\$\{\{ *(.*?) *\}\}", workflow.read_text()))
    assert {one for one in pasted if not one.startswith("matrix.")} <= SAFE


def test_each_job_of_the_release_has_the_rights_that_it_needs_and_no_other() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    assert workflow["permissions"] == {}
    writes = {
        name: {right for right, kind in job["permissions"].items() if kind == "write"}
        for name, job in workflow["jobs"].items()
    }
    assert {name: rights for name, rights in writes.items() if rights} == {
        "collect": {"id-token", "attestations"},
        "pypi": {"id-token"},
        "github": {"contents"},
        "index": {"contents", "pull-requests"},
    }
    assert workflow["jobs"]["pypi"]["environment"]["name"] == "pypi"


def test_every_platform_of_the_manifest_is_built_by_the_release() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]
    built = [f"linux-{one['arch']}" for one in jobs["linux"]["strategy"]["matrix"]["include"]]
    built += [one["name"] for one in jobs["desktop"]["strategy"]["matrix"]["include"]]
    assert sorted(built) == sorted(f"{one.os}-{one.arch}" for one in krew.PLATFORMS)


# ---- the krew index


def test_the_index_in_this_repository_is_what_the_template_makes() -> None:
    assert krew.INDEX.read_text() == krew.rendered_index(), "run: python -m scripts.krew"


def test_the_index_has_every_platform_and_fits_krews_rules() -> None:
    manifest = yaml.safe_load(krew.INDEX.read_text())
    spec = manifest["spec"]
    assert f"{manifest['metadata']['name']}.yaml" == krew.INDEX.name
    assert [krew.Platform(**one["selector"]["matchLabels"]) for one in spec["platforms"]] == list(krew.PLATFORMS)
    assert all(re.fullmatch(r"[0-9a-f]{64}", one["sha256"]) for one in spec["platforms"])
    assert len(spec["shortDescription"]) <= 50
    assert max(len(line) for line in (spec["description"] + spec["caveats"]).splitlines()) <= 80
    assert "kubectl arm64 completion install" in spec["caveats"]


def test_when_released_the_index_is_of_the_new_version_and_its_digests(tmp_path: Path) -> None:
    digests = {one: f"{number:064x}" for number, one in enumerate(krew.PLATFORMS, 1)}
    (tmp_path / "plugin.yaml").write_text(krew.render(krew.template(), "1.2.3", digests))
    spec = yaml.safe_load(krew.rendered_index(tmp_path / "plugin.yaml"))["spec"]
    assert spec["version"] == "v1.2.3"
    assert [int(one["sha256"], 16) for one in spec["platforms"]] == [1, 2, 3, 4, 5]
    assert all("/v1.2.3/kubectl-arm64_" in one["uri"] for one in spec["platforms"])


# ---- release-check


def test_a_tag_of_another_version_is_refused() -> None:
    with pytest.raises(release.Unready, match=re.escape("v9.9.9 is not v")):
        release.version_and_changelog("v9.9.9")


def test_without_a_tag_the_version_is_told() -> None:
    assert f"version {kubectl_arm64.__version__}" in release.version_and_changelog(None)


def test_a_command_that_fails_is_told_in_one_line() -> None:
    with pytest.raises(release.Unready, match=r"failed with 3: no such thing$"):
        release.run("sh", "-c", "echo no such thing; exit 3")


# ---- what is shipped


def test_what_is_here_for_development_only_is_kept_out_of_the_archive() -> None:
    foreign = set(foreign_modules())
    assert {"pytest", "mypy", "PyInstaller", "starlette"} <= foreign
    assert {"azure", "kubernetes", "yaml", "typer", "kubectl_arm64"}.isdisjoint(foreign)
    assert {"cryptography", "urllib3", "msal"} <= set(closure()), "requirements of requirements, by extras too"


def elf() -> bytes:
    """An ELF header for x86-64, without sections."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, *4 * [0], 64, *5 * [0])


def test_what_names_no_glibc_needs_none(tmp_path: Path) -> None:
    (tmp_path / "static").write_bytes(elf())
    (tmp_path / "LICENSE").write_text("Apache License")
    assert glibc.needs(tmp_path) == {"static": (0,)}
    assert glibc.report({}) == ((0,), "has no ELF file")


def test_the_newest_glibc_counts_as_a_version_and_not_as_a_text() -> None:
    highest, line = glibc.report({"libssl.so.3": (2, 9), "libgcc_s.so.1": (2, 28), "kubectl-arm64": (2, 28)})
    assert highest == (2, 28)
    assert line == "needs glibc 2.28 (3 ELF files; kubectl-arm64 and 1 more)"


# ---- the container image's recipe


def test_the_image_is_built_from_files_that_are_there_and_does_not_run_as_root() -> None:
    lines = [line for line in (ROOT / "Containerfile").read_text().splitlines() if line and not line.startswith("#")]
    instructions = [line.split() for line in lines]
    assert {words[0] for words in instructions} <= {"FROM", "RUN", "COPY", "ENV", "USER", "ENTRYPOINT"}
    copied = [words[1] for words in instructions if words[0] == "COPY" and not words[1].startswith("--from=")]
    assert [name for name in copied if name != "dist/*.whl" and not (ROOT / name).is_file()] == []
    assert int(instructions[-2][1]) > 0, "USER stands before the entry"
    assert json.loads(lines[-1].removeprefix("ENTRYPOINT ")) == ["kubectl-arm64"]
