"""An error that nobody foresaw: one line, and an exit code that means nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from kubectl_arm64.cli.app import run
from kubectl_arm64.cli.output import Streams
from tests.templates import FOLDER

ALONE = (
    f"--filename={FOLDER / 'worker.yaml'}",
    "--vm-size=Standard_D4ps_v5",
    "--image=/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/rhcos-arm64-gen2/versions/1.0.0",
)


@pytest.fixture
def broken(plugin: object) -> Callable[..., tuple[int, str]]:
    """`broken("machineset", ...)`: the exit code and stderr of a call whose stdout raises what no stream should."""

    def call(*words: str) -> tuple[int, str]:
        out, err = io.StringIO(), io.StringIO()
        out.close()
        return run("kubectl-arm64", words, Streams(out, err)), err.getvalue()

    return call


@pytest.mark.parametrize(("words", "code"), [((), 1), (("--diff",), 2)])
def test_an_unforeseen_error_is_no_difference(
    broken: Callable[..., tuple[int, str]], words: tuple[str, ...], code: int
) -> None:
    ended, said = broken("machineset", *ALONE, *words)
    assert said.splitlines()[-1].startswith("error: unforeseen: ValueError: ")
    assert ended == code
