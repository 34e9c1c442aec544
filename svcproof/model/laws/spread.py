"""The law about shares: connections spread over backends as evenly as chance allows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from svcproof.model import telling
from svcproof.model.chance import FALSE_ALARM, chi_square, chi_square_survival
from svcproof.model.evidence import choices, open_case
from svcproof.model.history import History, Outcome
from svcproof.model.laws.selection import share_of
from svcproof.model.verdict import Verdict, met, unknown, violated

LEAST_EXPECTED = 30
"""The fewest connections a backend must expect: below, the chi-square tail at 1e-6 is not to be trusted."""

TAIL_MARGIN = 0.1
"""The chi-square tail is an approximation: for shares of 1 to 9 the exact rate is seven times as high."""


def spread_over_backends(
    history: History,
    *,
    backends: Collection[str],
    weights: Mapping[str, float] | None = None,
    affinity: bool = False,
    false_alarm: float = FALSE_ALARM,
) -> Verdict:
    """New connections spread over these backends in equal shares, or by their *weights*.

    Pearson's chi-square against the expected shares; a cluster that chooses at random for each connection is blamed
    with probability *false_alarm* at most. Each connection counts once, however many requests it carried, for the
    backend is chosen when it is opened. Under session affinity (*affinity*) choices are not independent: the law does
    not judge. Answers of other backends are left out and mentioned: who may answer is another law.
    """
    case = open_case(history)
    answered = [one for one in choices(case.judged, case.streams) if one.outcome is Outcome.ANSWERED]
    ordered = sorted(backends)
    found = share_of(answered, ordered)
    size = found.total()
    figures = {**case.figures, "choices": size}
    if affinity:
        return unknown(
            "session affinity keeps each source with one backend: shares say nothing about spread", **figures
        )
    if len(ordered) < 2:
        return unknown(f"there is nothing to spread over: {telling.count(len(ordered), 'backend')}", **figures)
    parts = [float(weights.get(name, 0.0)) if weights is not None else 1.0 for name in ordered]
    if min(parts) <= 0:
        return unknown("each backend needs a positive weight", **figures)
    expected = [size * part / sum(parts) for part in parts]
    over = telling.count(len(ordered), "backend")
    told = f"{telling.count(size, 'new connection')} over {over}: {telling.shares(found)}"
    if min(expected) < LEAST_EXPECTED:
        needed = round(LEAST_EXPECTED * sum(parts) / min(parts))
        return unknown(f"the sample is too small: {told}; {needed:,} are needed to tell", **figures)
    statistic = chi_square([found[name] for name in ordered], expected)
    chance = chi_square_survival(statistic, len(ordered) - 1)
    figures |= {"chi_square": round(statistic, 3), "p_value": chance}
    others = len(answered) - size
    beside = f"; {others:,} more were answered by others" if others else ""
    said = f"{told} (chi-square {statistic:.1f}, p = {chance:.2g}, n = {size:,}){beside}"
    if chance < false_alarm * TAIL_MARGIN:
        return violated(
            f"{said}. Chance alone gives shares this uneven less than once in {1 / false_alarm:,.0f} times. "
            f"{telling.pointer(answered[0], answered[-1])}",
            **figures,
        )
    return met(said, **figures)
