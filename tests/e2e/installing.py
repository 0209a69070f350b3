"""Programs from package registries, each in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.e2e.cached import cached


class Unavailable(Exception):
    """A judge that this machine cannot have, and why."""


def run(command: Sequence[str | Path], *, minutes: float, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Standard output. Raises Unavailable with the end of what was printed when the command fails or hangs."""
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, timeout=minutes * 60, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as hung:
        raise Unavailable(f"{command[0]} did not end within {minutes} minutes") from hung
    if done.returncode != 0:
        last_words = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise Unavailable(f"{' '.join(map(str, command))} failed with {done.returncode}:\n{last_words}")
    return done.stdout


def needed(program: str) -> Path:
    """The path of a program that must be there already."""
    found = shutil.which(program)
    if found is None:
        raise Unavailable(f"{program} is not on PATH")
    return Path(found)


def from_debian(program: str, minutes: float = 5) -> Path:
    """A program on PATH, else from Debian's or Ubuntu's package of that name, where this user may install one."""
    if found := shutil.which(program):
        return Path(found)
    apt = [needed("apt-get")] if os.geteuid() == 0 else [needed("sudo"), "-n", needed("apt-get")]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", program]):
        run([*apt, *command], minutes=minutes, cwd=Path("/"), env=environment)
    return needed(program)


def from_pypi(*requirements: str, minutes: float = 15) -> Path:
    """The bin folder of a virtual environment with nothing but `requirements`."""

    def make(folder: Path) -> None:
        run([sys.executable, "-m", "venv", folder], minutes=2, cwd=folder)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        run([*pip, *requirements], minutes=minutes, cwd=folder)

    name = requirements[0].partition("==")[0]
    return cached(name, [sys.version, *requirements], make) / "bin"


def from_npm(package: str, minutes: float = 10) -> Path:
    """The node_modules/.bin folder with `package`'s programs."""
    npm = needed("npm")

    def make(folder: Path) -> None:
        quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        environment = {**os.environ, "npm_config_cache": str(folder / ".npm")}
        run([npm, "install", "--prefix", folder, *quiet, package], minutes=minutes, cwd=folder, env=environment)
        shutil.rmtree(folder / ".npm", ignore_errors=True)

    return cached(package.partition("@")[0], [package], make) / "node_modules" / ".bin"
