"""What needs no command to run: help, version, completion and command lines that nobody can read.

Nothing here imports typer, azure or kubernetes, nor most of the standard library: these answers are instant.
"""

from __future__ import annotations

import os

from kubectl_arm64 import __version__
from kubectl_arm64.cli import argv, static
from kubectl_arm64.cli.argv import COMPLETE, LOOKUP, Line, Misread, called_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO


def answer(
    executable: str, words: Sequence[str], out: TextIO, err: TextIO, environ: Mapping[str, str] = os.environ
) -> Line | int:
    """The exit code where the answer is given here, else the command line that is left to run."""
    program = called_as(executable, environ.get("_", ""))
    if list(words[:1]) == [COMPLETE]:
        from kubectl_arm64.cli.completion.protocol import complete

        return complete(words[1:], out, environ)
    if list(words[:1]) == [LOOKUP]:
        from kubectl_arm64.cli.completion.lookup import look_up

        return look_up(words[1:], out, environ)
    if list(words) == ["--version"]:
        words = ["version"]
    try:
        line = argv.read(words, static.COMMANDS, program)
    except Misread as misread:
        err.write(_told(misread, program))
        return 1
    if line.help or line.command in ("", "help", "options"):
        topic = line.argument if line.command == "help" and not line.help else line.command
        out.write(static.HELP[topic].replace("kubectl arm64", program))
    elif line.command == "version" and not line.value("--output"):
        out.write(f"kubectl-arm64 {__version__}\n")
    else:
        return line
    return 0


def _told(misread: Misread, program: str) -> str:
    """kubectl's lines for what it cannot read, with the nearest name where there is one."""
    from kubectl_arm64.errors import redact

    what, near = redact(" ".join(misread.what.split())), _nearest(misread)
    if misread.unknown.startswith("-") and near:
        what = f"{what}; did you mean {near[0]}?"
    elif near:
        names = "".join(f"\t{name}\n" for name in near)
        return f"error: {what}\n\nDid you mean this?\n{names}\n"
    usage = f"{program} {misread.command}".rstrip()
    return f"error: {what}\nSee '{usage} --help' for usage.\n"


def _nearest(misread: Misread) -> list[str]:
    """Names that begin as the unknown one does, else those that differ by a few letters."""
    if not (misread.unknown and misread.known):
        return []
    from difflib import get_close_matches

    begun = [name for name in misread.known if name.startswith(misread.unknown)]
    if begun:
        return begun
    # Without the dashes, which all have in common.
    names = {name.lstrip("-"): name for name in misread.known}
    return [names[near] for near in get_close_matches(misread.unknown.lstrip("-"), names, n=3, cutoff=0.7)]
