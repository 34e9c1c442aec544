"""Laws about memory: one source keeps its backend, or does not keep it for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from svcproof.model import telling
from svcproof.model.chance import FALSE_ALARM, choices_to_tell_sticky
from svcproof.model.evidence import Case, choices, conclude, open_case, weigh
from svcproof.model.history import Exchange, History, Outcome, Stream
from svcproof.model.verdict import Verdict, met, unknown, violated


def same_backend_for_one_source(
    history: History, *, backend_count: int = 2, false_alarm: float = FALSE_ALARM
) -> Verdict:
    """All new connections from one vantage to one frontend are answered by the same backend.

    The promise of ``sessionAffinity: ClientIP`` (Kubernetes API reference, ServiceSpec). *backend_count* says among
    how many backends the choice was: without affinity, n connections fall on one of k by luck with probability
    k^(1 - n), and the law is met only where that is below *false_alarm*.
    """
    case = open_case(history, unsent=1.0)
    groups = _by_source(case)
    if not groups:
        return unknown(f"nobody answered a new connection. {case.tally() if case else ''}".strip(), **case.figures)
    first_choice = {route: answers[0].backend for route, answers in groups.items()}
    chosen = {id(one) for answers in groups.values() for one in answers}
    evidence = weigh(
        case,
        lambda one: id(one) in chosen and one.backend != first_choice[_route(case.streams, one)],
    )
    told = _told(groups)
    if not evidence.bad:
        if backend_count < 2:
            return unknown(
                f"with {telling.count(backend_count, 'backend')} there was no choice. {told}", **case.figures
            )
        needed = choices_to_tell_sticky(backend_count, false_alarm)
        fewest = min(len(answers) for answers in groups.values())
        if fewest < needed:
            return unknown(
                f"the sample is too small: {needed:,} connections a source are needed to rule out luck "
                f"over {telling.count(backend_count, 'backend')}, the fewest here are {fewest:,}. {told}",
                **case.figures,
            )
    if any(not one.backend for answers in groups.values() for one in answers):
        return unknown(f"some answers do not say who gave them. {told}", **case.figures)

    def says(exchange: Exchange) -> str:
        before = first_choice[_route(case.streams, exchange)]
        return f"answered by {exchange.backend}, though {before} answered this source first"

    return conclude(case, evidence, told, says=says, sources=len(groups))


def not_the_same_backend_for_ever(
    history: History, *, backend_count: int = 2, false_alarm: float = FALSE_ALARM
) -> Verdict:
    """New connections from one vantage to one frontend reach more than one backend.

    The complement, where no affinity is asked for or its time is over. n connections that are free to choose among k
    backends fall on one by luck with probability k^(1 - n); above *false_alarm* the law is unknown.
    """
    case = open_case(history, unsent=1.0)
    groups = _by_source(case)
    if not groups:
        return unknown(f"nobody answered a new connection. {case.tally() if case else ''}".strip(), **case.figures)
    told = _told(groups)
    stuck = {route: answers for route, answers in groups.items() if len({one.backend for one in answers}) == 1}
    if not stuck:
        return met(told, **{**case.figures, "sources": len(groups)})
    if backend_count < 2:
        return unknown(f"with {telling.count(backend_count, 'backend')} there was no choice. {told}", **case.figures)
    needed = choices_to_tell_sticky(backend_count, false_alarm)
    for answers in stuck.values():
        if len(answers) >= needed and answers[0].backend:
            stream = case.streams[answers[0].stream]
            return violated(
                f"{telling.route(stream)}: all {telling.count(len(answers), 'new connection')} were answered by "
                f"{answers[0].backend}; luck would do that less than once in {1 / false_alarm:,.0f} times. "
                f"{telling.pointer(answers[0], answers[-1])}",
                **case.figures,
            )
    return unknown(f"the sample is too small: {needed:,} connections a source are needed. {told}", **case.figures)


def one_backend_per_connection(history: History) -> Verdict:
    """All requests over one kept-alive connection are answered by the same backend.

    A Service chooses a backend when a connection is opened (Kubernetes docs, Virtual IPs and Service Proxies).
    """
    case = open_case(history, unsent=1.0)
    first: dict[tuple[str, int], str] = {}
    requests: Counter[tuple[str, int]] = Counter()
    for one in case.judged:
        if one.outcome is Outcome.ANSWERED and one.connection and one.backend:
            first.setdefault((one.stream, one.connection), one.backend)
            requests[(one.stream, one.connection)] += 1
    if max(requests.values(), default=0) < 2:
        return unknown(f"no connection carried two requests. {case.tally() if case else ''}".strip(), **case.figures)

    def before(exchange: Exchange) -> str:
        return first.get((exchange.stream, exchange.connection), "")

    evidence = weigh(
        case,
        lambda one: (
            one.outcome is Outcome.ANSWERED and bool(before(one) and one.backend) and one.backend != before(one)
        ),
    )
    told = f"{telling.count(requests.total(), 'request')} over {telling.count(len(requests), 'connection')}"
    return conclude(
        case,
        evidence,
        f"{told}, each connection with one backend",
        says=lambda one: f"answered by {one.backend}, though {before(one)} answered this connection first",
        connections=len(requests),
    )


Route = tuple[str, str]


def _route(streams: Mapping[str, Stream], exchange: Exchange) -> Route:
    stream = streams[exchange.stream]
    return stream.vantage, stream.address or stream.frontend


def _by_source(case: Case) -> dict[Route, list[Exchange]]:
    """Return the answered new connections of each vantage to each frontend, in order of start."""
    groups: dict[Route, list[Exchange]] = {}
    for exchange in choices(case.judged, case.streams):
        if exchange.outcome is Outcome.ANSWERED:
            groups.setdefault(_route(case.streams, exchange), []).append(exchange)
    for answers in groups.values():
        answers.sort(key=lambda one: one.start)
    return groups


def _told(groups: Mapping[Route, list[Exchange]]) -> str:
    told = [
        f"{vantage} to {frontend}: {telling.shares(Counter(one.backend for one in answers))}"
        for (vantage, frontend), answers in sorted(groups.items())
    ]
    rest = f" and {len(told) - 3} more routes" if len(told) > 3 else ""
    return "; ".join(told[:3]) + rest
