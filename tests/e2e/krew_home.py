"""A home folder with the real kubectl and krew in it, and nothing of the person who runs the tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from tests.e2e.installing import needed


class KrewHome:
    """`folder` must be empty; `programs` holds kubectl and krew."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        tools = folder / "tools"
        for name in ("home", "tmp", "tools"):
            (folder / name).mkdir()
        (tools / "kubectl").symlink_to(programs / "kubectl")
        (tools / "kubectl-krew").symlink_to(programs / "krew")
        (tools / "git").symlink_to(needed("git"))
        self.environment = {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "KREW_ROOT": str(folder / "krew"),
            "KREW_NO_UPGRADE_CHECK": "1",
            # list and uninstall want a default index; an empty one, so that nobody asks the public one
            "KREW_DEFAULT_INDEX_URI": str(self.index("default", {})),
            "PATH": f"{folder / 'krew' / 'bin'}:{tools}:{os.defpath}",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        self.kubectl("krew", "update")

    def kubectl(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
        """Standard output; raises subprocess.CalledProcessError."""
        return self.run(*arguments, env=env, check=True).stdout

    def run(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, check: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """kubectl with `arguments`; `env` is added to the home's own variables."""
        process = subprocess.run(
            [self.folder / "tools" / "kubectl", *arguments],
            env={**(env or {}), **self.environment},
            capture_output=True,
            text=True,
            timeout=300,
            stdin=subprocess.DEVNULL,
        )
        if check and process.returncode != 0:
            raise AssertionError(f"kubectl {arguments} failed with {process.returncode}: {process.stderr}")
        return process

    def version(self, plugin: str) -> str:
        """What krew says it installed (`krew list` shows versions on a terminal only)."""
        receipt = yaml.safe_load((self.folder / "krew" / "receipts" / f"{plugin}.yaml").read_text())
        return str(receipt["spec"]["version"])

    def index(self, name: str, manifest: Mapping[str, Any]) -> Path:
        """A git repository that is a krew index with `manifest` in it; called again, it gets a new commit."""
        repository = self.folder / f"index-{name}"
        plugins = repository / "plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        (plugins / ".keep").touch()
        if manifest:
            (plugins / "arm64.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
        for command in (["init", "--quiet"], ["add", "."], [*_AUTHOR, "commit", "--quiet", "-m", "Index"]):
            subprocess.run(["git", *command], cwd=repository, check=True, timeout=60, capture_output=True)
        return repository


_AUTHOR = ["-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "-c", "commit.gpgsign=false"]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of `folder` over plain HTTP on loopback: krew takes no file:// address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(20)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass
