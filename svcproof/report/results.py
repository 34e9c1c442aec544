"""The one result model: a run, its scenarios, their steps and evidence, read from the events of the recording."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from svcproof.exit_code import ExitCode
from svcproof.problems import SetupProblem
from svcproof.run.entries import Entry, Line, Page, entry_of, page_of

Event = Mapping[str, Any]


class Ending(Enum):
    """How a scenario ended: three honest answers, or not asked for a stated reason."""

    VIOLATED = "violated"
    UNKNOWN = "unknown"
    MET = "met"
    SKIPPED = "skipped"

    @property
    def symbol(self) -> str:
        """A mark that tells it without colour."""
        return {"violated": "✗", "unknown": "?", "met": "✓", "skipped": "–"}[self.value]


@dataclass(frozen=True)
class StepResult:
    """One step: how it ended by behave's word, how long it took (seconds), and what was raised."""

    line: Line
    status: str = "untested"
    began: float = 0.0
    seconds: float = 0.0
    kind: str = ""
    message: str = ""
    trace: str = ""

    @property
    def ending(self) -> Ending:
        """The step's part of the verdict."""
        return _STEP_ENDINGS.get(self.status, Ending.UNKNOWN)


_STEP_ENDINGS = {"passed": Ending.MET, "failed": Ending.VIOLATED, "skipped": Ending.SKIPPED, "untested": Ending.SKIPPED}


@dataclass(frozen=True)
class Evidence:
    """A file that was kept: *file* is its path from the report's folder, empty where lost; *step* counts from 1."""

    name: str
    media_type: str
    file: str = ""
    bytes: int = 0
    sha256: str = ""
    step: int = 0


@dataclass(frozen=True)
class LawResult:
    """What one law said of the scenario's history."""

    law: str
    answer: str
    because: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    step: int = 0


@dataclass(frozen=True)
class Cell:
    """What one vantage was to see of one frontend, and what it saw."""

    vantage: str
    frontend: str
    expected: str
    seen: str
    met: bool | None


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: Any
    unit: str = ""


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario of the roster and its end. *status* is behave's own word, or "lost"."""

    entry: Entry
    ending: Ending
    status: str
    because: str = ""
    cause: str = ""  # the layer to blame, and what was found there
    capability: str = ""
    cure: str = ""
    steps: tuple[StepResult, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    laws: tuple[LawResult, ...] = ()
    cells: tuple[Cell, ...] = ()
    figures: tuple[Figure, ...] = ()
    trouble: tuple[str, ...] = ()
    began: float = 0.0
    seconds: float = 0.0
    worker: str = ""
    api_requests: int = 0  # 0 where nobody counted

    @property
    def histories(self) -> tuple[Evidence, ...]:
        """Its recorded traffic."""
        return tuple(item for item in self.evidence if item.media_type == HISTORY and item.file)


HISTORY = "application/x-svcproof-history"
"""The media type of a history file (JSON Lines, svcproof.model.history)."""


@dataclass(frozen=True)
class Capability:
    """Something the cluster offers or lacks, with the evidence, and how to get it."""

    name: str
    present: bool
    because: str = ""
    cure: str = ""


@dataclass(frozen=True)
class Run:
    """A whole run: what was owed, what came of it, on which cluster."""

    run: str
    scenarios: tuple[ScenarioResult, ...]
    pages: tuple[Page, ...] = ()
    suite: Mapping[str, Any] = field(default_factory=dict)
    cluster: Mapping[str, Any] = field(default_factory=dict)
    capabilities: tuple[Capability, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    began: float = 0.0
    ended: float = 0.0
    left: int | None = None  # objects of this run that clean-up still counted; None: nobody counted
    cleaned: str = ""
    interrupted: bool = False
    trouble: tuple[str, ...] = ()
    folder: Path | None = None

    def of(self, ending: Ending) -> tuple[ScenarioResult, ...]:
        """Return the scenarios with this end, in the order of the roster."""
        return tuple(scenario for scenario in self.scenarios if scenario.ending is ending)

    @property
    def counts(self) -> Mapping[Ending, int]:
        """How many scenarios ended how; they add up to the roster."""
        return Counter(scenario.ending for scenario in self.scenarios)

    @property
    def seconds(self) -> float:
        """The wall time."""
        return max(0.0, self.ended - self.began)

    @property
    def exit_code(self) -> ExitCode:
        """The verdict as an exit code."""
        if self.counts.get(Ending.VIOLATED):
            return ExitCode.VIOLATED
        if self.counts.get(Ending.UNKNOWN) or not self.counts.get(Ending.MET) or self.interrupted:
            return ExitCode.UNKNOWN
        return ExitCode.MET

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        return sentence(self)


def sentence(run: Run) -> str:
    """Say in one sentence what a run says of its cluster."""
    count = {ending: run.counts.get(ending, 0) for ending in Ending}
    asked = len(run.scenarios) - count[Ending.SKIPPED]
    skipped = f"{count[Ending.SKIPPED]} skipped" if count[Ending.SKIPPED] else ""
    if not run.scenarios:
        return "Nothing ran, so nothing is known."
    if not asked:
        return f"Nothing is known: {skipped}, none asked."
    if count[Ending.MET] == asked:
        whole = "The one scenario asked is met" if asked == 1 else f"All {asked} scenarios asked are met"
        return f"{whole}{f'; {skipped}' if skipped else ''}."
    told = [f"{count[ending]} {ending.value}" for ending in (Ending.VIOLATED, Ending.UNKNOWN) if count[ending]]
    sum_of_all = _and([*told, f"{count[Ending.MET]} met", skipped])
    if count[Ending.VIOLATED]:
        promise = "a promise" if count[Ending.VIOLATED] == 1 else "promises"
        return f"The cluster breaks {promise} of a Service: {sum_of_all}."
    return f"It cannot be told whether every promise is kept: {sum_of_all}."


def _and(parts: Sequence[str]) -> str:
    kept = [part for part in parts if part]
    return f"{', '.join(kept[:-1])} and {kept[-1]}" if len(kept) > 1 else kept[0]


def load(place: Path) -> Run:
    """Read a run from its report's folder or its events file; raise SetupProblem when there is none."""
    file = place / "events.jsonl" if place.is_dir() else place
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        raise SetupProblem(
            f"{place}: wanted a report's folder or its events.jsonl ({problem.strerror})", "name the --report of a run"
        ) from problem
    events: list[Event] = []
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
        except ValueError:
            if number == len(lines):  # the writer died in the middle of its last line
                break
            raise SetupProblem(f"{file}:{number}: wanted one JSON object a line", "name an unedited file") from None
        if not isinstance(event, dict) or "is" not in event:
            raise SetupProblem(f"{file}:{number}: wanted an event of svcproof", "name the events.jsonl of a run")
        events.append(event)
    return collect(events, folder=file.parent)


def collect(events: Iterable[Event], *, folder: Path | None = None) -> Run:
    """Make a run of its events; whoever is owed an end and has none ends as unknown."""
    listed = list(events)
    first = _last(listed, "run begins")
    last = _last(listed, "run ends")
    roster = [entry_of(form) for form in first.get("roster", [])] or _entries_seen(listed)
    own: dict[str, list[Event]] = {entry.id: [] for entry in roster}
    for event in listed:
        if event.get("scenario") in own:
            own[event["scenario"]].append(event)
    times = [float(event["at"]) for event in listed if event.get("at")]
    return Run(
        run=str(first.get("run", "")),
        scenarios=tuple(_scenario(entry, own[entry.id]) for entry in roster),
        pages=tuple(page_of(form) for form in first.get("pages", [])),
        suite=first.get("suite", {}),
        cluster=_last(listed, "cluster").get("facts", {}),
        capabilities=tuple(
            Capability(event["name"], event["present"], event.get("because", ""), event.get("cure", ""))
            for event in listed
            if event["is"] == "capability"
        ),
        settings=first.get("settings", {}),
        command=str(first.get("command", "")),
        began=float(first.get("at", min(times, default=0.0))),
        ended=float(last.get("at", max(times, default=0.0))),
        left=last.get("left"),
        cleaned=str(last.get("cleaned", "")),
        interrupted=bool(last.get("interrupted", False)),
        trouble=tuple(event["says"] for event in listed if event["is"] == "trouble" and "scenario" not in event),
        folder=folder,
    )


def _last(events: Sequence[Event], what: str) -> Event:
    return next((event for event in reversed(events) if event["is"] == what), {})


def _entries_seen(events: Iterable[Event]) -> list[Entry]:
    """Return the scenarios of a recording without a roster (plain behave): those that began."""
    return [
        Entry(event["scenario"], "", "", event.get("name", ""), event.get("file", ""), int(event.get("line", 0)))
        for event in events
        if event["is"] == "scenario begins"
    ]


def _scenario(entry: Entry, events: Sequence[Event]) -> ScenarioResult:
    end = _last(events, "scenario ends")
    lost = _last(events, "lost")
    skip = _last(events, "skipped")
    steps = _steps(entry, events, end)
    trouble = [event["says"] for event in events if event["is"] == "trouble"]
    trouble += end.get("cleanup", [])
    ending, because = _ending(end, lost, skip, steps, trouble)
    cause = str(_last(events, "cause").get("line", ""))
    return ScenarioResult(
        entry=entry,
        ending=ending,
        status="lost" if lost else str(end.get("status", "lost")),
        because=because,
        cause=cause if ending in (Ending.VIOLATED, Ending.UNKNOWN) else "",
        capability=str(skip.get("capability", "")),
        cure=str(skip.get("cure", "")),
        steps=steps,
        evidence=_each(events, "evidence", _evidence),
        laws=_each(events, "verdict", _law),
        cells=_each(events, "cell", _cell),
        figures=_each(events, "figure", _figure),
        trouble=tuple(trouble),
        began=float(next((event["at"] for event in events if event["is"] == "scenario begins"), 0.0)),
        seconds=float(end.get("seconds", 0.0)),
        api_requests=int(end.get("requests", 0)),
        worker=str(next((event["worker"] for event in events if event.get("worker")), "")),
    )


def _each(events: Sequence[Event], what: str, make: Callable[[Event], Any]) -> tuple[Any, ...]:
    return tuple(make(event) for event in events if event["is"] == what)


def _ending(  # noqa: PLR0911 - one return for each way to end, in the order of how loud they are
    end: Event, lost: Event, skip: Event, steps: Sequence[StepResult], trouble: Sequence[str]
) -> tuple[Ending, str]:
    """Judge: a promise seen broken stays broken whatever came after; met needs everything right, hooks included."""
    broken = next((step for step in steps if step.ending is Ending.VIOLATED), None)
    if broken is not None:
        return Ending.VIOLATED, broken.message
    if lost:
        at = f" at “{lost['step']}”" if lost.get("step") else ""
        return Ending.UNKNOWN, f"{lost['why']}{at}"
    status = end.get("status", "")
    if not end:
        return Ending.UNKNOWN, "worker lost: its end was never heard of"
    if status == "passed":
        return (Ending.UNKNOWN, trouble[0]) if trouble else (Ending.MET, "")
    if status == "failed":
        return Ending.VIOLATED, str(end.get("message", ""))
    if status == "skipped":
        reason = str(skip.get("reason") or end.get("reason", ""))
        return (Ending.SKIPPED, reason) if reason else (Ending.UNKNOWN, "it was skipped and no reason was given")
    return Ending.UNKNOWN, _why_unknown(status, end, steps, trouble)


def _why_unknown(status: str, end: Event, steps: Sequence[StepResult], trouble: Sequence[str]) -> str:
    for step in steps:
        if step.ending is Ending.UNKNOWN:
            if step.status == "undefined":
                return f"no step is defined for “{step.line.keyword} {step.line.name}”"
            return step.message or f"the step “{step.line.keyword} {step.line.name}” ended as {step.status}"
    if status == "cleanup_error" and trouble:
        return f"its clean-up broke off: {trouble[0]}"
    return str(end.get("message", "")) or (trouble[0] if trouble else f"behave ended it as {status}")


def _steps(entry: Entry, events: Sequence[Event], end: Event) -> tuple[StepResult, ...]:
    began = {event["step"]: event for event in events if event["is"] == "step begins"}
    ended = {event["step"]: event for event in events if event["is"] == "step ends"}
    statuses = end.get("steps", [])
    lines = entry.steps or tuple(Line(event["keyword"], event["name"]) for event in began.values())
    return tuple(
        StepResult(
            line,
            status=_status(number, began, ended, statuses),
            began=float(began.get(number, {}).get("at", 0.0)),
            seconds=float(ended.get(number, {}).get("seconds", 0.0)),
            kind=ended.get(number, {}).get("kind", ""),
            message=ended.get(number, {}).get("message", ""),
            trace=ended.get(number, {}).get("trace", ""),
        )
        for number, line in enumerate(lines, 1)
    )


def _status(number: int, began: Mapping[int, Event], ended: Mapping[int, Event], statuses: Sequence[str]) -> str:
    if number in ended:
        return str(ended[number]["status"])
    if number in began:
        return "interrupted"
    return statuses[number - 1] if number <= len(statuses) else "untested"


def _evidence(event: Event) -> Evidence:
    return Evidence(
        event["name"], event["media_type"], event.get("file", ""), event.get("bytes", 0), event.get("sha256", ""),
        event.get("step", 0),
    )  # fmt: skip


def _law(event: Event) -> LawResult:
    return LawResult(event["law"], event["answer"], event["because"], event.get("figures", {}), event.get("step", 0))


def _cell(event: Event) -> Cell:
    return Cell(event["vantage"], event["frontend"], event["expected"], event["seen"], event.get("met"))


def _figure(event: Event) -> Figure:
    return Figure(event["name"], event["value"], event.get("unit", ""))
