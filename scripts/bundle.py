"""The plugin with its own Python, in one folder: PyInstaller's onedir, without what no command uses."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from scripts import ROOT
from scripts.shipped import closure, foreign_modules, frozen, licence_files

UNUSED = (
    "aiohttp",
    "azure.core.pipeline.transport._aiohttp",
    "azure.identity.aio",
    "azure.mgmt.compute.aio",
    "azure.mgmt.storage.aio",
    "azure.storage.blob.aio",
    "kubernetes.aio",
    "markdown_it",  # rich's Markdown
    "multidict",
    "propcache",
    "pygments",  # rich's source code
    "tkinter",
    "yarl",
)

# One module for each of Kubernetes' kinds and API groups, loaded by name; raw calls need none of them.
GENERATED = ("kubernetes.client.api", "kubernetes.client.models")


def excluded() -> list[str]:
    """Modules that the archive does without, among them all that this environment has for development only."""
    generated = [
        f"{package}.{module.name}"
        for package in GENERATED
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__)
    ]
    return [*UNUSED, *generated, *foreign_modules()]


def bundle(work: Path, *, epoch: int) -> Path:
    """Freeze the plugin in the empty folder `work` and return the folder that holds the executable and the licences.

    Raises subprocess.CalledProcessError when PyInstaller fails.
    """
    entry = work / "entry.py"
    entry.write_text("import sys\n\nfrom kubectl_arm64.__main__ import main\n\nsys.exit(main())\n")
    command = [sys.executable, "-m", "PyInstaller", "--onedir", "--name", "kubectl-arm64", "--noconfirm", "--clean"]
    command += ["--optimize", "1"]  # 2 drops the docstrings that --help shows
    if sys.platform == "linux":
        command.append("--strip")  # breaks DLLs on Windows and signatures on macOS
    command += ["--log-level", "WARN", "--paths", str(ROOT), "--collect-submodules", "kubectl_arm64"]
    command += ["--distpath", str(work / "dist"), "--workpath", str(work / "build"), "--specpath", str(work)]
    command += [argument for module in excluded() for argument in ("--exclude-module", module)]
    reproducible = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch)}
    subprocess.run([*command, str(entry)], cwd=work, env={**os.environ, **reproducible}, check=True)
    folder = work / "dist" / "kubectl-arm64"
    licences(folder)
    return folder


def licences(folder: Path) -> None:
    """LICENSE, and those of Python and of every distribution in the bundle below licenses/."""
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    held = frozen(folder)
    texts = {name: licence_files(one) for name, one in closure().items() if name in held}
    texts["python"] = [path for path in [Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"] if path.is_file()]
    for name, paths in texts.items():
        for path in paths:
            target = folder / "licenses" / name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
