"""OpenShift's own admission of MachineSets: machine-api-operator's webhooks, run on files."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.sandbox.world import World

_DNS = {
    "apiVersion": "config.openshift.io/v1",
    "kind": "DNS",
    "metadata": {"name": "cluster"},
    "spec": {"baseDomain": "prod.example.com", "publicZone": {"id": "prod.example.com"}},
}


@dataclass(frozen=True)
class Verdict:
    """On one file. `defaulted` is the MachineSet as the cluster would store it."""

    file: Path
    allowed: bool
    message: str
    warnings: tuple[str, ...]
    defaulted: dict[str, Any]

    @property
    def provider_spec(self) -> dict[str, Any]:
        value: dict[str, Any] = self.defaulted["spec"]["template"]["spec"]["providerSpec"]["value"]
        return value


class Admission:
    """Judges as in the cluster that `world` holds; `folder` is for its files."""

    def __init__(self, programs: Path, world: World, folder: Path) -> None:
        self._program = programs / "admission"
        self._cluster = folder / "cluster.yaml"
        seen = [
            document
            for document in world.objects.values()
            if document["kind"] == "Infrastructure" or document["metadata"]["name"] == "azure-cloud-credentials"
        ]
        self._cluster.write_text(yaml.safe_dump_all([*(json.loads(json.dumps(each)) for each in seen), _DNS]))

    def admit(self, files: Sequence[Path], old: Path | None = None) -> list[Verdict]:
        """What the webhooks say to the creation of each file's one MachineSet, or to the update of `old` to it.

        In the order of `files`.
        """
        before: list[str | Path] = ["--old", old] if old else []
        judged = subprocess.run(
            [self._program, "--cluster", self._cluster, *before, *files],
            env={"HOME": str(self._cluster.parent), "PATH": os.defpath, "TMPDIR": str(self._cluster.parent)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        if judged.returncode not in (0, 1):
            raise RuntimeError(judged.stderr)
        return [_verdict(json.loads(line)) for line in judged.stdout.splitlines()]


def _verdict(said: dict[str, Any]) -> Verdict:
    return Verdict(
        Path(said["file"]), said["allowed"], said["message"], tuple(said["warnings"]), said["defaulted"] or {}
    )
