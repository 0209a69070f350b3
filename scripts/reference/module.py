"""The command tree and its help as a Python module without imports, for what must start at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from kubectl_arm64.cli import argv
from kubectl_arm64.cli.argv import TEXT, Flag
from scripts.reference import help
from scripts.reference.tree import HELP, OPTIONS, Page, global_flags

_HEAD = '''\
"""The command tree and its help, for what must start at once.

Rendered by `python -m scripts.reference` from commands.py and the commands' flags: change those.
"""
# ruff: noqa: E501

from __future__ import annotations

from kubectl_arm64.cli.argv import Command, Flag
'''


def render(pages: Sequence[Page]) -> str:
    """The text of kubectl_arm64/cli/static.py."""
    commands = sorted([*(page.grammar for page in pages), HELP, OPTIONS], key=lambda command: command.name)
    texts = {"": help.top(pages), **{page.name: help.of(page) for page in pages}}
    texts |= {"help": help.of_help(), "options": help.options()}
    parts = [
        _HEAD,
        f"_EVERYWHERE = ({', '.join(_flag(flag) for flag in global_flags())},)\n",
        f"COMMANDS = {{{', '.join(f'{each.name!r}: {_command(each)}' for each in commands)}}}\n",
        f"HELP = {{{', '.join(f'{name!r}: {_text(text)}' for name, text in texts.items())}}}\n",
    ]
    return _formatted("\n".join(parts))


def _command(command: argv.Command) -> str:
    own = [_flag(flag) for flag in command.flags if not flag.everywhere]
    words = [repr(command.name), repr(command.summary), f"({', '.join([*own, '*_EVERYWHERE'])},)"]
    if command.arguments:
        words.append(repr(command.arguments))
    if command.needs_argument:
        words.append("needs_argument=True")
    return f"Command({', '.join(words)})"


def _flag(flag: Flag) -> str:
    words = [repr(flag.name)]
    if flag.short or flag.kind != TEXT:
        words.append(repr(flag.short))
    if flag.kind != TEXT:
        words.append(repr(flag.kind))
    named = ("choices", "prefixes", "bare", "default", "everywhere", "help")
    words += [f"{name}={getattr(flag, name)!r}" for name in named if getattr(flag, name)]
    return f"Flag({', '.join(words)})"


def _text(text: str) -> str:
    return '"""\\\n' + text.replace("\\", "\\\\").replace('"""', '\\"""') + '"""'


def _formatted(source: str) -> str:
    process = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", "static.py", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stdout
