"""docs/reference.md."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from kubectl_arm64.cli.argv import LIST, NUMBER, SWITCH, Flag
from scripts.reference.help import usage
from scripts.reference.tree import Page, global_flags

_HEAD = """\
# Command reference

Rendered by `python -m scripts.reference` from the command tree. `oc arm64` is the same program as `kubectl arm64`.

Flags may stand before or after the command, and are spelt as kubectl takes them: `--flag value`, `--flag=value`,
`-o json`, `-o=json`, `-ojson`, `--switch=false`.

"""


def render(pages: Sequence[Page]) -> str:
    """Every command with its examples and flags."""
    shown = "\n".join(_page(page) for page in pages)
    return f"{_HEAD}{shown}\n## Flags of every command\n\n{_table(global_flags())}"


def _page(page: Page) -> str:
    examples = "\n\n".join(f"    # {example.what}\n    {example.line}" for example in page.command.examples)
    flags = f"\n{_table(page.own_flags)}" if page.own_flags else ""
    return f"## {page.name}\n\n    {usage(page)}\n\n{page.command.description}\n\n{examples}\n{flags}"


def _table(flags: Sequence[Flag]) -> str:
    rows = "".join(f"| {_spelled(flag)} | {_meaning(flag)} |\n" for flag in flags)
    return f"| flag | meaning |\n| --- | --- |\n{rows}"


def _spelled(flag: Flag) -> str:
    value = "" if flag.kind == SWITCH else " N" if flag.kind == NUMBER else " VALUE"
    return f"`{flag.shown}{'[=VALUE]' if flag.bare else value}`"


def _meaning(flag: Flag) -> str:
    values = [*flag.choices, *(f"{prefix}..." for prefix in flag.prefixes)]
    said = [flag.help]
    if values:
        said.append(f"One of {', '.join(f'`{value}`' for value in values)}.")
    if flag.bare:
        said.append(f"Without a value: `{shlex.quote(flag.bare)}`.")
    if flag.default and flag.kind not in (SWITCH, LIST):
        said.append(f"Default `{flag.default}`.")
    return " ".join(said).replace("|", "\\|")
