"""Completion by kubectl's protocol, its live names, their cache, and what `completion` writes."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from kubectl_arm64.cli import argv, static
from kubectl_arm64.cli.completion import cache, live
from kubectl_arm64.cli.completion.protocol import complete
from kubectl_arm64.openshift.client import NAMESPACE
from tests.conftest import Plugin
from tests.sandbox.server import Sandbox

NAMES = {"machinesets": ["prod-worker-eastus1", "prod-worker-eastus2"], "contexts": ["prod/admin", "test/admin"]}


def completed(typed: str) -> tuple[list[str], str]:
    """Candidates without their descriptions, and the directive; what follows the last blank is unfinished."""
    out = io.StringIO()
    assert complete(typed.split(" "), out, {}, lambda kind, line, environ: NAMES.get(kind, [])) == 0
    *lines, directive = out.getvalue().splitlines()
    return [line.partition("\t")[0] for line in lines], directive


@pytest.mark.parametrize(
    ("typed", "candidates"),
    [
        ("", ["bootimage", "completion", "help", "machineset", "options", "version"]),
        ("mach", ["machineset"]),
        ("-n prod boot", ["bootimage"]),
        ("completion ", ["bash", "fish", "install", "zsh"]),
        ("completion i", ["install"]),
        ("completion bash ", []),
        ("help boot", ["bootimage"]),
        ("bootimage ", []),
        ("bootimage --stor", ["--storage-account", "--storage-auth"]),
        ("bootimage --storage-auth ", ["auto", "login", "key"]),
        ("bootimage --storage-auth l", ["login"]),
        ("bootimage --storage-auth=l", ["login"]),
        ("bootimage --dry-run --dry", []),
        ("bootimage --tag a=b --tag", ["--tag"]),
        ("machineset --dry-run ", ["none", "client", "server"]),
        ("machineset --dry-run=s", ["server"]),
        ("machineset --apply=", ["true", "false"]),
        ("machineset --from ", NAMES["machinesets"]),
        ("machineset --from=prod-worker-eastus2", ["prod-worker-eastus2"]),
        ("--context te", ["test/admin"]),
        ("machineset --vm-size ", []),
        ("machineset --nosuch ", []),
    ],
)
def test_the_last_word_is_completed_from_what_may_stand_there(typed: str, candidates: list[str]) -> None:
    assert completed(typed) == (candidates, ":4")


def test_where_a_file_is_wanted_the_shell_completes_its_name() -> None:
    assert completed("machineset -f ") == ([], ":0")
    assert completed("machineset --kubeconfig=~/.k") == ([], ":0")


def test_a_lone_dash_offers_the_short_flags_too() -> None:
    candidates, _ = completed("machineset -")
    assert {"-f", "-n", "-o", "--filename"} <= set(candidates)


def test_a_candidate_stands_before_what_it_means() -> None:
    out = io.StringIO()
    complete(["vers"], out, {})
    assert out.getvalue() == "version\tPrint the version\n:4\n"


# ---- names of the kubeconfig and the cluster


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A kubeconfig of two contexts, one of them current, and a home for the cache."""
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        "current-context: prod\n"
        "contexts: [{name: test, context: {cluster: t, user: me}}, {name: prod, context: {cluster: p, user: me}}]\n"
        "clusters: [{name: t, cluster: {server: 'https://t:6443'}}, {name: p, cluster: {server: 'https://p:6443'}}]\n"
        "users: [{name: me, user: {token: sha256~AbCdEf}}]\n"
    )
    return {"KUBECONFIG": str(kubeconfig), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": os.defpath}


class Lookups:
    """Stands for the process that asks the cluster; keeps what it was asked."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked: list[list[str]] = []

    def __call__(self, words: Sequence[str], environ: Mapping[str, str]) -> str:
        self.asked.append(list(words))
        return "".join(f"{name}\n" for name in self.names)


def names(kind: str, typed: str, environ: Mapping[str, str], run: Lookups) -> list[str]:
    return list(live.names(kind, argv.read(typed.split(), static.COMMANDS), environ, run))


def test_contexts_come_from_the_kubeconfig_alone(environ: dict[str, str]) -> None:
    lookups = Lookups()
    assert names("contexts", "machineset", environ, lookups) == ["prod", "test"]
    assert names("users", "machineset", environ, lookups) == ["me"]
    assert lookups.asked == []


def test_the_cluster_is_asked_as_the_command_line_would_ask_it(environ: dict[str, str]) -> None:
    lookups = Lookups("worker-a", "worker-b")
    assert names("machinesets", "machineset --context=test --replicas=2", environ, lookups) == ["worker-a", "worker-b"]
    assert lookups.asked == [["__lookup", "machinesets", "--context=test"]]


def test_within_half_a_minute_the_cluster_is_asked_once_for_each_context(environ: dict[str, str]) -> None:
    lookups = Lookups("worker-a")
    for typed in ("machineset", "machineset --apply", "machineset --context=test", "machineset --context=test"):
        assert names("machinesets", typed, environ, lookups) == ["worker-a"]
    assert len(lookups.asked) == 2


def test_with_a_token_on_the_command_line_nothing_is_kept(environ: dict[str, str], tmp_path: Path) -> None:
    lookups = Lookups("worker-a")
    for _ in range(2):
        names("machinesets", "machineset --token=sha256~secret", environ, lookups)
    assert len(lookups.asked) == 2
    assert not (tmp_path / "cache").exists()


def test_the_cache_holds_names_alone_and_is_its_owners(environ: dict[str, str], tmp_path: Path) -> None:
    names("machinesets", "machineset --as=alice", environ, Lookups("worker-a"))
    (kept,) = (tmp_path / "cache").rglob("*.json")
    assert "worker-a" in kept.read_text()
    assert not any(word in f"{kept}{kept.read_text()}" for word in ("AbCdEf", "alice", "p:6443"))
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_names_older_than_half_a_minute_are_not_given(tmp_path: Path) -> None:
    cache.write(tmp_path / "names.json", ["worker-a"], now=1000.0)
    assert cache.read(tmp_path / "names.json", now=1029.0) == ["worker-a"]
    assert cache.read(tmp_path / "names.json", now=1031.0) is None


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"at": "noon", "names": []}', '{"at": 1}'])
def test_a_broken_cache_is_no_cache(tmp_path: Path, broken: str) -> None:
    (tmp_path / "names.json").write_text(broken)
    assert cache.read(tmp_path / "names.json") is None


def test_where_the_cache_cannot_be_written_names_come_all_the_same(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert names("machinesets", "machineset", environ, Lookups("worker-a")) == ["worker-a"]


def test_when_the_kubeconfig_is_broken_there_are_no_names(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config").write_text("contexts: {")
    assert names("contexts", "machineset", environ, Lookups()) == []


def test_a_lookup_that_does_not_end_in_time_is_ended_with_its_children(tmp_path: Path) -> None:
    lock = tmp_path / "held"
    # The child holds the pipe too: the output ends only when both have ended.
    waiting = f"sleep 60 & echo held > {lock}; wait"
    assert live.output(["sh", "-c", waiting], {"PATH": os.defpath}, seconds=0.5) == ""
    assert lock.read_text() == "held\n"


def test_a_lookup_that_ends_in_time_gives_what_it_prints() -> None:
    assert live.output(["echo", "worker-a"], {"PATH": os.defpath}, seconds=30) == "worker-a\n"
    assert live.output(["/nonexistent"], {}, seconds=30) == ""


def test_names_come_from_a_real_lookup(
    sandbox: Sandbox, plugin: Plugin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    result = plugin("__lookup", "machinesets")
    assert "prod-7x2kq-worker-eastus1" in result.out.splitlines()
    assert NAMESPACE in plugin("__lookup", "namespaces").out.splitlines()
    assert plugin("__lookup", "machinesets", "--context=nosuch").code == 1


# ---- what `completion` writes


@pytest.fixture
def installed(plugin: Plugin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder on the PATH that holds kubectl-arm64."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "kubectl-arm64"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m kubectl_arm64 "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.defpath}")
    return folder


def test_install_writes_the_programs_that_kubectl_and_oc_ask(plugin: Plugin, installed: Path) -> None:
    result = plugin("completion", "install")
    assert result.out.splitlines() == [
        f"{installed}/kubectl_complete-arm64 created",
        f"{installed}/oc_complete-arm64 created",
    ]
    shown = subprocess.run([installed / "oc_complete-arm64", "vers"], capture_output=True, text=True, check=True)
    assert shown.stdout == "version\tPrint the version\n:4\n"
    assert "unchanged" in plugin("completion", "install").out


def test_install_leaves_the_files_of_others_alone(plugin: Plugin, installed: Path) -> None:
    (installed / "oc_complete-arm64").write_text("#!/bin/sh\necho mine\n")
    result = plugin("completion", "install")
    assert result.code == 1
    assert "oc_complete-arm64 is not this plugin's" in result.err
    assert "mine" in (installed / "oc_complete-arm64").read_text()


def test_install_without_the_plugin_on_the_path_asks_for_a_folder(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    result = plugin("completion", "install")
    assert "--directory" in result.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_are_of_their_shells_grammar(plugin: Plugin, shell: str) -> None:
    script = plugin("completion", shell).out
    assert "kubectl-arm64" in script
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("typed", "candidates"),
    [("kubectl-arm64 mach", ["machineset"]), ("kubectl-arm64 machineset --dry-run=s", ["server"])],
)
def test_bash_completes_by_its_script(plugin: Plugin, installed: Path, typed: str, candidates: list[str]) -> None:
    script = plugin("completion", "bash").out
    words = typed.replace("=", " = ").split()
    shown = subprocess.run(
        ["bash", "--norc", "-c", f'{script}\nCOMP_LINE=$1 COMP_POINT=${{#1}}\nshift\nCOMP_WORDS=("$@")\n'
         'COMP_CWORD=$(($# - 1))\n_kubectl_arm64\nprintf "%s\\n" "${COMPREPLY[@]}"', "-", typed, *words],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.split() == candidates
