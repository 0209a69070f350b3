"""Names of Azure resources: valid, deterministic, and found by every command alike."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from kubectl_arm64 import names
from kubectl_arm64.errors import InvalidInput
from kubectl_arm64.names import ImageIdentity
from kubectl_arm64.stream import Architecture, BootImage

SUBSCRIPTION = "00000000-0000-4000-8000-00000000c001"
ARM = ImageIdentity("rhel-9", Architecture.AARCH64, "418.94.202602022246-0")

moments = some.datetimes(datetime(2020, 1, 1), datetime(2039, 12, 31))
numbers = some.integers(0, 999)
builds = some.none() | some.integers(0, 998)


@some.composite
def releases(draw: some.DrawFn) -> str:
    """Releases of both schemes, with any numbers."""
    date = draw(moments).strftime(draw(some.sampled_from(["%Y%m%d", "%Y%m%d%H%M"])))
    build = draw(builds)
    return f"{draw(numbers)}.{draw(numbers)}.{date}" + ("" if build is None else f"-{build}")


def parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("411.86.202207130959-0", "20220713.959.411086000"),
        ("418.94.202602022246-0", "20260202.2246.418094000"),
        ("9.6.20260217-1", "20260217.0.9006001"),
        ("10.2.20260405-0", "20260405.0.10002000"),
    ],
)
def test_the_image_version_is_read_off_the_release(release: str, version: str) -> None:
    assert names.image_version(release) == version


@given(releases())
def test_every_image_version_is_three_32_bit_integers(release: str) -> None:
    found = parts(names.image_version(release))
    assert len(found) == 3
    assert all(0 <= part < 2**31 for part in found)
    names.check_names({"image-version": names.image_version(release)})


# Few of each, so that two draws are near neighbours: only such could collide.
neighbours = some.builds(
    "{}.{}.{}{}{}".format,
    some.sampled_from([0, 1, 9, 39, 40, 418]),
    some.sampled_from([0, 1]),
    some.sampled_from(["20260202", "20260203"]),
    some.sampled_from(["", "0000", "0001", "2359"]),
    some.sampled_from(["", "-0", "-1", "-998"]),
)


@settings(max_examples=500)
@given(neighbours, neighbours)
def test_two_releases_never_share_an_image_version(one: str, other: str) -> None:
    assert (names.image_version(one) == names.image_version(other)) is (one == other)


@given(numbers, numbers, builds, moments)
def test_midnight_and_no_time_do_not_collide(a: int, b: int, build: int | None, day: datetime) -> None:
    end = "" if build is None else f"-{build}"
    midnight, dated = f"{a}.{b}.{day:%Y%m%d}0000{end}", f"{a}.{b}.{day:%Y%m%d}{end}"
    assert names.image_version(midnight) != names.image_version(dated)


def test_a_release_without_a_build_is_not_its_build_0() -> None:
    assert names.image_version("9.6.20260217") != names.image_version("9.6.20260217-0")


@given(moments, moments, some.integers(0, 998), some.integers(0, 998), some.booleans())
def test_a_later_day_is_a_later_image_version_whatever_the_schemes(
    one: datetime, other: datetime, timed_build: int, dated_build: int, timed_first: bool
) -> None:
    first, second = sorted((one, other))
    assume(first.date() < second.date())
    timed, dated = (first, second) if timed_first else (second, first)
    versions = [
        parts(names.image_version(f"418.94.{timed:%Y%m%d%H%M}-{timed_build}")),
        parts(names.image_version(f"9.6.{dated:%Y%m%d}-{dated_build}")),
    ]
    assert (versions[0] < versions[1]) is timed_first


@given(moments, moments)
def test_two_builds_of_one_day_are_ordered_by_their_time(one: datetime, other: datetime) -> None:
    first, second = sorted((f"{one:%Y%m%d%H%M}", f"{other:%Y%m%d%H%M}"))
    versions = [parts(names.image_version(f"418.94.{moment}-0")) for moment in (first, second)]
    assert versions == sorted(versions)


@pytest.mark.parametrize(
    "release",
    [
        "",
        "latest",
        "9.6.20260217-1-",
        "9.6.2026021-0",
        "9.6.20260231-0",
        "418.94.202602022460-0",
        "9.6.20260217-999",
        "9.6.20260217-01",
        "09.6.20260217-0",
        "1000.6.20260217-0",
        "39.20231101.3.0",
        "9.6.２０２６０２１７-0",
        "9.6.20260217-0\n",
    ],
)
def test_when_a_release_is_of_neither_scheme_it_is_refused(release: str) -> None:
    with pytest.raises(InvalidInput, match="--image-version"):
        names.image_version(release)


def test_the_definition_holds_gen2_and_not_the_clusters_name() -> None:
    assert names.image_definition(ARM) == "rhcos-arm64-gen2"
    assert names.image_definition(ImageIdentity("rhel-9", Architecture.X86_64, "x")) == "rhcos-x64-gen2"
    assert names.image_definition(ImageIdentity("rhel-10", Architecture.AARCH64, "x")) == "rhcos10-arm64-gen2"


def test_the_gallery_bears_the_clusters_name_without_dashes() -> None:
    assert names.gallery("prod-7x2kq") == "rhcos_prod_7x2kq"


def test_the_blob_bears_red_hats_name() -> None:
    assert names.blob(ARM) == "rhcos-418.94.202602022246-0-azure.aarch64.vhd"


@given(some.text(max_size=40), some.text(max_size=40))
def test_a_storage_account_is_named_as_azure_wants_it(group: str, infra: str) -> None:
    name = names.storage_account(SUBSCRIPTION, group, infra, "eastus")
    assert re.fullmatch(r"rhcos[a-z2-7]{19}", name)


def test_a_storage_account_keeps_its_name_for_one_place_and_changes_it_for_another() -> None:
    name = names.storage_account(SUBSCRIPTION, "prod-7x2kq-rg", "prod-7x2kq", "eastus2")
    assert name == names.storage_account(SUBSCRIPTION.upper(), "PROD-7x2kq-rg", "prod-7x2kq", "East US 2")
    others = {
        names.storage_account(SUBSCRIPTION[:-1] + "2", "prod-7x2kq-rg", "prod-7x2kq", "eastus2"),
        names.storage_account(SUBSCRIPTION, "other-rg", "prod-7x2kq", "eastus2"),
        names.storage_account(SUBSCRIPTION, "prod-7x2kq-rg", "prod-8x2kq", "eastus2"),
        names.storage_account(SUBSCRIPTION, "prod-7x2kq-rg", "prod-7x2kq", "eastus"),
    }
    assert len(others | {name}) == 5


def test_the_identity_is_told_by_tags() -> None:
    image = BootImage("rhel-9", Architecture.AARCH64, "9.6.20260217-1", "https://mirror.example.com/a.vhd?sig=x")
    assert ImageIdentity.of(image).tags() == {
        "kubectl-arm64": "managed",
        "kubectl-arm64.os-stream": "rhel-9",
        "kubectl-arm64.architecture": "Arm64",
        "kubectl-arm64.release": "9.6.20260217-1",
    }


GOOD = {
    "storage-account": ["abc", "rhcos1", "a" * 24],
    "container": ["vhd", "a-b-1", "a" * 63],
    "gallery": ["g", "rhcos_prod.1", "A" * 80],
    "image-definition": ["rhcos-arm64-gen2", "a", "a_b.c-d"],
    "image-version": ["0.0.0", "1.0.0", "20260202.2246.418094000", "2147483647.0.1"],
    "resource-group": ["a", "prod-7x2kq-rg", "(group)", "größe", "a" * 90],
}
BAD = {
    "storage-account": ["ab", "a" * 25, "Abc", "a-b", "abc\n", ""],
    "container": ["ab", "$root", "$web", "a--b", "-ab", "ab-", "aBc", "a_b", "a" * 64, ""],
    "gallery": ["rhcos-prod", "_a", "a_", "a.", "A" * 81, ""],
    "image-definition": ["-a", "a-", "a b", "a" * 81, ""],
    "image-version": [
        "latest",
        "1.0",
        "1.0.0.0",
        "1.0.x",
        "01.0.0",
        "2147483648.0.0",
        "1.0.-1",
        "202207130959.0.0",
        f"1.0.{'9' * 5000}",
    ],
    "resource-group": ["a.", "a b", "a/b", "a" * 91, ""],
}


@pytest.mark.parametrize(("flag", "name"), [(flag, name) for flag, many in GOOD.items() for name in many])
def test_when_azure_takes_a_name_it_passes(flag: str, name: str) -> None:
    names.check_names({flag: name})


@pytest.mark.parametrize(("flag", "name"), [(flag, name) for flag, many in BAD.items() for name in many])
def test_when_azure_will_refuse_a_name_the_error_names_it_the_rule_and_the_flag(flag: str, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        names.check_names({"resource-group": "fine", flag: name})
    assert repr(name) in refused.value.what
    assert "it must be" in refused.value.what
    assert refused.value.advice == f"name another with --{flag}"


def test_when_tags_are_within_the_limits_they_pass() -> None:
    names.check_tags({"costCenter": "0042", "kubernetes.io_cluster.prod1-5r2mq": "owned", "n" * 128: "v" * 256})


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"a<b": "1"}, "holds '<'"),
        ({"a\\b": "1"}, "holds"),
        ({"a/b": "1"}, "holds '/'"),
        ({"": "1"}, "empty"),
        ({"n" * 129: "1"}, "129 characters"),
        ({"n": "v" * 257}, "257 characters"),
        ({"Owner": "1", "owner": "2"}, "one name to Azure"),
        ({"kubectl-arm64.release": "1"}, "this tool's own"),
        ({f"t{i}": "" for i in range(44)}, "at most 43"),
    ],
)
def test_when_azure_will_refuse_a_tag_the_error_says_why(tags: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(said)):
        names.check_tags(tags)


def test_a_location_has_one_spelling_for_comparing() -> None:
    assert names.normalise_location("East US 2") == names.normalise_location("eastus2") == "eastus2"


def test_the_source_s_tag_is_its_url_where_azure_takes_it() -> None:
    longest = f"https://rhcos.blob.core.windows.net/imagebucket/{'a' * 204}.vhd"
    assert len(longest) == 256
    assert names.source_tag(longest) == longest


def test_when_the_source_s_url_is_too_long_its_tag_is_cut_and_still_tells_urls_apart() -> None:
    place = "https://mirror.blob.core.windows.net/images/"
    one, other = (names.source_tag(f"{place}{'a' * 300}/{name}.vhd") for name in ("rhcos-418", "rhcos-419"))
    assert len(one) == len(other) == 256
    assert one.startswith(place)
    assert one != other
