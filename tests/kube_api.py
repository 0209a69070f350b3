"""A small client for the sandbox's API server, in this process and without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from starlette.types import ASGIApp, Message

from tests.sandbox.knobs import Knobs
from tests.sandbox.kubernetes.app import app
from tests.sandbox.kubernetes.objects import find
from tests.sandbox.seeds import SEEDS
from tests.sandbox.seeds.users import token
from tests.sandbox.world import World

MACHINESETS = "/apis/machine.openshift.io/v1beta1/namespaces/openshift-machine-api/machinesets"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


@dataclass
class Given:
    """World and knobs, as every service is given them."""

    world: World
    knobs: Knobs = field(default_factory=Knobs)


@dataclass(frozen=True)
class Answer:
    code: int
    headers: list[tuple[str, str]]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def message(self) -> str:
        return str(self.json["message"])

    @property
    def warnings(self) -> list[str]:
        return [value for name, value in self.headers if name == "warning"]


class Api:
    """The API server of a seed; `user` is a name of the world's users, or a token that it does not know."""

    def __init__(self, seed: str = "4.18") -> None:
        self.given = Given(SEEDS[seed]())
        self._app = app(self.given)

    @property
    def world(self) -> World:
        return self.given.world

    def ask(
        self, method: str, path: str, body: Any = None, *, user: str = "admin", media: str = "", **query: Any
    ) -> Answer:
        return asyncio.run(self._ask(method, path, body, user, media, query))

    def get(self, path: str, *, user: str = "admin", **query: Any) -> Answer:
        return self.ask("GET", path, user=user, **query)

    def apply(
        self, manifest: dict[str, Any], *, manager: str = "kubectl-arm64", user: str = "admin", **query: Any
    ) -> Answer:
        path = f"{MACHINESETS}/{manifest['metadata']['name']}"
        return self.ask("PATCH", path, manifest, user=user, media=APPLY, fieldManager=manager, **query)

    def merge(self, path: str, patch: Any, **query: Any) -> Answer:
        return self.ask("PATCH", path, patch, media=MERGE, **query)

    def watch(self, path: str, *writes: tuple[str, str, Any], expect: int, **query: Any) -> list[dict[str, Any]]:
        """The first `expect` events of a watch during which the writes (method, path, body) are made."""
        return asyncio.run(self._watch(path, writes, expect, query))

    async def _ask(self, method: str, path: str, body: Any, user: str, media: str, query: dict[str, Any]) -> Answer:
        answer = [message async for message in self._exchange(method, path, body, user, media, query)]
        headers = [(name.decode().lower(), value.decode()) for name, value in answer[0]["headers"]]
        return Answer(answer[0]["status"], headers, b"".join(part["body"] for part in answer[1:]).decode())

    async def _watch(
        self, path: str, writes: tuple[tuple[str, str, Any], ...], expect: int, query: dict[str, Any]
    ) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        async for message in self._exchange("GET", path, None, "admin", "", {"watch": "true", **query}):
            if message["type"] == "http.response.start":
                for method, where, body in writes:
                    await self._ask(method, where, body, "admin", MERGE if method == "PATCH" else "", {})
            events += [json.loads(line) for line in message.get("body", b"").splitlines()]
            if len(events) >= expect:
                break
        return events

    async def _exchange(
        self, method: str, path: str, body: Any, user: str, media: str, query: dict[str, Any]
    ) -> AsyncIterator[Message]:
        sent: asyncio.Queue[Message | None] = asyncio.Queue()
        task = asyncio.create_task(_run(self._app, self._scope(method, path, user, media, query), body, sent))
        try:
            while (message := await sent.get()) is not None:
                yield message
            await task
        finally:
            task.cancel()

    def _scope(self, method: str, path: str, user: str, media: str, query: dict[str, Any]) -> dict[str, Any]:
        known = any(each["name"] == user for each in self.world.kube_users.values())
        headers = {
            "authorization": f"Bearer {token(self.world, user) if known else user}" if user else "",
            "content-type": media or "application/json",
            "user-agent": str(query.pop("agent", "tests/1.0")),
            "accept": str(query.pop("accept", "application/json")),
        }
        return {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": urlencode(query).encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
            "server": ("127.0.0.1", 6443),
            "scheme": "https",
            "root_path": "",
            "http_version": "1.1",
        }


async def _run(asgi: ASGIApp, scope: dict[str, Any], body: Any, sent: asyncio.Queue[Message | None]) -> None:
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    received = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Message:
        if received:
            return received.pop()
        await asyncio.Event().wait()
        raise AssertionError

    try:
        await asgi(scope, receive, sent.put)
    finally:
        await sent.put(None)


def arm64_machineset(world: World, source: str = "prod-7x2kq-worker-eastus1") -> dict[str, Any]:
    """A manifest as one would apply it: the worker MachineSet of the seed 4.18, cloned for ARM64."""
    live = find(world, "machinesets", source)
    name = source.replace("worker-", "worker-arm64-")
    manifest: dict[str, Any] = json.loads(json.dumps({key: live[key] for key in ("apiVersion", "kind", "spec")}))
    manifest["metadata"] = {"name": name, "namespace": "openshift-machine-api", "labels": live["metadata"]["labels"]}
    owner = "machine.openshift.io/cluster-api-machineset"
    manifest["spec"]["selector"]["matchLabels"][owner] = name
    manifest["spec"]["template"]["metadata"]["labels"][owner] = name
    value = provider_spec(manifest)
    value["vmSize"] = "Standard_D4ps_v5"
    value["image"]["resourceID"] = (
        "/resourceGroups/prod-7x2kq-rg/providers/Microsoft.Compute/galleries/rhcos_prod_7x2kq"
        "/images/rhcos-arm64-gen2/versions/20260202.2246.0"
    )
    return manifest


def provider_spec(machineset: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = machineset["spec"]["template"]["spec"]["providerSpec"]["value"]
    return found
