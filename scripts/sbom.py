"""What an archive is made of, as CycloneDX JSON: the same commit and dependencies give the same bytes."""

from __future__ import annotations

import platform
import ssl
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import Distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import kubectl_arm64
from scripts.krew import Platform
from scripts.shipped import direct, requirements

PROJECT = "kubectl-arm64"
_LICENCES = LicenseFactory()


def write(path: Path, here: Platform, held: Mapping[str, Distribution], epoch: int) -> None:
    """The bill of the archive of `here`, which the distributions in `held` are frozen into."""
    path.write_text(JsonV1Dot6(bill(here, held, epoch)).output_as_string(indent=2) + "\n", encoding="utf-8")


def bill(here: Platform, held: Mapping[str, Distribution], epoch: int) -> Bom:
    """The plugin, its Python, OpenSSL, and every distribution in the archive, with who needs whom."""
    version = kubectl_arm64.__version__
    root = Component(
        name=PROJECT,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=f"{PROJECT}@{version}",
        purl=PackageURL("pypi", name=PROJECT, version=version),
        licenses=[_LICENCES.make_from_string("Apache-2.0")],
    )
    components = {name: _component(name, one) for name, one in held.items()}
    runtime = _runtime()
    bom = Bom(
        components=[*components.values(), *runtime],
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"pkg:pypi/{PROJECT}@{version}?file={here.archive}&time={epoch}"),
    )
    bom.metadata.timestamp = datetime.fromtimestamp(epoch, UTC)
    bom.metadata.component = root
    bom.register_dependency(root, [*_among(components, direct()), *runtime])
    for name, one in held.items():
        bom.register_dependency(components[name], _among(components, requirements(one)))
    return bom


def _among(components: Mapping[str, Component], needed: Iterable[Requirement]) -> list[Component]:
    names = {canonicalize_name(one.name) for one in needed}
    return [components[name] for name in sorted(names) if name in components]


def _component(name: str, one: Distribution) -> Component:
    licence = licence_of(one)
    return Component(
        name=name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}@{one.version}",
        purl=PackageURL("pypi", name=name, version=one.version),
        licenses=[_LICENCES.make_from_string(licence)] if licence else (),
    )


def _runtime() -> list[Component]:
    openssl = ssl.OPENSSL_VERSION.split()[1]
    return [
        Component(
            name="python",
            version=platform.python_version(),
            type=ComponentType.PLATFORM,
            bom_ref=f"python@{platform.python_version()}",
            licenses=[_LICENCES.make_from_string("PSF-2.0")],
        ),
        Component(
            name="openssl",
            version=openssl,
            type=ComponentType.LIBRARY,
            bom_ref=f"openssl@{openssl}",
            licenses=[_LICENCES.make_from_string("Apache-2.0" if openssl >= "3" else "OpenSSL")],
        ),
    ]


def licence_of(one: Distribution) -> str:
    """As the distribution says itself: an SPDX expression, else a short name, else a classifier, else ""."""

    def said(field: str) -> list[str]:
        return one.metadata.get_all(field) or []

    short = [text for text in said("License") if "\n" not in text and len(text) < 40]
    classified = [text.rpartition(" :: ")[2] for text in said("Classifier") if text.startswith("License")]
    return " AND ".join(said("License-Expression") or short or classified)


def faults(text: str) -> str:
    """What the format's schema finds wrong; "" for nothing."""
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return str(wrong) if wrong else ""
