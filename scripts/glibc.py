"""The lowest glibc that an archive runs on: `python -m scripts.glibc ARCHIVE|FOLDER [--at-most 2.28]`.

Read from the symbol versions that the ELF files ask the system's libraries for.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

Version = tuple[int, ...]
_ELF = b"\x7fELF"
_GLIBC = re.compile(r"GLIBC_([\d.]+)$")


def needs(place: Path) -> dict[str, Version]:
    """For each ELF file in the archive or folder, the newest glibc that it names; (0,) for none."""
    return {name: newest(file) for name, file in _files(place) if _is_elf(file)}


def newest(file: BinaryIO) -> Version:
    versions = (
        tuple(int(part) for part in found[1].split("."))
        for section in ELFFile(file).iter_sections()
        if isinstance(section, GNUVerNeedSection)
        for _, auxiliaries in section.iter_versions()
        for auxiliary in auxiliaries
        if (found := _GLIBC.match(auxiliary.name))
    )
    return max(versions, default=(0,))


def _files(place: Path) -> Iterator[tuple[str, BinaryIO]]:
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            if path.is_file():
                with path.open("rb") as file:
                    yield path.relative_to(place).as_posix(), file
        return
    with tarfile.open(place) as tar:
        for entry in tar:
            if found := tar.extractfile(entry):
                yield entry.name, io.BytesIO(found.read())


def _is_elf(file: BinaryIO) -> bool:
    begins = file.read(len(_ELF))
    file.seek(0)
    return begins == _ELF


def shown(version: Version) -> str:
    return ".".join(map(str, version))


def report(found: dict[str, Version]) -> tuple[Version, str]:
    """The glibc that the whole archive needs, and one line that says so and names who asks for it."""
    if not found:
        return (0,), "has no ELF file"
    highest = max(found.values())
    asking = sorted(name for name, version in found.items() if version == highest)
    more = f" and {len(asking) - 1} more" if len(asking) > 1 else ""
    return highest, f"needs glibc {shown(highest)} ({len(found)} ELF files; {asking[0]}{more})"


def main() -> int:
    parser = argparse.ArgumentParser(description="Say which glibc an archive needs.")
    parser.add_argument("place", type=Path, metavar="ARCHIVE|FOLDER")
    parser.add_argument("--at-most", metavar="VERSION", help="fail if it needs a newer one")
    options = parser.parse_args()
    highest, line = report(needs(options.place))
    print(f"{options.place.name} {line}")
    if options.at_most and highest > tuple(int(part) for part in options.at_most.split(".")):
        print(f"error: it must run on glibc {options.at_most}: build it there", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
