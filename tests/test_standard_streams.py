"""Standard streams that are closed, full, read by nobody or of another encoding: one clear line, or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import IMPATIENT, ROOT, Plugin
from tests.plugin import COMMAND
from tests.sandbox.kubernetes.objects import find
from tests.sandbox.server import Sandbox
from tests.templates import FOLDER
from tests.terminal import on_a_terminal

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


# Encodings

# What a locale of Windows makes of the interpreter's streams.
WESTERN = {"PATH": os.defpath, "HOME": os.devnull, "PYTHONIOENCODING": "cp1252"}
WORKER = (FOLDER / "worker.yaml").read_text()
CYRILLIC = WORKER.replace("  annotations:\n", "  annotations:\n    team: Нева\n    place: Köln\n", 1)
ALONE = (
    "machineset",
    "--vm-size=Standard_D4ps_v5",
    "--image=/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/rhcos-arm64-gen2/versions/1.0.0",
)


def cloned(stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    """The clone of what stands on standard input, by flags alone."""
    return subprocess.run(
        [*COMMAND, *ALONE, "--filename=-"], env=WESTERN, cwd=ROOT, input=stdin, capture_output=True, check=False
    )


def test_whatever_the_locale_standard_input_and_output_are_utf_8() -> None:
    process = cloned(CYRILLIC.encode())
    assert process.returncode == 0, process.stderr.decode()
    assert "team: Нева" in process.stdout.decode()


def test_whatever_the_locale_errors_are_utf_8() -> None:
    process = cloned("Нева".encode())
    assert process.returncode == 1
    assert process.stderr.decode().startswith("error: standard input holds a string")
    unknown = subprocess.run([*COMMAND, "Нева"], env=WESTERN, cwd=ROOT, capture_output=True, check=False)
    assert 'unknown command "Нева"' in unknown.stderr.decode()


@pytest.mark.sources_only(
    "the archive's Python takes no PYTHONIOENCODING, and a terminal of another encoding is none here"
)
def test_a_terminal_is_shown_in_its_own_encoding_and_escapes_for_the_rest(tmp_path: Path) -> None:
    source = tmp_path / "worker.yaml"
    source.write_text(CYRILLIC, encoding="utf-8")
    shown, code = on_a_terminal([*COMMAND, *ALONE, f"--filename={source}"], WESTERN)
    assert code == 0
    assert rb"team: \u041d\u0435\u0432\u0430" in shown
    assert "place: Köln".encode("cp1252") in shown


def test_when_standard_input_is_no_text_one_line_says_so() -> None:
    process = cloned(b"kind: \xff")
    assert (process.returncode, process.stderr.decode()) == (
        1,
        "error: cannot read standard input: it is not UTF-8 text; pipe a file's text in, or name the file\n",
    )


def test_when_standard_input_is_closed_one_line_says_so(sandbox: Sandbox) -> None:
    process = started(sandbox, "machineset -f - <&-")
    assert (process.returncode, process.stderr) == (
        1,
        "error: cannot read standard input: it is closed; pipe a file's text in, or name the file\n",
    )


# Standard input, which can be read but once


def streamed(sandbox: Sandbox) -> str:
    data = find(sandbox.world, "configmaps", "coreos-bootimages", "openshift-machine-config-operator")["data"]
    return str(data["stream"])


def test_when_the_stream_is_on_standard_input_machineset_publishes_it_and_uses_it(
    plugin: Plugin, sandbox: Sandbox
) -> None:
    result = plugin("machineset", "--publish", "--stream-file", "-", "-o", "json", stdin=streamed(sandbox))
    assert result.code == 0, result.err
    image = json.loads(result.out)["spec"]["template"]["spec"]["providerSpec"]["value"]["image"]
    assert f"{image['resourceID']}\n".endswith(IMAGE)


def test_when_two_flags_want_standard_input_none_gets_it(plugin: Plugin) -> None:
    result = plugin("machineset", "-f", "-", "--stream-file", "-", stdin=WORKER)
    assert (result.code, result.err) == (
        1,
        "error: -f - and --stream-file - cannot both read standard input; give one of them as a file\n",
    )


@pytest.mark.parametrize("command", ["bootimage", "machineset"])
def test_when_standard_input_is_no_stream_it_is_named_so(plugin: Plugin, command: str) -> None:
    result = plugin(command, "--stream-file", "-", stdin="- a list\n")
    assert (result.code, result.err) == (
        1,
        "error: standard input is a list, not an object; name another with --stream-file\n",
    )
