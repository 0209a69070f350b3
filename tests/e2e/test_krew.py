"""The archive of `make dist` in the hands of the real krew and the real kubectl."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import kubectl_arm64
from scripts.archive import pack
from scripts.dist import manifest as write_manifest
from scripts.krew import INDEX, PLATFORMS, UNRELEASED, Platform, rendered_index
from tests import archive
from tests.e2e import golang
from tests.e2e.conftest import Obtain
from tests.e2e.krew_home import KrewHome, served
from tests.sandbox.server import Sandbox

VERSION = f"v{kubectl_arm64.__version__}"


@pytest.fixture(scope="session")
def dist() -> Path:
    return archive.dist()


@pytest.fixture
def krew(tmp_path: Path, go_programs: Path) -> KrewHome:
    return KrewHome(tmp_path, go_programs)


@pytest.fixture
def installed(krew: KrewHome, dist: Path) -> KrewHome:
    krew.kubectl("krew", "install", f"--manifest={dist / 'plugin.yaml'}", f"--archive={dist / Platform.here().archive}")
    return krew


@pytest.fixture
def published(dist: Path, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The manifest of a release of all platforms, with addresses at which this machine serves the archives.

    This platform's is that of `make dist`; those of others hold a program that does nothing.
    """
    release = tmp_path / "release"
    release.mkdir()
    shutil.copy(dist / Platform.here().archive, release)
    for platform in PLATFORMS:
        if platform != Platform.here():
            folder = tmp_path / "others" / platform.archive
            folder.mkdir(parents=True)
            (folder / "LICENSE").write_text("Apache License")
            (folder / platform.executable).touch(0o755)
            pack(folder, release / platform.archive, epoch=1_700_000_000)
    write_manifest(release)
    (release / "arm64.yaml").write_text(rendered_index(release / "plugin.yaml"))
    manifest: dict[str, Any] = yaml.safe_load((release / "arm64.yaml").read_text())
    with served(release) as url:
        for platform in manifest["spec"]["platforms"]:
            platform["uri"] = f"{url}/{platform['uri'].rsplit('/', 1)[1]}"
        yield manifest


def older(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "spec": {**manifest["spec"], "version": "v0.0.1"}}


def test_when_installed_from_its_manifest_kubectl_runs_it(installed: KrewHome) -> None:
    assert "bootimage" in installed.kubectl("arm64", "--help")
    assert kubectl_arm64.__version__ in installed.kubectl("arm64", "version")
    assert "arm64" in installed.kubectl("krew", "list")


def test_when_a_shell_runs_oc_help_says_oc(installed: KrewHome, obtain: Obtain) -> None:
    path = f"{obtain('oc', golang.oc)}:{installed.environment['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", "oc arm64 --help; true"],
        env={**installed.environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "  oc arm64 [flags] [options]" in ran.stdout, ran.stderr
    assert "kubectl arm64" not in ran.stdout


def test_when_kubectl_lists_plugins_it_is_there_and_shadows_nothing(installed: KrewHome) -> None:
    listed = installed.run("plugin", "list")
    assert "kubectl-arm64" in listed.stdout
    assert "warning" not in (listed.stdout + listed.stderr).lower()


def test_when_it_fails_kubectl_passes_its_exit_code_on(installed: KrewHome) -> None:
    failed = installed.run("arm64", "bootimage", env={"KUBECONFIG": "/nonexistent"})
    assert failed.returncode == 4
    assert failed.stderr.startswith("error: ")


def test_when_installed_it_publishes_an_image_and_applies_a_machineset(installed: KrewHome, sandbox: Sandbox) -> None:
    environment = {**sandbox.environment(), "KUBECTL_ARM64_POLL_SECONDS": "0"}
    image = installed.kubectl("arm64", "bootimage", "-o", "name", env=environment).strip()
    assert "/providers/Microsoft.Compute/galleries/" in image
    assert "created" in installed.kubectl("arm64", "machineset", "--apply", env=environment)
    names = installed.kubectl("get", "machinesets", "-n", "openshift-machine-api", "-o", "name", env=environment)
    assert "-arm64" in names


def test_when_removed_nothing_is_left(installed: KrewHome) -> None:
    installed.kubectl("krew", "uninstall", "arm64")
    assert installed.run("arm64", "--help").returncode != 0
    assert not (installed.folder / "krew" / "store" / "arm64").exists()


def test_when_the_archive_is_another_one_krew_refuses_it(krew: KrewHome, dist: Path, tmp_path: Path) -> None:
    other = tmp_path / Platform.here().archive
    other.write_bytes((dist / other.name).read_bytes() + b"\0")
    refused = krew.run("krew", "install", f"--manifest={dist / 'plugin.yaml'}", f"--archive={other}")
    assert refused.returncode != 0
    assert "checksum" in refused.stderr


def test_when_the_repository_is_added_as_an_index_it_is_found_and_installed(
    krew: KrewHome, published: dict[str, Any]
) -> None:
    krew.kubectl("krew", "index", "add", "arm64", krew.index("ours", published))
    assert "arm64/arm64" in krew.kubectl("krew", "search", "arm64")
    installed = krew.run("krew", "install", "arm64/arm64", check=True)
    assert "kubectl arm64 completion install" in installed.stdout + installed.stderr
    assert krew.version("arm64") == VERSION
    assert kubectl_arm64.__version__ in krew.kubectl("arm64", "version")


def test_when_the_version_is_not_released_yet_krew_installs_nothing(krew: KrewHome, published: dict[str, Any]) -> None:
    for platform in published["spec"]["platforms"]:
        platform["sha256"] = UNRELEASED
    krew.kubectl("krew", "index", "add", "arm64", krew.index("ours", published))
    refused = krew.run("krew", "install", "arm64/arm64")
    assert refused.returncode != 0
    assert "checksum" in refused.stderr
    assert krew.run("arm64", "--help").returncode != 0


def test_when_the_index_has_a_newer_version_krew_upgrades_to_it(krew: KrewHome, published: dict[str, Any]) -> None:
    index = krew.index("ours", older(published))
    krew.kubectl("krew", "index", "add", "arm64", index)
    krew.kubectl("krew", "install", "arm64/arm64")
    assert krew.version("arm64") == "v0.0.1"
    krew.index("ours", published)
    krew.kubectl("krew", "upgrade", "arm64")
    assert krew.version("arm64") == VERSION
    assert "bootimage" in krew.kubectl("arm64", "--help")
    krew.kubectl("krew", "uninstall", "arm64")
    assert krew.run("arm64", "--help").returncode != 0


def test_krews_own_validator_accepts_the_manifest(krew: KrewHome, published: dict[str, Any], go_programs: Path) -> None:
    path = krew.folder / INDEX.name  # the validator wants the plugin's name
    path.write_text(yaml.safe_dump(published))
    assert len(published["spec"]["platforms"]) == len(PLATFORMS)
    judged = subprocess.run(
        [go_programs / "validate-krew-manifest", "-manifest", path],
        env=krew.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert judged.returncode == 0, judged.stderr
