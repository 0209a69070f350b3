"""docs/kubectl-arm64.1: the man page, in man(7)'s macros."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_arm64 import __version__
from kubectl_arm64.cli.argv import Flag
from kubectl_arm64.cli.commands import ABOUT
from scripts.reference.help import explained, spelled, usage
from scripts.reference.tree import Page, global_flags

_EXIT_CODES = (
    ("0", "Done, or nothing to do."),
    ("1", "Failed or refused; usage errors too. With --diff: there are differences."),
    ("2", "With --diff: failed."),
    ("4", "Sign-in to Azure or to the cluster is missing or does not hold."),
    ("8", "Not finished yet (--no-wait, --timeout); the same command goes on."),
    ("129, 130, 143", "Ended by a hang-up, Ctrl-C or SIGTERM; the same command goes on."),
)


def render(pages: Sequence[Page]) -> str:
    """The page: name, synopsis, each command, flags of all, exit codes."""
    lines = [
        f'.TH KUBECTL-ARM64 1 "" "kubectl-arm64 {__version__}" "User Commands"',
        ".SH NAME",
        rf"kubectl\-arm64 \- {_text(ABOUT.rstrip('.'))}",
        ".SH SYNOPSIS",
        *(line for page in pages for line in (".B " + _text(usage(page)), ".br")),
        ".SH COMMANDS",
        *(line for page in pages for line in _page(page)),
        ".SH OPTIONS OF EVERY COMMAND",
        *_flags(global_flags()),
        ".SH EXIT STATUS",
        *(line for code, meaning in _EXIT_CODES for line in (".TP", f".B {code}", _text(meaning))),
        ".SH SEE ALSO",
        r".BR kubectl (1), " + _text("https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/"),
    ]
    return "\n".join(lines) + "\n"


def _page(page: Page) -> list[str]:
    lines = [f".SS {page.name}"]
    for number, paragraph in enumerate(page.command.description.split("\n\n")):
        lines += [*([".PP"] if number else []), _text(paragraph)]
    for example in page.command.examples:
        lines += [".PP", f"{_text(example.what)}:", ".PP", ".RS 4", ".nf", _text(example.line), ".fi", ".RE"]
    return [*lines, *_flags(page.own_flags)]


def _flags(flags: Sequence[Flag]) -> list[str]:
    return [line for flag in flags for line in (".TP", f".B {_text(spelled(flag))}", _text(explained(flag)))]


def _text(text: str) -> str:
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return rf"\&{escaped}" if escaped.startswith(".") else escaped
