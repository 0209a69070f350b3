"""The entry: undo what a bundle does to its children's environment, then the command line."""

from __future__ import annotations

import os
import sys

from kubectl_arm64.cli import argv, front, standard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

_SIGINT = 2  # the module signal takes longer to import than help to print


def main() -> int:
    """One call of `kubectl-arm64` or `oc-arm64`; its exit code."""
    restore_environment(os.environ)
    return _run(sys.argv[1:])


def complete() -> int:
    """One call of `kubectl_complete-arm64` or `oc_complete-arm64`; its exit code."""
    restore_environment(os.environ)
    return _run([argv.COMPLETE, *sys.argv[1:]])


def _run(words: list[str]) -> int:
    standard.take()
    try:
        code = _answer(words)
        sys.stdout.flush()
    except standard.Unwritable as unwritable:
        return unwritable.tell()
    except KeyboardInterrupt:
        # Before the command began; once it has, app.py says how to go on.
        sys.stderr.write("error: interrupted\n")
        return 128 + _SIGINT
    return code


def _answer(words: list[str]) -> int:
    answered = front.answer(sys.argv[0], words, sys.stdout, sys.stderr)
    if isinstance(answered, int):
        return answered
    from kubectl_arm64.cli.app import perform
    from kubectl_arm64.cli.output import Streams

    return perform(answered, sys.argv[0], words, Streams(sys.stdout, sys.stderr))


def restore_environment(environ: MutableMapping[str, str]) -> None:
    """Give children (az, credential plugins) the environment that the user had, not the bundle's.

    PyInstaller saves the library path that it replaced under *_ORIG, and nothing where there was none; what its
    bootloader tells itself begins with _PYI_.
    """
    if not getattr(sys, "frozen", False):
        return
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH"):
        original = environ.pop(f"{name}_ORIG", None)
        if original is not None:
            environ[name] = original
        else:
            environ.pop(name, None)
    for name in [name for name in environ if name.startswith("_PYI_")]:
        del environ[name]


if __name__ == "__main__":
    sys.exit(main())
