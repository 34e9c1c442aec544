"""Laws about who answers: only these backends, and each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from svcproof.model import telling
from svcproof.model.chance import FALSE_ALARM, choices_to_see_all, miss_bound
from svcproof.model.evidence import Case, choices, conclude, open_case, weigh
from svcproof.model.history import Exchange, History, Outcome
from svcproof.model.verdict import Verdict, met, unknown, violated


def only_these_answered(history: History, *, backends: Collection[str]) -> Verdict:
    """Nobody but these backends answers a new connection.

    A request on a connection that stood before does not count: it stays with its backend. Exchanges that got no
    answer are the subject of other laws.
    """
    wanted = set(backends)
    case = open_case(history, unsent=1.0)
    chosen = {id(exchange) for exchange in choices(case.judged, case.streams)}
    answered = [one for one in case.judged if one.outcome is Outcome.ANSWERED and id(one) in chosen]
    if not answered:
        return unknown(f"nobody answered a new connection, so nobody can be told. {_tally(case)}", **case.figures)
    evidence = weigh(
        case,
        lambda one: bool(one.backend) and one.backend not in wanted and _answered(one) and id(one) in chosen,
    )
    found = Counter(one.backend for one in answered)
    if not evidence.bad and (unsigned := found.get("", 0)):
        return unknown(
            f"{unsigned:,} of {telling.count(len(answered), 'answer')} do not say who gave them; "
            f"the others: {telling.shares(found)}",
            **case.figures,
        )
    fine = f"{telling.count(len(answered), 'answer')}, all by {telling.names(found.keys())}: {telling.shares(found)}"
    return conclude(
        case,
        evidence,
        fine,
        says=lambda one: f"answered by {one.backend}, which is not one of {telling.names(wanted)}",
        backends_seen=len(found),
    )


def none_of_these_answered(history: History, *, backends: Collection[str]) -> Verdict:
    """Each request is answered, with whatever content and status, and by none of these backends.

    For host names and paths that no rule of an Ingress knows: its controller answers, no backend does. A request that
    got no answer reached no backend either, but shows nothing: then the law is unknown.
    """
    shunned = set(backends)
    case = open_case(history)
    evidence = weigh(case, lambda one: one.backend in shunned)
    if not evidence.bad and any(one.outcome not in (Outcome.ANSWERED, Outcome.WRONG) for one in case.judged):
        return unknown(f"some got no answer at all, and so show nothing. {case.tally()}", **case.figures)
    fine = f"{case.tally()}; none by {telling.names(shunned)}"
    return conclude(case, evidence, fine, says=lambda one: f"answered by {one.backend}")


def every_backend_answered(history: History, *, backends: Collection[str], false_alarm: float = FALSE_ALARM) -> Verdict:
    """Each of these backends answers at least once.

    With n connections spread at random over k backends, a healthy cluster misses one with probability at most
    k(1 - 1/k)^n: 7e-18 for 100 over 3. The law is unknown where that bound is above *false_alarm* and one is missing.
    """
    return _each_came(history, set(backends), lambda one: one.backend, false_alarm)


def every_address_reached(history: History, *, addresses: Collection[str], false_alarm: float = FALSE_ALARM) -> Verdict:
    """Each of these addresses and ports ("10.1.2.3:8080") is seen by a backend as where it was reached, at least once.

    The chance to miss one of many is as in `every_backend_answered`: 120 take some three thousand connections.
    """
    return _each_came(history, set(addresses), lambda one: one.reached, false_alarm)


def _each_came(history: History, wanted: set[str], who: Callable[[Exchange], str], false_alarm: float) -> Verdict:
    case = open_case(history, unsent=1.0)
    answered = [one for one in choices(case.judged, case.streams) if _answered(one)]
    found = Counter(map(who, answered))
    silent = wanted - found.keys()
    figures = {**case.figures, "choices": len(answered), "backends_silent": len(silent)}
    if not answered:
        return unknown(f"nobody answered a new connection, so nobody can be told. {_tally(case)}", **figures)
    told = f"{telling.count(len(answered), 'new connection')}: {telling.shares(found)}"
    if not silent:
        return met(f"each of {telling.count(len(wanted), 'backend')} answered in {told}", **figures)
    chance = miss_bound(len(answered), len(wanted))
    figures["miss_chance"] = chance
    never = f"{telling.names(silent)} never answered in {told}"
    if chance > false_alarm:
        enough = choices_to_see_all(len(wanted), false_alarm)
        return unknown(
            f"{never}. That may be chance (up to {chance:.1g}); {enough:,} connections would tell", **figures
        )
    if found.get(""):
        return unknown(f"{never}, but {found['']:,} answers do not say who gave them", **figures)
    return violated(
        f"{never}. A cluster that spreads them evenly would miss one with a chance of {chance:.1g} at most. "
        f"{telling.pointer(answered[0], answered[-1])}",
        **figures,
    )


def _answered(exchange: Exchange) -> bool:
    return exchange.outcome is Outcome.ANSWERED


def _tally(case: Case) -> str:
    return case.tally() if case else "; ".join(case.doubts)


def share_of(answered: Sequence[Exchange], backends: Collection[str]) -> Counter[str]:
    """Count the answers of these backends alone; each is there, also with none."""
    found = Counter(dict.fromkeys(backends, 0))
    found.update(one.backend for one in answered if one.backend in found)
    return found
