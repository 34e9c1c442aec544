"""Runs scenarios as `svcproof run` runs them, and says how each ended."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from svcproof.faults.outcome import Finding, named
from svcproof.report.results import ScenarioResult, collect
from svcproof.run import conducting, durations, selection
from svcproof.run.entries import Entry, Roster
from svcproof.run.supervision import Limits


class Scenarios(Protocol):
    """What the prover needs of a suite."""

    def known(self) -> list[str]:
        """Return the id of every scenario."""

    def core(self) -> list[str]:
        """Return the id of every scenario that claims the core level."""

    def quickest_first(self, ids: Iterable[str]) -> list[str]:
        """Return these ids in the order of how long each is known to take; those of whom nothing is known last."""

    def prepare(self, ids: Iterable[str]) -> None:
        """Find out what the cluster offers of what these scenarios need: before a fault makes it seem to offer less."""

    def run(self, ids: Iterable[str], folder: Path | None, limit: float) -> dict[str, Finding]:
        """Run these scenarios, none longer than *limit* seconds; raise KeyboardInterrupt when interrupted."""


@dataclass
class Suite:
    """The suite against one lab. *settle* is told what scenarios need, and returns what workers need not find out."""

    settings: Mapping[str, Any]
    jobs: int
    settle: Callable[[conducting.Journal, Iterable[str]], Mapping[str, Any]]
    clean: Callable[[str], object]
    _roster: Roster = field(init=False)
    _took: dict[str, float] = field(default_factory=durations.load)
    _settled: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._roster = selection.select([])

    def known(self) -> list[str]:
        return [entry.id for entry in self._roster.entries]

    def core(self) -> list[str]:
        return [entry.id for entry in self._roster.entries if entry.level == "core"]

    def quickest_first(self, ids: Iterable[str]) -> list[str]:
        return sorted(ids, key=lambda one: self._took.get(one, math.inf))

    def prepare(self, ids: Iterable[str]) -> None:
        journal = conducting.Journal(None)
        self._settled = self.settle(journal, self.needs(ids))
        journal.close()

    def needs(self, names: Iterable[str]) -> list[str]:
        """Return every capability that one of these scenarios needs."""
        wanted = set(self.of(names))
        return sorted({need for entry in self._roster.entries if entry.id in wanted for need in entry.needs})

    def of(self, names: Iterable[str]) -> list[str]:
        """Return the ids of the scenarios that go by these names; an outline's name is that of all its rows."""
        wanted = list(names)
        return [name for name in self.known() if named(name, wanted)]

    def run(self, ids: Iterable[str], folder: Path | None, limit: float) -> dict[str, Finding]:
        wanted = set(ids)
        entries: tuple[Entry, ...] = tuple(entry for entry in self._roster.entries if entry.id in wanted)
        if not entries:
            return {}
        run = secrets.token_hex(3)
        order = conducting.Order(
            run=run,
            roster=replace(self._roster, entries=entries),
            settings={**self.settings, "run": run, "first_look_only": "yes"},
            report=folder.absolute() if folder else None,
            jobs=self.jobs,
            limits=Limits(scenario=limit, slow=max(limit, 240.0)),
            expected=self._took,
        )
        journal = conducting.Journal(folder)
        try:
            interrupted = conducting.conduct(order, journal, settle=lambda _: self._settled)
            self.clean(run)
        finally:
            journal.close()
        if interrupted:
            raise KeyboardInterrupt
        found = {one.entry.id: _finding(one) for one in collect(journal.events, folder=folder).scenarios}
        self._took |= {name: finding.seconds for name, finding in found.items()}
        return found


def _finding(one: ScenarioResult) -> Finding:
    reasons = [
        one.because,
        *(step.message for step in one.steps),
        *(law.because for law in one.laws if law.answer == "violated"),
    ]
    why = "\n".join(dict.fromkeys(reason for reason in reasons if reason))
    return Finding(one.ending.value, why, one.seconds, "past its deadline" in one.because)
