"""The law about outages: no stream goes without a good answer for longer than allowed."""

from __future__ import annotations

import math

from svcproof.model import telling
from svcproof.model.evidence import Case, nothing_sent, open_case
from svcproof.model.figures import Outage, by_stream, good, outages
from svcproof.model.history import Exchange, History, Outcome
from svcproof.model.verdict import Verdict, met, unknown, violated


def unavailable_for_at_most(history: History, *, seconds: float) -> Verdict:
    """In no stream is the longest time between good answers more than *seconds*.

    An outage is known only between two looks: it lasted at least from the first bad start to the last, and at most
    from the good start before to the good start after. The law is violated where even the least is too long, met
    where even the most is not, unknown in between; so a stream cannot tell an outage shorter than its period
    (1/rate). A connection that took more than 0.9 s to stand is not a good answer: its first packet was dropped.
    Exchanges that are no evidence (not sent, or while the control was silent) are looked past.
    """
    case = open_case(history, unsent=1.0)
    if not case:
        return nothing_sent(case)
    every = {name: _outages(case, exchanges) for name, exchanges in by_stream(history).items() if name in case.streams}
    if blind := [name for name, found in every.items() if not found]:
        return unknown(f"nothing but one look on stream {telling.names(blind)}", **case.figures)
    least = max((one for found in every.values() for one in found), key=lambda one: one.at_least)
    most = max((one for found in every.values() for one in found), key=lambda one: one.at_most)
    likely = max((one for found in every.values() for one in found), key=lambda one: one.likely)
    resolution = max(_resolution(found) for found in every.values())
    figures = {
        **case.figures,
        "longest_gap_ms": round(likely.likely * 1000, 1),
        "longest_gap_at_least_ms": round(least.at_least * 1000, 1),
        "resolution_ms": round(resolution * 1000, 1),
    }
    if least.at_least > seconds:
        return violated(_told(case, least, seconds), **figures)
    if most.at_most > seconds:
        return unknown(_undecided(case, most, seconds), **figures)
    if not case.doubts:
        found = "no outage was seen" if likely.first is None else f"the longest outage {_length(likely)}"
        return met(
            f"{found}; the looks are at most {telling.seconds(resolution)} apart. {case.tally()}",
            **figures,
        )
    return unknown(f"{'; '.join(case.doubts)}. What is known: {case.tally()}", **figures)


def _outages(case: Case, exchanges: list[Exchange]) -> list[Outage]:
    looks = [one for one in exchanges if one.outcome is not Outcome.NOT_SENT and (good(one) or _counts(case, one))]
    return outages(looks)


def _counts(case: Case, exchange: Exchange) -> bool:
    return exchange.outcome is Outcome.ANSWERED or case.vouched(exchange) is not False


def _resolution(found: list[Outage]) -> float:
    quiet = [one.at_most for one in found if one.first is None and math.isfinite(one.at_most)]
    return max(quiet, default=0.0)


def _length(outage: Outage) -> str:
    most = (
        f"and at most {telling.seconds(outage.at_most)}"
        if math.isfinite(outage.at_most)
        else "and its end was not seen"
    )
    return f"lasted some {telling.seconds(outage.likely)} (at least {telling.seconds(outage.at_least)} {most})"


def _told(case: Case, outage: Outage, limit: float) -> str:
    first, last = outage.first, outage.last
    if first is None or last is None:
        return ""
    stream = case.streams[first.stream]
    return (
        f"{telling.route(stream)}: no good answer for longer than {telling.seconds(limit)}: the outage from "
        f"{telling.seconds(first.start)} on{telling.after_what(case.history, first.start)}, {_length(outage)}; "
        f"its first {telling.noun(stream)} {telling.how_it_ended(first)}. {telling.pointer(first, last)}"
    )


def _undecided(case: Case, outage: Outage, limit: float) -> str:
    if outage.first is None or outage.last is None:
        return (
            f"nobody looked for {telling.seconds(outage.at_most)} from {telling.seconds(outage.since)} on, "
            f"which is longer than the {telling.seconds(limit)} that are allowed. {case.tally()}"
        )
    stream = case.streams[outage.first.stream]
    return (
        f"{telling.route(stream)}: the outage from {telling.seconds(outage.first.start)} on {_length(outage)}, and "
        f"{telling.seconds(limit)} are allowed: it cannot be told. {telling.pointer(outage.first, outage.last)}"
    )
