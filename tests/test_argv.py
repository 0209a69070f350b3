"""kubectl's spellings of flags."""

from __future__ import annotations

import pytest

from kubectl_arm64.cli.argv import Grammar, normalise

COMMANDS = {
    "bootimage": Grammar(frozenset({"--dry-run", "--no-wait", "-h", "--help"})),
    "machineset": Grammar(
        frozenset({"--apply", "--wait"}),
        {"--dry-run": ("client", ("none", "client", "server")), "--taint": ("arm64", ())},
    ),
}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("bootimage -o json", "bootimage -o json"),
        ("bootimage -o=json", "bootimage -o json"),
        ("bootimage -ojson", "bootimage -o json"),
        ("bootimage -v=6", "bootimage -v 6"),
        ("bootimage -v6", "bootimage -v 6"),
        ("bootimage --output=json", "bootimage --output json"),
        ("bootimage --tag=a=b", "bootimage --tag a=b"),
        ("--context prod bootimage --dry-run", "bootimage --context prod --dry-run"),
        ("--context=prod -v 4 machineset --apply", "machineset --context prod -v 4 --apply"),
        ("-n x machineset", "machineset -n x"),
        ("machineset --dry-run", "machineset --dry-run client"),
        ("machineset --dry-run --apply", "machineset --dry-run client --apply"),
        ("machineset --dry-run server", "machineset --dry-run server"),
        ("machineset --dry-run=server", "machineset --dry-run server"),
        ("machineset --wait=false --apply=true", "machineset --apply"),
        ("machineset --taint --apply", "machineset --taint arm64 --apply"),
        ("machineset --taint a=b:NoSchedule", "machineset --taint a=b:NoSchedule"),
        ("machineset -f -", "machineset -f -"),
        ("bootimage -- -o=json", "bootimage -- -o=json"),
        ("--help", "--help"),
        ("bootimgae --dry-run", "bootimgae --dry-run"),
        ("", ""),
    ],
)
def test_what_kubectl_accepts_is_read_as_typer_reads_it(typed: str, read: str) -> None:
    assert normalise(typed.split(), COMMANDS) == read.split()
