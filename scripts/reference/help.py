"""--help in kubectl's layout."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Sequence

from kubectl_arm64.cli.argv import LIST, SWITCH, TEXT, Flag
from kubectl_arm64.cli.commands import ABOUT
from scripts.reference.tree import HELP, OPTIONS, Page, global_flags

_WIDTH = 80
_GLOBAL = 'Use "kubectl arm64 options" for a list of global command-line options (applies to all commands).\n'


def top(pages: Sequence[Page]) -> str:
    """The help of the plugin itself."""
    summaries = sorted([*((page.name, page.command.summary) for page in pages), *_static()])
    width = max(len(name) for name, _ in summaries)
    listed = "".join(f"  {name:<{width}}   {summary}\n" for name, summary in summaries)
    return (
        f"{ABOUT}\n\n"
        f"Available Commands:\n{listed}\n"
        "Usage:\n  kubectl arm64 [flags] [options]\n\n"
        'Use "kubectl arm64 <command> --help" for more information about a given command.\n'
        f"{_GLOBAL}"
    )


def of(page: Page) -> str:
    """The help of one command."""
    description = "\n\n".join(_wrapped(paragraph) for paragraph in page.command.description.split("\n\n"))
    examples = "\n\n".join(f"  # {example.what}\n  {example.line}" for example in page.command.examples)
    options = f"Options:\n{flags(page.own_flags)}\n" if page.own_flags else ""
    return f"{description}\n\nExamples:\n{examples}\n\n{options}Usage:\n  {usage(page)}\n\n{_GLOBAL}"


def options() -> str:
    """The flags that every command takes."""
    return f"The following options can be passed to any command:\n\n{flags(global_flags())}"


def of_help() -> str:
    """The help of `help`."""
    return f"{HELP.summary}.\n\nUsage:\n  kubectl arm64 help [command]\n"


def usage(page: Page) -> str:
    """`kubectl arm64 bootimage [options]`."""
    words = [f"({'|'.join(page.grammar.arguments)})"] if page.grammar.arguments else []
    return " ".join(["kubectl arm64", page.name, *words, *(["[options]"] if page.own_flags else [])])


def flags(of: Sequence[Flag]) -> str:
    """Each with its default, and below it what it means."""
    return "\n".join(f"    {spelled(flag)}:\n{_wrapped(explained(flag), indent=8)}\n" for flag in of)


def spelled(flag: Flag) -> str:
    """`-o, --output=''`, as kubectl writes flags and their defaults."""
    if flag.kind == LIST:
        return f"{flag.shown}=[]"
    if flag.kind == SWITCH:
        return f"{flag.shown}={str(flag.on).lower()}"
    default = f"'{flag.default}'" if flag.kind == TEXT else flag.default
    return f"{flag.shown}={default}"


def explained(flag: Flag) -> str:
    """The flag's help, with the values that it knows."""
    values = [*flag.choices, *(f"{prefix}..." for prefix in flag.prefixes)]
    one_of = f" One of: ({', '.join(values)})." if values else ""
    bare = f" Without a value: {shlex.quote(flag.bare)}." if flag.bare else ""
    return f"{flag.help}{one_of}{bare}"


def _static() -> list[tuple[str, str]]:
    return [(each.name, each.summary) for each in (HELP, OPTIONS)]


def _wrapped(text: str, indent: int = 0) -> str:
    margin = " " * indent
    return textwrap.fill(
        text, _WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
