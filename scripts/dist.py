"""`make dist`: wheel, sdist, this platform's archive with its bill of materials, the krew manifest and checksums.

SOURCE_DATE_EPOCH is taken from the environment, else from the last commit, so that the same commit gives the same
bytes. Manifest and checksums are of all archives in the folder: the release workflow collects there what other
machines have built, and runs this with --from-archives.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import kubectl_arm64
from scripts import ROOT, krew, sbom
from scripts.archive import pack, sha256
from scripts.bundle import bundle
from scripts.shipped import closure, frozen

_ZIP_BEGINS = 315532800  # 1980-01-01, the earliest time that a wheel can hold


def main() -> None:
    parser = argparse.ArgumentParser(description="Build everything that a release is made of.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the results")
    parser.add_argument("--unpacked", type=Path, help="leave the archive's content in this folder too")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--archive-only", action="store_true", help="no wheel and no sdist")
    only.add_argument("--packages-only", action="store_true", help="wheel and sdist, and nothing else")
    only.add_argument("--from-archives", action="store_true", help="manifest and checksums of what is there")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    epoch = source_date_epoch()
    if not (options.archive_only or options.from_archives):
        wheel_and_sdist(options.out, epoch)
    if options.packages_only:
        return
    if not options.from_archives:
        archive(options.out, epoch, options.unpacked)
    manifest(options.out)
    checksums(options.out)


def source_date_epoch() -> int:
    """When the sources were last changed, in seconds; a fixed date outside of git."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    git = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(git.stdout) if git.returncode == 0 and git.stdout.strip() else _ZIP_BEGINS


def wheel_and_sdist(out: Path, epoch: int) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)]
    environ = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    subprocess.run(command, cwd=ROOT, env=environ, check=True, stdout=sys.stderr)


def archive(out: Path, epoch: int, unpacked: Path | None = None) -> None:
    """This platform's archive and bill of materials, in the folder `out`; its content in `unpacked`."""
    here = krew.Platform.here()
    with tempfile.TemporaryDirectory() as work:
        folder = bundle(Path(work), epoch=epoch)
        digest = pack(folder, out / here.archive, epoch=epoch)
        held = frozen(folder)
        if unpacked:
            shutil.rmtree(unpacked, ignore_errors=True)
            shutil.copytree(folder, unpacked)
    sbom.write(out / here.bill, here, {name: one for name, one in closure().items() if name in held}, epoch)
    print(f"{out / here.archive}  {digest}", file=sys.stderr)


def manifest(out: Path) -> None:
    """plugin.yaml for the archives that are in the folder `out`."""
    digests = {one: sha256(out / one.archive) for one in krew.PLATFORMS if (out / one.archive).is_file()}
    rendered = krew.render(krew.template(), kubectl_arm64.__version__, digests)
    (out / "plugin.yaml").write_text(rendered, encoding="utf-8")


def checksums(out: Path) -> None:
    """SHA256SUMS of all files in the folder `out`, in the form that `sha256sum --check` reads."""
    files = sorted(path for path in out.iterdir() if path.is_file() and path.name != "SHA256SUMS")
    lines = "".join(f"{sha256(path)}  {path.name}\n" for path in files)
    (out / "SHA256SUMS").write_text(lines, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
