"""Runs a command, and is the one place where errors become lines and exit codes."""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Sequence
from functools import partial
from types import FrameType
from typing import Any

from typer.exceptions import TyperException

from kubectl_arm64 import exchange
from kubectl_arm64.cli import front
from kubectl_arm64.cli.argv import Line
from kubectl_arm64.cli.commands import COMMANDS
from kubectl_arm64.cli.invocation import Invocation
from kubectl_arm64.cli.options import Progress
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.cli.typer_command import call, typed
from kubectl_arm64.errors import Failure, Interrupted, redact

REQUESTS_FROM = 6  # -v from which on every request is shown


def run(executable: str, words: Sequence[str], streams: Streams) -> int:
    """One call of the tool; its exit code. Nothing is raised: what goes wrong is one line on `streams.err`."""
    answered = front.answer(executable, words, streams.out, streams.err, streams.environ)
    return answered if isinstance(answered, int) else perform(answered, executable, words, streams)


def perform(line: Line, executable: str, words: Sequence[str], streams: Streams) -> int:
    """Run the command of `line`, which was read in `words`; its exit code."""
    invocation = Invocation.of(executable, words, streams.environ)
    verbosity = int(line.value("--v") or line.value("--loglevel") or 0)
    if line.value("--progress") == Progress.json:
        streams = streams.for_programs()
    _log(verbosity, streams)
    failed = 2 if "--diff" in line.words else 1  # as `kubectl diff`, for which 1 is a difference
    try:
        with _Signals():
            command = COMMANDS[line.command]()
            code = call(typed(command.groups, partial(command.run, invocation, streams)), line.words)
        return code if "--warnings-as-errors" not in line.words else _without_warnings(code, failed, streams)
    except Failure as failure:
        return _failed(failure, invocation, verbosity, streams)
    except _Ended as ended:
        return _interrupted(invocation, ended.number, streams)
    except TyperException as error:
        return _usage(error, invocation, line.command, failed, streams)
    except Exception as error:
        return _unforeseen(error, verbosity, failed, streams)


class _Ended(BaseException):
    """SIGINT, SIGTERM or SIGHUP.

    Not KeyboardInterrupt: typer would answer that itself, without a word on how to go on.
    """

    def __init__(self, number: int) -> None:
        self.number = signal.Signals(number)
        super().__init__(number)


class _Signals:
    """While a command runs, a signal raises where the program is, so that progress displays are put away."""

    # Windows has no SIGHUP.
    _ENDING = tuple(one for one in signal.Signals if one.name in ("SIGINT", "SIGTERM", "SIGHUP"))

    def __enter__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():  # elsewhere signals are somebody else's
            # What nohup, or a shell in the background, has us ignore stays ignored.
            heeded = [number for number in self._ENDING if signal.getsignal(number) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._end) for number in heeded}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @staticmethod
    def _end(number: int, frame: FrameType | None) -> None:
        raise _Ended(number)


def _failed(failure: Failure, invocation: Invocation, verbosity: int, streams: Streams) -> int:
    streams.fail(failure.naming(invocation.again), failure.exit_code, failure.code)
    _traceback(failure, verbosity, streams)
    return failure.exit_code


def _interrupted(invocation: Invocation, number: signal.Signals, streams: Streams) -> int:
    interrupted = Interrupted(
        "interrupted; what Azure has begun goes on there", f"go on with: {invocation.again}", signal=number
    )
    return _failed(interrupted, invocation, 0, streams)


def _usage(error: TyperException, invocation: Invocation, command: str, exit_code: int, streams: Streams) -> int:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    streams.fail(redact(" ".join(message.split())), exit_code)
    streams.say(f"See '{invocation.program} {command} --help' for usage.")
    return exit_code


def _unforeseen(error: Exception, verbosity: int, exit_code: int, streams: Streams) -> int:
    text = redact(" ".join(f"{type(error).__name__}: {error}".split()))
    streams.fail(f"unforeseen: {text}; this is a bug: run again with -v 9 and report it", exit_code)
    _traceback(error, verbosity, streams)
    return exit_code


def _without_warnings(code: int, exit_code: int, streams: Streams) -> int:
    """`code`, where the API server warned of nothing; kubectl's line otherwise."""
    count = len(streams.server_warnings)
    if not count:
        return code
    streams.fail(f"{count} warning{'s' * (count > 1)} received", exit_code)
    return max(code, exit_code)


def _traceback(error: Exception, verbosity: int, streams: Streams) -> None:
    if verbosity:
        streams.log(redact("".join(traceback.format_exception(error))).rstrip("\n"))


def _log(verbosity: int, streams: Streams) -> None:
    """Requests from REQUESTS_FROM on; no higher level shows more of them."""
    logger = logging.getLogger(exchange.LOGGER)
    shows = verbosity >= REQUESTS_FROM
    logger.handlers, logger.propagate = [_Requests(streams) if shows else logging.NullHandler()], False
    logger.setLevel(logging.DEBUG if shows else logging.WARNING)


class _Requests(logging.Handler):
    """Each on a line of its own."""

    def __init__(self, streams: Streams) -> None:
        super().__init__()
        self._streams = streams
        # klog's head of a line: month and day, time.
        self.setFormatter(logging.Formatter("I%(asctime)s.%(msecs)03d %(message)s", "%m%d %H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        self._streams.log(self.format(record))
