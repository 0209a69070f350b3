"""Run a command against the sandbox, or keep it up for a shell.

python -m tests.sandbox -- kubectl arm64 bootimage
python -m tests.sandbox --seed 4.11 --profile recorded --record exchanges.jsonl -- COMMAND...
python -m tests.sandbox            prints `export NAME='value'` lines, stays up until Ctrl-C or SIGTERM
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tests.sandbox.faults import parse as parse_fault
from tests.sandbox.knobs import FAST_POLLS, RECORDED_POLLS, Fault
from tests.sandbox.seeds import SEEDS
from tests.sandbox.server import Sandbox
from tests.sandbox.services import Services
from tests.sandbox.surroundings import foreign

PROFILES: dict[str, dict[str, Any]] = {
    "fast": {"polls": FAST_POLLS, "retry_after": 0},
    "recorded": {"polls": RECORDED_POLLS, "retry_after": None},
}
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(argv: Sequence[str], services: Services | None = None) -> int:
    """The command's exit code, 128 + n if signal n ended it; 0 for a sandbox that only stayed up."""
    end = argv.index("--") if "--" in argv else len(argv)
    options, command = parser().parse_args(argv[:end]), argv[end + 1 :]
    with Sandbox(options.seed, services=services, record=options.record, **knobs(options)) as sandbox:
        if command:
            return run(command, sandbox.environment(os.environ))
        return stay(sandbox.environment())


def parser() -> argparse.ArgumentParser:
    summary, _, examples = (__doc__ or "").partition("\n\n")
    flags = argparse.ArgumentParser(
        usage="python -m tests.sandbox [OPTIONS] [-- COMMAND...]",
        description=summary,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    flags.add_argument("--seed", choices=list(SEEDS), default="4.18", help="the situation to start in (4.18)")
    flags.add_argument("--profile", choices=list(PROFILES), default="fast", help="polls and Retry-After (fast)")
    flags.add_argument("--latency", type=float, metavar="SECONDS", help="added to every exchange")
    flags.add_argument("--bandwidth", type=float, metavar="BYTES", help="limit of one blob, per second")
    flags.add_argument("--requests-per-second", type=float, metavar="N", help="limit of one blob")
    flags.add_argument(
        "--polls", type=poll, action="append", default=[], metavar="KIND=N", help="looks at an operation until done"
    )
    flags.add_argument("--retry-after", type=int, metavar="SECONDS", help="what Retry-After says")
    flags.add_argument(
        "--fault", type=fault, action="append", default=[], metavar="JSON", help='as {"path": "/galleries/", "nth": 2}'
    )
    flags.add_argument("--record", type=Path, metavar="FILE", help="write every exchange as a JSON line")
    return flags


def knobs(options: argparse.Namespace) -> dict[str, Any]:
    """The profile's knobs, changed by the flags that were given."""
    chosen = {**PROFILES[options.profile], "faults": options.fault}
    chosen["polls"] = {**chosen["polls"], **dict(options.polls)}
    for name in ("latency", "bandwidth", "requests_per_second", "retry_after"):
        if getattr(options, name) is not None:
            chosen[name] = getattr(options, name)
    return chosen


def poll(text: str) -> tuple[str, int]:
    kind, _, count = text.partition("=")
    if kind not in FAST_POLLS or not count.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not KIND=N; kinds: {', '.join(FAST_POLLS)}")
    return kind, int(count)


def fault(text: str) -> Fault:
    try:
        return parse_fault(json.loads(text))
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run `command`, pass signals on to it, and answer its exit code as a shell would."""
    try:
        child = subprocess.Popen(command, env=environment)
    except FileNotFoundError:
        print(f"sandbox: no such command: {command[0]}", file=sys.stderr)
        return 127
    except PermissionError:
        print(f"sandbox: not executable: {command[0]}", file=sys.stderr)
        return 126

    def pass_on(number: int, frame: FrameType | None) -> None:
        if not (number in (signal.SIGINT, signal.SIGQUIT) and _in_foreground()):
            child.send_signal(number)

    with handling(PASSED_ON, pass_on):
        code = child.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def handling(numbers: Sequence[int], handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """`handler` for the signals `numbers`, for as long as the block runs."""
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _in_foreground() -> bool:
    """Whether a terminal's Ctrl-C reaches the child by itself, being in the same process group."""
    return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()


def stay(environment: dict[str, str]) -> int:
    """Print what a shell must export, and wait for a signal."""
    ended = threading.Event()
    with handling((signal.SIGINT, signal.SIGTERM), lambda *_: ended.set()):
        for name in sorted(name for name in os.environ if foreign(name) and name not in environment):
            print(f"unset {name}")
        for name, value in environment.items():
            quoted = value.replace("'", "'\\''")
            print(f"export {name}='{quoted}'")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
