"""The command tree, and the one place where errors become lines and exit codes."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import TextIO

import typer
from typer.exceptions import TyperException

from kubectl_arm64 import __version__
from kubectl_arm64.cli import bootimage, machineset
from kubectl_arm64.cli.argv import Grammar, normalise
from kubectl_arm64.cli.invocation import Invocation
from kubectl_arm64.cli.options import ConnectionFlags, ImageFlags, flags, switches
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.errors import Failure, Interrupted, redact

GRAMMARS = {
    "bootimage": Grammar(switches(ConnectionFlags, ImageFlags, bootimage.BootimageFlags)),
    "machineset": Grammar(
        switches(ConnectionFlags, ImageFlags, machineset.MachinesetFlags), machineset.OPTIONAL_VALUES
    ),
    "version": Grammar(frozenset({"--help", "-h"})),
}
REQUESTS_FROM = 6  # -v from which on every request is shown
HELP = {"help_option_names": ["-h", "--help"]}


def build(invocation: Invocation, streams: Streams) -> typer.Typer:
    """The commands, bound to how the tool was called and to where it writes."""
    app = typer.Typer(
        name=invocation.program,
        help="ARM64 boot images and MachineSets for OpenShift on Azure.",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=HELP,
    )

    @app.command("bootimage", context_settings=HELP)
    @flags(bootimage.BootimageFlags, ImageFlags, ConnectionFlags)
    def _bootimage(own: bootimage.BootimageFlags, image: ImageFlags, connection: ConnectionFlags) -> None:
        """Publish OpenShift's boot image through Azure and print its resource ID.

        What exists is found, what is missing is made, what is not ours is refused: run it again to go on.
        """
        bootimage.run(connection, image, own, invocation, streams)

    @app.command("machineset", context_settings=HELP)
    @flags(machineset.MachinesetFlags, ImageFlags, ConnectionFlags)
    def _machineset(own: machineset.MachinesetFlags, image: ImageFlags, connection: ConnectionFlags) -> None:
        """Print, or apply, a worker MachineSet patched for ARM64."""
        code = machineset.command(connection, image, own, invocation, streams)
        if code:
            raise typer.Exit(code)

    @app.command("version", context_settings=HELP)
    def _version() -> None:
        """Print the version."""
        print(f"kubectl-arm64 {__version__}", file=streams.out)

    return app


def run(executable: str, words: Sequence[str], streams: Streams) -> int:
    """One call of the tool; its exit code. Nothing is raised: what goes wrong is one line on `streams.err`."""
    invocation = Invocation.of(executable, words)
    argv = normalise(words, GRAMMARS)
    verbosity = _verbosity(argv)
    _log(verbosity, streams.err)
    try:
        with _Signals():
            command = typer.main.get_command(build(invocation, streams))
            code = command.main(args=argv, prog_name=invocation.program, standalone_mode=False)
            return code if isinstance(code, int) else 0
    except Failure as failure:
        return _failed(failure, verbosity, streams.err)
    except KeyboardInterrupt:
        return _interrupted(invocation, signal.SIGINT, streams.err)
    except _Terminated:
        return _interrupted(invocation, signal.SIGTERM, streams.err)
    except typer.Abort:
        return _interrupted(invocation, signal.SIGINT, streams.err)
    except TyperException as error:
        return _usage(error, invocation, streams.err)
    except BrokenPipeError:
        # Whoever read our output went away (`| head`): nothing is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception as error:
        return _unforeseen(error, invocation, verbosity, streams.err)


class _Terminated(BaseException):
    """SIGTERM."""


class _Signals:
    """SIGTERM raises where the program is, so that progress displays are put away."""

    def __enter__(self) -> None:
        self._before = None
        try:
            self._before = signal.signal(signal.SIGTERM, self._terminate)
        except ValueError:
            return  # not the main thread: signals are somebody else's

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    @staticmethod
    def _terminate(number: int, frame: FrameType | None) -> None:
        raise _Terminated


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


def _usage(error: TyperException, invocation: Invocation, err: TextIO) -> int:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    print(f"error: {redact(' '.join(message.split()))}", file=err)
    print(f"See '{invocation.program} {' '.join(invocation.words[:1])} --help' for usage.".replace("  ", " "), file=err)
    return 1


def _unforeseen(error: Exception, invocation: Invocation, verbosity: int, err: TextIO) -> int:
    text = redact(" ".join(f"{type(error).__name__}: {error}".split()))
    print(f"error: unforeseen: {text}; this is a bug: run again with -v 9 and report it", file=err)
    if verbosity:
        err.write(redact("".join(traceback.format_exception(error))))
    return 1


def _verbosity(argv: Sequence[str]) -> int:
    """Read before the command line is parsed, so that errors in it can be looked into too."""
    found = [after for flag, after in itertools.pairwise(argv) if flag in ("-v", "--v")]
    return int(found[-1]) if found and found[-1].isdigit() else 0


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
