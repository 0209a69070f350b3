"""How the tool was called, for messages that say what to run next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from kubectl_arm64.errors import redact

_SECRET_FLAGS = ("--token",)


@dataclass(frozen=True)
class Invocation:
    """`program` is `oc arm64` or `kubectl arm64`; `words` are the subcommand and its flags."""

    program: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, executable: str, words: Sequence[str]) -> Invocation:
        """From argv. Called through oc, argv[0] is still kubectl-arm64 unless oc found an `oc-arm64`."""
        name = os.path.basename(executable)
        return cls("oc arm64" if name.startswith("oc-") else "kubectl arm64", tuple(words))

    @property
    def again(self) -> str:
        """The command line that goes on from here, without secrets."""
        return f"{self.program} {redact(shlex.join(_without_secrets(self.words)))}"

    def next(self, *words: str) -> str:
        """Another command of this tool."""
        return f"{self.program} {shlex.join(words)}"


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
