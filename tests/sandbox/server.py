"""The sandbox as one thing: Azure and a cluster on two loopback ports of this process.

with Sandbox() as sandbox:
    sandbox.reset("4.18", latency=0.1)
    subprocess.run(["kubectl", "arm64", "bootimage"], env=sandbox.environment(os.environ))
    sandbox.asked("PUT", "/galleries/")
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypeVar

import trustme
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.sandbox import admin, faults, hosts, surroundings
from tests.sandbox.front import Listener
from tests.sandbox.knobs import Fault, Knobs
from tests.sandbox.record import Exchange, Recorder, Recording, host_of
from tests.sandbox.services import ByHost, Dated, Services, real_services
from tests.sandbox.world import World

START_LIMIT = 10  # seconds

T = TypeVar("T")


def _seeds() -> Mapping[str, Callable[[], World]]:
    from tests.sandbox.seeds import SEEDS

    return SEEDS


class Sandbox:
    """The world, its knobs, and the servers that show them; `record` writes every exchange as a JSON line."""

    world: World
    knobs: Knobs

    def __init__(
        self,
        seed: str = "4.18",
        *,
        services: Services | None = None,
        seeds: Mapping[str, Callable[[], World]] | None = None,
        record: Path | None = None,
        **knobs: Any,
    ) -> None:
        self._services = services or real_services()
        self._seeds = seeds if seeds is not None else _seeds()
        self._record = record
        self._recording = Recording()
        self._seed, self._wanted_knobs = seed, knobs
        self._running: _Running | None = None

    @property
    def exchanges(self) -> list[Exchange]:
        """Every exchange since the last reset, in the order in which they began."""
        return self._recording.exchanges

    @property
    def crashes(self) -> list[Exception]:
        """What the sandbox's own services raised since the last reset: mistakes in the sandbox."""
        return self._recording.crashes

    @property
    def front(self) -> str:
        """The proxy's URL; the admin and managed identity endpoints are below it."""
        return f"http://127.0.0.1:{self._up.front_port}"

    @property
    def kubernetes(self) -> str:
        """The API server's URL."""
        return f"https://127.0.0.1:{self._up.kubernetes_port}"

    @property
    def folder(self) -> Path:
        """Where the sandbox keeps the client's files; gone when it stops."""
        return self._up.folder

    def start(self) -> Self:
        """Seed the world and open both ports."""
        self._recording = Recording(self._record)
        self._plant(self._seed, self._wanted_knobs)
        self._running = _Running(self, self._services, self._recording)
        self._write_kubeconfig()
        return self

    def stop(self) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None
            self._recording.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self, seed: str = "4.18", **knobs: Any) -> None:
        """A fresh world from `seed`, fresh knobs changed by `knobs`, and an empty record."""
        self._plant(seed, knobs)
        self._recording.clear()
        self._write_kubeconfig()

    def advance(self, seconds: float) -> None:
        """Move the world's clock."""
        self.world.clock.offset += seconds

    def fault(self, path: str, **fields: Any) -> Fault:
        """Add a fault (see knobs.Fault for the fields)."""
        fault = faults.parse({"path": path, **fields})
        self.knobs.faults.append(fault)
        return fault

    def asked(self, method: str = "", path: str = "") -> list[Exchange]:
        """The exchanges with `method` ("" for any) whose `host/path?query` holds the regular expression `path`."""
        return [exchange for exchange in list(self.exchanges) if faults.matches(method, path, exchange)]

    def environment(self, outer: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables by which a client finds the sandbox; with `outer`, over its harmless part."""
        ours = surroundings.variables(
            self.world, self.front, self.folder / "ca.pem", self.folder / "kubeconfig", self.folder / "azure"
        )
        return {**surroundings.without_foreign(outer or {}), **ours}

    @property
    def _up(self) -> _Running:
        if self._running is None:
            raise RuntimeError("the sandbox is not running")
        return self._running

    def _plant(self, seed: str, knobs: Mapping[str, Any]) -> None:
        if seed not in self._seeds:
            raise ValueError(f"no seed {seed!r}; there are {', '.join(self._seeds)}")
        fresh = Knobs()
        admin.change(fresh, knobs)
        self.world, self.knobs = self._seeds[seed](), fresh

    def _write_kubeconfig(self) -> None:
        text = surroundings.kubeconfig(self.world, self.kubernetes, (self.folder / "ca.pem").read_bytes())
        (self.folder / "kubeconfig").write_text(text)
        (self.folder / "kubeconfig").chmod(0o600)


class _Running:
    """What exists only while the sandbox is up: files, thread, event loop, ports."""

    def __init__(self, sandbox: Sandbox, services: Services, recording: Recording) -> None:
        self._directory = TemporaryDirectory(prefix="arm64-sandbox-")
        self.folder = Path(self._directory.name)
        self._recording = recording
        self._tls = _certificate(self.folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox", daemon=True)
        self._front = Listener(_FrontApp(sandbox, services, recording))
        kubernetes = faults.Faults(Dated(services.kubernetes(sandbox), sandbox), sandbox)
        self._kubernetes = Listener(Recorder(kubernetes, recording, host="kubernetes"))
        self._thread.start()
        self.front_port = self._call(self._front.open_front(self._tls, self._admits))
        self.kubernetes_port = self._call(self._kubernetes.open_tls(self._tls))

    def stop(self) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_LIMIT)
        self._loop.close()
        self._directory.cleanup()

    async def _close(self) -> None:
        await self._front.close()
        await self._kubernetes.close()
        await self._loop.shutdown_default_executor()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_LIMIT)

    def _admits(self, host: str) -> bool:
        if hosts.service(host) is not None:
            return True
        self._recording.refused(host)
        return False


class _FrontApp:
    """The front's port over http and https: the admin endpoint, and else Azure, on record."""

    def __init__(self, sandbox: Sandbox, services: Services, recording: Recording) -> None:
        self._admin = admin.app(sandbox)
        self._azure: ASGIApp = Recorder(faults.Faults(Dated(ByHost(services, sandbox), sandbox), sandbox), recording)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        local = scope["scheme"] == "http" and host_of(scope) in hosts.LOOPBACK
        app = self._admin if local and scope["path"].startswith("/admin/") else self._azure
        await app(scope, receive, send)


def _certificate(folder: Path) -> ssl.SSLContext:
    """A TLS context for all hosts; its authority's certificate goes to `folder`/ca.pem."""
    authority = trustme.CA(organization_name="kubectl-arm64 sandbox")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*hosts.certificate_names()).configure_cert(context)
    return context
