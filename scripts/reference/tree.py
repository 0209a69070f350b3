"""The command tree, read out of the commands' dataclasses."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo

from kubectl_arm64.cli import argv
from kubectl_arm64.cli.argv import LIST, NUMBER, SWITCH, TEXT, Flag
from kubectl_arm64.cli.commands import COMMANDS, Command
from kubectl_arm64.cli.options import ConnectionFlags
from kubectl_arm64.cli.printing import Format

HELP = argv.Command("help", "Show the help of a command", arguments=tuple(COMMANDS))
OPTIONS = argv.Command("options", "List the flags that every command takes")


@dataclass(frozen=True)
class Page:
    """One command: what its help says, and what its words may be."""

    name: str
    command: Command
    grammar: argv.Command

    @property
    def own_flags(self) -> list[Flag]:
        """Without kubectl's own, in the order of their names."""
        return sorted((flag for flag in self.grammar.flags if not flag.everywhere), key=lambda flag: flag.name)


def pages() -> list[Page]:
    """Every command that does something, by name."""
    return [_page(name, load()) for name, load in sorted(COMMANDS.items())]


def global_flags() -> list[Flag]:
    """kubectl's own flags, which every command takes."""
    return sorted(_flags(ConnectionFlags, {}), key=lambda flag: flag.name)


def _page(name: str, command: Command) -> Page:
    flags = [flag for group in command.groups for flag in _flags(group, command.bare)]
    words = [word for group in command.groups for word in _arguments(group)]
    return Page(name, command, argv.Command(name, command.summary, flags, words, needs_argument=bool(words)))


def _arguments(group: type) -> Iterator[str]:
    for hint in get_type_hints(group, include_extras=True).values():
        if isinstance(hint.__metadata__[0], ArgumentInfo):
            yield from _choices(get_args(hint)[0])


def _flags(group: type, bare_values: Mapping[str, str]) -> Iterator[Flag]:
    hints = get_type_hints(group, include_extras=True)
    for field in dataclasses.fields(group):
        kind, (info, *_) = get_args(hints[field.name])[0], hints[field.name].__metadata__
        if isinstance(info, ArgumentInfo):
            continue
        # In an annotation, typer keeps the first spelling where a default would stand.
        spellings = [each for each in (info.default, *(info.param_decls or ())) if isinstance(each, str)]
        name = next(
            (each.partition("/")[0] for each in spellings if each.startswith("--")), f"--{field.name.replace('_', '-')}"
        )
        short = next((each for each in spellings if not each.startswith("--")), "")
        yield Flag(
            name,
            short,
            _kind(kind),
            choices=_choices(kind),
            prefixes=Format.TEMPLATES if kind is Format else [],
            bare=bare_values.get(name, ""),
            default=_default(field),
            everywhere=group is ConnectionFlags,
            help=info.help,
        )


def _kind(of: Any) -> str:
    if get_origin(of) is UnionType:
        of = get_args(of)[0]
    if get_origin(of) is list:
        return LIST
    return {bool: SWITCH, int: NUMBER}.get(of, TEXT)


def _choices(of: Any) -> list[str]:
    if get_origin(of) is UnionType:
        of = get_args(of)[0]
    if of is Format:
        return list(Format.FORMATS)
    return [each.value for each in of] if isinstance(of, type) and issubclass(of, Enum) else []


def _default(field: dataclasses.Field[Any]) -> str:
    value = field.default
    if value is dataclasses.MISSING or value is None:
        return ""
    return str(value.value if isinstance(value, Enum) else value)
