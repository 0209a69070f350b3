"""kubectl's habits, on the whole command line: every flag in every spelling, help, errors, and no colour."""

from __future__ import annotations

import io
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.core import TyperCommand

from kubectl_arm64.cli import app, argv, static, typer_command
from kubectl_arm64.cli.argv import LIST, NUMBER, SWITCH, Flag
from kubectl_arm64.cli.commands import COMMANDS
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.cli.progress import reporter
from kubectl_arm64.pipeline.step import Outcome
from tests.plugin import COMMAND

# ---- every flag in every form


@dataclass(frozen=True)
class Given:
    """One flag as a person writes it, and the value that it has then."""

    flag: Flag
    words: tuple[str, ...]
    value: Any


TRUE, FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")), max_size=12)


def spellings(flag: Flag) -> st.SearchStrategy[Given]:
    if flag.kind == SWITCH:
        return st.one_of([_switch(flag, name) for name in (flag.name, flag.short) if name])
    values = WORDS
    if flag.choices:
        values = st.sampled_from(known(flag))
    elif flag.kind == NUMBER:
        values = st.integers(0, 99).map(str)
    return values.flatmap(lambda value: st.sampled_from(list(_forms(flag, value))))


def known(flag: Flag) -> list[str]:
    """Values of a flag that does not take any."""
    return [*flag.choices, *(f"{prefix}{'{.id}'}" for prefix in flag.prefixes)]


def _switch(flag: Flag, name: str) -> st.SearchStrategy[Given]:
    on = st.sampled_from([(name,), *((f"{name}={word}",) for word in TRUE)]).map(lambda words: Given(flag, words, True))
    off = st.sampled_from([f"{name}={word}" for word in FALSE]).map(lambda word: Given(flag, (word,), False))
    return on | off


def _forms(flag: Flag, value: str) -> Iterator[Given]:
    """Every way to write a flag with its value; the underscores are klog's habit."""
    read: Any = int(value) if flag.kind == NUMBER else value
    yield Given(flag, (f"{flag.name}={value}",), read)
    yield Given(flag, (f"--{flag.name[2:].replace('-', '_')}={value}",), read)
    if flag.bare:
        yield Given(flag, (flag.name,), flag.bare)
        if value in flag.choices:
            yield Given(flag, (flag.name, value), read)
        return
    yield Given(flag, (flag.name, value), read)
    if flag.short:
        yield Given(flag, (flag.short, value), read)
        yield Given(flag, (f"{flag.short}={value}",), read)
        if value and not value.startswith("="):
            yield Given(flag, (f"{flag.short}{value}",), read)


@dataclass(frozen=True)
class Parser:
    """One command, from words to the values of its flags."""

    name: str
    command: TyperCommand
    received: list[Any]

    @classmethod
    def of(cls, name: str) -> Parser:
        received: list[Any] = []

        def receive(*values: Any) -> int:
            received[:] = values
            return 0

        return cls(name, typer_command.typed(COMMANDS[name]().groups, receive), received)

    def parse(self, words: list[str]) -> dict[str, Any]:
        """The value of each flag, by its long name."""
        line = argv.read(words, static.COMMANDS)
        assert line.command == self.name
        typer_command.call(self.command, line.words)
        fields = {name: value for group in self.received for name, value in vars(group).items()}
        return {self._long(param.opts): plain(fields[str(param.name)]) for param in self.command.params}

    @staticmethod
    def _long(spellings: list[str]) -> str:
        return next((name for name in spellings if name.startswith("--")), spellings[0])


PARSERS = {name: Parser.of(name) for name in COMMANDS}


@st.composite
def command_lines(draw: st.DrawFn, name: str) -> tuple[list[str], list[Given]]:
    """Words, and the flags in them; some stand before the command, some behind it."""
    flags = st.sampled_from(static.COMMANDS[name].flags)
    chosen = [draw(spellings(flag)) for flag in draw(st.lists(flags, max_size=5))]
    at = draw(st.integers(0, len(chosen)))
    before, after = ([word for one in part for word in one.words] for part in (chosen[:at], chosen[at:]))
    arguments = list(static.COMMANDS[name].arguments[:1])
    return [*before, name, *arguments, *after], chosen


def plain(value: Any) -> Any:
    """As it was typed."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_flag_is_the_same_in_every_form_that_kubectl_accepts(name: str) -> None:
    parser = PARSERS[name]
    defaults = parser.parse([name, *static.COMMANDS[name].arguments[:1]])

    @settings(max_examples=150, deadline=None, database=None)
    @given(command_lines(name))
    def judge(drawn: tuple[list[str], list[Given]]) -> None:
        words, chosen = drawn
        expected = dict(defaults)
        for one in chosen:
            many = one.flag.kind == LIST
            expected[one.flag.name] = [*expected[one.flag.name], one.value] if many else one.value
        assert parser.parse(words) == expected

    judge()


def forms(flag: Flag) -> Iterator[Given]:
    """One flag in every form, with every value that it knows or with one that suits it."""
    if flag.kind == SWITCH:
        for name in filter(None, (flag.name, flag.short)):
            yield Given(flag, (name,), True)
            yield from (Given(flag, (f"{name}={word}",), word in TRUE) for word in TRUE + FALSE)
        return
    for value in known(flag) or ["7" if flag.kind == NUMBER else "a=b"]:
        yield from _forms(flag, value)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_flag_alone_is_read_in_each_form_wherever_it_stands(name: str) -> None:
    parser = PARSERS[name]
    arguments = list(static.COMMANDS[name].arguments[:1])
    defaults = parser.parse([name, *arguments])
    for one in (form for flag in static.COMMANDS[name].flags for form in forms(flag)):
        value = [*defaults[one.flag.name], one.value] if one.flag.kind == LIST else one.value
        for words in (
            [*one.words, name, *arguments],
            [name, *one.words, *arguments],
            [name, *arguments, *one.words],
            [name, *one.words, "--", *arguments],
        ):
            assert parser.parse(words) == {**defaults, one.flag.name: value}, words


@pytest.mark.parametrize("name", ["bootimage", "machineset"])
def test_short_switches_are_joined_with_each_other_and_with_a_flag_that_takes_a_value(name: str) -> None:
    parser = PARSERS[name]
    for flag in static.COMMANDS[name].flags:
        if flag.short and flag.kind != SWITCH:
            value = (known(flag) or ["7"])[0]
            expected = parser.parse([name, "--yes", f"{flag.name}={value}"])
            for words in (
                (f"-yy{flag.short[1]}{value}",),
                (f"-y{flag.short[1]}={value}",),
                (f"-y{flag.short[1]}", value),
            ):
                assert parser.parse([name, *words]) == parser.parse([*words, name]) == expected


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_of_a_flag_that_is_given_twice_the_last_counts_and_of_a_list_all(name: str) -> None:
    parser = PARSERS[name]
    arguments = list(static.COMMANDS[name].arguments[:1])
    for flag in static.COMMANDS[name].flags:
        first, *_, last = [form for form in forms(flag) if len(form.words) == 1]
        wanted = parser.parse([name, *arguments, *last.words])
        if flag.kind == LIST:
            wanted[flag.name] = [first.value, last.value]
        assert parser.parse([*first.words, name, *arguments, *last.words]) == wanted


# ---- help and errors


def call(*words: str, executable: str = "kubectl-arm64", **environ: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = app.run(executable, words, Streams(out, err, environ))
    return code, out.getvalue(), err.getvalue()


def test_help_names_the_program_as_it_was_called() -> None:
    assert "  kubectl arm64 machineset [options]" in call("machineset", "--help")[1]
    through_oc = call("machineset", "--help", executable="/usr/local/bin/oc-arm64")[1]
    assert "  oc arm64 machineset [options]" in through_oc
    assert "kubectl arm64" not in through_oc
    assert call("machineset", "--help", _="/usr/bin/oc")[1] == through_oc


@pytest.mark.parametrize("words", [(), ("--help",), ("help",), ("-n", "prod")])
def test_without_a_command_it_says_which_there_are(words: tuple[str, ...]) -> None:
    code, out, err = call(*words)
    assert (code, err) == (0, "")
    assert "Available Commands:" in out


def test_a_mistyped_command_gets_kubectls_words_and_a_suggestion() -> None:
    assert call("bootimgae", "--dry-run") == (
        1,
        "",
        'error: unknown command "bootimgae" for "kubectl arm64"\n\nDid you mean this?\n\tbootimage\n\n',
    )


def test_a_mistyped_flag_gets_one_line_and_where_to_look() -> None:
    assert call("machineset", "--aply") == (
        1,
        "",
        "error: unknown flag: --aply; did you mean --apply?\nSee 'kubectl arm64 machineset --help' for usage.\n",
    )


def test_what_resembles_nothing_gets_no_suggestion() -> None:
    assert call("machineset", "--logtostderr")[2].startswith("error: unknown flag: --logtostderr\n")
    assert call("xyzzy")[2] == (
        'error: unknown command "xyzzy" for "kubectl arm64"\nSee \'kubectl arm64 --help\' for usage.\n'
    )


def test_a_token_in_a_wrong_place_is_not_repeated() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwcm9kIn0.c2lnbmF0dXJl"
    for words in (("bootimage", token), (token,), ("bootimage", "-o", token)):
        code, _, err = call(*words)
        assert code == 1
        assert token not in err


# ---- colour


@pytest.mark.parametrize("typed", ["--help", "machineset --help", "machineset --aply", "bootimage", "completion bash"])
def test_in_continuous_integration_there_are_no_escapes(typed: str, tmp_path: Path) -> None:
    environ = {"PATH": os.defpath, "HOME": str(tmp_path), "GITHUB_ACTIONS": "true", "CI": "true", "FORCE_COLOR": "1"}
    process = subprocess.run([*COMMAND, *typed.split()], capture_output=True, text=True, env=environ)
    assert process.stdout + process.stderr != ""
    assert "\x1b" not in process.stdout + process.stderr


def test_with_no_color_a_terminal_gets_a_bar_without_colours() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def drawn(**environ: str) -> str:
        stream = Terminal()
        with reporter(stream, {"TERM": "xterm", **environ}) as report:
            report.started("VHD", Outcome.CREATED)
            report.finished("VHD", Outcome.CREATED)
        return stream.getvalue()

    colour = re.compile(r"\x1b\[(?:\d+;)*3[0-7](?:;\d+)*m")
    assert colour.search(drawn())
    assert not colour.search(drawn(NO_COLOR="1"))
