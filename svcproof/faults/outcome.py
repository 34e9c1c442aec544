"""What came of a fault: judged from what its scenarios found, nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from svcproof.exit_code import ExitCode
from svcproof.faults.fault import Fault


class Outcome(Enum):
    """How a fault ended. Only those in effect count towards the score."""

    CAUGHT = "caught"
    """A scenario that it names was violated, for the reason it gives."""

    MISSED = "missed"
    """It was in effect, and no scenario that it names was violated for its reason."""

    TIMED_OUT = "timed out"
    """It was in effect, and what should have noticed did not end in time."""

    UNVIABLE = "unviable"
    """It was never seen in effect, or cannot be had here."""

    @property
    def in_effect(self) -> bool:
        """Whether it counts."""
        return self is not Outcome.UNVIABLE


class Ask(Enum):
    """Which scenarios are asked under a fault.

    Where not all that it names are, only those that caught one are seen without it, afterwards, rather than all before.
    """

    EVERY = "every"
    """All there are: finds collateral, takes long."""

    NAMED = "named"
    """All that it names."""

    SHARED = "shared"
    """Its share: each core scenario under one of the faults that name it, each fault with one scenario at least."""

    FIRST = "first"
    """Those that it names, one by one until one notices."""

    @property
    def all_named(self) -> bool:
        """Whether all that a fault names are asked."""
        return self in (Ask.EVERY, Ask.NAMED)


class Mark(Enum):
    """What one scenario did about one fault."""

    CAUGHT = "caught"
    MISSED = "missed"  # met, though the fault is in effect
    WRONG_REASON = "wrong reason"  # violated, for another reason than the fault's
    UNKNOWN = "unknown"  # could not tell: never a catch
    TIMED_OUT = "timed out"
    SKIPPED = "skipped"
    NOT_GREEN = "not green"  # it was not met without the fault, so it says nothing with it
    ABSENT = "absent"  # no such scenario in the suite
    EXPLAINED = "explained"  # collateral that the fault names beforehand
    COLLATERAL = "collateral"  # violated, and nobody said it would be
    UNMOVED = "unmoved"  # not named, met


@dataclass(frozen=True)
class Finding:
    """How one scenario ended, in the report's words; *why* is every reason it gave, *late* that it ran out of time."""

    ending: str
    why: str = ""
    seconds: float = 0.0
    late: bool = False


@dataclass(frozen=True)
class Cell:
    """One scenario under one fault."""

    scenario: str
    mark: Mark
    why: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Result:
    """One fault: its outcome and why, what was looked at, every cell; *healed* is what was seen afterwards."""

    fault: str
    outcome: Outcome
    because: str
    evidence: str = ""
    cells: tuple[Cell, ...] = ()
    healed: str = ""
    clean: bool = True
    seconds: float = 0.0
    spent: Mapping[str, float] = field(default_factory=dict)
    """Seconds by part: looks, injecting, asking, healing."""

    def marked(self, mark: Mark) -> list[Cell]:
        """Return the cells with this mark."""
        return [cell for cell in self.cells if cell.mark is mark]


@dataclass(frozen=True)
class Proof:
    """Every fault that was tried, on one lab. *false_alarms* are scenarios not met without a fault."""

    results: tuple[Result, ...]
    lab: Mapping[str, object] = field(default_factory=dict)
    false_alarms: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False
    seconds: float = 0.0

    def of(self, outcome: Outcome) -> list[Result]:
        """Return the faults with this outcome."""
        return [result for result in self.results if result.outcome is outcome]

    @property
    def in_effect(self) -> int:
        """How many faults were in effect."""
        return sum(result.outcome.in_effect for result in self.results)

    @property
    def score(self) -> str:
        """Caught out of in effect, collateral apart."""
        collateral = sum(len(result.marked(Mark.COLLATERAL)) for result in self.results)
        caught = len(self.of(Outcome.CAUGHT))
        told = [f"{caught} of {self.in_effect} faults in effect are caught"]
        told += [f"{len(found)} {outcome.value}" for outcome in list(Outcome)[1:] if (found := self.of(outcome))]
        told.append(f"{collateral} collateral")
        told += [f"{len(self.false_alarms)} scenarios not green without a fault"] if self.false_alarms else []
        return ", ".join(told)

    @property
    def exit_code(self) -> ExitCode:
        """0 all in effect are caught, 1 one is not, 3 nothing could be told."""
        if any(result.outcome in (Outcome.MISSED, Outcome.TIMED_OUT) for result in self.results):
            return ExitCode.VIOLATED
        if not self.in_effect or self.false_alarms or not all(result.clean for result in self.results):
            return ExitCode.UNKNOWN
        return ExitCode.MET


def named(scenario: str, ids: Iterable[str]) -> str:
    """Return the id that a scenario goes by among *ids*: its own, or its outline's; empty when none is."""
    return next((name for name in ids if scenario == name or scenario.startswith(f"{name}-")), "")


def related(one: str, other: str) -> bool:
    """Whether two ids are of one scenario: the same, or an outline's and a row's of it."""
    return bool(named(one, [other]) or named(other, [one]))


def cells(fault: Fault, reason: str, asked: Mapping[str, Finding], baseline: Mapping[str, Finding]) -> tuple[Cell, ...]:
    """Mark every scenario that was asked under a fault, and every named one that could not be.

    *reason* is the regular expression that a violation's reason must contain; *baseline* is what scenarios found
    without the fault.
    """
    marked = [_cell(fault, reason, scenario, finding) for scenario, finding in asked.items()]
    for name in sorted(fault.breaks):
        known = [scenario for scenario in baseline if named(scenario, [name])]
        if not known:
            marked.append(Cell(name, Mark.ABSENT, "no scenario of the suite has this id"))
        for scenario in known:
            if scenario not in asked:
                before = baseline[scenario]
                mark = Mark.SKIPPED if before.ending == "skipped" else Mark.NOT_GREEN
                marked.append(Cell(scenario, mark, before.why))
    return tuple(marked)


def _cell(fault: Fault, reason: str, scenario: str, finding: Finding) -> Cell:
    return Cell(scenario, _mark(fault, reason, scenario, finding), finding.why, finding.seconds)


def _mark(fault: Fault, reason: str, scenario: str, finding: Finding) -> Mark:
    ours = bool(named(scenario, fault.breaks))
    if finding.ending == "violated":
        if ours:
            return Mark.CAUGHT if re.search(reason, finding.why, re.IGNORECASE) else Mark.WRONG_REASON
        return Mark.EXPLAINED if named(scenario, fault.may_break) else Mark.COLLATERAL
    if finding.ending == "met":
        return Mark.MISSED if ours else Mark.UNMOVED
    if finding.late:
        return Mark.TIMED_OUT
    return Mark.SKIPPED if finding.ending == "skipped" else Mark.UNKNOWN


def outcome(marked: Iterable[Cell]) -> tuple[Outcome, str]:
    """Judge a fault that was in effect from its cells: the outcome, and why."""
    found = list(marked)
    by = {mark: [cell.scenario for cell in found if cell.mark is mark] for mark in Mark}
    if by[Mark.CAUGHT]:
        return Outcome.CAUGHT, f"{', '.join(by[Mark.CAUGHT])} violated"
    if by[Mark.TIMED_OUT]:
        return Outcome.TIMED_OUT, f"{', '.join(by[Mark.TIMED_OUT])} did not end in time"
    told = [f"{', '.join(by[mark])} {mark.value}" for mark in _SILENT if by[mark]]
    return Outcome.MISSED, "; ".join(told) or "no scenario could notice"


_SILENT = (Mark.MISSED, Mark.WRONG_REASON, Mark.UNKNOWN, Mark.SKIPPED, Mark.NOT_GREEN, Mark.ABSENT)


def needed(ids: Iterable[str], core: Collection[str], breaks: Iterable[Iterable[str]]) -> list[str]:
    """Return the core scenarios among *ids*, and those of the faults that break no core scenario."""
    elsewhere = [names for names in map(list, breaks) if not any(named(one, names) for one in core)]
    return [one for one in ids if one in core or any(named(one, names) for names in elsewhere)]


def once_each(breaks: Mapping[str, Iterable[str]], green: Mapping[str, float]) -> dict[str, list[str]]:
    """Share scenarios out among the faults that name them: each goes to one, and no fault stays without.

    *breaks* is what each fault names, *green* how long each scenario takes (seconds) that is met without a fault.
    """
    could = {fault: {one for one in green if named(one, names)} for fault, names in breaks.items()}
    share: dict[str, list[str]] = {fault: [] for fault in breaks}
    load = dict.fromkeys(breaks, 0.0)

    def give(fault: str, scenario: str) -> None:
        share[fault].append(scenario)
        load[fault] += green[scenario]

    fewest_first = sorted(green, key=lambda one: (sum(one in could[fault] for fault in could), one))
    for scenario in fewest_first:
        if willing := [fault for fault in could if scenario in could[fault]]:
            give(min(willing, key=lambda fault: (bool(share[fault]), load[fault], fault)), scenario)
    for fault in breaks:
        if not share[fault] and could[fault]:
            give(fault, min(could[fault], key=lambda one: (green[one], one)))
    return share


def unproved(core: Iterable[str], faults: Iterable[Fault]) -> list[str]:
    """Return the core scenarios that no fault says it breaks: a check that nothing was shown to fail."""
    broken = {name for fault in faults for name in fault.breaks}
    return [scenario for scenario in core if not named(scenario, broken)]


def idle(faults: Iterable[Fault], known: Iterable[str]) -> list[str]:
    """Return the faults that break no scenario of the suite."""
    scenarios = list(known)
    return [fault.name for fault in faults if not any(named(scenario, fault.breaks) for scenario in scenarios)]
