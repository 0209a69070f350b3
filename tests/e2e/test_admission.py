"""Everything that `machineset` makes, before the code that admits MachineSets on a real cluster."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_arm64.cli.app import run
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.errors import Failure
from kubectl_arm64.machineset import check_template
from tests.e2e.admission import Admission, Verdict
from tests.sandbox.seeds import SEEDS
from tests.templates import FOLDER, set_at, worker

IMAGE = (
    "/resourceGroups/prod-7x2kq-rg/providers/Microsoft.Compute/galleries/rhcos_prod_7x2kq"
    "/images/rhcos-arm64-gen2/versions/20260202.2246.418094000"
)
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


@pytest.fixture(scope="module")
def admission(go_programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Admission:
    return Admission(go_programs, SEEDS["4.18"](), tmp_path_factory.mktemp("admission"))


@pytest.fixture
def admit(admission: Admission, tmp_path: Path) -> Callable[[dict[str, Any]], Verdict]:
    def judged(machineset: dict[str, Any]) -> Verdict:
        path = tmp_path / "machineset.yaml"
        path.write_text(yaml.safe_dump(machineset))
        (verdict,) = admission.admit([path])
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


def test_when_a_clone_is_admitted_what_matters_stays_as_we_wrote_it(
    admit: Callable[[dict[str, Any]], Verdict],
) -> None:
    text = emitted(FOLDER / "worker.yaml", [])
    assert text
    clone = yaml.safe_load(text)
    stored = admit(clone).provider_spec
    ours = clone["spec"]["template"]["spec"]["providerSpec"]["value"]
    for field in ("vmSize", "image", "zone", "location", "osDisk", "subnet", "vnet", "userDataSecret"):
        assert stored[field] == ours[field]


# What we refuse because admission would: each is proved against admission itself.

FORESEEN: dict[str, tuple[str, Any, str]] = {
    "tags as a list": ("tags", [{"name": "team", "value": "mobile"}], "cannot unmarshal array"),
    "a list as the image": ("image", [], "cannot unmarshal array"),
    "a list as the disk": ("osDisk", [], "cannot unmarshal array"),
    "a text as the secret": ("userDataSecret", "worker-user-data", "cannot unmarshal string"),
}


@pytest.mark.parametrize(("field", "value", "said"), FORESEEN.values(), ids=FORESEEN)
def test_when_we_refuse_a_template_admission_does_not_take_it_either(
    admit: Callable[[dict[str, Any]], Verdict], field: str, value: Any, said: str
) -> None:
    template = worker(**{field: value})
    with pytest.raises(Failure):
        check_template(template)
    verdict = admit(template)
    assert not verdict.allowed
    assert said in verdict.message


# What admission says at all: it is alive, and the facts that our rules rest on are still so.

WORKER_IMAGE = {"offer": "", "publisher": "", "resourceID": IMAGE, "sku": "", "version": ""}
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
def test_when_a_machineset_is_wrong_admission_names_the_field(
    admit: Callable[[dict[str, Any]], Verdict], fields: dict[str, Any], said: str
) -> None:
    verdict = admit(worker(**fields))
    assert not verdict.allowed
    assert said in verdict.message


def test_when_the_size_is_empty_admission_chooses_an_x86_one(admit: Callable[[dict[str, Any]], Verdict]) -> None:
    """Why `machineset` never leaves vmSize out: nothing would stop the wrong architecture."""
    verdict = admit(worker(vmSize=""))
    assert verdict.allowed
    assert verdict.provider_spec["vmSize"] == "Standard_D4s_V3"


def test_when_a_field_is_unknown_admission_drops_it_without_a_word(
    admit: Callable[[dict[str, Any]], Verdict],
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
