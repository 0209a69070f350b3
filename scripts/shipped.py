"""Which distributions the plugin runs with: what its archive may hold, and what its SBOM and licences tell of."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PyInstaller.archive.readers import CArchiveReader

from scripts import ROOT


def closure() -> dict[str, Distribution]:
    """The project's dependencies and theirs, as installed here, by canonical name.

    Raises importlib.metadata.PackageNotFoundError for one that is not installed.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = list(_with_extras(direct()))
    while waiting:
        name, extra = one = waiting.pop()
        if one not in seen:
            seen.add(one)
            found[name] = found.get(name) or distribution(name)
            waiting += _with_extras(requirements(found[name], extra))
    return dict(sorted(found.items()))


def direct() -> list[Requirement]:
    """pyproject.toml's: what is installed of the project itself may be older."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"]]


def requirements(one: Distribution, extra: str = "") -> Iterator[Requirement]:
    """What `one` requires on this machine with that extra."""
    for text in one.requires or ():
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate({"extra": extra}):
            yield needed


def _with_extras(needed: Iterable[Requirement]) -> Iterator[tuple[str, str]]:
    for one in needed:
        yield from ((canonicalize_name(one.name), extra) for extra in ("", *one.extras))


def foreign_modules() -> list[str]:
    """The top-level modules of all that is installed here and no dependency."""
    ours = {*closure(), "kubectl-arm64"}
    owners = packages_distributions()
    return sorted(module for module in owners if module.isidentifier() and not ours & _owners(module, owners))


def frozen(folder: Path) -> set[str]:
    """The distributions whose modules PyInstaller put into the bundle in `folder`."""
    (executable,) = (path for path in folder.iterdir() if path.stem == "kubectl-arm64")
    pure = CArchiveReader(str(executable)).open_embedded_archive("PYZ.pyz").toc
    modules = {name.partition(".")[0] for name in pure}
    modules |= {path.name.partition(".")[0] for path in (folder / "_internal").iterdir()}
    owners = packages_distributions()
    return {owner for module in modules for owner in _owners(module, owners)} - {"kubectl-arm64"}


def _owners(module: str, owners: Mapping[str, list[str]]) -> set[str]:
    return {canonicalize_name(owner) for owner in owners.get(module, ())}


def licence_files(one: Distribution) -> list[Path]:
    """The texts that the distribution's licence asks to pass on."""
    found = [
        Path(str(one.locate_file(path)))
        for path in one.files or ()
        if ".dist-info" in path.parts[0] and path.name.upper().startswith(("LICEN", "NOTICE", "COPYING", "AUTHORS"))
    ]
    return sorted(path for path in found if path.is_file())
