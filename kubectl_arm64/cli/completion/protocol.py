"""What kubectl and oc ask a plugin on the Tab key, and what it answers.

Called with the words typed so far, the last of them unfinished (or empty); answers one `candidate<tab>description` a
line, then `:DIRECTIVE` (kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins, cobra's ShellCompDirective).
"""

from __future__ import annotations

from kubectl_arm64.cli import argv, static
from kubectl_arm64.cli.argv import LIST, SWITCH, Command, Flag, Line, Misread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TextIO

    Live = Callable[[str, Line, Mapping[str, str]], Sequence[str]]

FILES, NO_FILES = 0, 4  # directives: let the shell complete file names; do not
_FILE_FLAGS = (
    "--cache-dir", "--certificate-authority", "--client-certificate", "--client-key", "--directory", "--filename",
    "--kubeconfig", "--kuberc", "--profile-output", "--stream-file", "--template",
)  # fmt: skip
_LIVE = {
    "--context": "contexts",
    "--cluster": "clusters",
    "--user": "users",
    "--namespace": "namespaces",
    "--from": "machinesets",
    "--vm-size": "sizes",
    "--image-version": "versions",
    "--image": "images",
}


def complete(words: Sequence[str], out: TextIO, environ: Mapping[str, str], live: Live | None = None) -> int:
    """Print what the last word may become; the exit code. `live` looks up names that a kubeconfig or cluster knows."""
    *before, current = words or [""]
    flag, value = _asked(before, current)
    directive = FILES if flag is not None and flag.name in _FILE_FLAGS else NO_FILES
    start = current if flag is None else value
    found = _names(before, current) if flag is None else _values(flag, before, environ, live or _look_up)
    lines = [f"{name}\t{about}".rstrip("\t") for name, about in found if name.startswith(start)]
    out.write("".join(f"{line}\n" for line in lines) + f":{directive}\n")
    return 0


def _asked(before: Sequence[str], current: str) -> tuple[Flag | None, str]:
    """The flag whose value is being typed, and what there is of it; None where a name is."""
    command = _command(before)
    if command is None:
        return None, ""
    if waiting := argv.awaiting(before, static.COMMANDS):
        name = waiting if waiting.startswith("--") else f"-{waiting[-1]}"
        return command.flag(name), current
    name, equals, value = current.partition("=")
    if equals and name.startswith("-"):
        return command.flag(name), value
    optional = command.flag(before[-1]) if before and before[-1].startswith("--") else None
    if optional is not None and optional.bare and optional.choices and not current.startswith("-"):
        return optional, current
    return None, ""


def _command(before: Sequence[str]) -> Command | None:
    """The command that was named, what all have in common where none was; None for one that there is not."""
    at = argv.subcommand(before, static.COMMANDS)
    return argv.every(static.COMMANDS) if at is None else static.COMMANDS.get(before[at])


def _names(before: Sequence[str], current: str) -> Iterator[tuple[str, str]]:
    """Flags where one is begun, else commands, else the words that the command takes."""
    command = _command(before)
    if command is None:
        return
    if current.startswith("-") and "--" not in before:
        given = {word.partition("=")[0] for word in before}
        flags = [flag for flag in command.flags if flag.kind == LIST or not given & {flag.name, flag.short}]
        yield from sorted((flag.name, flag.help) for flag in flags)
        if current == "-":
            yield from sorted((flag.short, flag.help) for flag in flags if flag.short)
    elif not command.name:
        yield from ((name, each.summary) for name, each in static.COMMANDS.items())
    elif not set(command.arguments) & set(before):
        yield from ((word, "") for word in command.arguments)


def _values(flag: Flag, before: Sequence[str], environ: Mapping[str, str], live: Live) -> Iterator[tuple[str, str]]:
    if flag.kind == SWITCH:
        yield from (("true", ""), ("false", ""))
    yield from ((word, "") for word in (*flag.choices, *flag.prefixes))
    if flag.name in _LIVE:
        for found in live(_LIVE[flag.name], _line(before), environ):
            name, _, about = found.partition("\t")
            if name.isprintable():  # a line break in a name would be read as another candidate, or as a directive
                yield name, about


def _line(before: Sequence[str]) -> Line:
    """What is told so far; nothing where it cannot be read yet."""
    words = before[:-1] if argv.awaiting(before, static.COMMANDS) else before
    try:
        return argv.read(words, static.COMMANDS)
    except Misread:
        return Line("", ())


def _look_up(kind: str, line: Line, environ: Mapping[str, str]) -> Sequence[str]:
    from kubectl_arm64.cli.completion.live import names

    return names(kind, line, environ)
