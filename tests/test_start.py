"""What each command may load: what starts at once imports next to nothing, and no command what it does not use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_arm64 import __version__
from tests.templates import FOLDER

INSTANT = {
    "__future__",
    "kubectl_arm64",
    "kubectl_arm64.__main__",
    "kubectl_arm64.cli",
    "kubectl_arm64.cli.argv",
    "kubectl_arm64.cli.front",
    "kubectl_arm64.cli.standard",
    "kubectl_arm64.cli.static",
}
COMPLETION = {"kubectl_arm64.cli.completion", "kubectl_arm64.cli.completion.protocol"}
SLOW = {"azure", "kubernetes", "pydantic", "rich", "typer", "urllib3", "requests"}
PROBE = """
import sys
before = set(sys.modules)
sys.argv[0] = "kubectl-arm64"
from kubectl_arm64.__main__ import main
code = main()
sys.stderr.write("\\n" + " ".join(sorted(set(sys.modules) - before)))
sys.exit(code)
"""


def loaded(*words: str, **environ: str) -> set[str]:
    """The modules that a call of the plugin loads, beyond those of a bare Python."""
    process = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "HOME": os.devnull, **environ},
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in process.stderr
    return set(process.stderr.splitlines()[-1].split())


def packages(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize(
    "typed",
    ["", "--help", "-h", "help machineset", "bootimage --help", "machineset -h --context prod", "options", "version"],
)
def test_help_and_version_load_nothing_but_their_text(typed: str) -> None:
    assert loaded(*typed.split()) == INSTANT


@pytest.mark.parametrize("typed", ["", "mach", "machineset --", "machineset --dry-run=", "-n prod completion "])
def test_completion_of_static_words_loads_nothing_but_them(typed: str) -> None:
    assert loaded("__complete", *typed.split(" ")) == INSTANT | COMPLETION


@pytest.mark.parametrize("typed", ["bootimgae", "machineset --aply", "bootimage -o wide", "bootimage now"])
def test_a_command_line_that_cannot_be_read_loads_no_library(typed: str) -> None:
    assert packages(loaded(*typed.split())) & (SLOW | {"yaml"}) == set()


def test_completion_of_contexts_loads_no_client(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text("contexts: [{name: prod}]\n")
    assert packages(loaded("__complete", "--context", "", KUBECONFIG=str(kubeconfig))) & SLOW == set()


def test_the_scripts_of_completion_load_neither_azure_nor_the_cluster() -> None:
    assert packages(loaded("completion", "bash")) & {"azure", "kubernetes", "rich", "yaml"} == set()


@pytest.mark.parametrize(
    ("command", "foreign"),
    [
        ("bootimage", {"kubectl_arm64.cli.machineset", "kubectl_arm64.cli.completion"}),
        ("machineset", {"kubectl_arm64.cli.bootimage", "kubectl_arm64.cli.completion"}),
        ("completion", {"kubectl_arm64.cli.bootimage", "kubectl_arm64.cli.machineset", "kubectl_arm64.pipeline"}),
    ],
)
def test_no_command_loads_anothers_modules(command: str, foreign: set[str]) -> None:
    # Each fails, or is done, before it speaks to anybody.
    words = {"completion": ["bash"], "bootimage": ["--timeout", "soon"], "machineset": ["--zone", "one"]}[command]
    modules = loaded(command, *words)
    assert modules & foreign == set()
    assert packages(modules) & {"azure", "kubernetes", "rich"} == set()


def test_when_a_machineset_says_all_itself_neither_azure_nor_the_cluster_is_loaded() -> None:
    image = "/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/rhcos-arm64-gen2/versions/1.0.0"
    modules = loaded(
        "machineset",
        "-f",
        str(FOLDER / "worker.yaml"),
        "--image",
        image,
        "--vm-size",
        "Standard_D4ps_v5",
        KUBECONFIG=os.devnull,
    )
    assert packages(modules) & {"azure", "rich"} == set()


def test_as_a_module_it_answers_too() -> None:
    process = subprocess.run([sys.executable, "-m", "kubectl_arm64", "version"], capture_output=True, text=True)
    assert process.stdout == f"kubectl-arm64 {__version__}\n"


@pytest.mark.parametrize("words", [["--help"], ["__complete", ""], ["completion", "bash"]])
def test_when_nobody_reads_the_output_it_ends_without_a_word(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as unread:
        process = subprocess.run(
            [sys.executable, "-m", "kubectl_arm64", *words], stdout=unread, stderr=subprocess.PIPE, text=True
        )
    assert (process.returncode, process.stderr) == (141, "")
