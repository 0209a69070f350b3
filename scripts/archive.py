"""A folder -> a .tar.gz that krew accepts and that anybody can build again, bit for bit."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from pathlib import Path


def pack(folder: Path, archive: Path, *, epoch: int) -> str:
    """Write `folder`'s files to `archive` and return the archive's sha256.

    Links to files become the files (krew refuses links), links to folders are left out: they are second names in a
    macOS framework. Order, times, owners and modes do not depend on the machine. `epoch` is the time of every entry,
    in seconds.
    """

    def neutral(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.mtime = epoch
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", dereference=True, format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, path in sorted(paths.items()):
            if not (path.is_symlink() and path.is_dir()):
                tar.add(path, arcname=name, recursive=False, filter=neutral)
    return sha256(archive)


def sha256(path: Path) -> str:
    """In lower case, as krew wants it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
