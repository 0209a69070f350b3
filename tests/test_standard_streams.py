"""Standard streams that are closed, full or read by nobody: one clear line, or none."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.conftest import IMPATIENT, ROOT
from tests.plugin import COMMAND
from tests.sandbox.server import Sandbox

IMAGE = "/versions/20260202.2246.418094000\n"


def started(sandbox: Sandbox, line: str) -> subprocess.CompletedProcess[str]:
    """The plugin run by a shell: `line` is its words and redirections."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {line}', "-", *COMMAND],
        env={**sandbox.environment(os.environ), **IMPATIENT},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("where", "why"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
@pytest.mark.parametrize(
    "words", ["--help", "version", "__complete ''", "completion bash", "bootimage --dry-run", "bootimage"]
)
def test_when_standard_output_takes_nothing_one_line_says_so(
    sandbox: Sandbox, words: str, where: str, why: str
) -> None:
    process = started(sandbox, f"{words} {where}")
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == f"error: cannot write to standard output: {why}"
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_when_standard_error_takes_nothing_the_result_is_there_all_the_same(sandbox: Sandbox, where: str) -> None:
    process = started(sandbox, f"bootimage {where}")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.endswith(IMAGE)
    assert process.stdout.count("\n") == 1


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full", ">&- 2>&-", ">/dev/full 2>&1"])
def test_when_an_error_can_be_told_to_nobody_its_exit_code_is_left(sandbox: Sandbox, where: str) -> None:
    process = started(sandbox, f"bootimgae {where}")
    assert (process.returncode, process.stdout, process.stderr) == (1, "", "")


@pytest.mark.parametrize(
    "words", [["--help"], ["bootimage", "--dry-run"], ["bootimage", "-o", "json"], ["completion", "bash"]]
)
def test_when_nobody_reads_the_result_it_ends_as_by_a_broken_pipe(sandbox: Sandbox, words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as unread:
        process = subprocess.run(
            [*COMMAND, *words],
            env={**sandbox.environment(os.environ), **IMPATIENT},
            cwd=ROOT,
            stdout=unread,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert process.returncode == 128 + signal.SIGPIPE
    assert "error:" not in process.stderr
    assert "Traceback" not in process.stderr


def test_when_nobody_reads_errors_it_ends_as_by_a_broken_pipe(sandbox: Sandbox) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as unread:
        process = subprocess.run([*COMMAND, "bootimgae"], stderr=unread, check=False)
    assert process.returncode == 128 + signal.SIGPIPE
