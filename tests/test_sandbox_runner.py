"""`python -m tests.sandbox`: a command in the sandbox's environment, or a sandbox that stays up for a shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import fake_services
from tests.sandbox.__main__ import main

ROOT = Path(__file__).parents[1]
LAUNCH = (  # the module as it is run, on the stand-ins
    "import sys; from tests import fake_services; from tests.sandbox.__main__ import main; "
    "sys.exit(main(sys.argv[1:], fake_services.SERVICES))"
)
READY_WITHIN = 2  # seconds, on an idle machine


def run(*argv: str, python: str = "") -> int:
    command = ["--", sys.executable, "-c", python] if python else []
    return main([*argv, *command], fake_services.SERVICES)


@contextmanager
def launched(argv: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCH, *argv], cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_when_a_command_is_run_its_exit_code_is_the_sandboxs() -> None:
    assert run(python="raise SystemExit(8)") == 8


def test_when_a_signal_ends_the_command_the_exit_code_tells_which() -> None:
    assert run(python="import os; os.kill(os.getpid(), 9)") == 137


def test_when_the_command_is_missing_it_is_127(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--", "no-such-command"], fake_services.SERVICES) == 127
    assert "no such command: no-such-command" in capfd.readouterr().err


def test_when_the_command_asks_azure_it_meets_the_sandbox_and_the_record_has_it(tmp_path: Path) -> None:
    record = tmp_path / "exchanges.jsonl"
    ask = "import requests; r = requests.get('https://management.azure.com/x'); raise SystemExit(r.status_code - 400)"
    assert run("--record", str(record), python=ask) == 4
    (exchange,) = map(json.loads, record.read_text().splitlines())
    assert (exchange["host"], exchange["path"], exchange["status"]) == ("management.azure.com", "/x", 404)


def test_when_a_fault_is_given_by_flag_the_command_meets_it() -> None:
    ask = "import requests; r = requests.get('https://management.azure.com/x'); raise SystemExit(r.status_code - 500)"
    assert run("--fault", '{"path": "azure.com/x", "status": 503}', python=ask) == 3


def test_when_knobs_are_given_by_flag_the_sandbox_has_them(capfd: pytest.CaptureFixture[str]) -> None:
    ask = (
        "import os, requests; proxy = os.environ['HTTPS_PROXY']; "
        "print(requests.post(proxy + '/admin/knobs', json={}).text)"
    )
    flags = ["--profile", "recorded", "--polls", "copy=9", "--latency", "0.001", "--bandwidth", "1e6"]
    assert run(*flags, python=ask) == 0
    knobs = json.loads(capfd.readouterr().out)
    assert (knobs["polls"]["copy"], knobs["polls"]["versions"]) == (9, 7)
    assert (knobs["retry_after"], knobs["latency"], knobs["bandwidth"]) == (None, 0.001, 1e6)


@pytest.mark.parametrize("flags", [["--polls", "copies=3"], ["--fault", "{"], ["--seed", "3.11"]])
def test_when_a_flag_is_wrong_it_is_a_usage_error(flags: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(flags, fake_services.SERVICES)
    assert flags[0] in capfd.readouterr().err


def test_when_the_sandbox_is_told_to_end_the_command_is_told_and_has_the_last_word() -> None:
    wait = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); "
        "print('up', flush=True); signal.pause()"
    )
    with launched(["--", sys.executable, "-c", wait]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 5


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_when_there_is_no_command_it_prints_exports_and_stays_up_until_a_signal(end: signal.Signals) -> None:
    with launched(["--seed", "usgov"]) as process:
        assert process.stdout is not None
        exports = {}
        while "AZURE_AUTHORITY_HOST" not in exports:
            line = process.stdout.readline().strip()
            assert line.startswith(("export ", "unset "))
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                exports[name] = value
        assert exports["AZURE_AUTHORITY_HOST"] == "'https://login.microsoftonline.us'"
        kubeconfig = Path(exports["KUBECONFIG"].strip("'"))
        assert kubeconfig.is_file()
        process.send_signal(end)
        assert process.wait(10) == 0
    assert not kubeconfig.exists()


def test_when_it_starts_with_all_its_services_it_is_ready_within_two_seconds_of_cpu_time() -> None:
    before = os.times()
    started = time.monotonic()
    command = [sys.executable, "-m", "tests.sandbox", "--", "true"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    elapsed, after = time.monotonic() - started, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    assert min(cpu, elapsed) < READY_WITHIN
