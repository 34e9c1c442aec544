"""Tells a run on a terminal: live where somebody watches, one plain line a scenario elsewhere, the verdict last."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from svcproof.report.results import Ending, Run, ScenarioResult, collect
from svcproof.run.entries import Entry, plain

Event = dict[str, Any]

ALIKE = 4
"""So many scenarios that are not met for the same reason are told together."""

COLOURS = {Ending.MET: "32", Ending.VIOLATED: "31", Ending.UNKNOWN: "33", Ending.SKIPPED: "2"}
"""ANSI codes; every one comes with its symbol."""


class Following(Protocol):
    """A view of a run under way."""

    def hear(self, event: Event) -> None:
        """Take one event."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_view(entries: Sequence[Entry], jobs: int, out: TextIO | None = None) -> Following:
    """Return the view that suits standard output."""
    out = out or sys.stdout
    if out.isatty() and os.environ.get("TERM") != "dumb":
        return LiveView(entries, jobs)
    return PlainView(entries, out)


class _Ends:
    """Collects each scenario's events and makes its result when it is over."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._events: dict[str, list[Event]] = {entry.id: [] for entry in entries}
        self.told: dict[str, ScenarioResult] = {}

    def hear(self, event: Event) -> ScenarioResult | None:
        """Return the result when this event is the scenario's end."""
        owner = event.get("scenario")
        if owner not in self._events:
            return None
        self._events[owner].append(event)
        if event["is"] not in ("scenario ends", "lost") or (owner in self.told and event["is"] != "lost"):
            return None
        first = {"is": "run begins", "roster": [plain(self._entries[owner])]}
        result = collect([first, *self._events[owner]]).scenarios[0]
        self.told[owner] = result
        return result


class PlainView:
    """One line a scenario, as it ends."""

    def __init__(self, entries: Sequence[Entry], out: TextIO) -> None:
        self._ends = _Ends(entries)
        self._out = out
        self._count = len(entries)
        self._colour = coloured(out)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def hear(self, event: Event) -> None:
        """Print a line at a scenario's end; those that nobody began are told together in the closing words."""
        result = self._ends.hear(event)
        if result is not None and (result.worker or result.ending is not Ending.UNKNOWN):
            number = f"[{len(self._ends.told):>{len(str(self._count))}}/{self._count}]"
            print(f"{number} {line(result, colour=self._colour)}", file=self._out, flush=True)


class LiveView:
    """What runs where, how far it is, and failures as they come."""

    def __init__(self, entries: Sequence[Entry], jobs: int) -> None:
        from rich.console import Console  # noqa: PLC0415 - costs 0.1 s, which plain output need not pay
        from rich.live import Live  # noqa: PLC0415

        self._ends = _Ends(entries)
        self._names = {entry.id: entry.name for entry in entries}
        self._count, self._jobs = len(entries), jobs
        self._running: dict[str, tuple[str, str, float]] = {}  # worker → scenario, step, since
        self._began = time.monotonic()
        self._console = Console(highlight=False)
        self._live = Live(get_renderable=self._render, console=self._console, refresh_per_second=6, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # the terminal is gone, and with it whoever watched
            self._live.stop()

    def hear(self, event: Event) -> None:
        """Take one event; what is not met is said at once, and stays."""
        worker = str(event.get("worker", ""))
        if event["is"] == "handed":
            self._running[worker] = (event["scenario"], "", time.monotonic())
        elif event["is"] == "step begins" and worker in self._running:
            scenario, _, since = self._running[worker]
            self._running[worker] = (scenario, f"{event['keyword']} {event['name']}", since)
        result = self._ends.hear(event)
        if result is not None:
            self._running = {name: now for name, now in self._running.items() if now[0] != result.entry.id}
            if result.ending is not Ending.SKIPPED:
                text = line(result, colour=coloured(sys.stdout))
                from rich.text import Text  # noqa: PLC0415 - loaded by __init__ already

                self._console.print(Text.from_ansi(text), soft_wrap=True)

    def _render(self) -> Any:
        from rich.console import Group  # noqa: PLC0415 - loaded by __init__ already
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        done = list(self._ends.told.values())
        counts = {ending: sum(result.ending is ending for result in done) for ending in Ending}
        head = Table.grid(padding=(0, 2))
        told = "  ".join(f"{ending.symbol} {counts[ending]} {ending.value}" for ending in Ending if counts[ending])
        seconds = time.monotonic() - self._began
        bar = ProgressBar(self._count, len(done), width=30, complete_style="blue", finished_style="blue")
        head.add_row(bar, Text(f"{len(done)}/{self._count}"), Text(told), Text(f"{seconds:.0f} s", style="dim"))
        rows = Table.grid(padding=(0, 1))
        for scenario, step, since in sorted(self._running.values(), key=lambda now: now[2]):
            age = f"{time.monotonic() - since:4.0f} s"
            rows.add_row(Text(age, style="dim"), Text(scenario, style="bold"), Text(step, style="dim", no_wrap=True))
        return Group(rows, head)


def coloured(out: TextIO) -> bool:
    """Whether this output may carry colour: https://no-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or out.isatty()


def paint(text: str, code: str, *, colour: bool) -> str:
    """Colour a text where that is wanted."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def line(result: ScenarioResult, *, colour: bool = False) -> str:
    """Say how one scenario ended, on one line."""
    mark = paint(f"{result.ending.symbol} {result.ending.value:<8}", COLOURS[result.ending], colour=colour)
    why = f": {shortened(first_line(result.because))}" if result.because else ""
    time_taken = paint(f" ({result.seconds:.1f} s)", "2", colour=colour) if result.seconds else ""
    return f"{mark} {result.entry.id}  {result.entry.name}{why}{time_taken}"


def first_line(text: str) -> str:
    """Return a message's first line that says something."""
    return next((part.strip() for part in text.splitlines() if part.strip()), "")


def shortened(text: str, length: int = 160) -> str:
    """Cut a text for a line; the whole is said at the end."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def closing(run: Run, *, colour: bool, reproduce: Mapping[str, str], written: Sequence[str] = ()) -> str:
    """Say at the end what matters: skips by what they lack, failures with cause and cure, the verdict."""
    blocks = [_skips(run)]
    for ending in (Ending.UNKNOWN, Ending.VIOLATED):
        blocks += _failures(run.of(ending), reproduce, colour=colour)
    blocks += [f"! {trouble}" for trouble in run.trouble]
    mark = {0: Ending.MET, 1: Ending.VIOLATED}.get(run.exit_code, Ending.UNKNOWN)
    blocks.append(paint(f"{mark.symbol} {run.sentence}", f"1;{COLOURS[mark]}", colour=colour))
    requests = sum(one.api_requests for one in run.scenarios)
    asked = [one for one in run.scenarios if one.ending is not Ending.SKIPPED]
    figures = f"{len(run.scenarios)} scenarios in {run.seconds:.1f} s"
    if requests and asked:
        figures += f"; {requests} API requests, {requests / len(asked):.0f} a scenario"
    blocks.append("\n".join([figures, *written, run.cleaned or "clean-up: nobody counted what is left"]))
    return "\n\n".join(block for block in blocks if block)


def _failures(results: Sequence[ScenarioResult], reproduce: Mapping[str, str], *, colour: bool) -> Iterator[str]:
    """Tell each; many that ended for one and the same reason are told together."""
    alike: dict[str, list[ScenarioResult]] = {}
    for result in results:
        alike.setdefault(result.entry.id if result.cause else result.because, []).append(result)
    for because, group in alike.items():
        if len(group) < ALIKE:
            yield from (_failure(one, reproduce, colour=colour) for one in group)
            continue
        ending = group[0].ending
        head = paint(f"{ending.symbol} {ending.value}", COLOURS[ending], colour=colour)
        ids = ", ".join(one.entry.id for one in group)
        yield f"{head}  {len(group)} scenarios: {shortened(first_line(because))}\n  {ids}"


def _failure(result: ScenarioResult, reproduce: Mapping[str, str], *, colour: bool) -> str:
    head = paint(f"{result.ending.symbol} {result.ending.value}", COLOURS[result.ending], colour=colour)
    lines = [f"{head}  {result.entry.id}  {result.entry.name}", f"  {result.entry.location}"]
    lines += [f"  {part}" for part in result.because.splitlines()[:12]]
    lines += [f"  cause: {result.cause}"] if result.cause else []
    lines += [f"  also: {first_line(part)}" for part in result.trouble if part not in result.because]
    lines.append(f"  again: {reproduce.get(result.entry.id, '')}")
    return "\n".join(lines)


def _skips(run: Run) -> str:
    groups: dict[tuple[str, str], list[ScenarioResult]] = {}
    for result in run.of(Ending.SKIPPED):
        groups.setdefault((result.capability or result.because, result.cure), []).append(result)
    lines = []
    for (capability, cure), results in groups.items():
        ids = ", ".join(result.entry.id for result in results[:8]) + (" …" if len(results) > 8 else "")
        lines.append(f"– skipped {len(results)} for want of {capability}: {first_line(results[0].because)} ({ids})")
        if cure:
            lines.append(f"    to get it: {cure}")
    return "\n".join(lines)
