"""The plugin with its own Python, in one folder: PyInstaller's onedir, without what no command uses."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

UNUSED = (
    "kubernetes.aio",
    "aiohttp",
    "multidict",
    "propcache",
    "yarl",
    "azure.core.pipeline.transport._aiohttp",
    "azure.identity.aio",
    "azure.mgmt.compute.aio",
    "azure.mgmt.storage.aio",
    "azure.storage.blob.aio",
    "IPython",
    "PIL",
    "hypothesis",
    "mypy",
    "numpy",
    "pytest",
    "setuptools",
    "tkinter",
)

# One module for each of Kubernetes' kinds and API groups, loaded by name; raw calls need none of them.
GENERATED = ("kubernetes.client.api", "kubernetes.client.models")


def excluded() -> list[str]:
    generated = [
        f"{package}.{module.name}"
        for package in GENERATED
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__)
    ]
    return [*UNUSED, *generated]


def bundle(work: Path, *, epoch: int) -> Path:
    """Freeze the plugin in the empty folder `work` and return the folder that holds the executable and LICENSE.

    Raises subprocess.CalledProcessError when PyInstaller fails.
    """
    entry = work / "entry.py"
    entry.write_text("import sys\n\nfrom kubectl_arm64.__main__ import main\n\nsys.exit(main())\n")
    command = [sys.executable, "-m", "PyInstaller", "--onedir", "--name", "kubectl-arm64", "--noconfirm", "--clean"]
    command += ["--strip", "--optimize", "1"]  # 2 drops the docstrings that --help shows
    command += ["--log-level", "WARN", "--paths", str(ROOT), "--collect-submodules", "kubectl_arm64"]
    command += ["--distpath", str(work / "dist"), "--workpath", str(work / "build"), "--specpath", str(work)]
    command += [argument for module in excluded() for argument in ("--exclude-module", module)]
    reproducible = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch)}
    subprocess.run([*command, str(entry)], cwd=work, env={**os.environ, **reproducible}, check=True)
    folder = work / "dist" / "kubectl-arm64"
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    return folder
