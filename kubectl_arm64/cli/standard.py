"""The process's own standard streams, also where they are closed, full or read by nobody any more."""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_SIGPIPE = 13  # the module signal takes longer to import than help to print
_NAMES = {1: "standard output", 2: "standard error"}


class Unwritable(BaseException):
    """A standard stream takes nothing more. No Exception: whoever expects errors of the network is not meant."""

    def __init__(self, stream: Stream, error: OSError) -> None:
        super().__init__(stream.descriptor, error)
        self._stream = stream
        self._error = error

    def tell(self) -> int:
        """Say so on standard error where anybody is there to be told; the exit code, a shell's for a broken pipe."""
        for each in (sys.stdout, sys.stderr):
            if each is self._stream:
                self._stream.discard()
        if isinstance(self._error, BrokenPipeError):
            # Whoever read our output went away (`| head`).
            return 128 + _SIGPIPE
        try:
            sys.stderr.write(f"error: cannot write to {_NAMES[self._stream.descriptor]}: {self._error.strerror}\n")
        except Unwritable as other:
            return other.tell()
        return 1


class Stream(io.TextIOWrapper):
    """A standard stream whose failures are Unwritable; standard error's are passed over, but for its reader's end.

    It writes UTF-8, as kubectl does whatever the locale; a terminal is written to in its own encoding, and what that
    lacks is escaped.
    """

    def __init__(self, stream: io.TextIOWrapper, descriptor: int) -> None:
        self.descriptor = descriptor
        buffered, through = stream.line_buffering, stream.write_through
        encoding = stream.encoding if stream.isatty() else "utf-8"
        super().__init__(
            stream.detach(), encoding, "backslashreplace", newline="\n", line_buffering=buffered, write_through=through
        )

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._failed(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._failed(error)

    def discard(self) -> None:
        """Take and forget what is written from here on, and what is left to write at exit."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.descriptor)
        os.close(nowhere)

    def _failed(self, error: OSError) -> None:
        if self.descriptor == 1 or isinstance(error, BrokenPipeError):
            raise Unwritable(self, error) from None
        self.discard()


def take() -> None:
    """Make the process's standard streams such streams, once."""
    sys.stdout = _taken(sys.stdout, 1, os.O_RDONLY)  # so that a write to a closed one fails as such
    sys.stderr = _taken(sys.stderr, 2, os.O_WRONLY)


def _taken(stream: TextIO | None, descriptor: int, access: int) -> TextIO:
    if stream is None:
        # Whatever is opened next would take the free descriptor, and be written to by children.
        nowhere = os.open(os.devnull, access)
        if nowhere != descriptor:
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
        raw = io.FileIO(descriptor, "w", closefd=False)
        stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")
    return Stream(stream, descriptor) if type(stream) is io.TextIOWrapper else stream
