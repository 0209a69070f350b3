"""Everything that `machineset` makes, before the code that admits MachineSets on a real cluster."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from kubectl_arm64.cli.app import run
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.errors import Failure
from kubectl_arm64.machineset import check_template
from tests.e2e.admission import Admission, Verdict
from tests.judged import judges
from tests.sandbox.kubernetes import admission as sandbox_admission
from tests.sandbox.kubernetes.status import Refused
from tests.sandbox.seeds import R4_20, world_of
from tests.sandbox.seeds.spec import Cluster
from tests.sandbox.world import World
from tests.templates import FOLDER, GONE, set_at, worker

IMAGE = (
    "/resourceGroups/prod-7x2kq-rg/providers/Microsoft.Compute/galleries/rhcos_prod_7x2kq"
    "/images/rhcos-arm64-gen2/versions/20260202.2246.418094000"
)
WORKER_IMAGE = {"offer": "", "publisher": "", "resourceID": IMAGE, "sku": "", "version": ""}
MARKETPLACE = {
    "offer": "aro4",
    "publisher": "azureopenshift",
    "sku": "aro_418",
    "type": "MarketplaceNoPlan",
    "version": "418.94.20260202",
}
OPTIONS: dict[str, list[str]] = {
    "as it is": [],
    "no machines": ["--replicas", "0"],
    "another zone": ["--zone", "2"],
    "another name": ["--name", "arm64-workers"],
    "tainted": ["--taint"],
    "tainted otherwise": ["--taint", "team=mobile:NoSchedule", "--taint", "arch=arm64:PreferNoSchedule"],
    "labelled": ["--node-label", "node-role.kubernetes.io/arm64=", "--node-label", "team=mobile"],
    "not Spot": ["--no-spot"],
    "forced": ["--force"],
}


class Admit(Protocol):
    """The webhooks' verdict on making a MachineSet or, with `old`, on changing that one to it."""

    def __call__(self, machineset: dict[str, Any], old: dict[str, Any] | None = None) -> Verdict: ...


@pytest.fixture(scope="module")
def world() -> World:
    """A cluster of the release that the webhooks are of."""
    newest = replace(R4_20, version="4.21.3")
    return world_of(Cluster(newest))


@pytest.fixture(scope="module")
def admission(go_programs: Path, world: World, tmp_path_factory: pytest.TempPathFactory) -> Admission:
    return Admission(go_programs, world, tmp_path_factory.mktemp("admission"))


@pytest.fixture
def admit(admission: Admission, tmp_path: Path) -> Admit:
    def judged(machineset: dict[str, Any], old: dict[str, Any] | None = None) -> Verdict:
        path, before = tmp_path / "machineset.yaml", tmp_path / "old.yaml"
        path.write_text(yaml.safe_dump(machineset))
        before.write_text(yaml.safe_dump(old))
        (verdict,) = admission.admit([path], before if old else None)
        return verdict

    return judged


@pytest.fixture(scope="module")
def sources(shared_data: Path | None, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One MachineSet a file: our fixtures and, where this machine has them, the real ones."""
    folder = tmp_path_factory.mktemp("sources")
    real = shared_data / "data" / "machinesets" if shared_data else None
    files = sorted(FOLDER.glob("*.yaml")) + (sorted(real.glob("ms-*.yaml")) if real else [])
    return [single for file in files for single in _split(file, folder)]


def _split(file: Path, folder: Path) -> list[Path]:
    """The MachineSets of `file`, a file each: `-f` clones one."""
    documents = [document for document in yaml.safe_load_all(file.read_text()) if document]
    singles = [item for document in documents for item in document.get("items", [document])]
    paths = [folder / f"{file.stem}-{number}.yaml" for number in range(len(singles))]
    for path, single in zip(paths, singles, strict=True):
        path.write_text(yaml.safe_dump(single))
    return paths


def write(path: Path, machineset: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(machineset))
    return path


def emitted(source: Path, options: Sequence[str]) -> str | None:
    """What `machineset -f` prints for a source, None where it refuses it (in one line)."""
    out, err = io.StringIO(), io.StringIO()
    flags = ["-f", str(source), "--image", IMAGE, "--vm-size", "Standard_D4ps_v5", "-o", "yaml"]
    code = run("kubectl-arm64", ["machineset", *flags, *options], Streams(out, err, environ={}))
    if code == 0:
        return out.getvalue()
    assert code == 1, err.getvalue()
    assert err.getvalue().splitlines()[-1].startswith("error: ")
    return None


@judges("apply a MachineSet")
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_when_machineset_makes_a_clone_it_is_admitted(
    admission: Admission,
    sources: list[Path],
    options: list[str],
    tmp_path: Path,
    record_warnings: Callable[[Sequence[Verdict]], None],
) -> None:
    clones = []
    for source in sources:
        text = emitted(source, options)
        if text is not None:
            clones.append(tmp_path / source.name)
            clones[-1].write_text(text)
    verdicts = admission.admit(clones)
    record_warnings(verdicts)
    assert len(verdicts) == len(clones) >= 1
    assert {v.file.name: v.message for v in verdicts if not v.allowed} == {}


@judges("apply a MachineSet")
def test_when_a_clone_is_applied_again_or_gets_another_image_that_is_admitted_too(
    admission: Admission, sources: list[Path], tmp_path: Path
) -> None:
    texts = {source.name: emitted(source, []) for source in sources}
    clones = [write(tmp_path / name, yaml.safe_load(text)) for name, text in texts.items() if text]
    for clone, made in zip(clones, admission.admit(clones), strict=True):
        live = write(tmp_path / "live.yaml", made.defaulted)
        newer = yaml.safe_load(clone.read_text())
        image = newer["spec"]["template"]["spec"]["providerSpec"]["value"]["image"]
        image["resourceID"] = IMAGE.replace("20260202.2246.418094000", "20260402.1000.418094000")
        updates = [clone, live, write(tmp_path / "newer.yaml", newer)]
        assert [verdict.message for verdict in admission.admit(updates, old=live)] == ["", "", ""], clone.name


@judges("apply a MachineSet")
def test_when_a_clone_is_admitted_what_matters_stays_as_we_wrote_it(
    admit: Admit,
) -> None:
    text = emitted(FOLDER / "worker.yaml", [])
    assert text
    clone = yaml.safe_load(text)
    stored = admit(clone).provider_spec
    ours = clone["spec"]["template"]["spec"]["providerSpec"]["value"]
    for field in ("vmSize", "image", "zone", "location", "osDisk", "subnet", "vnet", "userDataSecret"):
        assert stored[field] == ours[field]


# What we refuse because admission would: each is proved against admission itself.

SELECTED = "machine.openshift.io/cluster-api-machineset"
FORESEEN: dict[str, tuple[str, Any, str]] = {
    "tags as a list": ("tags", [{"name": "team", "value": "mobile"}], "cannot unmarshal array"),
    "a list as the image": ("image", [], "cannot unmarshal array"),
    "a list as the disk": ("osDisk", [], "cannot unmarshal array"),
    "a text as the secret": ("userDataSecret", "worker-user-data", "cannot unmarshal string"),
    "a text as Spot": ("spotVMOptions", "yes", "cannot unmarshal string"),
    "a map as the data disks": ("dataDisks", {"lun": 0}, "cannot unmarshal object"),
    "a list as the size": ("vmSize", ["Standard_D4s_v3"], "cannot unmarshal array"),
    "a list as the security": ("securityProfile", [], "cannot unmarshal array"),
    "a network without its subnet": ("subnet", GONE, "must provide a subnet when a virtual network is specified"),
    "a subnet without its network": ("vnet", GONE, "must provide a virtual network when supplying subnets"),
}


@pytest.mark.parametrize(("field", "value", "said"), FORESEEN.values(), ids=FORESEEN)
def test_when_we_refuse_a_template_admission_does_not_take_it_either(
    admit: Admit, field: str, value: Any, said: str
) -> None:
    template = worker(**{field: value})
    with pytest.raises(Failure):
        check_template(template)
    verdict = admit(template)
    assert not verdict.allowed
    assert said in verdict.message


# Missing fields that admission would fill in by itself: we ask for them, since its choice is for x86 or a guess.

FILLED_IN: dict[str, Any] = {
    "vmSize": "Standard_D4s_V3",
    "image": {"offer": "aro4", "publisher": "azureopenshift", "resourceID": "", "sku": "aro_420"},
    "userDataSecret": {"name": "worker-user-data"},
}


@pytest.mark.parametrize("field", FILLED_IN)
def test_when_we_ask_for_a_field_that_admission_would_fill_in_it_really_would(admit: Admit, field: str) -> None:
    missing: dict[str, Any] = {field: GONE}
    template = worker(**missing)
    with pytest.raises(Failure, match=rf"{field} is missing"):
        check_template(template)
    verdict = admit(template)
    assert verdict.allowed
    made, wanted = verdict.provider_spec[field], FILLED_IN[field]
    assert made == (made | wanted if isinstance(wanted, dict) else wanted)


def test_when_a_set_has_no_disk_size_both_refuse_it(admit: Admit) -> None:
    template = worker(osDisk=GONE)
    with pytest.raises(Failure, match="osDisk is missing"):
        check_template(template)
    assert "diskSizeGB must be greater than zero" in admit(template).message


def test_when_the_selector_does_not_match_the_template_both_refuse_it(admit: Admit) -> None:
    template = worker()
    template["spec"]["template"]["metadata"]["labels"][SELECTED] = "another"
    with pytest.raises(Failure, match="does not match the labels of its own template"):
        check_template(template)
    assert "`selector` does not match template `labels`" in admit(template).message


def test_when_the_selector_of_a_live_set_is_changed_admission_says_it_cannot_be(admit: Admit) -> None:
    """Why a set whose selector is not its own is refused with "make the set anew"."""
    live, changed = worker(), worker("prod-x7k2p-worker-eastus2")
    changed["metadata"]["name"] = live["metadata"]["name"]
    verdict = admit(changed, live)
    assert not verdict.allowed
    assert verdict.message == "spec.selector: Forbidden: selector is immutable"


def test_when_a_marketplace_source_is_cloned_the_type_of_its_image_goes_with_it(admit: Admit, tmp_path: Path) -> None:
    """`type` beside resourceID is what admission refuses: a clone of such a source must not keep it."""
    source, path = worker(image={"resourceID": "", **MARKETPLACE}), tmp_path / "source.yaml"
    assert admit(source).allowed
    path.write_text(yaml.safe_dump(source))
    clone = yaml.safe_load(emitted(path, []) or "")
    assert admit(clone).allowed
    clone["spec"]["template"]["spec"]["providerSpec"]["value"]["image"]["type"] = "MarketplaceNoPlan"
    assert "resourceID is already specified" in admit(clone).message


# What admission says at all: it is alive, and the facts that our rules rest on are still so.

REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "an image with resourceID and type": (
        {"image": {**WORKER_IMAGE, "type": "MarketplaceNoPlan"}},
        "providerSpec.image.resourceID: Required value: resourceID is already specified",
    ),
    "a network without its subnet": (
        {"subnet": ""},
        "providerSpec.subnet: Required value: must provide a subnet when a virtual network is specified",
    ),
    "an ephemeral disk that is not read-only": (
        {"osDisk/diskSettings": {"ephemeralStorageLocation": "Local"}},
        "Instances using an ephemeral OS disk support only Readonly caching",
    ),
}


@pytest.mark.parametrize(("fields", "said"), REFUSALS.values(), ids=REFUSALS)
def test_when_a_machineset_is_wrong_admission_names_the_field(admit: Admit, fields: dict[str, Any], said: str) -> None:
    verdict = admit(worker(**fields))
    assert not verdict.allowed
    assert said in verdict.message


def test_when_the_size_is_empty_admission_chooses_an_x86_one(admit: Admit) -> None:
    """Why `machineset` never leaves vmSize out: nothing would stop the wrong architecture."""
    verdict = admit(worker(vmSize=""))
    assert verdict.allowed
    assert verdict.provider_spec["vmSize"] == "Standard_D4s_V3"


def test_when_a_field_is_unknown_admission_drops_it_without_a_word(
    admit: Admit,
) -> None:
    verdict = admit(worker(acceleratedNetworkin=True))
    assert verdict.allowed
    assert verdict.warnings == ()
    assert "acceleratedNetworkin" not in verdict.provider_spec


def test_when_the_credentials_secret_is_missing_admission_warns(admission: Admission, tmp_path: Path) -> None:
    template = copy.deepcopy(worker())
    set_at(template, "spec/template/spec/providerSpec/value/credentialsSecret/name", "no-such-secret")
    path = tmp_path / "machineset.yaml"
    path.write_text(yaml.safe_dump(template))
    (verdict,) = admission.admit([path])
    assert verdict.allowed
    assert any("not found" in warning for warning in verdict.warnings)


# The sandbox's admission beside the real one


def verdict_of_sandbox(world: World, machineset: dict[str, Any], old: dict[str, Any] | None) -> Verdict:
    """The sandbox's own verdict, in the words of the real one."""
    try:
        made = copy.deepcopy(machineset) if old else sandbox_admission.default(world, machineset)
        warnings = sandbox_admission.validate(world, made, old)
    except Refused as refused:
        _, _, message = str(refused.body["message"]).partition(" denied the request: ")
        return Verdict(Path(), False, message, (), {})
    return Verdict(Path(), True, "", tuple(warnings), made)


def by_the_same_rules(said: str) -> str:
    """Without what Go prints of the value that is wrong, and without which of its decoders complains."""
    return re.sub(r"Invalid value: .*?: (error|`|json)", r"Invalid value: \1", said)


DENIED = [(name, worker(**{field: value})) for name, (field, value, _) in FORESEEN.items()]
DENIED += [(name, worker(**fields)) for name, (fields, _) in REFUSALS.items()]


@pytest.mark.parametrize(("name", "machineset"), DENIED, ids=[name for name, _ in DENIED])
def test_when_admission_denies_a_set_the_sandbox_does_so_in_the_same_words(
    admit: Admit, world: World, name: str, machineset: dict[str, Any]
) -> None:
    real, ours = admit(machineset), verdict_of_sandbox(world, machineset, None)
    assert not ours.allowed
    assert by_the_same_rules(ours.message) == by_the_same_rules(real.message)


@judges("apply a MachineSet")
def test_when_admission_stores_a_clone_the_sandbox_stores_the_same(
    admission: Admission, world: World, sources: list[Path], tmp_path: Path
) -> None:
    texts = {source.name: emitted(source, []) for source in sources}
    clones = [write(tmp_path / name, yaml.safe_load(text)) for name, text in texts.items() if text]
    for real in admission.admit([*sources, *clones]):
        ours = verdict_of_sandbox(world, yaml.safe_load(real.file.read_text()), None)
        assert ours.allowed == real.allowed, (real.file, real.message, ours.message)
        if real.allowed:
            assert ours.warnings == real.warnings, real.file
            assert ours.provider_spec == real.provider_spec, real.file
