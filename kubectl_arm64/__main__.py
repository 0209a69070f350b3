"""The entry: undo what a bundle does to its children's environment, then the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping


def main() -> int:
    """One call of `kubectl-arm64`; its exit code."""
    restore_library_path(os.environ)
    words = sys.argv[1:]
    if words == ["version"] or words == ["--version"]:
        from kubectl_arm64 import __version__

        print(f"kubectl-arm64 {__version__}")
        return 0
    from kubectl_arm64.cli.app import run
    from kubectl_arm64.cli.output import Streams

    return run(sys.argv[0], words, Streams(sys.stdout, sys.stderr))


def restore_library_path(environ: MutableMapping[str, str]) -> None:
    """Give children (az, credential plugins) the library path that the user had, not the bundle's.

    PyInstaller saves the value that it replaced under *_ORIG, and nothing where there was none.
    """
    if not getattr(sys, "frozen", False):
        return
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH"):
        original = environ.get(f"{name}_ORIG")
        if original is not None:
            environ[name] = original
        else:
            environ.pop(name, None)


if __name__ == "__main__":
    sys.exit(main())
