"""What each command may load: what starts at once imports next to nothing, and no command what it does not use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_arm64 import __version__
from kubectl_arm64.cli.commands import COMMANDS
from tests.conftest import IMPATIENT
from tests.plugin import COMMAND
from tests.sandbox.server import Sandbox
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


@pytest.mark.parametrize("typed", ["bootimgae", "machineset --aply", "bootimage -o table", "bootimage now"])
def test_a_command_line_that_cannot_be_read_loads_no_library(typed: str) -> None:
    assert packages(loaded(*typed.split())) & (SLOW | {"yaml"}) == set()


def test_completion_of_contexts_loads_no_client(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text("contexts: [{name: prod}]\n")
    assert packages(loaded("__complete", "--context", "", KUBECONFIG=str(kubeconfig))) & SLOW == set()


# ---- what each command may load, and loads

_FLAGS = {"typer", "pydantic"}
_CLUSTER = {"kubernetes", "requests", "urllib3", "yaml"}
_AZURE = {"azure.identity", "azure.mgmt.compute", "requests", "urllib3"}
_COMPLETION = _FLAGS | {"cli.completion"}
_MACHINESET = _FLAGS | {"cli.machineset", "cli.manifest", "yaml"}
_BOOTIMAGE = _FLAGS | {"cli.bootimage", "copy.engine", "pipeline.publish"} | _CLUSTER | _AZURE
_BOOTIMAGE |= {"azure.mgmt.storage", "azure.storage.blob"}
_ALONE = (
    f"machineset -f {FOLDER / 'worker.yaml'} --vm-size=Standard_D4ps_v5 --image=/resourceGroups/rg/providers"
    "/Microsoft.Compute/galleries/g/images/rhcos-arm64-gen2/versions/1.0.0"
)
CALLS = {
    "version": set(),
    "completion bash": _COMPLETION,
    "completion zsh -n prod": _COMPLETION,
    "completion install --directory=/nonexistent": _COMPLETION,
    "completion uninstall --directory=/nonexistent": _COMPLETION,
    "bootimage --timeout=soon": _FLAGS | {"cli.bootimage", "copy.engine", "pipeline.publish"},
    "bootimage --dry-run": _BOOTIMAGE,
    "bootimage --dry-run -o json": _BOOTIMAGE,
    "bootimage --dry-run -o yaml": _BOOTIMAGE | {"cli.manifest"},
    "bootimage --dry-run -o jsonpath={.source}": _BOOTIMAGE | {"cli.jsonpath"},
    "bootimage -o name": _BOOTIMAGE,
    "machineset --zone=one": _MACHINESET,
    _ALONE: _MACHINESET,
    f"{_ALONE} -o json": _MACHINESET,
    f"{_ALONE} -o jsonpath={{.kind}}": _MACHINESET | {"cli.jsonpath"},
    f"{_ALONE} -o go-template={{{{.kind}}}}": _MACHINESET | {"cli.gotemplate", "gotpl"},
    "machineset": _MACHINESET | _CLUSTER | _AZURE,
    "machineset --apply --dry-run": _MACHINESET | _CLUSTER | _AZURE,
    "machineset --diff": _MACHINESET | _CLUSTER | _AZURE,
}
# What costs time, and what belongs to one command alone.
WATCHED = SLOW - {"azure"} | set().union(*CALLS.values())


@pytest.mark.parametrize("typed", CALLS, ids=lambda typed: str(typed).replace(str(FOLDER), "FOLDER"))
def test_a_call_loads_what_it_uses_and_nothing_else(sandbox: Sandbox, typed: str) -> None:
    modules = loaded(*typed.split(), **sandbox.environment({}), **IMPATIENT)
    known = {module.removeprefix("kubectl_arm64.") for module in modules}
    assert known & WATCHED == CALLS[typed]
    # The cluster is read by raw calls: the client's models of Kubernetes' types take twice the time.
    assert [name for name in known if name.startswith(("kubernetes.client.models.", "kubernetes.client.api."))] == []


def test_of_every_command_it_is_said_what_it_loads() -> None:
    assert {typed.split()[0] for typed in CALLS} == set(COMMANDS)


def test_as_a_module_it_answers_too() -> None:
    process = subprocess.run([*COMMAND, "version"], capture_output=True, text=True)
    assert process.stdout == f"kubectl-arm64 {__version__}\n"


@pytest.mark.parametrize("words", [["--help"], ["__complete", ""], ["completion", "bash"]])
def test_when_nobody_reads_the_output_it_ends_without_a_word(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as unread:
        process = subprocess.run([*COMMAND, *words], stdout=unread, stderr=subprocess.PIPE, text=True)
    assert (process.returncode, process.stderr) == (141, "")
