"""What changed between two runs: verdicts first, then reasons, times and the cluster itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from svcproof.report.results import Ending, Run, ScenarioResult
from svcproof.report.terminal import first_line, shortened

SLOWER_BY = 1.5
AT_LEAST_SECONDS = 1.0
"""A time is told when it changed by this factor and by this many seconds: less is noise."""

MOST_TIMES, MOST_NAMES = 20, 3
"""So many times are told, and of the scenarios that share a reason so many by name: the rest is counted."""

_GOODNESS = {Ending.VIOLATED: 0, Ending.UNKNOWN: 1, Ending.SKIPPED: 2, Ending.MET: 3}


@dataclass(frozen=True)
class Change:
    """One scenario with different verdicts; None where a run did not have it."""

    id: str
    name: str
    before: Ending | None
    after: Ending | None
    because: str

    @property
    def worse(self) -> bool:
        """Whether less is known to be right than before: a scenario that vanished counts, a new violation too."""
        before = _GOODNESS[self.before] if self.before else _GOODNESS[Ending.SKIPPED]
        after = _GOODNESS[self.after] if self.after else -1
        return after < before


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side."""

    verdicts: tuple[Change, ...]
    reasons: tuple[str, ...]
    times: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def worse(self) -> bool:
        """Whether anything got worse."""
        return any(change.worse for change in self.verdicts)


def compare(before: Run, after: Run) -> Comparison:
    """Lay two runs side by side, scenario by scenario; worse ones first."""
    old = {one.entry.id: one for one in before.scenarios}
    new = {one.entry.id: one for one in after.scenarios}
    changes = [_change(name, old.get(name), new.get(name)) for name in {**old, **new}]
    both = [(old[name], new[name]) for name in old if name in new]
    return Comparison(
        tuple(sorted((one for one in changes if one), key=lambda one: not one.worse)),
        tuple(_reasons(both)),
        tuple(_times(both)),
        tuple(_facts(_flat({**before.cluster, **before.suite}), _flat({**after.cluster, **after.suite}))),
    )


def _change(name: str, old: ScenarioResult | None, new: ScenarioResult | None) -> Change | None:
    if old and new and old.ending is new.ending:
        return None
    shown = new or old
    because = (new.cause or shortened(first_line(new.because))) if new else "it was not run"
    return Change(
        name, shown.entry.name if shown else "", old.ending if old else None, new.ending if new else None, because
    )


def _reasons(both: list[tuple[ScenarioResult, ScenarioResult]]) -> Iterator[str]:
    changed = defaultdict(list)
    for old, new in both:
        reasons = first_line(old.because), first_line(new.because)
        if old.ending is new.ending and reasons[0] != reasons[1]:
            changed[new.ending, *reasons].append(new.entry.id)
    for (ending, old_reason, new_reason), names in changed.items():
        yield f"{_some(names)} {ending.value}: {old_reason or 'no reason'} → {new_reason or 'no reason'}"


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _times(both: list[tuple[ScenarioResult, ScenarioResult]]) -> Iterator[str]:
    changed = [(old, new) for old, new in both if old.ending is new.ending and _far_apart(old.seconds, new.seconds)]
    changed.sort(key=lambda pair: -abs(pair[1].seconds - pair[0].seconds))
    for old, new in changed[:MOST_TIMES]:
        yield f"{new.entry.id}: {old.seconds:.1f} s → {new.seconds:.1f} s"
    if len(changed) > MOST_TIMES:
        quicker = sum(new.seconds < old.seconds for old, new in changed)
        yield f"and {len(changed) - MOST_TIMES} more; of all {len(changed)}, {quicker} took less, the rest more"


def _far_apart(one: float, other: float) -> bool:
    little, much = sorted((one, other))
    return much - little >= AT_LEAST_SECONDS and much >= SLOWER_BY * little


def _flat(facts: Mapping[str, Any], place: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in facts.items():
        name = f"{place}{key}"
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{name}."))
        elif isinstance(value, list):
            flat.update(_flat({str(_name(item, number)): item for number, item in enumerate(value)}, f"{name}."))
        else:
            flat[name] = str(value)
    return flat


def _name(item: Any, number: int) -> object:
    return item.get("name", number) if isinstance(item, Mapping) else number


def _facts(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    if not (before and after):
        return  # plain behave tells no facts
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield f"{name}: {_short(before.get(name, 'none'))} → {_short(after.get(name, 'none'))}"


def _short(text: str) -> str:
    """Cut a digest to what people compare."""
    return f"{text[:12]}…" if re.fullmatch(r"[0-9a-f]{64}", text) else text
