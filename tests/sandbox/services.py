"""The sandbox's services, and which of them answers a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sandbox import hosts
from tests.sandbox.record import host_of
from tests.sandbox.shared import Shared

Factory = Callable[[Shared], ASGIApp]


@dataclass(frozen=True)
class Services:
    """The applications' factories; each gets the source of world and knobs."""

    entra: Factory
    imds: Factory
    arm: Factory
    blob: Factory
    kubernetes: Factory


def real_services() -> Services:
    """All that tests/sandbox has."""
    from tests.sandbox.arm.app import app as arm
    from tests.sandbox.blob.app import app as blob
    from tests.sandbox.entra.app import app as entra
    from tests.sandbox.entra.imds import app as imds
    from tests.sandbox.kubernetes.app import app as kubernetes

    return Services(entra, imds, arm, blob, kubernetes)


class ByHost:
    """Azure behind the front: the service that the request's host names.

    Plain http reaches storage too (accounts that insist on https refuse it themselves) and the metadata service.
    """

    def __init__(self, services: Services, shared: Shared) -> None:
        self._imds = services.imds(shared)
        self._services = {
            hosts.ENTRA: services.entra(shared),
            hosts.ARM: services.arm(shared),
            hosts.BLOB: services.blob(shared),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._service(scope)(scope, receive, send)

    def _service(self, scope: Scope) -> ASGIApp:
        host = host_of(scope)
        if scope["scheme"] == "http" and host in (hosts.METADATA_HOST, *hosts.LOOPBACK):
            return self._imds
        name = hosts.service(host)
        if name is None or (scope["scheme"] == "http" and name != hosts.BLOB):
            return PlainTextResponse(f"the sandbox has no {scope['scheme']}://{host}", 403)
        return self._services[name]


class Dated:
    """Adds the Date header, by the world's clock, where a service sends none."""

    def __init__(self, app: ASGIApp, shared: Shared) -> None:
        self._app = app
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if not any(name.lower() == b"date" for name, _ in headers):
                    headers.append((b"date", formatdate(self._shared.world.clock.now(), usegmt=True).encode()))
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, dated)
