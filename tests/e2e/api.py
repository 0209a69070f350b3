"""Bare requests to an API server, as one user: what comes back is judged as it came."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

MACHINESETS = "/apis/machine.openshift.io/v1beta1/namespaces/openshift-machine-api/machinesets"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"

Query = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """Status and body of a response (JSON, or text where it is none), and the texts of its Warning headers."""

    status: int
    body: Any
    warnings: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Of a Status object: NotFound, Conflict, Forbidden, ..."""
        return str(self.body.get("reason", ""))

    @property
    def version(self) -> tuple[str, int]:
        """What changes with every write: the object's resourceVersion and generation."""
        return self.body["metadata"]["resourceVersion"], self.body["metadata"]["generation"]


class Api:
    def __init__(self, server: str, ca: Path, token: str) -> None:
        self._server = server
        self._http = urllib3.PoolManager(ca_certs=str(ca), retries=False, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def as_stranger(self) -> Api:
        """The same server, asked with a token that it does not know."""
        stranger = copy.copy(self)
        stranger._headers = {**self._headers, "Authorization": "Bearer sha256~unknown"}
        return stranger

    def send(
        self, method: str, path: str, body: Any = None, kind: str = "application/json", query: Query | None = None
    ) -> Answer:
        response = self._http.request(
            method,
            f"{self._server}{path}?{urlencode(query or {})}",
            body=None if body is None else json.dumps(body),
            headers={**self._headers, "Content-Type": kind},
        )
        warnings = tuple(text.split('"', 1)[1].rstrip('"') for text in response.headers.getlist("Warning"))
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return Answer(response.status, response.json() if is_json else response.data.decode(), warnings)

    def get(self, path: str, **query: str) -> Answer:
        return self.send("GET", path, query=query)

    def create(self, path: str, body: Any) -> Answer:
        return self.send("POST", path, body)

    def apply(self, body: Any, manager: str = "kubectl-arm64", **query: str) -> Answer:
        """Server-side apply of a MachineSet."""
        path = f"{MACHINESETS}/{body['metadata']['name']}"
        return self.send("PATCH", path, body, APPLY, {"fieldManager": manager, **query})

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    @contextmanager
    def watch(self, path: str, **query: str) -> Iterator[Iterator[dict[str, Any]]]:
        """The events of a watch; the server ends it after ten seconds."""
        wanted = {"watch": "true", "timeoutSeconds": "10", **query}
        response = self._http.request(
            "GET", f"{self._server}{path}?{urlencode(wanted)}", headers=self._headers, preload_content=False
        )
        try:
            yield (json.loads(line) for line in response if line.strip())
        finally:
            response.close()
