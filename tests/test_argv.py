"""kubectl's spellings of flags."""

from __future__ import annotations

import pytest

from kubectl_arm64.cli.argv import LIST, NUMBER, SWITCH, Command, Flag, Line, Misread, called_as, read

EVERYWHERE = (
    Flag("--context"),
    Flag("--namespace", "-n"),
    Flag("--v", "-v", NUMBER),
    Flag("--insecure-skip-tls-verify", kind=SWITCH),
)
COMMANDS = {
    "bootimage": Command(
        "bootimage",
        flags=(
            *EVERYWHERE,
            Flag("--dry-run", kind=SWITCH),
            Flag("--no-wait", kind=SWITCH),
            Flag("--output", "-o", choices=("name", "json"), prefixes=("jsonpath=",)),
            Flag("--tag", kind=LIST),
            Flag("--yes", "-y", SWITCH),
        ),
    ),
    "machineset": Command(
        "machineset",
        flags=(
            *EVERYWHERE,
            Flag("--apply", kind=SWITCH),
            Flag("--wait", kind=SWITCH),
            Flag("--dry-run", choices=("none", "client", "server"), bare="client", default="none"),
            Flag("--taint", kind=LIST, bare="arm64"),
            Flag("--filename", "-f"),
        ),
    ),
    "completion": Command("completion", flags=EVERYWHERE, arguments=("bash", "install"), needs_argument=True),
}


def line(typed: str) -> Line:
    return read(typed.split(), COMMANDS)


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("bootimage -o json", "bootimage --output=json"),
        ("bootimage -o=json", "bootimage --output=json"),
        ("bootimage -ojson", "bootimage --output=json"),
        ("bootimage -v=6", "bootimage --v=6"),
        ("bootimage -v6", "bootimage --v=6"),
        ("bootimage --v 6", "bootimage --v=6"),
        ("bootimage --output=json", "bootimage --output=json"),
        ("bootimage -o=", "bootimage --output="),
        ("bootimage -o JSON", "bootimage --output=json"),
        ("bootimage -v=+6", "bootimage --v=+6"),
        ("machineset --dry-run=true", "machineset --dry-run=client"),
        ("machineset --dry-run=false", "machineset --dry-run=none"),
        ("bootimage -o jsonpath={.id}", "bootimage --output=jsonpath={.id}"),
        ("bootimage -yojson", "bootimage --yes --output=json"),
        ("bootimage --tag=a=b --tag c=d", "bootimage --tag=a=b --tag=c=d"),
        ("bootimage --tag --yes", "bootimage --tag=--yes"),
        ("bootimage --dry_run", "bootimage --dry-run"),
        ("--context prod bootimage --dry-run", "bootimage --context=prod --dry-run"),
        ("--context=prod -v 4 machineset --apply", "machineset --context=prod --v=4 --apply"),
        ("-n x machineset", "machineset --namespace=x"),
        ("-yn x bootimage", "bootimage --yes --namespace=x"),
        ("--insecure-skip-tls-verify machineset", "machineset --insecure-skip-tls-verify"),
        ("--dry-run machineset", "machineset --dry-run=client"),
        ("--taint machineset", "machineset --taint=arm64"),
        ("machineset --dry-run", "machineset --dry-run=client"),
        ("machineset --dry-run --apply", "machineset --dry-run=client --apply"),
        ("machineset --dry-run server", "machineset --dry-run=server"),
        ("machineset --dry-run=server", "machineset --dry-run=server"),
        ("machineset --wait=false --apply=true", "machineset --apply"),
        ("machineset --apply --apply=false", "machineset"),
        ("machineset -n a --namespace=b", "machineset --namespace=b"),
        ("machineset --taint --apply", "machineset --taint=arm64 --apply"),
        ("machineset --taint a=b:NoSchedule", "machineset --taint=a=b:NoSchedule"),
        ("machineset -f -", "machineset --filename=-"),
        ("completion bash", "completion bash"),
        ("completion -n x -- bash", "completion --namespace=x bash"),
    ],
)
def test_what_kubectl_accepts_is_read_as_kubectl_reads_it(typed: str, understood: str) -> None:
    found = line(typed)
    assert [found.command, *found.words] == understood.split()


@pytest.mark.parametrize(
    "typed", ["--help", "-h", "--context prod --help", "bootimage -h", "-h bootimage --dry-run", "bootimage -h=true"]
)
def test_when_help_is_asked_for_it_wins_over_what_the_command_would_do(typed: str) -> None:
    assert line(typed).help


@pytest.mark.parametrize("typed", ["bootimage -h=false", "bootimage -h --help=false"])
def test_when_help_is_refused_there_is_none(typed: str) -> None:
    assert not line(typed).help


@pytest.mark.parametrize("typed", ["", "--context prod", "-v 4"])
def test_when_no_command_is_named_none_is_read(typed: str) -> None:
    assert (line(typed).command, line(typed).help) == ("", False)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("bootimgae --dry-run", 'unknown command "bootimgae" for "kubectl arm64"'),
        ("bootimage now", 'unknown command "now" for "kubectl arm64 bootimage"'),
        ("bootimage -- -o=json", 'unknown command "-o=json" for "kubectl arm64 bootimage"'),
        ("bootimage --galery=x", "unknown flag: --galery"),
        ("--aply machineset", "unknown flag: --aply"),
        ("--contxt prod machineset", "unknown flag: --contxt"),
        ("bootimage -x", "unknown shorthand flag: 'x' in -x"),
        ("bootimage --context", "flag needs an argument: --context"),
        ("bootimage -yn", "flag needs an argument: 'n' in -yn"),
        ("bootimage --dry-run=perhaps", 'invalid argument "perhaps" for "--dry-run" flag: must be true or false'),
        ("bootimage -h=x", 'invalid argument "x" for "-h, --help" flag: must be true or false'),
        ("bootimage --=x", "bad flag syntax: --=x"),
        ("bootimage -v=٣", 'invalid argument "٣" for "-v, --v" flag: must be a whole number'),
        ("bootimage -v=2147483648", 'invalid argument "2147483648" for "-v, --v" flag: must be a whole number'),
        ("bootimage -v lots", 'invalid argument "lots" for "-v, --v" flag: must be a whole number'),
        (
            "machineset --dry-run=later",
            'invalid argument "later" for "--dry-run" flag: must be one of none, client, server',
        ),
        (
            "bootimage -o table",
            'unable to match a printer suitable for the output format "table", allowed formats are: json,jsonpath,name',
        ),
        ("completion", "completion needs one of bash, install"),
        ("completion bash install", 'unknown command "install" for "kubectl arm64 completion"'),
    ],
)
def test_what_kubectl_refuses_is_refused_in_its_words(typed: str, said: str) -> None:
    with pytest.raises(Misread) as refused:
        line(typed)
    assert refused.value.what == said


@pytest.mark.parametrize(
    ("executable", "underscore", "program"),
    [
        ("/usr/local/bin/kubectl-arm64", "/usr/bin/kubectl", "kubectl arm64"),
        ("/usr/local/bin/kubectl-arm64", "/usr/bin/oc", "oc arm64"),
        ("/usr/local/bin/oc-arm64", "", "oc arm64"),
        ("C:\\tools\\oc-arm64.exe", "", "oc arm64"),
        ("/usr/lib/python3/kubectl_arm64/__main__.py", "/usr/bin/python", "kubectl arm64"),
    ],
)
def test_the_program_is_named_as_it_was_called(executable: str, underscore: str, program: str) -> None:
    assert called_as(executable, underscore) == program
