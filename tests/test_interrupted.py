"""Ctrl-C, SIGTERM and SIGHUP leave a state from which the same command goes on, and say so."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest
import yaml

from tests.api_server import kubeconfig, serving, trusted
from tests.conftest import IMPATIENT, ROOT
from tests.plugin import COMMAND
from tests.sandbox.server import Sandbox

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 60  # seconds for a program to start on a busy machine


@pytest.fixture
def heeded() -> Iterator[None]:
    """Signals are not ignored, though children inherit that from whatever started us (nohup, `&` in a script)."""
    ignored = [each for each in ENDING if signal.getsignal(each) is signal.SIG_IGN]
    for each in ignored:
        signal.signal(each, signal.SIG_DFL)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_when_a_signal_ends_the_run_it_says_how_to_go_on_and_the_next_run_does(
    sandbox: Sandbox, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    environ = {**sandbox.environment(os.environ), **IMPATIENT}
    command = [*COMMAND, "bootimage", "--tag", "env=prod"]
    stalled = sandbox.fault("/galleries/rhcos_prod_7x2kq[?]", method="PUT", action="stall", after=True)
    with subprocess.Popen(command, env=environ, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert stalled.met.wait(PATIENCE)
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == code, said
    assert "error: interrupted; what Azure has begun goes on there" in said
    assert "go on with: kubectl arm64 bootimage --tag env=prod" in said
    assert "Traceback" not in said
    again = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert len(sandbox.asked("PUT", "/galleries/rhcos_prod_7x2kq[?]")) == 1


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_when_the_cluster_never_answers_a_signal_ends_the_run_all_the_same(
    sandbox: Sandbox, number: signal.Signals, code: int
) -> None:
    environ = {**sandbox.environment(os.environ), **IMPATIENT}
    stalled = sandbox.fault("/infrastructures/cluster", action="stall")
    command = [*COMMAND, "bootimage", "--dry-run"]
    with subprocess.Popen(command, env=environ, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert stalled.met.wait(PATIENCE)
            process.send_signal(number)
            _, said = process.communicate(timeout=PATIENCE / 2)
        finally:
            process.kill()
    assert process.returncode == code, said
    assert said.startswith("error: interrupted;")


def heard(pipe: FileIO) -> bytes | None:
    """What comes next, b"" at its end, None where nothing comes."""
    coming, _, _ = select.select([pipe], [], [], PATIENCE / 2)
    return pipe.read(100) if coming else None


# A plugin that is asked once more: it answers the first time, and then waits as if for somebody at a browser.
ASKING = """
if [ "$ANSWERS" = once ] && mkdir "$FOLDER/answered" 2>/dev/null; then
    printf '%s' "$CREDENTIAL"
else
    exec 3>"$FOLDER/alive"
    echo asking >&3
    exec sleep 600
fi
"""


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("answers", ["never", "once"])
def test_when_a_credential_plugin_is_asking_a_signal_ends_both(
    tmp_path: Path, answers: str, number: signal.Signals, code: int
) -> None:
    version = "client.authentication.k8s.io/v1"
    credential = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": "stale"}}
    environ = {"ANSWERS": answers, "FOLDER": str(tmp_path), "CREDENTIAL": json.dumps(credential)}
    plugin = {
        "apiVersion": version,
        "command": "/bin/sh",
        "args": ["-c", ASKING],
        "env": [{"name": name, "value": value} for name, value in environ.items()],
        "interactiveMode": "Never",
    }
    os.mkfifo(tmp_path / "alive")
    with serving(trusted()) as api:
        api.refused.add("Bearer stale")
        (tmp_path / "config").write_text(yaml.safe_dump(kubeconfig(api.url, {"exec": plugin})))
        command = [*COMMAND, "bootimage", f"--kubeconfig={tmp_path / 'config'}"]
        with (
            subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process,
            open(os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as alive,
        ):
            try:
                assert heard(alive) == b"asking\n"
                process.send_signal(number)
                assert heard(alive) == b""  # nobody has it open any more
                _, said = process.communicate(timeout=PATIENCE)
                assert heard(alive) == b""  # nor has another been asked instead
            finally:
                process.kill()
    assert process.returncode == code, said
    assert "error: interrupted;" in said
