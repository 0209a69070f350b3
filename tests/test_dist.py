"""What `make dist` makes: an archive that krew accepts, and a manifest that fits it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import kubectl_arm64
from scripts import krew, sbom
from scripts.archive import pack, sha256
from scripts.shipped import closure, frozen
from tests import archive
from tests.kubeconfig_case import V1, one
from tests.sandbox.server import Sandbox

LINUX = krew.Platform("linux", "amd64")
MAC = krew.Platform("darwin", "arm64")


@pytest.fixture(scope="module")
def dist() -> Path:
    return archive.dist()


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The executable, unpacked as krew does."""
    folder = tmp_path_factory.mktemp("store")
    archive.unpack(dist / krew.Platform.here().archive, folder)
    (platform,) = manifest(dist / "plugin.yaml")["spec"]["platforms"]
    return folder.joinpath(platform["bin"])


@pytest.fixture(scope="module")
def bill(dist: Path) -> Any:
    return json.loads((dist / krew.Platform.here().bill).read_text())


def manifest(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def run(executable: Path, *arguments: str) -> str:
    """Standard output of a process that finds no other Python and nothing of this one."""
    process = subprocess.run(
        [executable, *arguments], capture_output=True, text=True, timeout=60, env={"PATH": os.defpath}
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_when_unpacked_as_krew_does_it_shows_its_help(installed: Path) -> None:
    help_text = run(installed, "--help")
    assert "bootimage" in help_text
    assert "machineset" in help_text


def test_when_unpacked_as_krew_does_it_tells_its_version(installed: Path) -> None:
    assert kubectl_arm64.__version__ in run(installed, "version")


def test_it_ships_its_licence_and_those_of_all_in_it(installed: Path, bill: dict[str, Any]) -> None:
    assert "Apache License" in (installed.parent / "LICENSE").read_text()
    texts = {folder.name for folder in (installed.parent / "licenses").iterdir()}
    # OpenSSL 3 has LICENSE's text; not every Python comes with its own.
    assert {each["name"] for each in bill["components"]} - texts <= {"openssl", "python"}


def test_its_bill_of_materials_is_valid_and_names_what_is_in_it(
    dist: Path, installed: Path, bill: dict[str, Any]
) -> None:
    assert sbom.faults((dist / krew.Platform.here().bill).read_text()) == ""
    assert bill["metadata"]["component"]["version"] == kubectl_arm64.__version__
    held = {each["name"] for each in bill["components"]} - {"openssl", "python"}
    assert held == frozen(installed.parent)
    assert held <= set(closure()), "nothing that is installed for development only"


def test_when_the_bill_is_spoilt_the_schema_finds_it(bill: dict[str, Any]) -> None:
    assert "nonsense" in sbom.faults(json.dumps({**bill, "components": [{"type": "nonsense", "name": "azure-core"}]}))


def test_the_checksums_cover_every_other_file(dist: Path) -> None:
    lines = (line.split("  ") for line in (dist / "SHA256SUMS").read_text().splitlines())
    told = {name: digest for digest, name in lines}
    assert told == {path.name: sha256(path) for path in dist.iterdir() if path.name != "SHA256SUMS"}


# ---- the children of the archive's process

SHELLS = {"PWD", "OLDPWD", "SHLVL", "_"}  # what a shell adds
LIBRARY_PATHS = [pytest.param({}, id="none"), pytest.param({"LD_LIBRARY_PATH": "/opt/az/lib"}, id="the user's")]


def stub(program: Path) -> Path:
    """Make a program that notes its environment and fails; where it notes it."""
    note = program.with_suffix(".env")
    program.write_text(f"#!/bin/sh\nenv > {note}\necho 'ERROR: sign in first' >&2\nexit 1\n")
    program.chmod(0o755)
    return note


def noted(note: Path) -> dict[str, str]:
    found = dict(line.split("=", 1) for line in note.read_text().splitlines())
    return {name: value for name, value in found.items() if name not in SHELLS}


@pytest.mark.parametrize("library_path", LIBRARY_PATHS)
def test_a_credential_plugin_gets_the_users_environment(
    installed: Path, tmp_path: Path, library_path: dict[str, str]
) -> None:
    note = stub(tmp_path / "login")
    user = {"exec": {"apiVersion": V1, "command": str(tmp_path / "login"), "interactiveMode": "Never"}}
    config = one(user, {"server": "https://127.0.0.1:1", "certificate-authority": None})["config"]
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    environ = {"PATH": os.defpath, "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "config"), **library_path}
    ended = subprocess.run([installed, "machineset"], env=environ, capture_output=True, text=True, timeout=60)
    assert ended.stderr.startswith("error: the credential plugin login failed with exit code 1: ERROR: sign in first")
    found = noted(note)
    assert found.pop("KUBERNETES_EXEC_INFO")
    assert found == environ


@pytest.mark.parametrize("library_path", LIBRARY_PATHS)
def test_az_gets_the_users_environment(
    installed: Path, sandbox: Sandbox, tmp_path: Path, library_path: dict[str, str]
) -> None:
    note = stub(tmp_path / "az")
    signed_in = ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID")
    given = sandbox.environment({"PATH": f"{tmp_path}:{os.defpath}", "HOME": str(tmp_path), **library_path})
    environ = {name: value for name, value in given.items() if name not in signed_in}
    ended = subprocess.run([installed, "bootimage"], env=environ, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 4, ended.stderr
    found = noted(note)
    assert {name: found.get(name) for name in environ} == environ
    assert [name for name in found if name.startswith(("LD_", "_PYI"))] == list(library_path)


def test_the_manifest_names_the_archive_and_its_digest(dist: Path) -> None:
    (platform,) = manifest(dist / "plugin.yaml")["spec"]["platforms"]
    built = dist / krew.Platform.here().archive
    assert platform["uri"].endswith(f"/v{kubectl_arm64.__version__}/{built.name}")
    assert platform["sha256"] == sha256(built)


def test_when_two_platforms_were_built_each_has_its_own_archive_in_the_manifest() -> None:
    spec = yaml.safe_load(krew.render(krew.template(), "1.2.3", {LINUX: "a" * 64, MAC: "b" * 64}))["spec"]
    assert spec["version"] == "v1.2.3"
    assert [(p["selector"]["matchLabels"]["os"], p["sha256"][0]) for p in spec["platforms"]] == [
        ("darwin", "b"),
        ("linux", "a"),
    ]
    assert all("/v1.2.3/kubectl-arm64_" in p["uri"] for p in spec["platforms"])


def test_when_a_folder_holds_a_link_the_archive_holds_the_file_instead(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "libssl.so.3").write_text("library")
    (folder / "libssl.so").symlink_to("libssl.so.3")
    pack(folder, tmp_path / "a.tar.gz", epoch=1)
    archive.unpack(tmp_path / "a.tar.gz", tmp_path / "out")
    assert (tmp_path / "out" / "libssl.so").read_text() == "library"
    assert not (tmp_path / "out" / "libssl.so").is_symlink()


def test_when_packed_twice_at_other_times_the_bytes_are_the_same(tmp_path: Path) -> None:
    digests = set()
    for name, changed in (("first", 1_000_000_000), ("second", 1_700_000_000)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "LICENSE").write_text("Apache License")
        os.utime(folder / "LICENSE", (changed, changed))
        digests.add(pack(folder, tmp_path / f"{name}.tar.gz", epoch=1_600_000_000))
    assert len(digests) == 1


def test_when_a_folder_has_a_second_name_that_name_is_left_out(tmp_path: Path) -> None:
    version = tmp_path / "bundle" / "Python.framework" / "Versions" / "3.12"
    version.mkdir(parents=True)
    (version / "Python").write_text("library")
    (version.parent / "Current").symlink_to("3.12")
    pack(tmp_path / "bundle", tmp_path / "a.tar.gz", epoch=1)
    archive.unpack(tmp_path / "a.tar.gz", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "Python.framework" / "Versions").iterdir()] == ["3.12"]


@pytest.mark.parametrize("name", ["../evil", "a/../../evil"])
def test_when_an_archive_leaves_its_folder_unpacking_refuses_it(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(ValueError, match="krew refuses"):
        archive.unpack(tmp_path / "evil.tar.gz", tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_when_an_archive_holds_a_link_unpacking_refuses_it(tmp_path: Path) -> None:
    link = tarfile.TarInfo("kubectl-arm64")
    link.type, link.linkname = tarfile.SYMTYPE, "/bin/sh"
    with tarfile.open(tmp_path / "link.tar.gz", "w:gz") as tar:
        tar.addfile(link)
    with pytest.raises(ValueError, match="files and folders only"):
        archive.unpack(tmp_path / "link.tar.gz", tmp_path / "out")
