"""kubectl's spellings of flags, made into what typer reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SHORT_WITH_VALUE = ("-o", "-n", "-s", "-v", "-f")


@dataclass(frozen=True)
class Grammar:
    """What one command's flags take.

    `switches` take no value; `optional` take one that may be left out: flag -> (value when bare, values it knows,
    where a value is any word when that is empty).
    """

    switches: frozenset[str] = frozenset()
    optional: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)


def normalise(words: Sequence[str], commands: Mapping[str, Grammar]) -> list[str]:
    """Words as kubectl accepts them -> words as typer does.

    Flags before the subcommand move behind it; `-o=json` and `-ojson` become `-o json`; `--wait=false` vanishes;
    a bare `--dry-run` gets its default.
    """
    at = _subcommand(words, commands)
    if at is None or words[at] not in commands:
        return list(words)
    return [words[at], *_flags([*words[:at], *words[at + 1 :]], commands[words[at]])]


def _subcommand(words: Sequence[str], commands: Mapping[str, Grammar]) -> int | None:
    """Where the subcommand stands: the first word that is neither a flag nor the value of one."""
    switches = frozenset[str]().union(*(grammar.switches for grammar in commands.values()))
    value_follows = False
    for index, word in enumerate(words):
        if value_follows:
            value_follows = False
        elif not word.startswith("-"):
            return index
        else:
            takes_value = word in SHORT_WITH_VALUE or word.startswith("--")
            value_follows = takes_value and "=" not in word and word not in switches
    return None


def _flags(words: list[str], grammar: Grammar) -> list[str]:
    out: list[str] = []
    for index, word in enumerate(words):
        if word == "--":
            return [*out, *words[index:]]
        name, equals, value = word.partition("=")
        if name in grammar.switches:
            out += [name] if not equals or value.lower() not in ("false", "0", "f") else []
        elif word in grammar.optional:
            default, known = grammar.optional[word]
            following = words[index + 1] if index + 1 < len(words) else "-"
            has_value = following in known if known else not following.startswith("-")
            out += [word] if has_value else [word, default]
        elif word[:2] in SHORT_WITH_VALUE and len(word) > 2:
            out += [word[:2], word[2:].removeprefix("=")]
        elif equals and name.startswith("--"):
            out += [name, value]
        else:
            out.append(word)
    return out
