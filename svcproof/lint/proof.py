"""The laws of proof: every scenario that claims conformance can fail, and every fault makes one fail."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path

from svcproof.faults.fault import Fault
from svcproof.faults.outcome import idle, named, unproved
from svcproof.lint.laws import Finding
from svcproof.lint.reading import Suite
from svcproof.run.roster import identity, relative


def check(suite: Suite, faults: Mapping[str, Fault]) -> list[Finding]:
    """Return the core scenarios that no fault breaks, the faults that break nothing, and the names that nobody has."""
    return [*_unproved(suite, faults), *_idle(suite, faults), *_strange(suite, faults)]


def _unproved(suite: Suite, faults: Mapping[str, Fault]) -> Iterator[Finding]:
    core = {identity(one): one for one in suite.scenarios() if "core" in map(str, one.effective_tags)}
    for name in unproved(core, faults.values()):
        scenario = core[name]
        cure = "see it violated under a fault of svcproof/faults/catalog, and add its id to what that breaks"
        place = relative(str(scenario.filename), suite.root)
        yield Finding(place, int(scenario.line), "proven", f"{name} is core, and no fault breaks it", cure)


def _idle(suite: Suite, faults: Mapping[str, Fault]) -> Iterator[Finding]:
    for name in idle(faults.values(), map(identity, suite.scenarios())):
        yield _at(suite, faults[name], f"the fault {name} breaks no scenario", "name one, or write it")


def _strange(suite: Suite, faults: Mapping[str, Fault]) -> Iterator[Finding]:
    known = [identity(one) for one in suite.scenarios()]
    for fault in faults.values():
        for name in sorted(fault.breaks | fault.may_break.keys()):
            if not any(named(scenario, [name]) for scenario in known):
                what = f"the fault {fault.name} names {name}, which no scenario has"
                yield _at(suite, fault, what, "take the name out, or write the scenario")


def _at(suite: Suite, fault: Fault, what: str, cure: str) -> Finding:
    file = Path(inspect.getsourcefile(fault.inject) or "")
    return Finding(relative(str(file), suite.root), inspect.getsourcelines(fault.inject)[1], "proven", what, cure)
