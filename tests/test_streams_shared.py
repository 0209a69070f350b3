"""Every stream through the whole command: the release, the source and the name that come out of it, or the error.

`bootimage --stream-file ... --dry-run -o json` against the sandbox, with the real streams where they are, and with
small ones of the same shapes where they are not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Plugin
from tests.sandbox.blob.pages import PageStore
from tests.sandbox.blob.properties import new_blob
from tests.sandbox.blob.vhd import GIB, MIB, vhd
from tests.sandbox.server import Sandbox
from tests.test_bad_input import refused, writes

IMAGES = "https://rhcos.blob.core.windows.net/imagebucket"
GALLERY = "/resourceGroups/prod-7x2kq-rg/providers/Microsoft.Compute/galleries/rhcos_prod_7x2kq"


@dataclass(frozen=True)
class Right:
    """What must come out of a stream: the release, and where its image version will be."""

    file: str
    architecture: str
    release: str
    version: str
    definition: str = "rhcos-arm64-gen2"
    os_stream: str = ""

    @property
    def blob(self) -> str:
        return f"rhcos-{self.release}-azure.{self.architecture}.vhd"

    def __str__(self) -> str:
        return f"{self.file} {self.architecture} {self.os_stream}".rstrip()


X64 = "rhcos-x64-gen2"
REAL = [
    Right("rhcos-4.10.json", "x86_64", "410.84.202210040010-0", "20221004.10.410084000", X64),
    Right("rhcos-4.11-20220715.json", "aarch64", "411.86.202207130959-0", "20220713.959.411086000"),
    Right("rhcos-4.11-20220715.json", "x86_64", "411.86.202207150124-0", "20220715.124.411086000", X64),
    Right("rhcos-4.18.json", "aarch64", "418.94.202602022246-0", "20260202.2246.418094000"),
    Right("rhcos-4.18.json", "x86_64", "418.94.202602022246-0", "20260202.2246.418094000", X64),
    Right("rhcos-4.20.json", "aarch64", "9.6.20260217-1", "20260217.0.9006001"),
    Right("rhcos-4.20.json", "x86_64", "9.6.20260217-1", "20260217.0.9006001", X64),
    Right("coreos-bootimages-cm-5.0.yaml", "aarch64", "9.8.20260403-0", "20260403.0.9008000"),
    Right("coreos-bootimages-cm-5.0.yaml", "x86_64", "9.8.20260403-0", "20260403.0.9008000", X64),
    Right(
        "coreos-bootimages-cm-5.0.yaml", "aarch64", "10.2.20260405-0", "20260405.0.10002000",
        "rhcos10-arm64-gen2", "rhel-10",
    ),
]  # fmt: skip
OWN = [
    Right("4.10", "x86_64", "410.84.202111111322-0", "20211111.1322.410084000", X64),
    Right("4.11", "aarch64", "411.86.202208011234-0", "20220801.1234.411086000"),
    Right("4.18", "aarch64", "418.94.202601010830-2", "20260101.830.418094002"),
    Right("4.20", "aarch64", "9.6.20260301-3", "20260301.0.9006003"),
    Right("4.20", "x86_64", "9.6.20260301-3", "20260301.0.9006003", X64),
    Right("5.0", "aarch64", "9.8.20260501-0", "20260501.0.9008000"),
    Right("5.0", "aarch64", "10.2.20260502-0", "20260502.0.10002000", "rhcos10-arm64-gen2", "rhel-10"),
]


@cache
def disk() -> PageStore:
    """What stands for every VHD of Red Hat's."""
    return vhd(MIB, GIB)


def judge(plugin: Plugin, sandbox: Sandbox, file: Path, right: Right) -> None:
    world = sandbox.world
    world.accounts["rhcos"].containers["imagebucket"].blobs[right.blob] = new_blob(disk(), world.clock.now())
    words = ["--dry-run", "-o=json", f"--stream-file={file}", f"--architecture={right.architecture}"]
    result = plugin("bootimage", *words, *([f"--os-stream={right.os_stream}"] if right.os_stream else []))
    assert result.code == 0, result.err
    plan = json.loads(result.out)
    assert plan["source"] == f"{IMAGES}/{right.blob}"
    assert plan["resourceID"] == f"{GALLERY}/images/{right.definition}/versions/{right.version}"
    assert {step["action"] for step in plan["steps"]} == {"create"}
    assert writes(sandbox) == []


@pytest.fixture
def streams(shared_data: Path | None) -> Path:
    if shared_data is None:
        pytest.skip("no shared data (the summary says so); the small streams below cover the same ground")
    return shared_data / "data" / "streams"


@pytest.mark.parametrize("right", REAL, ids=str)
def test_a_real_stream_leads_to_its_source_and_image_version(
    plugin: Plugin, sandbox: Sandbox, streams: Path, right: Right
) -> None:
    judge(plugin, sandbox, streams / right.file, right)


def test_every_real_stream_is_judged(streams: Path) -> None:
    assert {file.name for file in streams.iterdir()} == {right.file for right in REAL}


def test_the_real_stream_of_4_10_has_no_arm64_image(plugin: Plugin, sandbox: Sandbox, streams: Path) -> None:
    said = ("release 4.10 has no ARM64 boot image for Azure", "4.11 is the first")
    refused(plugin, sandbox, "bootimage", f"--stream-file={streams / 'rhcos-4.10.json'}", said=said)


def extensions(release: str, architecture: str) -> dict[str, Any]:
    url = f"{IMAGES}/rhcos-{release}-azure.{architecture}.vhd"
    return {"rhel-coreos-extensions": {"azure-disk": {"release": release, "url": url}}}


def small(name: str, aarch64: str, x86_64: str = "") -> dict[str, Any]:
    """A stream that holds no more than what is read of it; "" for an architecture without an image for Azure."""
    releases = {"aarch64": aarch64, "x86_64": x86_64 or aarch64}
    return {
        "stream": name,
        "architectures": {
            architecture: extensions(release, architecture) if release else {"artifacts": {}}
            for architecture, release in releases.items()
        },
    }


def config_map(**data: Any) -> dict[str, Any]:
    """As the Machine Config Operator keeps it: JSON within YAML."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coreos-bootimages", "namespace": "openshift-machine-config-operator"},
        "data": texts,
    }


RHEL_9, RHEL_10 = small("rhcos-4.21", "9.8.20260501-0"), small("rhcos-4.22", "10.2.20260502-0")
SMALL = {
    "4.10": small("rhcos-4.10", "", "410.84.202111111322-0"),
    "4.11": small("rhcos-4.11", "411.86.202208011234-0"),
    "4.18": config_map(releaseVersion="4.18.40", stream=small("rhcos-4.18", "418.94.202601010830-2")),
    "4.20": small("rhcos-4.20", "9.6.20260301-3"),
    "5.0": config_map(releaseVersion="5.0.1", stream=RHEL_9, streams={"rhel-9": RHEL_9, "rhel-10": RHEL_10}),
}


def written(folder: Path, name: str) -> Path:
    """A small stream as a file: a ConfigMap as YAML, a stream as JSON."""
    document = SMALL[name]
    file = folder / f"stream-{name}"
    file.write_text(yaml.safe_dump(document) if "kind" in document else json.dumps(document))
    return file


@pytest.mark.parametrize("right", OWN, ids=str)
def test_a_stream_leads_to_its_source_and_image_version(
    plugin: Plugin, sandbox: Sandbox, tmp_path: Path, right: Right
) -> None:
    judge(plugin, sandbox, written(tmp_path, right.file), right)


def test_a_stream_of_4_10_has_no_arm64_image(plugin: Plugin, sandbox: Sandbox, tmp_path: Path) -> None:
    said = ("release 4.10 has no ARM64 boot image for Azure", "4.11 is the first")
    refused(plugin, sandbox, "bootimage", f"--stream-file={written(tmp_path, '4.10')}", said=said)


def test_when_the_stream_tells_the_release_alone_a_mirror_gives_the_disk(
    plugin: Plugin, sandbox: Sandbox, tmp_path: Path
) -> None:
    document = small("rhcos-4.18", "418.94.202601010830-2")
    del document["architectures"]["aarch64"]["rhel-coreos-extensions"]["azure-disk"]["url"]
    file = tmp_path / "stream.json"
    file.write_text(json.dumps(document))
    world = sandbox.world
    world.accounts["rhcos"].containers["imagebucket"].blobs["mirrored.vhd"] = new_blob(disk(), world.clock.now())
    result = plugin("bootimage", f"--stream-file={file}", f"--source-url={IMAGES}/mirrored.vhd", "-o=json")
    assert result.code == 0, result.err
    published = json.loads(result.out)
    assert (published["release"], published["source"]) == ("418.94.202601010830-2", f"{IMAGES}/mirrored.vhd")
    assert plugin("machineset", f"--stream-file={file}").code == 0
