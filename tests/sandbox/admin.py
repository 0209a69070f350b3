"""The sandbox's own endpoint: plain HTTP and JSON below `/admin` on the front's port.

    GET    /admin/exchanges   the record so far, a list (see record.py)
    POST   /admin/reset       {"seed": "4.18", "knobs": {...}}: a fresh world, record emptied; both are optional
    POST   /admin/knobs       {"latency": 0.1, "polls": {"versions": 7}, ...}: changes those knobs; answers all
    POST   /admin/faults      a fault or a list of them (fields of knobs.Fault): added to the faults; answers all
    DELETE /admin/faults      no faults any more
    POST   /admin/clock       {"advance": 3600}: moves the world's clock; answers {"now": seconds since the epoch}

What cannot be done is answered with 400 and {"error": "..."}. The endpoint is not in the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.sandbox import faults
from tests.sandbox.knobs import Fault, Knobs
from tests.sandbox.record import Exchange
from tests.sandbox.shared import Shared


class Administered(Shared, Protocol):
    """What the endpoint does to the sandbox."""

    @property
    def exchanges(self) -> list[Exchange]: ...

    def reset(self, seed: str, **knobs: Any) -> None: ...

    def advance(self, seconds: float) -> None: ...


def change(knobs: Knobs, values: Mapping[str, Any]) -> None:
    """Set `knobs` as `values` say: polls are merged, faults may be JSON. Raises ValueError for what is no knob."""
    unknown = values.keys() - {field.name for field in fields(Knobs)}
    if unknown:
        raise ValueError(f"no such knob: {', '.join(sorted(unknown))}")
    for name, value in values.items():
        if name == "polls":
            knobs.polls.update(value)
        elif name == "faults":
            knobs.faults = [item if isinstance(item, Fault) else faults.parse(item) for item in value]
        else:
            setattr(knobs, name, value)


def app(sandbox: Administered) -> ASGIApp:
    """The ASGI application below `/admin`."""

    async def exchanges(request: Request) -> JSONResponse:
        return JSONResponse(sandbox.exchanges)

    async def reset(request: Request) -> JSONResponse:
        wanted = await request.json() if await request.body() else {}
        sandbox.reset(wanted.get("seed", "4.18"), **wanted.get("knobs", {}))
        return JSONResponse(asdict(sandbox.knobs))

    async def knobs(request: Request) -> JSONResponse:
        change(sandbox.knobs, await request.json())
        return JSONResponse(asdict(sandbox.knobs))

    async def add_faults(request: Request) -> JSONResponse:
        wanted = await request.json()
        sandbox.knobs.faults += [faults.parse(item) for item in (wanted if isinstance(wanted, list) else [wanted])]
        return JSONResponse([asdict(fault) for fault in sandbox.knobs.faults])

    async def no_faults(request: Request) -> JSONResponse:
        sandbox.knobs.faults.clear()
        return JSONResponse([])

    async def clock(request: Request) -> JSONResponse:
        sandbox.advance(float((await request.json())["advance"]))
        return JSONResponse({"now": sandbox.world.clock.now()})

    async def refused(request: Request, error: Exception) -> JSONResponse:
        what = f"missing or unknown: {error}" if isinstance(error, KeyError) else str(error)
        return JSONResponse({"error": what}, 400)

    return Starlette(
        routes=[
            Route("/admin/exchanges", exchanges),
            Route("/admin/reset", reset, methods=["POST"]),
            Route("/admin/knobs", knobs, methods=["POST"]),
            Route("/admin/faults", add_faults, methods=["POST"]),
            Route("/admin/faults", no_faults, methods=["DELETE"]),
            Route("/admin/clock", clock, methods=["POST"]),
        ],
        exception_handlers={ValueError: refused, KeyError: refused, TypeError: refused},
    )
