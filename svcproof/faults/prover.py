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
from svcproof.faults.outcome import Finding, Mark, Outcome, Proof, Result, cells, named, outcome
from svcproof.faults.suite import Scenarios
from svcproof.faults.trial import Trial
from svcproof.faults.trying import look_until
from svcproof.problems import SetupProblem
from svcproof.providers.lab import Lab

PATIENCE_BEFORE = 15.0
"""So long a fault may look as if it were in effect before it is: trial Services come up."""

LEAST = 45.0
SLACK = 4.0
"""A scenario under a fault may take so many times as long as without, and *LEAST* seconds at least."""

BASELINE_LIMIT = 240.0


@dataclass
class Prover:
    """One prover on one lab. *tell* hears a line for each thing that happens.

    *everything*: run all scenarios under each fault, so that collateral is found; else those that the fault names.
    """

    lab: Lab
    api: ClusterApi
    suite: Scenarios
    tell: Callable[[str], None]
    folder: Path | None = None
    scenarios: Sequence[str] = ()
    everything: bool = False
    keep: Callable[[Proof], object] = lambda _: None
    """Told the proof so far after each fault: what was found is kept, whatever comes next."""

    _trial: Trial = field(init=False)
    _baseline: dict[str, Finding] = field(default_factory=dict)
    _results: list[Result] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._trial = Trial(self.lab, self.api)

    def prove(self, faults: Sequence[Fault]) -> Proof:
        """Try each fault; whatever happens, none stays in the lab."""
        began = time.monotonic()
        interrupted = False
        alarms: dict[str, str] = {}
        with _sigterm_as_interrupt():
            try:
                self._begin(faults)
                for number, fault in enumerate(faults, 1):
                    self._add(f"[{number}/{len(faults)}]", self._try(fault))
                    self.keep(self._proof(began, {}, interrupted=True))
                alarms = self._end()
            except KeyboardInterrupt:
                interrupted = True
            finally:
                with _undisturbed():
                    self._ground("leftovers").undo()
                    self._trial.remove()
        return self._proof(began, alarms, interrupted=interrupted)

    def _proof(self, began: float, alarms: Mapping[str, str], *, interrupted: bool) -> Proof:
        facts = {**self.lab.plan.as_dict(), "scenarios": len(self._baseline)}
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
        viable = [fault for fault in faults if not misfits(fault, self.lab)]
        names = self.suite.known() if self.everything else {name for fault in viable for name in fault.breaks}
        ids = [scenario for scenario in self._within(self.suite.known()) if self.everything or named(scenario, names)]
        self.tell(f"without a fault: {len(ids)} scenarios")
        self._baseline = self.suite.run(ids, self._report("without-a-fault"), BASELINE_LIMIT)
        for scenario, finding in self._baseline.items():
            if finding.ending in ("violated", "unknown"):
                self.tell(f"  {scenario} is {finding.ending} without a fault: {_first(finding.why)}")

    def _within(self, scenarios: Iterable[str]) -> list[str]:
        return [scenario for scenario in scenarios if not self.scenarios or named(scenario, self.scenarios)]

    def _end(self) -> dict[str, str]:
        """See that everything that was green is green again; return what is not met without a fault."""
        alarms = {name: found.why for name, found in self._baseline.items() if found.ending in ("violated", "unknown")}
        green = [name for name, found in self._baseline.items() if found.ending == "met"]
        if any(result.outcome.in_effect for result in self._results):
            self.tell(f"healed: {len(green)} scenarios again")
            again = self.suite.run(green, self._report("healed"), BASELINE_LIMIT)
            alarms |= {name: found.why for name, found in again.items() if found.ending in ("violated", "unknown")}
        return alarms

    def _add(self, place: str, result: Result) -> None:
        self._results.append(result)
        self.tell(f"{place} {result.fault}: {result.outcome.value}, {result.because} ({result.seconds:.0f} s)")
        for cell in result.marked(Mark.COLLATERAL):
            self.tell(f"    collateral: {cell.scenario}: {_first(cell.why)}")

    def _try(self, fault: Fault) -> Result:
        began = time.monotonic()
        result = self._tried(fault)
        return Result(**{**vars(result), "seconds": time.monotonic() - began})

    def _tried(self, fault: Fault) -> Result:
        if why := misfits(fault, self.lab):
            return Result(fault.name, Outcome.UNVIABLE, why)
        ground = self._ground(fault.name)
        before = look_until(fault, ground, holds=False, within=PATIENCE_BEFORE)
        if before.evidence.holds:
            ground.undo()
            return Result(fault.name, Outcome.UNVIABLE, f"it looks in effect before it is: {before.evidence.because}")
        try:
            fault.inject(ground)
            seen = look_until(fault, ground, holds=True, within=fault.wait)
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
            with _undisturbed():
                fault.heal(ground)
        return self._healed(fault, ground, result)

    def _ask(self, fault: Fault, ground: Ground, evidence: str) -> Result:
        """Run what could notice."""
        reason = reason_of(fault, ground)
        green = [name for name, found in self._baseline.items() if found.ending == "met"]
        ids = [name for name in green if self.everything or named(name, fault.breaks) or named(name, fault.may_break)]
        longest = max((self._baseline[name].seconds for name in ids), default=0.0)
        try:
            asked = self.suite.run(ids, self._report(fault.name), max(LEAST, SLACK * longest))
        except SetupProblem as problem:
            return Result(fault.name, Outcome.TIMED_OUT, f"no scenario could begin: {problem.what}", evidence)
        marked = cells(self._asked_about(fault), reason, asked, self._baseline)
        ended, because = outcome(marked)
        return Result(fault.name, ended, because, evidence, marked)

    def _asked_about(self, fault: Fault) -> Fault:
        """Return the fault as if it broke only those that may be asked: who was left out has not missed it."""
        if not self.scenarios:
            return fault
        kept = {name for name in fault.breaks if any(named(wanted, [name]) for wanted in self.scenarios)}
        return replace(fault, breaks=frozenset(kept))

    def _healed(self, fault: Fault, ground: Ground, result: Result) -> Result:
        """See the fault gone, and the quickest scenario that caught it green again."""
        after = look_until(fault, ground, holds=False, within=max(fault.wait, PATIENCE_BEFORE))
        clean, says = not after.evidence.holds, after.evidence.because
        caught = sorted(result.marked(Mark.CAUGHT), key=lambda cell: self._baseline[cell.scenario].seconds)
        if clean and caught:
            quickest = caught[0].scenario
            again = self.suite.run([quickest], self._report(f"{fault.name}-healed"), BASELINE_LIMIT)[quickest]
            clean = again.ending == "met"
            says = f"{says}; {quickest} is {again.ending} again" + ("" if clean else f": {_first(again.why)}")
        if not clean:
            self.tell(f"  {fault.name} is healed, and yet: {says}")
        return Result(**{**vars(result), "healed": says, "clean": clean})

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
