"""The archive of `make dist`: built once for the same sources, and unpacked as krew unpacks it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from scripts.krew import Platform

ROOT = Path(__file__).parents[1]
KEPT = 3  # builds of other sources, 24 MB each
_SOURCES = (
    "kubectl_arm64/**/*.py",
    "scripts/*.py",
    "requirements-dev.lock",
    "pyproject.toml",
    "plugin.yaml",
    "LICENSE",
)


def dist() -> Path:
    """The folder that `make dist` makes of the present sources (archive and manifest), from .cache if it is there."""
    folder = ROOT / ".cache" / "dist" / _fingerprint()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            made = Path(temporary) / "dist"
            command = [sys.executable, "-m", "scripts.dist", "--archive-only", "--out", str(made)]
            subprocess.run(command, cwd=ROOT, check=True, timeout=600, stdout=sys.stderr)
            if not folder.is_dir():  # another run may have been first
                made.rename(folder)
        for old in sorted(folder.parent.glob("?" * len(folder.name)), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for pattern in _SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def main() -> None:
    """Print the path of the executable, unpacked anew as krew does."""
    folder = ROOT / "build" / "test-dist"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    here = Platform.here()
    unpack(dist() / here.archive, folder)
    print(folder / here.executable)


def unpack(archive: Path, into: Path) -> None:
    """As krew's internal/download does: regular files and folders only, no name that holds `..`.

    Raises ValueError for what krew refuses.
    """
    with tarfile.open(archive) as tar:
        for entry in tar:
            if ".." in entry.name:
                raise ValueError(f"{entry.name}: krew refuses '..' in a name")
            if not (entry.isfile() or entry.isdir()):
                raise ValueError(f"{entry.name}: krew unpacks files and folders only")
            tar.extract(entry, into, filter="tar")


if __name__ == "__main__":
    main()
