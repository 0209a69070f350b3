"""kubectl's flags that every command takes, beside those of tests/kubeconfigs.py, and what -v shows."""

from __future__ import annotations

import io
import re
import shlex

import pytest

from kubectl_arm64.cli import target
from kubectl_arm64.cli.options import ConnectionFlags, seconds
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.errors import UsageError
from kubectl_arm64.exchange import shown_url
from tests.conftest import Plugin
from tests.sandbox.server import Sandbox

OF_KUBECTL_ITSELF = (
    "--cache-dir=/tmp/cache --disable-compression --kuberc=/dev/null --log-flush-frequency=1s --profile=none "
    "--profile-output=cpu.pprof --vmodule=round_trippers=9 --match-server-version=false --warnings-as-errors"
)
REQUEST = re.compile(
    r'I\d{4} \d\d:\d\d:\d\d\.\d{3} "Response" verb="[A-Z]+" url="https://\S+" status="\d+" milliseconds=\d+'
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", 0),
        ("0", 0),
        ("90", 90),
        ("90s", 90),
        ("+1m", 60),
        (".5s", 0.5),
        ("1.s", 1),
        ("1h30m", 5400),
        ("250ms", 0.25),
    ],
)
def test_durations_are_gos(text: str, told: float) -> None:
    assert seconds(text, "--request-timeout") == told


@pytest.mark.parametrize("text", ["1.5", "1d", "s", "1s2", "9999999h", "٣s", "1e3s", "-1s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a duration"):
        seconds(text, "--request-timeout")


def test_a_url_is_shown_without_what_this_tool_did_not_put_there() -> None:
    url = "https://management.azure.com/operations/1?api-version=2024-03-03&t=638&c=MIIH&s=c2lnbmF0dXJl&h=aGFzaA"
    assert shown_url(url) == (
        "https://management.azure.com/operations/1?api-version=2024-03-03&t=REDACTED&c=REDACTED&s=REDACTED&h=REDACTED"
    )
    assert shown_url("https://a.blob.core.windows.net/c/b?comp=page&sig=x") == (
        "https://a.blob.core.windows.net/c/b?comp=page&sig=REDACTED"
    )
    assert shown_url("https://api:6443/api/v1/nodes") == "https://api:6443/api/v1/nodes"


def test_what_concerns_kubectl_itself_changes_nothing(plugin: Plugin) -> None:
    plain = plugin("bootimage", "--dry-run")
    assert plugin("bootimage", "--dry-run", *shlex.split(OF_KUBECTL_ITSELF)) == plain
    assert plain.code == 0


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--profile=x", "error: unknown profile 'x'"),
        ("--profile=cpu", "error: --profile=cpu is of kubectl itself"),
        ("--match-server-version", "error: --match-server-version cannot hold"),
        ("--log-flush-frequency=soon", "error: --log-flush-frequency=soon is not a duration"),
        ("--as-user-extra=scopes", "error: --as-user-extra scopes is not KEY=VALUE"),
    ],
)
def test_what_would_be_missed_is_refused_before_anybody_is_asked(
    plugin: Plugin, sandbox: Sandbox, flag: str, said: str
) -> None:
    result = plugin("bootimage", flag)
    assert (result.code, result.err.startswith(said)) == (1, True), result.err
    assert sandbox.exchanges == []


def test_extras_of_the_impersonated_user_are_grouped_by_key(plugin: Plugin) -> None:
    flags = ConnectionFlags(impersonate="ops", impersonate_extra=["scopes=a", "scopes=b", "team=x"])
    cluster = target.connect(flags, Streams(io.StringIO(), io.StringIO()))
    assert cluster.connection.user["as-user-extra"] == {"scopes": ["a", "b"], "team": ["x"]}


def test_when_warnings_are_errors_it_applies_and_fails_as_kubectl_does(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    del sandbox.world.objects[("v1", "secrets", "openshift-machine-api", "azure-cloud-credentials")]
    applied = plugin("machineset", "--apply", "--warnings-as-errors")
    assert applied.out.endswith(" created\n")
    assert applied.err.count("Warning: providerSpec.credentialsSecret") == 1
    assert (applied.code, applied.err.splitlines()[-1]) == (1, "error: 1 warning received")


def test_when_warnings_are_errors_of_a_diff_they_are_no_difference(plugin: Plugin, sandbox: Sandbox) -> None:
    assert plugin("bootimage").code == 0
    del sandbox.world.objects[("v1", "secrets", "openshift-machine-api", "azure-cloud-credentials")]
    assert plugin("machineset", "--diff").code == 1
    assert plugin("machineset", "--diff", "--warnings-as-errors").code == 2


def test_what_the_server_warns_of_twice_is_told_and_counted_once() -> None:
    err = io.StringIO()
    streams = Streams(io.StringIO(), err)
    for warning in ("deprecated", "deprecated", "unknown field"):
        streams.warn_of_server(warning)
    assert err.getvalue() == "Warning: deprecated\nWarning: unknown field\n"
    assert streams.server_warnings == ["deprecated", "unknown field"]


# ---- -v


@pytest.mark.parametrize("flag", ["-v=6", "-v9", "--v=10", "--loglevel=6"])
def test_from_level_six_each_request_is_a_line_with_its_time(plugin: Plugin, sandbox: Sandbox, flag: str) -> None:
    result = plugin("bootimage", "--dry-run", flag)
    lines = [line for line in result.err.splitlines() if "Response" in line]
    assert len(lines) == len(sandbox.exchanges) > 10
    assert [line for line in lines if not REQUEST.fullmatch(line)] == []
    for exchange in sandbox.exchanges:
        secrets = (exchange["headers"].get("authorization", ""), exchange["headers"].get("cookie", ""))
        assert not any(secret and secret in result.err for secret in secrets)


@pytest.mark.parametrize("level", range(6))
def test_below_level_six_no_request_is_shown(plugin: Plugin, level: int) -> None:
    assert plugin("bootimage", "--dry-run", f"-v={level}") == plugin("bootimage", "--dry-run")


def test_a_request_without_an_answer_is_shown_too(plugin: Plugin, sandbox: Sandbox) -> None:
    result = plugin("bootimage", "--server=https://127.0.0.1:1", "-v6")
    assert 'url="https://127.0.0.1:1/' in result.err
    assert 'status=""' in result.err
