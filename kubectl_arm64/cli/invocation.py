"""How the tool was called, for messages that say what to run next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kubectl_arm64.cli.argv import called_as
from kubectl_arm64.errors import redact

_SECRET_FLAGS = ("--token", "--password")


@dataclass(frozen=True)
class Invocation:
    """`program` is `oc arm64` or `kubectl arm64`; `words` are the subcommand and its flags."""

    program: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, executable: str, words: Sequence[str], environ: Mapping[str, str]) -> Invocation:
        """From argv and the shell's environment."""
        return cls(called_as(executable, environ.get("_", "")), tuple(words))

    @property
    def again(self) -> str:
        """The command line that goes on from here, without secrets."""
        return f"{self.program} {redact(shlex.join(_without_secrets(self.words)))}"

    def without(self, *switches: str) -> Invocation:
        """The same call without these switches, as kubectl reads them: `--no-wait`, `--no_wait`, `--no-wait=true`."""
        return replace(self, words=tuple(word for word in self.words if _name(word) not in switches))

    def next(self, *words: str) -> str:
        """Another command of this tool."""
        return f"{self.program} {shlex.join(words)}"


def _name(word: str) -> str:
    """The long name of the flag that `word` gives."""
    return word.partition("=")[0].replace("_", "-")


def _without_secrets(words: Sequence[str]) -> list[str]:
    shown: list[str] = []
    hide = False
    for word in words:
        name, equals, _ = word.partition("=")
        if hide:
            shown.append("REDACTED")
        elif name in _SECRET_FLAGS and equals:
            shown.append(f"{name}=REDACTED")
        else:
            shown.append(word)
        hide = word in _SECRET_FLAGS
    return shown
