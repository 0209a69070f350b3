"""--wait: until the machines of applied MachineSets have nodes that are Ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kubectl_arm64.cli.machineset.ports import Cluster
from kubectl_arm64.cli.output import Streams
from kubectl_arm64.cluster import Document
from kubectl_arm64.errors import Denied, NotFinished, NotFound, SignInRequired, Unavailable
from kubectl_arm64.machineset import Machine, Rollout, failure_of, name_of, rollout
from kubectl_arm64.pipeline.step import Observed, Pace, State


@dataclass(frozen=True)
class Wait:
    """One wait; what has changed since the last look is told on stderr, a line each."""

    cluster: Cluster
    namespace: str
    pace: Pace
    streams: Streams
    _told: dict[str, str] = field(default_factory=dict)

    def until_ready(self, names: Sequence[str]) -> None:
        """Return when all machines of these sets have nodes that are Ready.

        Raises Failure for a machine that failed, NotFound for a set that is gone, NotFinished when the time is over.
        """
        title = f"MachineSet {', '.join(names)}"
        try:
            while unready := self._unready(names):
                self.pace.wait(title, Observed(State.PENDING, unready), None)
        except NotFinished as unfinished:
            raise NotFinished(
                unfinished.what, "the cluster goes on by itself; to wait on, run the same command again"
            ) from None
        except SignInRequired as failure:
            advice = f"{failure.advice}; then, to wait on, run the same command again"
            raise SignInRequired(failure.what, advice, code=failure.code) from None

    def _unready(self, names: Sequence[str]) -> str:
        """What is not ready yet, or why that is not known; "" when all is."""
        try:
            looks = self._look(names)
        except Unavailable as failure:
            self._warn("", f"{failure.what}; looking again")
            return failure.what
        self._told.pop("", None)
        for look in looks:
            for machine in look.machines:
                self._tell(machine.name, str(machine))
            self._tell(f"set {look.name}", f"MachineSet {look}")
        self._raise_failed([machine for look in looks for machine in look.machines])
        return "; ".join(str(look) for look in looks if not look.done)

    def _look(self, names: Sequence[str]) -> list[Rollout]:
        live = {name_of(each): each for each in self.cluster.list_machinesets()}
        if gone := [name for name in names if name not in live]:
            raise NotFound(f"MachineSet {', '.join(gone)} is gone: it was deleted while its machines were awaited")
        machines = self._machines()
        return [rollout(live[name], machines) for name in names]

    def _machines(self) -> Sequence[Document]:
        try:
            return self.cluster.list_machines()
        except Denied as failure:
            self._warn("machines", f"phases and failures of the machines are not seen: {failure.what}")
            return ()

    def _raise_failed(self, machines: Sequence[Machine]) -> None:
        for machine in machines:
            if machine.failed:
                raise failure_of(machine, self.namespace)

    def _tell(self, subject: str, line: str) -> None:
        if self._is_news(subject, line):
            self.streams.say(line)

    def _warn(self, subject: str, warning: str) -> None:
        if self._is_news(subject, warning):
            self.streams.warn([warning])

    def _is_news(self, subject: str, line: str) -> bool:
        known = self._told.get(subject)
        self._told[subject] = line
        return known != line
