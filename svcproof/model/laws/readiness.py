"""The law about when a backend answers first: not before it is ready."""

from __future__ import annotations

from collections.abc import Collection

from svcproof.model import telling
from svcproof.model.evidence import conclude, open_case, weigh
from svcproof.model.history import Exchange, History, Kind, Outcome
from svcproof.model.verdict import Verdict, unknown

READY = "is ready"

SLACK = 1.0
"""The API server tells us and the service proxies of readiness at the same time: we may hear of it later (seconds)."""


def none_answered_before_ready(history: History, *, backends: Collection[str], slack: float = SLACK) -> Verdict:
    """None of these backends answers a connection that began more than *slack* seconds before it first was ready.

    Unknown for a backend whose readiness nobody saw, or that never answered: it has shown nothing.
    """
    case = open_case(history, unsent=1.0)
    ready = {one.subject: one.at for one in reversed(history.events) if one.kind is Kind.POD and one.says == READY}
    answered = {one.backend for one in case.judged if one.outcome is Outcome.ANSWERED}
    if unseen := sorted(set(backends) - ready.keys()):
        return unknown(f"nobody saw {telling.names(unseen)} turn ready", **case.figures)
    if silent := sorted(set(backends) - answered):
        return unknown(f"{telling.names(silent)} never answered, so nothing was shown", **case.figures)

    def early(one: Exchange) -> bool:
        return one.backend in backends and one.start < ready[one.backend] - slack

    def says(one: Exchange) -> str:
        return f"answered by {one.backend}, {ready[one.backend] - one.start:.1f} s before it was ready"

    evidence = weigh(case, early)
    return conclude(case, evidence, f"{telling.names(sorted(backends))} answered only once they were ready", says=says)
