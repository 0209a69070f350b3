"""Words as kubectl accepts them -> the command and its flags as typer reads them. Pure, and without imports.

Everything that starts at once (help, version, completion) stands on this module: what it imported, they would wait for.
Rules: github.com/spf13/pflag (spellings of flags, their errors) and github.com/spf13/cobra (commands).
"""

from __future__ import annotations

TYPE_CHECKING = False  # mypy knows the name; importing typing's takes longer than all that is here
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# What kubectl's and oc's completion call, and shells through the scripts of `completion`; and what that calls itself.
COMPLETE, LOOKUP = "__complete", "__lookup"
SWITCH, TEXT, NUMBER, LIST = "switch", "text", "number", "list"
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


class Flag:
    """One flag. `kind` is SWITCH, TEXT, NUMBER or LIST (repeatable); `choices` are the values it knows, () for any.

    `bare` is what it means without a value, "" where it must have one; `prefixes` are values that go on as they like
    (`jsonpath=`); `everywhere` tells kubectl's own flags, which every command takes.
    """

    __slots__ = ("bare", "choices", "default", "everywhere", "help", "kind", "name", "prefixes", "short")

    def __init__(
        self,
        name: str,
        short: str = "",
        kind: str = TEXT,
        *,
        choices: Sequence[str] = (),
        prefixes: Sequence[str] = (),
        bare: str = "",
        default: str = "",
        everywhere: bool = False,
        help: str = "",
    ) -> None:
        self.name, self.short, self.kind = name, short, kind
        self.choices, self.prefixes, self.bare, self.default = tuple(choices), tuple(prefixes), bare, default
        self.everywhere, self.help = everywhere, help

    @property
    def on(self) -> bool:
        """Whether a SWITCH is on where it is not given."""
        return self.default == "True"

    @property
    def shown(self) -> str:
        """As pflag names it in errors: `-o, --output`."""
        return f"{self.short}, {self.name}" if self.short else self.name


class Command:
    """One subcommand: its flags, and `arguments`, the words of which it takes one, () where it takes none."""

    __slots__ = ("arguments", "flags", "name", "needs_argument", "summary")

    def __init__(
        self,
        name: str,
        summary: str = "",
        flags: Sequence[Flag] = (),
        arguments: Sequence[str] = (),
        *,
        needs_argument: bool = False,
    ) -> None:
        self.name, self.summary, self.flags = name, summary, tuple(flags)
        self.arguments, self.needs_argument = tuple(arguments), needs_argument

    def flag(self, spelled: str) -> Flag | None:
        """By either name; an underscore counts as a dash, as for kubectl."""
        name = spelled.replace("_", "-") if spelled.startswith("--") else spelled
        return next((flag for flag in self.flags if name in (flag.name, flag.short)), None)


class Line:
    """A command line: `command` ("" where none was named), `words` for typer, its argument, whether it wants help."""

    __slots__ = ("argument", "command", "help", "words")

    def __init__(self, command: str, words: Sequence[str], argument: str = "", *, help: bool = False) -> None:
        self.command, self.words, self.argument, self.help = command, list(words), argument, help

    def value(self, flag: str) -> str:
        """The value of a flag by its long name, "" where it is not given; a list's last."""
        name = f"{flag}="
        return next((word.removeprefix(name) for word in reversed(self.words) if word.startswith(name)), "")


class Misread(Exception):
    """A command line that kubectl would refuse. `command` is the subcommand that was meant, "" for none."""

    def __init__(self, what: str, command: str = "", *, unknown: str = "", known: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.what, self.command, self.unknown, self.known = what, command, unknown, tuple(known)


def called_as(executable: str, underscore: str = "") -> str:
    """`oc arm64` or `kubectl arm64`, from argv[0] and the shell's `_`.

    Under oc, argv[0] is still kubectl-arm64 unless there is an oc-arm64; shells leave in `_` what they have run.
    """
    names = [path.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".exe") for path in (executable, underscore)]
    return "oc arm64" if names[0].startswith("oc-") or names[1] == "oc" else "kubectl arm64"


def read(words: Sequence[str], commands: Mapping[str, Command], program: str = "kubectl arm64") -> Line:
    """The command line that kubectl would read in `words`. Raises Misread.

    Flags may stand before the subcommand; `--flag value`, `--flag=value`, `-o json`, `-o=json`, `-ojson` and joined
    switches are one; of a flag that is given twice the last counts, of a list all.
    """
    at = subcommand(words, commands)
    if at is None:
        return Line("", (), help=_Reading(every(commands), program).read(words).help)
    name = words[at]
    if name not in commands:
        raise Misread(f'unknown command "{name}" for "{program}"', unknown=name, known=tuple(commands))
    command = commands[name]
    reading = _Reading(command, program).read([*words[:at], *words[at + 1 :]])
    if command.needs_argument and not (reading.argument or reading.help):
        raise Misread(f"{name} needs one of {', '.join(command.arguments)}", name)
    return Line(name, reading.words, reading.argument, help=reading.help)


class _Reading:
    """One walk over a command's words."""

    def __init__(self, command: Command, program: str) -> None:
        self._command = command
        self._program = f"{program} {command.name}".rstrip()
        self._given: dict[str, list[str]] = {}
        self.help = False
        self.argument = ""

    @property
    def words(self) -> list[str]:
        """`--flag=value` each, switches that are not as by default alone, then the argument."""
        flags = [word for words in self._given.values() for word in words]
        return [*flags, *([self.argument] if self.argument else [])]

    def read(self, words: Sequence[str]) -> _Reading:
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word == "--":
                self._arguments(rest)
                rest = []
            elif word.startswith("--"):
                self._long(word, rest)
            elif word.startswith("-") and word != "-":
                self._short(word, rest)
            else:
                self._arguments([word])
        return self

    def _arguments(self, words: Iterable[str]) -> None:
        for word in words:
            if self.argument or word not in self._command.arguments:
                raise Misread(
                    f'unknown command "{word}" for "{self._program}"',
                    self._command.name,
                    unknown=word,
                    known=self._command.arguments,
                )
            self.argument = word

    def _long(self, word: str, rest: list[str]) -> None:
        spelled, equals, value = word.partition("=")
        flag = self._command.flag(spelled)
        if spelled == "--":
            raise Misread(f"bad flag syntax: {word}", self._command.name)
        if spelled == "--help":
            self.help = not equals or self._on(value, "-h, --help")
        elif flag is None:
            known = [each.name for each in self._command.flags]
            raise Misread(f"unknown flag: {spelled}", self._command.name, unknown=spelled, known=known)
        elif equals:
            self._give(flag, value)
        elif flag.kind == SWITCH:
            self._give(flag, "true")
        elif flag.bare and not _value_follows(flag, rest):
            self._give(flag, flag.bare)
        elif not rest:
            raise Misread(f"flag needs an argument: {spelled}", self._command.name)
        else:
            self._give(flag, rest.pop(0))

    def _short(self, word: str, rest: list[str]) -> None:
        """`-y`, `-o json`, `-ojson`, `-o=json`, and switches joined: `-yo json`."""
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = self._command.flag(f"-{letter}")
            if letter == "h" and letters.startswith("="):
                self.help = self._on(letters[1:], "-h, --help")
                return
            if letter == "h":
                self.help = True
            elif flag is None:
                raise Misread(f"unknown shorthand flag: '{letter}' in {word}", self._command.name)
            elif letters.startswith("="):
                self._give(flag, letters[1:])
                return
            elif flag.kind == SWITCH:
                self._give(flag, "true")
            elif letters or rest:
                self._give(flag, letters or rest.pop(0))
                return
            else:
                raise Misread(f"flag needs an argument: '{letter}' in {word}", self._command.name)

    def _give(self, flag: Flag, value: str) -> None:
        if flag.kind == SWITCH:
            self._given.pop(flag.name, None)
            on = self._on(value, flag.shown)
            if on != flag.on:
                self._given[flag.name] = [flag.name if on else f"--no-{flag.name[2:]}"]
            return
        value = _known(flag, value)
        _check(flag, value, self._command.name)
        before = self._given.get(flag.name, []) if flag.kind == LIST else []
        self._given[flag.name] = [*before, f"{flag.name}={value}"]

    def _on(self, value: str, shown: str) -> bool:
        if value not in _TRUE + _FALSE:
            raise Misread(f'invalid argument "{value}" for "{shown}" flag: must be true or false', self._command.name)
        return value in _TRUE


def _known(flag: Flag, value: str) -> str:
    """As the flag knows it: `JSON` is json; yes and no, where it may stand alone, are what it means alone, and not."""
    if flag.bare and flag.choices and value in _TRUE + _FALSE:
        return flag.bare if value in _TRUE else flag.default
    return value.lower() if value.lower() in flag.choices else value


def _is_number(text: str) -> bool:
    """As Go reads an int32."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    return digits.isascii() and digits.isdecimal() and len(digits.lstrip("0")) < 11 and int(digits) < 1 << 31


def _check(flag: Flag, value: str, command: str) -> None:
    if flag.kind == NUMBER and not _is_number(value):
        raise Misread(f'invalid argument "{value}" for "{flag.shown}" flag: must be a whole number', command)
    if not flag.choices or value in flag.choices or value.startswith(flag.prefixes or ("\0",)):
        return
    if flag.prefixes:
        _check_format(flag, value, command)
        return
    known = ", ".join(flag.choices)
    raise Misread(f'invalid argument "{value}" for "{flag.shown}" flag: must be one of {known}', command)


def _check_format(flag: Flag, value: str, command: str) -> None:
    """kubectl takes an empty format for none, and a bare one (`-o jsonpath`) with --template."""
    if value and f"{value}=" not in flag.prefixes:
        known = ",".join(sorted([*flag.choices, *(prefix.rstrip("=") for prefix in flag.prefixes)]))
        what = f'unable to match a printer suitable for the output format "{value}", allowed formats are: {known}'
        raise Misread(what, command)


def _value_follows(flag: Flag, rest: Sequence[str]) -> bool:
    """Whether the next word is the value of a flag that may stand alone: one that it knows, or any that is no flag.

    pflag takes none without `=`; people write `--dry-run server` all the same.
    """
    if not rest:
        return False
    return rest[0] in flag.choices if flag.choices else not rest[0].startswith("-")


def subcommand(words: Sequence[str], commands: Mapping[str, Command]) -> int | None:
    """Where the subcommand stands: the first word that is neither a flag nor the value of one."""
    for index, word, _ in _walk(words, commands):
        if word == "--":
            return None
        if not word.startswith("-") or word == "-":
            return index
    return None


def awaiting(words: Sequence[str], commands: Mapping[str, Command]) -> str:
    """The last word, where it is a flag whose value comes next; "" where it is not."""
    for index, word, takes_next in _walk(words, commands):
        if takes_next and index == len(words) - 1:
            return word
    return ""


def every(commands: Mapping[str, Command]) -> Command:
    """What may stand before a command: the flags of all."""
    return Command("", flags=tuple(_all_flags(commands)))


def _walk(words: Sequence[str], commands: Mapping[str, Command]) -> Iterator[tuple[int, str, bool]]:
    """Words that are no values, where they stand, and whether the next word is their value."""
    flags = {name: flag for flag in _all_flags(commands) for name in (flag.name, flag.short) if name}
    index = 0
    while index < len(words):
        takes_next = words[index].startswith("-") and _takes_next(words[index], words[index + 1 :], flags, commands)
        yield index, words[index], takes_next
        index += 2 if takes_next else 1


def _takes_next(word: str, rest: Sequence[str], flags: Mapping[str, Flag], commands: Mapping[str, Command]) -> bool:
    if "=" in word or word in ("-", "--", "-h", "--help"):
        return False
    if not word.startswith("--"):
        # Of joined letters the first that takes a value takes the others, too.
        for position, letter in enumerate(word[1:], start=2):
            short = flags.get(f"-{letter}")
            if short is not None and short.kind != SWITCH:
                return position == len(word)
        return False
    flag = flags.get(word.replace("_", "-"))
    if flag is None:
        return True  # mistyped: its value must not be taken for the command
    if flag.kind == SWITCH:
        return False
    return not flag.bare or (_value_follows(flag, rest) and rest[0] not in commands)


def _all_flags(commands: Mapping[str, Command]) -> Iterator[Flag]:
    """Of all commands, those that take or may take a value first found."""
    seen: dict[str, Flag] = {}
    for command in commands.values():
        for flag in command.flags:
            if flag.name not in seen or seen[flag.name].kind == SWITCH:
                seen[flag.name] = flag
    yield from seen.values()
