"""What happens, told on stderr: a line and a bar on a terminal, plain lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from kubectl_arm64.cli.events import JsonLines
from kubectl_arm64.cli.rate import Rate
from kubectl_arm64.pipeline.step import Observed, Outcome

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

QUIET_SECONDS = 30.0  # the longest silence while something goes on and nothing changes
EVENT_SECONDS = 1.0  # between two JSON lines of one step on which nothing but numbers changes
_WORDS = {
    Outcome.FOUND: "found",
    Outcome.RESUMED: "ready",
    Outcome.CREATED: "created",
    Outcome.VERIFIED: "verified",
}


class Report(Protocol):
    """A pipeline's reporter that is open while a command runs."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def started(self, title: str, outcome: Outcome) -> None: ...

    def progress(self, title: str, observed: Observed) -> None: ...

    def finished(self, title: str, outcome: Outcome) -> None: ...

    def note(self, text: str) -> None: ...


def reporter(
    stream: TextIO,
    environ: Mapping[str, str] = os.environ,
    events: JsonLines | None = None,
    *,
    plain: bool = False,
) -> Report:
    """`events` where there are some; else a bar where `stream` is a terminal that can draw one, else plain lines."""
    if events:
        return JsonReport(events)
    if not plain and stream.isatty() and environ.get("TERM") != "dumb" and "CI" not in environ:
        return TerminalReport(stream, colour="NO_COLOR" not in environ)
    return PlainReport(stream)


class _NothingOpen:
    """A report that writes straight to its stream: there is nothing to begin or to end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class PlainReport(_NothingOpen):
    """One line per change of state, and one every 30 s."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._rates: dict[str, Rate] = {}
        self._said: dict[str, tuple[str, float]] = {}

    def started(self, title: str, outcome: Outcome) -> None:
        self._line(f"{title}: {'started' if outcome is Outcome.CREATED else 'going on'}")

    def progress(self, title: str, observed: Observed) -> None:
        said, at = self._said.get(title, ("", -QUIET_SECONDS))
        rate = self._rates.setdefault(title, Rate(self._clock))
        text = describe(observed, rate)
        now = self._clock()
        if (observed.note and observed.note != said) or (text and now - at >= QUIET_SECONDS):
            self._said[title] = (observed.note, now)
            self._line(f"{title}: {text}")

    def finished(self, title: str, outcome: Outcome) -> None:
        self._line(f"{title}: {_WORDS[outcome]}")

    def note(self, text: str) -> None:
        self._line(text)

    def _line(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class TerminalReport:
    """One line per step that is done, and a bar for each that goes on."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._stream = stream
        self._colour = colour
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._rates: dict[str, Rate] = {}

    def __enter__(self) -> Self:
        # rich takes a tenth of a second to import: only where it draws.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        console = Console(file=self._stream, no_color=not self._colour, highlight=False)
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}"),
        )
        self._progress = Progress(*columns, console=console, transient=True)
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def started(self, title: str, outcome: Outcome) -> None:
        self._task(title)

    def progress(self, title: str, observed: Observed) -> None:
        if self._progress:
            rate = self._rates.setdefault(title, Rate())
            done, total = observed.progress or (0, None)
            self._progress.update(
                self._task(title), completed=done, total=total, note=describe(observed, rate), refresh=True
            )

    def finished(self, title: str, outcome: Outcome) -> None:
        if self._progress:
            if title in self._tasks:
                self._progress.remove_task(self._tasks.pop(title))
            self._progress.console.print(f"[green]✓[/green] {title} {_WORDS[outcome]}")

    def note(self, text: str) -> None:
        if self._progress:
            self._progress.console.print(text, markup=False)

    def _task(self, title: str) -> TaskID:
        assert self._progress is not None
        if title not in self._tasks:
            self._tasks[title] = self._progress.add_task(title, total=None, note="")
        return self._tasks[title]


class JsonReport(_NothingOpen):
    """One event per change of state, and at most one a second while numbers grow."""

    def __init__(self, events: JsonLines, clock: Callable[[], float] = time.monotonic) -> None:
        self._events = events
        self._clock = clock
        self._rates: dict[str, Rate] = {}
        self._told: dict[str, tuple[str, float]] = {}

    def started(self, title: str, outcome: Outcome) -> None:
        self._events.tell("started", step=title, outcome=outcome.value)

    def progress(self, title: str, observed: Observed) -> None:
        measured = measure(observed, self._rates.setdefault(title, Rate(self._clock)))
        note, at = self._told.get(title, ("", -EVENT_SECONDS))
        now = self._clock()
        if now - at < EVENT_SECONDS and observed.note == note:
            return
        self._told[title] = (observed.note, now)
        numbers = {} if measured is None else measured.fields()
        self._events.tell("progress", step=title, **numbers, text=observed.note)

    def finished(self, title: str, outcome: Outcome) -> None:
        self._events.tell("finished", step=title, outcome=outcome.value)

    def note(self, text: str) -> None:
        self._events.tell("note", text=text)


@dataclass(frozen=True)
class Measured:
    """How far a step is: bytes, or percent (over regions); `rate` in bytes per second, 0.0 while it is not known."""

    done: int
    total: int
    unit: str
    rate: float = 0.0

    @property
    def eta(self) -> float | None:
        """Seconds that are left at this rate."""
        return (self.total - self.done) / self.rate if self.rate else None

    def fields(self) -> dict[str, object]:
        """For programs."""
        left = self.eta
        return {
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "rate": round(self.rate) or None,
            "eta": None if left is None else round(left, 1),
        }


def measure(observed: Observed, rate: Rate) -> Measured | None:
    """The numbers of one look, None where the step has none."""
    if observed.progress is None:
        return None
    done, total = observed.progress
    if total == 100:  # percent over regions, which grow by jumps
        return Measured(done, total, "percent")
    return Measured(done, total, "bytes", rate(done))


def describe(observed: Observed, rate: Rate) -> str:
    """`25 % of 16.0 GiB, 180.0 MiB/s, 1m10s left` for bytes, the note where the step tells in its own words."""
    measured = measure(observed, rate)
    if measured is None or measured.unit != "bytes":  # the note names each region
        return observed.note
    words = [f"{100 * measured.done // measured.total} % of {size(measured.total)}"]
    if (left := measured.eta) is not None:
        words += [f"{size(measured.rate)}/s", f"{span(left)} left"]
    return ", ".join([*words, *([observed.note] if observed.note else [])])


def size(count: float) -> str:
    """Bytes in binary units: `16.0 GiB`."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def span(seconds: float) -> str:
    """`45s`, `1m10s`, `2h05m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
