"""The plugin in children of a warm process, to be killed at any moment."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests import warm
from tests.conftest import IMPATIENT
from tests.sandbox.server import Sandbox
from tests.swagger import Specs

SIGKILLED = -9


@dataclass(frozen=True)
class Forks:
    """Children of a process that has imported everything and holds no thread."""

    context: ForkServerContext
    sandbox: Sandbox
    output: Path
    swagger: Specs | None

    def begin(self, words: tuple[str, ...], output: Path) -> BaseProcess:
        environ = {**self.sandbox.environment(os.environ), **IMPATIENT}
        child: BaseProcess = self.context.Process(target=warm.run, args=(words, environ, str(output)))
        child.start()
        return child

    def call(self, *words: str) -> tuple[int, str]:
        child = self.begin(words, self.output)
        child.join(60)
        assert child.exitcode is not None
        return child.exitcode, self.output.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.warm"])
    return context


@pytest.fixture
def forks(context: ForkServerContext, sandbox: Sandbox, tmp_path: Path, swagger: Specs | None) -> Forks:
    return Forks(context, sandbox, tmp_path / "output", swagger)
