"""One run from its order to its end: roster told, workers at work, sums added up, every event written down."""

from __future__ import annotations

import json
import platform
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, TextIO

from svcproof.problems import SetupProblem
from svcproof.run import reconciliation
from svcproof.run.entries import Roster, plain
from svcproof.run.rehearsing import Rehearsal
from svcproof.run.supervision import Limits, Supervisor
from svcproof.run.worker import Task

Event = dict[str, Any]


class Audience(Protocol):
    """Somebody who follows a run."""

    def hear(self, event: Event) -> None:
        """Take one event as it happens."""


@dataclass(frozen=True)
class Order:
    """What is to be run, how, and where its events go. *settings* reach every worker as they are."""

    run: str
    roster: Roster
    settings: Mapping[str, Any]
    report: Path | None = None
    jobs: int = 4
    limits: Limits = field(default_factory=Limits)
    command: str = ""
    userdata: tuple[str, ...] = ()
    expected: Mapping[str, float] = field(default_factory=dict)


class Journal:
    """Every event of a run in order: kept, written to events.jsonl as it comes, and passed on; from any thread."""

    def __init__(self, report: Path | None, audience: Iterable[Audience] = ()) -> None:
        self.events: list[Event] = []
        self.trouble = ""
        self._audience = list(audience)
        self._turn = threading.Lock()
        self._file: TextIO | None = None
        if report is not None:
            try:
                report.mkdir(parents=True, exist_ok=True)
                self._file = (report / "events.jsonl").open("w", encoding="utf-8")
            except OSError as problem:
                raise SetupProblem(
                    f"{report}: no report can be written there ({problem.strerror})", "name another --report folder"
                ) from problem

    def tell(self, event: Event) -> None:
        """Take one event; a full disk costs the file, never the run."""
        with self._turn:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        event.setdefault("at", round(time.time(), 4))
        self.events.append(event)
        if self._file is not None:
            try:
                self._file.write(_line(event))
                self._file.flush()
            except OSError as problem:
                self._file = None
                self.trouble = f"events.jsonl is incomplete: {problem.strerror}"
        for listener in list(self._audience):
            try:
                listener.hear(event)
            except OSError:  # its terminal is gone: the run goes on for those who read the report
                self._audience.remove(listener)

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as problem:
                self.trouble = f"events.jsonl is incomplete: {problem.strerror}"
            self._file = None


def conduct(
    order: Order,
    journal: Journal,
    *,
    settle: Callable[[Journal], Mapping[str, Any]] | None = None,
    rehearse: Callable[[Journal], Iterator[str]] | None = None,
) -> bool:
    """Run the order; return whether it was interrupted. Every scenario of the roster has an end afterwards.

    *settle* finds out what workers are told when they start: what it returns is added to their settings. *rehearse*
    yields the names of capabilities as workers can read of them, which takes longer: scenarios that need one wait for
    it, and others run meanwhile.

    SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt until workers are at work; later they interrupt the workers,
    whose cleanups run, and a second one kills them. Raises SetupProblem where the suite itself cannot start.
    """
    journal.tell(_first(order))
    roster = order.roster
    logs = order.report / "workers" if order.report else None
    if logs is not None:
        logs.mkdir(parents=True, exist_ok=True)
    files = tuple(dict.fromkeys(str(roster.root / entry.file) for entry in roster.entries))
    with _on_signals(_interrupt):
        settings = {**order.settings, **(settle(journal) if settle else {})}
        task = Task("", files, settings, order.userdata, order.report)
        supervisor = Supervisor(task, journal.tell, order.jobs, order.limits, logs)
        if rehearse:
            supervisor.boot(roster.entries)
            supervisor.rehearsal = Rehearsal(
                rehearse(journal), lambda problem: journal.tell({"is": "trouble", "says": problem})
            )
    with _on_signals(supervisor.stop):
        supervisor.run(roster.entries, order.expected)
        if supervisor.rehearsal:
            supervisor.rehearsal.end()
    asked = supervisor.interrupted
    why = "the run was interrupted" if asked else supervisor.broken
    for event in reconciliation.missing(roster.entries, journal.events, why or "worker lost: its end was not heard of"):
        journal.tell(event)
    for oddity in reconciliation.surplus(roster.entries, journal.events):
        journal.tell({"is": "trouble", "says": oddity})
    if supervisor.broken and not asked and not any(event["is"] == "scenario ends" for event in journal.events):
        raise SetupProblem(f"no scenario could begin: {supervisor.broken}", "the whole story is in the worker's log")
    return asked


def _first(order: Order) -> Event:
    roster = order.roster
    return {
        "is": "run begins",
        "run": order.run,
        "command": order.command,
        "jobs": order.jobs,
        "suite": {
            "svcproof": version("svcproof") if _installed() else "unreleased",
            "behave": version("behave"),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "features": roster.digest,
            "roster": roster.fingerprint,
            "scenarios in these features": roster.every,
        },
        "settings": {key: value for key, value in order.settings.items() if key not in ("kubeconfig", "report")},
        "pages": [asdict(page) for page in roster.pages],
        "roster": [plain(entry) for entry in roster.entries],
    }


def _installed() -> bool:
    try:
        version("svcproof")
    except ModuleNotFoundError:
        return False
    return True


def _line(event: Event) -> str:

    return json.dumps(event, ensure_ascii=False, default=str) + "\n"


def _interrupt() -> None:
    raise KeyboardInterrupt


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into calls while the context lasts."""

    def handler(_number: int, _frame: FrameType | None) -> None:
        act()
        with suppress(OSError):  # the terminal may be what went away
            print("\ninterrupted: scenarios under way clean up; once more kills them", file=sys.stderr)

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in wanted}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
