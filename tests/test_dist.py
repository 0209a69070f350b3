"""What `make dist` makes: an archive that krew accepts, and a manifest that fits it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import kubectl_arm64
from scripts import krew
from scripts.archive import pack, sha256
from tests import archive

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


def test_it_ships_its_licence(installed: Path) -> None:
    assert "Apache License" in (installed.parent / "LICENSE").read_text()


def test_the_manifest_names_the_archive_and_its_digest(dist: Path) -> None:
    (platform,) = manifest(dist / "plugin.yaml")["spec"]["platforms"]
    built = dist / krew.Platform.here().archive
    assert platform["uri"].endswith(f"/v{kubectl_arm64.__version__}/{built.name}")
    assert platform["sha256"] == sha256(built)


def test_the_manifest_at_the_top_is_of_this_version_and_fits_krews_rules() -> None:
    spec = manifest(archive.ROOT / "plugin.yaml")["spec"]
    assert spec["version"] == f"v{kubectl_arm64.__version__}"
    assert len(spec["shortDescription"]) <= 50
    assert max(len(line) for line in (spec["description"] + spec["caveats"]).splitlines()) <= 80


def test_when_two_platforms_were_built_each_has_its_own_archive_in_the_manifest() -> None:
    template = manifest(archive.ROOT / "plugin.yaml")
    spec = yaml.safe_load(krew.render(template, "1.2.3", {LINUX: "a" * 64, MAC: "b" * 64}))["spec"]
    assert spec["version"] == "v1.2.3"
    assert [(p["selector"]["matchLabels"]["os"], p["sha256"][0]) for p in spec["platforms"]] == [
        ("linux", "a"),
        ("darwin", "b"),
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
