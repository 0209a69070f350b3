"""Runs a command, and is the one place where errors become lines and exit codes."""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import Any, TextIO

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from kubectl_arm64.cli import front
from kubectl_arm64.cli.argv import Line
from kubectl_arm64.cli.commands import COMMANDS
from kubectl_arm64.cli.invocation import Invocation
from kubectl_arm64.cli.options import flags
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.errors import Failure, Interrupted, redact

REQUESTS_FROM = 6  # -v from which on every request is shown


def typed(groups: Sequence[type], receive: Callable[..., int]) -> TyperCommand:
    """Typer's command: it makes one value of each of the `groups` of flags and gives them to `receive`."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    # Help is rendered beforehand (static.py): typer's never shows.
    app.command(add_help_option=False)(flags(*groups)(receive))
    built = typer.main.get_command(app)
    assert isinstance(built, TyperCommand)
    return built


def call(command: TyperCommand, words: Sequence[str]) -> int:
    """What the command's function returns. Raises what it raises: typer's `main` would make exits of some of it."""
    with command.make_context(command.name, list(words)) as context:
        code: int = command.invoke(context)
    return code


def run(executable: str, words: Sequence[str], streams: Streams) -> int:
    """One call of the tool; its exit code. Nothing is raised: what goes wrong is one line on `streams.err`."""
    answered = front.answer(executable, words, streams.out, streams.err, streams.environ)
    return answered if isinstance(answered, int) else perform(answered, executable, words, streams)


def perform(line: Line, executable: str, words: Sequence[str], streams: Streams) -> int:
    """Run the command of `line`, which was read in `words`; its exit code."""
    invocation = Invocation.of(executable, words, streams.environ)
    verbosity = int(line.value("--v") or 0)
    _log(verbosity, streams.err)
    try:
        with _Signals():
            command = COMMANDS[line.command]()
            return call(typed(command.groups, partial(command.run, invocation, streams)), line.words)
    except Failure as failure:
        return _failed(failure, verbosity, streams.err)
    except _Ended as ended:
        return _interrupted(invocation, ended.number, streams.err)
    except TyperException as error:
        return _usage(error, invocation, line.command, streams.err)
    except Exception as error:
        return _unforeseen(error, invocation, verbosity, streams.err)


class _Ended(BaseException):
    """SIGINT, SIGTERM or SIGHUP.

    Not KeyboardInterrupt: typer would answer that itself, without a word on how to go on.
    """

    def __init__(self, number: int) -> None:
        self.number = signal.Signals(number)
        super().__init__(number)


class _Signals:
    """While a command runs, a signal raises where the program is, so that progress displays are put away."""

    _ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

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


def _failed(failure: Failure, verbosity: int, err: TextIO) -> int:
    print(f"error: {failure}", file=err)
    if verbosity:
        err.write(redact("".join(traceback.format_exception(failure))))
    return failure.exit_code


def _interrupted(invocation: Invocation, number: signal.Signals, err: TextIO) -> int:
    interrupted = Interrupted(
        "interrupted; what Azure has begun goes on there", f"go on with: {invocation.again}", signal=number
    )
    return _failed(interrupted, 0, err)


def _usage(error: TyperException, invocation: Invocation, command: str, err: TextIO) -> int:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    print(f"error: {redact(' '.join(message.split()))}", file=err)
    print(f"See '{invocation.program} {command} --help' for usage.", file=err)
    return 1


def _unforeseen(error: Exception, invocation: Invocation, verbosity: int, err: TextIO) -> int:
    text = redact(" ".join(f"{type(error).__name__}: {error}".split()))
    print(f"error: unforeseen: {text}; this is a bug: run again with -v 9 and report it", file=err)
    if verbosity:
        err.write(redact("".join(traceback.format_exception(error))))
    return 1


def _log(verbosity: int, err: TextIO) -> None:
    """Requests as urllib3 tells them (host, method, path, status), without their queries' signatures."""
    logger = logging.getLogger("urllib3.connectionpool")
    logger.handlers, logger.propagate = [logging.NullHandler()], False
    logger.setLevel(logging.WARNING)
    if verbosity >= REQUESTS_FROM:
        handler = logging.StreamHandler(err)
        handler.setFormatter(_Redacted("%(asctime)s %(message)s"))
        logger.handlers = [handler]
        logger.setLevel(logging.DEBUG)


class _Redacted(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
