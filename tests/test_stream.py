"""What the boot image stream says, and what is said of a stream that says it wrongly."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_arm64 import stream
from kubectl_arm64.errors import InvalidInput, Unsupported
from kubectl_arm64.image import MarketplaceImage
from kubectl_arm64.stream import Architecture, BootImage

ARM, X86 = Architecture.AARCH64, Architecture.X86_64
IMAGES = "https://rhcos.blob.core.windows.net/imagebucket"
DIGEST = "c5d2e0b6" * 8


def described(release: str, name: str = "rhcos-4.18", architecture: str = "aarch64") -> dict[str, Any]:
    """A stream with the boot image of one architecture."""
    disk = {"location": "https://mirror.example.com/rhcos.vhd.gz", "sha256": "00", "uncompressed-sha256": DIGEST}
    return {
        "stream": name,
        "architectures": {
            architecture: {
                "artifacts": {"azure": {"release": release, "formats": {"vhd.gz": {"disk": disk}}}},
                "rhel-coreos-extensions": {
                    "azure-disk": {"release": release, "url": f"{IMAGES}/rhcos-{release}-azure.{architecture}.vhd"}
                },
            }
        },
    }


def config_map(version: str = "4.18.34", **data: Any) -> dict[str, Any]:
    written = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coreos-bootimages"},
        "data": {"releaseVersion": version, **written},
    }


def disk_of(described: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = described["architectures"]["aarch64"]["rhel-coreos-extensions"]["azure-disk"]
    return found


R418 = described("418.94.202602022246-0")
RHEL9 = described("9.8.20260403-0", "rhcos-4.21")
RHEL10 = described("10.2.20260405-0", "rhcos-4.22")
BOTH = {"rhel-9": RHEL9, "rhel-10": RHEL10}


def test_the_config_map_names_release_url_and_digest_of_the_uncompressed_disk() -> None:
    assert stream.from_config_map(config_map(stream=R418), ARM) == BootImage(
        "rhel-9",
        ARM,
        "418.94.202602022246-0",
        f"{IMAGES}/rhcos-418.94.202602022246-0-azure.aarch64.vhd",
        sha256=DIGEST,
    )


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(R418, indent=1),
        json.dumps(config_map(stream=R418)),
        yaml.safe_dump(config_map(stream=R418)),
        "# as `oc get -o yaml` wrote it\n" + yaml.safe_dump(config_map(stream=R418)),
    ],
    ids=["stream JSON", "ConfigMap JSON", "ConfigMap YAML", "YAML with a comment"],
)
def test_a_file_may_hold_the_stream_or_the_config_map(text: str) -> None:
    assert stream.from_text(text, "s.json", ARM) == stream.from_config_map(config_map(stream=R418), ARM)


def test_when_there_are_streams_it_takes_rhel_9_unless_another_is_named() -> None:
    document = config_map("5.0.0", stream=RHEL9, streams=BOTH)
    assert stream.from_config_map(document, ARM).release == "9.8.20260403-0"
    rhel10 = stream.from_config_map(document, ARM, "rhel-10")
    assert (rhel10.os_stream, rhel10.release) == ("rhel-10", "10.2.20260405-0")


def test_when_there_is_no_default_stream_it_takes_rhel_9_of_the_streams() -> None:
    assert stream.from_config_map(config_map("5.0.0", streams=BOTH), ARM).os_stream == "rhel-9"


def test_when_the_os_stream_is_unknown_it_names_those_that_are_there() -> None:
    with pytest.raises(InvalidInput, match=r"no OS stream rhel-11; it has rhel-10, rhel-9"):
        stream.from_config_map(config_map("5.0.0", stream=RHEL9, streams=BOTH), ARM, "rhel-11")
    with pytest.raises(InvalidInput, match=r"s.json has no OS stream rhel-10; it has rhel-9"):
        stream.from_text(json.dumps(R418), "s.json", ARM, "rhel-10")


def test_when_a_file_is_of_rhel_10_the_release_tells_its_os_stream() -> None:
    assert stream.from_text(json.dumps(RHEL10), "s.json", ARM).os_stream == "rhel-10"


@pytest.mark.parametrize("version", ["4.10.3", "0.0.1-snapshot"])
def test_when_the_release_is_4_10_it_says_that_4_11_is_the_first(version: str) -> None:
    old = {"stream": "rhcos-4.10", "architectures": {"aarch64": {"artifacts": {}}}}
    with pytest.raises(Unsupported) as refused:
        stream.from_config_map(config_map(version, stream=old), ARM)
    assert str(refused.value) == "release 4.10 has no ARM64 boot image for Azure; 4.11 is the first"


@pytest.mark.parametrize("lack", ["architectures.aarch64", "extensions", "azure-disk", "empty azure-disk"])
def test_when_a_later_release_lacks_the_image_it_says_so(lack: str) -> None:
    broken = copy.deepcopy(R418)
    of_arm = broken["architectures"]["aarch64"]
    match lack:
        case "architectures.aarch64":
            del broken["architectures"]["aarch64"]
        case "extensions":
            del of_arm["rhel-coreos-extensions"]
        case "azure-disk":
            of_arm["rhel-coreos-extensions"] = {}
        case _:
            of_arm["rhel-coreos-extensions"]["azure-disk"] = {}
    with pytest.raises(Unsupported, match=r"release 4.18 has no ARM64 boot image for Azure; .*--stream-file"):
        stream.from_config_map(config_map(stream=broken), ARM)


def test_when_x86_64_lacks_the_image_it_does_not_speak_of_arm64() -> None:
    with pytest.raises(Unsupported, match=r"release 4\.18 has no x86_64 boot image"):
        stream.from_config_map(config_map(stream=R418), X86)


def test_when_azure_disk_has_no_url_the_release_is_told_alone_and_a_mirror_gives_the_rest() -> None:
    without = copy.deepcopy(R418)
    del disk_of(without)["url"]
    image = stream.from_text(json.dumps(without), "s.json", ARM)
    assert (image.release, image.url) == ("418.94.202602022246-0", "")
    mirror = "https://mirror.example.com/vhds/rhcos.vhd"
    assert (image.at(mirror).release, image.at(mirror).url) == (image.release, mirror)


def test_when_the_artifact_is_of_another_release_its_digest_is_not_taken() -> None:
    other = copy.deepcopy(R418)
    other["architectures"]["aarch64"]["artifacts"]["azure"]["release"] = "418.94.202601010000-0"
    assert stream.from_text(json.dumps(other), "s.json", ARM).sha256 is None


@pytest.mark.parametrize("artifacts", [{}, {"azure": {}}, {"azure": None}, "none"])
def test_when_the_artifact_is_not_told_there_is_no_digest(artifacts: Any) -> None:
    other = copy.deepcopy(R418)
    other["architectures"]["aarch64"]["artifacts"] = artifacts
    assert stream.from_text(json.dumps(other), "s.json", ARM).sha256 is None


def test_the_marketplace_image_is_generation_2_without_a_purchase_plan() -> None:
    with_market = copy.deepcopy(RHEL9)
    offer = {"publisher": "azureopenshift", "offer": "aro4", "sku": "420-arm", "version": "9.6.20251015"}
    extensions = with_market["architectures"]["aarch64"]["rhel-coreos-extensions"]
    extensions["marketplace"] = {"azure": {"ocp": {}, "no-purchase-plan": {"hyperVGen2": offer}}}
    image = stream.from_text(json.dumps(with_market), "s.json", ARM)
    assert image.marketplace == MarketplaceImage("azureopenshift", "aro4", "420-arm", "9.6.20251015")


@pytest.mark.parametrize(
    "market", [{}, {"azure": {"no-purchase-plan": {}}}, {"azure": {"no-purchase-plan": {"hyperVGen2": {"sku": 1}}}}]
)
def test_when_the_marketplace_part_is_empty_there_is_no_such_image(market: dict[str, Any]) -> None:
    other = copy.deepcopy(RHEL10)
    other["architectures"]["aarch64"]["rhel-coreos-extensions"]["marketplace"] = market
    assert stream.from_text(json.dumps(other), "s.json", ARM).marketplace is None


def test_when_the_json_of_a_file_is_broken_it_says_where() -> None:
    with pytest.raises(InvalidInput, match=r"s\.json, line 2, column 13: broken JSON"):
        stream.from_text('{"stream": "rhcos-4.18",\n "x": [1, 2,,]}', "s.json", ARM)


def test_when_the_json_within_the_config_map_is_broken_it_names_the_key() -> None:
    with pytest.raises(InvalidInput, match=r"data\.stream, line 1, column 2: broken JSON"):
        stream.from_config_map(config_map(stream="{"), ARM)


def test_when_the_yaml_is_broken_it_says_where() -> None:
    with pytest.raises(InvalidInput, match=r"s\.yaml, line 2, column 5: broken YAML"):
        stream.from_text("kind: ConfigMap\na: b: c\n", "s.yaml", ARM)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: ConfigMap\na: 2026-13-45\n", "broken YAML: month must be in 1..12"),
        (f"kind: {'[' * 5000}", "broken YAML: it is nested too deeply"),
        (f'{{"a": {"[" * 500_000}', "nested too deeply"),
        (f'{{"a": {"9" * 5000}}}', "s.json is no stream: "),
    ],
    ids=["no date", "deep YAML", "deep JSON", "long number"],
)
def test_when_a_file_cannot_be_read_as_values_it_is_refused_with_advice(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=r"^s\.json") as refused:
        stream.from_text(text, "s.json", ARM)
    assert said in refused.value.what
    assert refused.value.advice == "name another with --stream-file"


@pytest.mark.parametrize("text", ["- a\n", "data: 3\n", "data: {stream: 3}\n", "architectures: {aarch64: 3}\n"])
def test_when_a_file_is_of_another_shape_the_advice_is_another_file(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        stream.from_text(text, "s.yaml", ARM)
    assert refused.value.advice == "name another with --stream-file"


@pytest.mark.parametrize(
    ("value", "said"), [(9.6, "a number"), ("", "empty"), (["9.6"], "a list"), (True, "a boolean")]
)
def test_when_the_release_is_not_a_text_it_says_what_it_is(value: Any, said: str) -> None:
    broken = copy.deepcopy(R418)
    disk_of(broken)["release"] = value
    with pytest.raises(InvalidInput, match=rf"azure-disk\.release is {said}, not a text; name another"):
        stream.from_text(json.dumps(broken), "s.json", ARM)


@pytest.mark.parametrize("text", ["", "[]", "4.18", "kind: Secret\n", '{"kind": "List", "items": []}'])
def test_when_a_file_is_something_else_it_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"s\.json"):
        stream.from_text(text, "s.json", ARM)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://mirror.example.com/rhcos.vhd", "not an https URL"),
        ("/rhcos.vhd", "not an https URL"),
        ("https://mirror.example.com/rhcos.vhd.gz", "is compressed"),
        ("https://mirror.example.com/rhcos.qcow2", "does not name a .vhd"),
    ],
)
def test_when_the_url_cannot_be_a_vhds_it_is_refused(url: str, said: str) -> None:
    broken = copy.deepcopy(R418)
    disk_of(broken)["url"] = url
    with pytest.raises(InvalidInput, match=said):
        stream.from_text(json.dumps(broken), "s.json", ARM)


def test_the_sas_of_a_mirror_is_kept_for_the_service_and_never_shown() -> None:
    mirrored = copy.deepcopy(R418)
    disk_of(mirrored)["url"] += "?sv=2025-01-05&sig=c2VjcmV0"
    image = stream.from_text(json.dumps(mirrored), "s.json", ARM)
    assert image.url.endswith("sig=c2VjcmV0")
    assert image.shown == f"{IMAGES}/rhcos-418.94.202602022246-0-azure.aarch64.vhd"
    assert "c2VjcmV0" not in repr(image)


def test_when_a_mirror_holds_the_same_file_release_and_digest_stay() -> None:
    image = stream.from_text(json.dumps(R418), "s.json", ARM)
    mirror = "https://mirror.example.com/rhcos-418.94.202602022246-0-azure.aarch64.vhd"
    assert image.at(mirror) == BootImage("rhel-9", ARM, image.release, mirror, sha256=DIGEST)


def test_when_a_mirror_uses_its_own_name_the_streams_release_is_believed() -> None:
    image = stream.from_text(json.dumps(R418), "s.json", ARM)
    assert image.at("https://mirror.example.com/arm.vhd").release == image.release


def test_when_the_source_is_another_build_its_release_replaces_the_streams() -> None:
    image = stream.from_text(json.dumps(R418), "s.json", ARM)
    other = image.at("https://mirror.example.com/rhcos-10.2.20260405-0-azure.aarch64.vhd?sig=abc")
    assert (other.os_stream, other.release, other.sha256) == ("rhel-10", "10.2.20260405-0", None)


def test_when_the_source_is_for_another_architecture_it_is_refused() -> None:
    image = stream.from_text(json.dumps(R418), "s.json", ARM)
    with pytest.raises(InvalidInput, match="is a VHD for x86_64, not aarch64"):
        image.at("https://mirror.example.com/rhcos-418.94.202602022246-0-azure.x86_64.vhd")


def test_an_architecture_has_a_spelling_for_each_of_its_readers() -> None:
    assert (ARM.value, ARM.kubernetes, ARM.azure) == ("aarch64", "arm64", "Arm64")
    assert (X86.value, X86.kubernetes, X86.azure) == ("x86_64", "amd64", "x64")


REAL = [
    ("streams/rhcos-4.11-20220715.json", ARM, "411.86.202207130959-0", True),
    ("streams/rhcos-4.11-20220715.json", X86, "411.86.202207150124-0", True),
    ("streams/rhcos-4.18.json", ARM, "418.94.202602022246-0", True),
    ("streams/rhcos-4.20.json", ARM, "9.6.20260217-1", True),
    ("streams/coreos-bootimages-cm-5.0.yaml", ARM, "9.8.20260403-0", False),
    ("streams/rhcos-4.10.json", X86, "410.84.202210040010-0", True),
    ("cluster/cl-12-bootimages-410.yaml", X86, "410.84.202111111322-0", True),
]


@pytest.mark.parametrize(("file", "architecture", "release", "digest"), REAL)
def test_a_real_stream_gives_its_release(
    shared_data: Path | None, file: str, architecture: Architecture, release: str, digest: bool
) -> None:
    if shared_data is None:
        pytest.skip("no shared data (the summary says so)")
    image = stream.from_text((shared_data / "data" / file).read_text(), file, architecture)
    assert (image.release, image.shown) == (release, f"{IMAGES}/rhcos-{release}-azure.{architecture.value}.vhd")
    assert (image.sha256 is not None) is digest


def test_the_real_stream_of_5_0_has_rhel_10_too(shared_data: Path | None) -> None:
    if shared_data is None:
        pytest.skip("no shared data (the summary says so)")
    text = (shared_data / "data/streams/coreos-bootimages-cm-5.0.yaml").read_text()
    image = stream.from_text(text, "5.0", ARM, "rhel-10")
    assert (image.release, image.marketplace) == ("10.2.20260405-0", None)
    assert stream.from_text(text, "5.0", ARM).marketplace == MarketplaceImage(
        "azureopenshift", "aro4", "420-arm", "9.6.20251015"
    )


@pytest.mark.parametrize("file", ["streams/rhcos-4.10.json", "cluster/cl-12-bootimages-410.yaml"])
def test_the_real_streams_of_4_10_are_refused(shared_data: Path | None, file: str) -> None:
    if shared_data is None:
        pytest.skip("no shared data (the summary says so)")
    with pytest.raises(Unsupported, match=r"^release 4\.10 has no ARM64 boot image for Azure; 4\.11 is the first$"):
        stream.from_text((shared_data / "data" / file).read_text(), file, ARM)
