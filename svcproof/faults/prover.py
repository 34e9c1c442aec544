"""Breaks a lab on purpose, one fault at a time, and says which scenarios noticed."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from svcproof.adapters.shell import CommandFailed
from svcproof.cluster.api import ApiTrouble, ClusterApi
from svcproof.cluster.waiting import NotConverged
from svcproof.faults.fault import Fault, Unviable
from svcproof.faults.ground import Ground, misfits
from svcproof.faults.looking import Looks
from svcproof.faults.outcome import (
    Ask,
    Cell,
    Finding,
    Mark,
    Outcome,
    Proof,
    Result,
    cells,
    named,
    needed,
    once_each,
    outcome,
    related,
)
from svcproof.faults.suite import Scenarios
from svcproof.faults.trial import Trial
from svcproof.faults.trying import look_until
from svcproof.problems import SetupProblem
from svcproof.providers.lab import Lab

PATIENCE_BEFORE = 15.0
"""So long a fault may look as if it were in effect before it is: trial Services come up."""

LEAST = 100.0
SLACK = 4.0
"""A scenario under a fault may take so many times as long as without, and *LEAST* seconds at least."""

BASELINE_LIMIT = 240.0

TOGETHER = 25
"""After so many faults scenarios are seen green again, in one run: the more there are, the better they fill a lab."""


@dataclass
class Prover:
    """One prover on one lab. *tell* hears a line for each thing that happens.

    *among* are the faults that share the scenarios (Ask.SHARED), where some of them are tried elsewhere.
    """

    lab: Lab
    api: ClusterApi
    suite: Scenarios
    tell: Callable[[str], None]
    folder: Path | None = None
    scenarios: Sequence[str] = ()
    ask: Ask = Ask.NAMED
    among: Sequence[Fault] = ()
    keep: Callable[[Proof], object] = lambda _: None
    """Told the proof so far after each fault: what was found is kept, whatever comes next."""

    _trial: Trial = field(init=False)
    _baseline: dict[str, Finding] = field(default_factory=dict)
    _results: list[Result] = field(default_factory=list)
    _unseen: list[Fault] = field(default_factory=list)
    """Healed, by their own looks; no scenario has been seen green since."""

    _asked: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._trial = Trial(self.lab, self.api)

    def prove(self, faults: Sequence[Fault]) -> Proof:
        """Try each fault; whatever happens, none stays in the lab."""
        began = time.monotonic()
        interrupted = False
        with _sigterm_as_interrupt():
            try:
                self._begin(faults)
                for number, fault in enumerate(faults, 1):
                    self._add(f"[{number}/{len(faults)}]", self._try(fault))
                    if len(self._unseen) >= TOGETHER or number == len(faults):
                        self._see_green()
                    self.keep(self._proof(began, interrupted=True))
            except KeyboardInterrupt:
                interrupted = True
            finally:
                with _undisturbed():
                    self._ground("leftovers").undo()
                    self._trial.remove()
        return self._proof(began, interrupted=interrupted)

    def _proof(self, began: float, *, interrupted: bool) -> Proof:
        facts = {**self.lab.plan.as_dict(), "scenarios": len(self._baseline)}
        alarms = {name: found.why for name, found in self._baseline.items() if found.ending in ("violated", "unknown")}
        return Proof(tuple(self._results), facts, alarms, interrupted, time.monotonic() - began)

    def _ground(self, fault: str) -> Ground:
        return Ground(self.lab, self.api, fault, self._trial, Looks(self.lab, self._trial))

    def _begin(self, faults: Iterable[Fault]) -> None:
        """Heal what a killed prover left, make the trial pods, and see that everything is green without a fault."""
        leftovers = self._ground("leftovers")
        if deeds := leftovers.journal.deeds:
            self.tell(f"healing {len(deeds)} deeds of a prover that was killed")
            leftovers.undo()
        self._trial.make()
        viable = self._fitting(faults)
        if not self.ask.all_named:
            self._share(viable if self.ask is Ask.FIRST else self._fitting(self.among) or viable)
            self.suite.prepare(name for fault in viable for name in self._asked[fault.name])
            return
        known = self._within(self.suite.known())
        names = known if self.ask is Ask.EVERY else {name for fault in viable for name in fault.breaks}
        ids = [scenario for scenario in known if named(scenario, names)]
        self.suite.prepare(ids)
        self.tell(f"without a fault: {len(ids)} scenarios")
        self._baseline = self.suite.run(ids, self._report("without-a-fault"), BASELINE_LIMIT)
        for scenario, finding in self._baseline.items():
            if finding.ending in ("violated", "unknown"):
                self.tell(f"  {scenario} is {finding.ending} without a fault: {_first(finding.why)}")

    def _share(self, faults: Sequence[Fault]) -> None:
        """Share the scenarios out among faults."""
        breaks = {fault.name: fault.breaks for fault in faults}
        ids = needed(self._within(self.suite.known()), set(self.suite.core()), breaks.values())
        if self.ask is Ask.FIRST:
            quick = self.suite.quickest_first(ids)
            self._asked = {fault: [one for one in quick if named(one, names)] for fault, names in breaks.items()}
        else:
            self._asked = once_each(breaks, dict.fromkeys(ids, 1.0))

    def _fitting(self, faults: Iterable[Fault]) -> list[Fault]:
        return [fault for fault in faults if not misfits(fault, self.lab)]

    def _within(self, scenarios: Iterable[str]) -> list[str]:
        return [scenario for scenario in scenarios if not self.scenarios or named(scenario, self.scenarios)]

    def _see_green(self) -> None:
        """See what caught each fault since the last time green again, all in one run: the quickest scenario of each.

        Where not all named are asked, it is every scenario that caught one, for this is its only time without a fault.
        A fault whose scenario is not green is not clean; and one of those scenarios has then caught nothing.
        """
        faults, self._unseen = self._unseen, []
        wanted = {fault.name: self._to_see(fault) for fault in faults}
        names = sorted({name for those in wanted.values() for name in those})
        if not names:
            return
        self.tell(f"healed: {', '.join(names)} again")
        again = self.suite.run(names, self._report(f"healed-{len(self._results)}"), BASELINE_LIMIT)
        red = {name: found for name, found in again.items() if not _green(found)}
        for name, found in red.items():
            self.tell(f"  healed, and yet {name} is {found.ending}: {_first(found.why)}")
        if not self.ask.all_named:
            self._baseline |= again
        for place, result in enumerate(self._results):
            if wanted.get(result.fault):
                self._results[place] = self._seen(result, wanted[result.fault], red)

    def _seen(self, result: Result, names: Iterable[str], red: Mapping[str, Finding]) -> Result:
        """Return a result once its scenarios were seen again; *red* are those that are not green."""
        mine = {name: red[name] for name in names if name in red}
        green = [name for name in names if name not in red]
        said = [f"{name} is {found.ending}: {_first(found.why)}" for name, found in mine.items()]
        said += [f"{', '.join(green)} met again"] if green else []
        healed, clean = "; ".join([result.healed, *said]), result.clean and not mine
        if self.ask.all_named or not mine:
            return replace(result, healed=healed, clean=clean)
        marked = tuple(
            replace(cell, mark=Mark.NOT_GREEN, why=mine[cell.scenario].why) if cell.scenario in mine else cell
            for cell in result.cells
        )
        ended, because = outcome(marked)
        return replace(result, healed=healed, clean=clean, cells=marked, outcome=ended, because=because)

    def _to_see(self, fault: Fault) -> list[str]:
        (result,) = (one for one in self._results if one.fault == fault.name)
        caught = sorted(result.marked(Mark.CAUGHT), key=lambda cell: cell.seconds)
        return [cell.scenario for cell in (caught[:1] if self.ask.all_named else caught)]

    def _add(self, place: str, result: Result) -> None:
        self._results.append(result)
        self.tell(f"{place} {result.fault}: {result.outcome.value}, {result.because} ({result.seconds:.0f} s)")
        for cell in result.marked(Mark.COLLATERAL):
            self.tell(f"    collateral: {cell.scenario}: {_first(cell.why)}")

    def _try(self, fault: Fault) -> Result:
        began = time.monotonic()
        spent: dict[str, float] = {}
        result = self._tried(fault, spent)
        if result.outcome.in_effect:
            self._unseen.append(fault)
        return replace(result, seconds=time.monotonic() - began, spent=spent)

    def _tried(self, fault: Fault, spent: dict[str, float]) -> Result:
        if why := misfits(fault, self.lab):
            return Result(fault.name, Outcome.UNVIABLE, why)
        ground = self._ground(fault.name)
        with _timed(spent, "look before"):
            before = look_until(fault, ground, holds=False, within=PATIENCE_BEFORE)
        if before.evidence.holds:
            ground.undo()
            return Result(fault.name, Outcome.UNVIABLE, f"it looks in effect before it is: {before.evidence.because}")
        try:
            with _timed(spent, "inject"):
                fault.inject(ground)
            with _timed(spent, "look"):
                seen = look_until(fault, ground, holds=True, within=fault.wait)
            with _timed(spent, "ask"):
                result = (
                    self._ask(fault, ground, seen.evidence.because)
                    if seen.evidence.holds
                    else Result(fault.name, Outcome.UNVIABLE, f"it was never seen in effect: {seen.evidence.because}")
                )
        except Unviable as problem:
            result = Result(fault.name, Outcome.UNVIABLE, str(problem))
        except (CommandFailed, ApiTrouble, NotConverged) as problem:
            result = Result(fault.name, Outcome.UNVIABLE, f"it could not be brought about: {problem}")
        finally:
            with _undisturbed(), _timed(spent, "heal"):
                fault.heal(ground)
        with _timed(spent, "look after"):
            after = look_until(fault, ground, holds=False, within=max(fault.wait, PATIENCE_BEFORE))
        if after.evidence.holds:
            self.tell(f"  {fault.name} is healed, and yet: {after.evidence.because}")
        return replace(result, healed=after.evidence.because, clean=not after.evidence.holds)

    def _ask(self, fault: Fault, ground: Ground, evidence: str) -> Result:
        """Run what could notice, turn by turn, until one has noticed."""
        marked: tuple[Cell, ...] = ()
        for about, before in self._turns(fault):
            try:
                marked += self._turn(about, before, ground)
            except SetupProblem as problem:
                return Result(fault.name, Outcome.TIMED_OUT, f"no scenario could begin: {problem.what}", evidence)
            if any(cell.mark is Mark.CAUGHT for cell in marked):
                break
        ended, because = outcome(marked)
        return Result(fault.name, ended, because, evidence, marked)

    def _turns(self, fault: Fault) -> Iterator[tuple[Fault, Mapping[str, Finding]]]:
        """Yield whom to ask together, as if the fault broke only those, and what was found without it.

        Who is left out has not missed it. What is seen only afterwards is taken for green until then.
        """
        if self.ask.all_named:
            only = self.scenarios
            kept = {name for name in fault.breaks if not only or any(related(one, name) for one in only)}
            yield replace(fault, breaks=frozenset(kept)), self._baseline
            return
        share = self._asked[fault.name]
        for together in [[name] for name in share] if self.ask is Ask.FIRST else [share]:
            yield replace(fault, breaks=frozenset(together), may_break={}), dict.fromkeys(together, Finding("met"))

    def _turn(self, about: Fault, before: Mapping[str, Finding], ground: Ground) -> tuple[Cell, ...]:
        green = [name for name, found in before.items() if _green(found)]
        every = self.ask is Ask.EVERY
        ids = [name for name in green if every or named(name, about.breaks) or named(name, about.may_break)]
        longest = max((before[name].seconds for name in ids), default=0.0)
        report = self._report(f"{about.name}-{ids[0]}" if self.ask is Ask.FIRST else about.name)
        asked = self.suite.run(ids, report, max(LEAST, SLACK * longest))
        return cells(about, reason_of(about, ground), asked, before)

    def _report(self, name: str) -> Path | None:
        return self.folder / "runs" / name if self.folder else None


def reason_of(fault: Fault, ground: Ground) -> str:
    """Return the regular expression of a fault's reason; {victim}, {bystander} and {others} stand for nodes there."""
    nodes = {"victim": [ground.victim], "bystander": [ground.bystander], "others": list(ground.nodes[1:])}
    ways = {word: "|".join(_ways_to_name(ground, names)) for word, names in nodes.items()}
    return re.sub(r"\{(victim|bystander|others)\}", lambda found: f"(?:{ways[found[1]]})", fault.reason_says)


def _ways_to_name(ground: Ground, nodes: Iterable[str]) -> Iterator[str]:
    for node in nodes:
        yield rf"{re.escape(node)}\b"
        yield from (rf"{re.escape(address)}\b" for address in ground.lab.node(node).addresses)


def _green(finding: Finding) -> bool:
    return finding.ending == "met"


@contextmanager
def _timed(spent: dict[str, float], part: str) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        spent[part] = round(time.monotonic() - began, 1)


def _first(text: str) -> str:
    return text.strip().partition("\n")[0][:200] or "no reason given"


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Have SIGTERM end the proof as Ctrl-C does: healed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let nobody interrupt: a fault is being healed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
