"""Resource Manager without any network: requests by a client that signs them and keeps what was exchanged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.sandbox.arm.app import app
from tests.sandbox.blob import in_process
from tests.sandbox.entra import tokens
from tests.sandbox.knobs import Knobs
from tests.sandbox.world import World

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """`headers` by lower-case names; `body` None for an empty one."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The error's."""
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass
class Client:
    """Signs as the world's first principal; `exchanges` as `sandbox.exchanges`, for swagger.Specs."""

    world: World
    knobs: Knobs = field(default_factory=Knobs)
    exchanges: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._app = app(self)

    def token(self, seconds: float = tokens.LIFETIME) -> str:
        return tokens.issue(self.world, self.world.principals[0], f"{self.world.cloud.audience}/", seconds)

    def send(self, method: str, url: str, body: Any = None, *, authorization: str | None = None) -> Reply:
        """`url` without host is Resource Manager's; `authorization` "" sends none."""
        url = url if url.startswith("https://") else f"https://{self.world.cloud.management}{url}"
        signed = f"Bearer {self.token()}" if authorization is None else authorization
        headers = {"Content-Type": "application/json", **({"Authorization": signed} if signed else {})}
        content = b"" if body is None else json.dumps(body).encode()
        status, answered, text = in_process.exchange(self._app, method, url, headers, content)
        reply = Reply(
            status, {name.lower(): value for name, value in answered.items()}, json.loads(text) if text else None
        )
        self._keep(method, url, body, reply)
        return reply

    def finish(self, reply: Reply) -> Reply:
        """Poll the operation that `reply` began, to its end; its last answer."""
        url = reply.headers.get("azure-asyncoperation") or reply.headers["location"]
        while (last := self.send("GET", url)).status == 202 or (last.body or {}).get("status") == "InProgress":
            pass
        return last

    def _keep(self, method: str, url: str, body: Any, reply: Reply) -> None:
        parts = urlsplit(url)
        self.exchanges.append(
            {
                "method": method,
                "host": parts.netloc,
                "path": parts.path,
                "query": parts.query,
                "request": body,
                "status": reply.status,
                "response": reply.body,
                "fault": None,
            }
        )
