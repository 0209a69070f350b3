"""Completion by kubectl's protocol, its live names, their cache, and what `completion` writes."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from kubectl_arm64.cli import argv, static
from kubectl_arm64.cli.completion import cache, live
from kubectl_arm64.cli.completion.protocol import complete
from kubectl_arm64.cli.completion.scripts import SHIMS, shims
from kubectl_arm64.openshift.client import NAMESPACE
from tests.conftest import Plugin
from tests.plugin import install
from tests.sandbox.server import Sandbox

NAMES = {
    "machinesets": ["prod-worker-eastus1", "prod-worker-eastus2"],
    "contexts": ["prod/admin", "test/admin"],
    "sizes": ["Standard_D4ps_v5\t4 vCPUs, 16 GiB", "Standard_E4ps_v6\t4 vCPUs, 32 GiB"],
    "versions": ["20260202.2246.418094000"],
    "images": ["/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/rhcos-arm64-gen2/versions/1.0.0"],
}


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
        ("completion ", ["bash", "fish", "install", "uninstall", "zsh"]),
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
        ("machineset --vm-size ", ["Standard_D4ps_v5", "Standard_E4ps_v6"]),
        ("machineset --vm-size=Standard_E", ["Standard_E4ps_v6"]),
        ("bootimage --image-version 2026", NAMES["versions"]),
        ("machineset --image /resource", NAMES["images"]),
        ("machineset --name ", []),
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


@pytest.mark.parametrize("typed", ["machineset -- --a", "nope ", "nope --"])
def test_where_nothing_can_follow_nothing_is_offered(typed: str) -> None:
    assert completed(typed) == ([], ":4")


def test_a_name_with_a_line_break_is_not_offered() -> None:
    out = io.StringIO()
    complete(["machineset", "--context", ""], out, {}, lambda kind, line, environ: ["prod", "a\n:0"])
    assert out.getvalue() == "prod\n:4\n"


def test_a_candidate_stands_before_what_it_means() -> None:
    out = io.StringIO()
    complete(["vers"], out, {})
    assert out.getvalue() == "version\tPrint the version\n:4\n"


def test_every_flag_with_known_values_offers_them() -> None:
    for name, command in static.COMMANDS.items():
        arguments = "".join(f"{word} " for word in command.arguments[:1])
        for flag in command.flags:
            if flag.choices:
                assert completed(f"{name} {arguments}{flag.name}=") == ([*flag.choices, *flag.prefixes], ":4")


def test_what_a_name_means_stands_behind_it() -> None:
    out = io.StringIO()
    complete(["machineset", "--vm-size", "Standard_D"], out, {}, lambda kind, line, environ: NAMES[kind])
    assert out.getvalue() == "Standard_D4ps_v5\t4 vCPUs, 16 GiB\n:4\n"


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
    """Stands for the process that looks names up and keeps them; keeps what it was asked."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked: list[list[str]] = []

    def __call__(self, words: Sequence[str], environ: Mapping[str, str]) -> str:
        lookup, kind, place, *flags = words
        self.asked.append([lookup, kind, *flags])
        if place:
            cache.write(Path(place), self.names)
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


def test_azure_is_asked_with_the_flags_that_name_image_and_place(environ: dict[str, str]) -> None:
    lookups = Lookups("Standard_D4ps_v5")
    typed = "machineset --context=test --location=westeurope --zone=1 --gallery=images"
    assert names("sizes", typed, environ, lookups) == ["Standard_D4ps_v5"]
    assert lookups.asked == [["__lookup", "sizes", "--context=test", "--location=westeurope", "--gallery=images"]]


def test_while_a_lookup_is_under_way_no_other_is_begun(environ: dict[str, str]) -> None:
    def run(words: Sequence[str], around: Mapping[str, str]) -> str:
        assert names("sizes", "machineset", environ, second) == []
        return ""

    second = Lookups("Standard_D4ps_v5")
    assert live.names("sizes", argv.read(["machineset"], static.COMMANDS), environ, run) == []
    assert second.asked == []


@pytest.mark.parametrize("secret", ["--token=sha256~secret", "--username=me --password=secret"])
def test_with_a_secret_on_the_command_line_nothing_is_kept(
    environ: dict[str, str], tmp_path: Path, secret: str
) -> None:
    lookups = Lookups("worker-a")
    for kind in ("machinesets", "machinesets", "sizes"):
        assert names(kind, f"machineset {secret}", environ, lookups) == ["worker-a"]
    assert len(lookups.asked) == 3
    assert not (tmp_path / "cache").exists()


def test_the_cache_holds_names_alone_and_is_its_owners(environ: dict[str, str], tmp_path: Path) -> None:
    names("machinesets", "machineset --as=alice", environ, Lookups("worker-a"))
    (kept,) = (tmp_path / "cache").rglob("*.json")
    assert "worker-a" in kept.read_text()
    assert not any(word in f"{kept}{kept.read_text()}" for word in ("AbCdEf", "alice", "p:6443"))
    assert kept.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in list(kept.parents)[:2]} == {0o700}


def test_names_older_than_half_a_minute_are_not_given(tmp_path: Path) -> None:
    kept = tmp_path / "home" / "completion" / "names.json"
    cache.write(kept, ["worker-a"], now=1000.0)
    assert cache.read(kept, now=1029.0) == ["worker-a"]
    assert cache.read(kept, now=1031.0) is None
    assert cache.read(kept, now=999.0) is None


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"at": "noon", "lasts": 30, "names": []}', '{"at": 1}'])
def test_a_broken_cache_is_no_cache(tmp_path: Path, broken: str) -> None:
    (tmp_path / "names.json").write_text(broken)
    assert cache.read(tmp_path / "names.json") is None


def test_where_the_cache_cannot_be_written_names_come_all_the_same(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert names("machinesets", "machineset", environ, Lookups("worker-a")) == ["worker-a"]


@pytest.mark.parametrize("text", ["contexts: {", "[" * 5000, "contexts: [2026-13-45]"])
def test_when_the_kubeconfig_is_broken_there_are_no_names(environ: dict[str, str], tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    assert names("contexts", "machineset", environ, Lookups()) == []


def test_a_lookup_that_does_not_end_in_time_is_ended_with_its_children(tmp_path: Path) -> None:
    lock = tmp_path / "held"
    # The child holds the pipe too: the output ends only when both have ended.
    waiting = f"sleep 60 & echo held > {lock}; wait"
    assert live.output(["sh", "-c", waiting], {"PATH": os.defpath}, seconds=0.5) == ""
    assert lock.read_text() == "held\n"


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_a_lookup_in_azure_goes_on_and_keeps_what_it_finds(tmp_path: Path) -> None:
    begin, found = tmp_path / "begin", tmp_path / "found"
    os.mkfifo(begin)
    os.mkfifo(found)
    waiting = f"read line < {begin}; echo $line > {found}"
    assert live.output(["sh", "-c", waiting], {"PATH": os.defpath}, seconds=0.1, goes_on=True) == ""
    begin.write_text("Standard_D4ps_v5\n")
    assert found.read_text() == "Standard_D4ps_v5\n"


def test_when_a_child_of_a_lookup_has_a_session_of_its_own_nobody_waits_for_it(tmp_path: Path) -> None:
    begin = tmp_path / "begin"
    os.mkfifo(begin)
    # It is not ended, and goes on holding the pipe.
    waiting = ["sh", "-c", f"setsid sh -c 'read line < {begin}' & wait"]
    found: list[str] = []
    looking = threading.Thread(target=lambda: found.append(live.output(waiting, {"PATH": os.defpath}, seconds=0.5)))
    looking.start()
    looking.join(20)
    before = list(found)
    begin.write_text("end\n")
    looking.join()
    assert before == [""]


def test_a_lookup_that_ends_in_time_gives_what_it_prints() -> None:
    assert live.output(["echo", "worker-a"], {"PATH": os.defpath}, seconds=30) == "worker-a\n"
    assert live.output(["/nonexistent"], {}, seconds=30) == ""


def test_names_come_from_a_real_lookup(plugin: Plugin, tmp_path: Path) -> None:
    assert "prod-7x2kq-worker-eastus1" in plugin("__lookup", "machinesets", "").out.splitlines()
    assert NAMESPACE in plugin("__lookup", "namespaces", "").out.splitlines()
    nowhere = plugin("__lookup", "machinesets", "", "--context=nosuch")
    assert (nowhere.code, nowhere.out, nowhere.err) == (1, "", "")


def test_sizes_are_the_arm64_sizes_of_the_clusters_region(plugin: Plugin, tmp_path: Path) -> None:
    kept = tmp_path / "completion" / "sizes.json"
    sizes = plugin("__lookup", "sizes", str(kept)).out.splitlines()
    assert "Standard_D4ps_v5\t4 vCPUs, 16 GiB" in sizes
    assert [size for size in sizes if "ps" not in size and "pls" not in size and "pds" not in size] == [
        size for size in sizes if "plds" in size
    ]
    assert cache.read(kept) == sizes


def test_images_are_those_that_are_published(plugin: Plugin) -> None:
    assert plugin("__lookup", "versions", "").code == 1  # there is no gallery yet
    resource_id = plugin("bootimage", "-o", "name").out.strip()
    assert plugin("__lookup", "versions", "").out.strip() == resource_id.rpartition("/")[2]
    assert plugin("__lookup", "images", "").out.strip() == resource_id
    assert plugin("__lookup", "versions", "", "--gallery=another").code == 1


def test_without_azure_there_are_no_names_and_no_words(
    plugin: Plugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    result = plugin("__lookup", "sizes", "")
    assert (result.code, result.out, result.err) == (1, "", "")


# ---- what `completion` writes


@pytest.fixture
def installed(plugin: Plugin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder on the PATH that holds kubectl-arm64."""
    folder = tmp_path / "bin"
    folder.mkdir()
    install(folder)
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


def test_install_brings_what_an_older_version_wrote_up_to_date(plugin: Plugin, installed: Path) -> None:
    (installed / "oc_complete-arm64").write_text("#!/bin/sh\nkubectl-arm64 __complete $@\n")
    assert f"{installed}/oc_complete-arm64 configured" in plugin("completion", "install").out
    assert "exec" in (installed / "oc_complete-arm64").read_text()


def test_what_pip_installed_is_neither_written_nor_removed(plugin: Plugin, installed: Path) -> None:
    entry = "#!/usr/bin/python3\nfrom kubectl_arm64.__main__ import complete\n"
    for name in SHIMS:
        (installed / name).write_text(entry)
    assert plugin("completion", "install").out.count(" unchanged\n") == 2
    assert plugin("completion", "uninstall").out.count(" unchanged (not written by completion install)\n") == 2
    assert (installed / "oc_complete-arm64").read_text() == entry


def test_uninstall_removes_what_install_wrote_and_nothing_else(plugin: Plugin, installed: Path) -> None:
    before = sorted(installed.iterdir())
    plugin("completion", "install")
    (installed / "oc_complete-arm64").write_text("#!/bin/sh\necho mine\n")
    result = plugin("completion", "uninstall")
    assert (result.code, result.out.splitlines()) == (
        0,
        [
            f"{installed}/kubectl_complete-arm64 deleted",
            f"{installed}/oc_complete-arm64 unchanged (not written by completion install)",
        ],
    )
    assert sorted(installed.iterdir()) == [*before, installed / "oc_complete-arm64"]
    (installed / "oc_complete-arm64").unlink()
    assert plugin("completion", "uninstall").out.count(" not found\n") == 2


def test_on_windows_the_programs_are_batch_files() -> None:
    assert shims(windows=True)["oc_complete-arm64.cmd"].endswith("@kubectl-arm64 __complete %*\r\n")


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
