"""`make dist`: wheel, sdist, this platform's archive, checksums and the krew manifest.

SOURCE_DATE_EPOCH is taken from the environment, else from the last commit, so that the same commit gives the same
bytes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

import kubectl_arm64
from scripts import krew
from scripts.archive import pack, sha256
from scripts.bundle import ROOT, bundle

_ZIP_BEGINS = 315532800  # 1980-01-01, the earliest time that a wheel can hold


def main() -> None:
    parser = argparse.ArgumentParser(description="Build everything that a release is made of.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the results")
    parser.add_argument("--archive-only", action="store_true", help="no wheel and no sdist")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    epoch = source_date_epoch()
    if not options.archive_only:
        wheel_and_sdist(options.out, epoch)
    archive_and_manifest(options.out, epoch)
    checksums(options.out)


def source_date_epoch() -> int:
    """When the sources were last changed, in seconds; a fixed date outside of git."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    git = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(git.stdout) if git.returncode == 0 and git.stdout.strip() else _ZIP_BEGINS


def wheel_and_sdist(out: Path, epoch: int) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)],
        cwd=ROOT,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
        check=True,
    )


def archive_and_manifest(out: Path, epoch: int) -> None:
    here = krew.Platform.here()
    with tempfile.TemporaryDirectory() as work:
        digest = pack(bundle(Path(work), epoch=epoch), out / here.archive, epoch=epoch)
    template = yaml.safe_load((ROOT / "plugin.yaml").read_text())
    (out / "plugin.yaml").write_text(krew.render(template, kubectl_arm64.__version__, {here: digest}))
    print(f"{out / here.archive}  {digest}")


def checksums(out: Path) -> None:
    """SHA256SUMS in the form that `sha256sum --check` reads."""
    files = sorted(path for path in out.iterdir() if path.name.startswith("kubectl") and path.is_file())
    (out / "SHA256SUMS").write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files))


if __name__ == "__main__":
    main()
