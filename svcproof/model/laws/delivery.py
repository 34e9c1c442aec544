"""Laws about arrival: every exchange gets its answer, or its refusal, or none, as was promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from svcproof.model import telling
from svcproof.model.evidence import ANSWERS, choices, conclude, in_doubt, open_case, unanswered, weigh
from svcproof.model.figures import HELD_UP_SECONDS, percentile
from svcproof.model.history import Exchange, History, Kind, Lane, Outcome
from svcproof.model.verdict import Verdict, met, unknown, violated


def every_exchange_answered(history: History, *, unsent: float = 0.0) -> Verdict:
    """Each exchange that was sent got the answer it asked for: none was refused, reset, lost or answered wrongly.

    One exchange that was never sent makes the law unknown: it could have been the one. *unsent* is the share of each
    stream's that may be missing all the same.
    """
    case = open_case(history, unsent=unsent)
    return conclude(case, weigh(case, unanswered), case.tally())


def none_lost(history: History, *, allow: Sequence[str] = (), unsent: float = 0.0, standing: bool = True) -> Verdict:
    """No exchange that was sent went without an answer: a refusal is a loss too, an answer with other content is not.

    *allow* names outcomes that are no loss here ("refused" where something may go away). *unsent* is the share of each
    stream's exchanges that may never have been sent: a stream that was to look more often than it must still tells.
    Without *standing*, requests on connections that stood already are let off: those end with their backend.
    """
    case = open_case(history, unsent=unsent)
    kept = {Outcome.ANSWERED, Outcome.WRONG, *map(Outcome, allow)}
    chosen = None if standing else {id(one) for one in choices(case.judged, case.streams)}
    evidence = weigh(case, lambda one: one.outcome not in kept and (chosen is None or id(one) in chosen))
    return conclude(case, evidence, case.tally())


def refused_not_lost(
    history: History, *, within: float = 3.5, allow: Sequence[str] = (), unsent: float = 0.0
) -> Verdict:
    """Each connection is refused, definitely and within so many seconds; none is answered and none hangs.

    A Service without endpoints rejects connections rather than dropping them (Kubernetes docs, Virtual IPs and
    Service Proxies). A node's kernel sends a caller about one refusal a second (icmp(7), icmp_ratelimit): who got none
    is refused when it calls again, 1 s and 3 s after its first SYN (RFC 6298). *allow* names outcomes that are as
    definite as a refusal here ("unreachable"), *unsent* is the share of each stream's exchanges that may never have
    been sent.
    """
    case = open_case(history, unsent=unsent)
    definite = {Outcome.REFUSED, *map(Outcome, allow)}

    def says(exchange: Exchange) -> str:
        if exchange.outcome in definite:
            return f"refused later than {telling.seconds(within)}"
        return _answered_by(exchange)

    evidence = weigh(case, lambda one: one.outcome not in definite or one.end - one.start > within)
    slowest = max((one.end - one.start for one in case.judged), default=0.0)
    fine = f"{case.tally()}; the slowest refusal took {telling.seconds(slowest)}"
    return conclude(case, evidence, fine, says=says, slowest_ms=round(slowest * 1000, 1))


def no_exchange_answered(
    history: History, *, backends: Collection[str] | None = None, witness: Sequence[str] = (), unsent: float = 0.0
) -> Verdict:
    """Nobody answers; and each exchange has a positive witness, for a prober that reaches nothing proves nothing.

    The witness is the vantage's control stream or a stream named in *witness*: one of its exchanges was answered
    within a second of the exchange, and none around it failed. *unsent* is the share of each stream's exchanges that
    may never have been sent, and the share of all that may be without a witness. With *backends* only their silence is
    meant: an address that was given back may be another Service's by now, whose answers are right. An answer that does
    not say who gave it then makes the law unknown.
    """
    case = open_case(history, witness=witness, unsent=unsent)
    answers = [one for one in case.judged if one.outcome in ANSWERS]
    others = [one for one in answers if backends is not None and one.backend not in backends]
    strange = set(map(id, others))
    evidence = weigh(case, lambda one: one.outcome in ANSWERS and id(one) not in strange)
    if evidence.bad or evidence.at_the_edge or not case:
        return conclude(case, evidence, case.tally(), says=_answered_by)
    if nameless := [one for one in others if not one.backend]:
        said = f"{len(nameless):,} answers do not say who gave them: the address may be another's by now"
        where = telling.pointer(nameless[0], nameless[-1])
        return unknown(f"{case.tally()}. {said}. {where}", **case.figures)
    unseen = [one for one in case.judged if id(one) not in strange and not case.vouched(one)]
    if len(unseen) > unsent * len(case.judged):
        first = unseen[0]
        stream = history.of(first)
        return unknown(
            f"{case.tally()}. But during {len(unseen):,} of them nothing else was answered to {stream.vantage}, "
            f"so the prober itself may have been cut off. {telling.pointer(first, unseen[-1])}",
            **case.figures,
        )
    if others:
        said = f"none by a backend that was to be silent: the address is another's by now ({len(others):,} answers)"
        return conclude(case, evidence, f"{case.tally()}; {said}")
    return conclude(case, evidence, f"{case.tally()}; the prober's other target answered all the while")


def no_connection_held_up(history: History, *, threshold: float = HELD_UP_SECONDS, tolerated: int = 0) -> Verdict:
    """No connection takes *threshold* seconds or longer to stand: such a wait is a dropped first packet.

    A first packet that is dropped is sent again after one second, then after three (RFC 6298, section 2.1), so it
    shows as a connect time above 0.9 s even where every request is answered in the end. *tolerated* connections may
    be held up. Connections that never stood, or were never sent, are the subject of other laws.
    """

    def held_up(exchange: Exchange) -> bool:
        return exchange.connected is not None and exchange.connected - exchange.start >= threshold

    case = open_case(history, control_fails=lambda one: unanswered(one) or held_up(one), unsent=1.0)
    taken = sorted(one.connected - one.start for one in case.judged if one.connected is not None)
    if not taken:
        return unknown(f"no connection stood, so none could be held up. {case.tally()}" if case else "nothing was sent")
    slowest = taken[-1]
    figures = {
        "slowest_connect_ms": round(slowest * 1000, 1),
        "p99_connect_ms": round(percentile(taken, 0.99) * 1000, 1),
    }
    evidence = weigh(case, held_up, answers_stand=False)
    late = len(evidence.bad)
    fine = (
        f"{telling.count(len(taken), 'connection')} stood, the slowest after {telling.seconds(slowest)} "
        f"({late:,} held up for {telling.seconds(threshold)} or more, {tolerated:,} tolerated)"
    )
    if 0 < late <= tolerated:
        if evidence.set_aside or case.doubts:
            return unknown(f"{fine}; {'; '.join(case.doubts) or 'more while the prober was in doubt'}", **case.figures)
        return met(fine, **{**case.figures, **figures, "held_up": late})
    return conclude(
        case,
        evidence,
        fine,
        says=lambda _: f"held up for {telling.seconds(threshold)} or more (a first packet was dropped)",
        held_up=late,
        **figures,
    )


def kept_connections_not_cut(history: History, *, idle_falls_allowed: bool = True) -> Verdict:
    """No standing connection is reset or goes dead under a request; streams with new connections are not looked at.

    Connections that fall while idle (a backend that drains may close them between requests, RFC 9112 section 9.5) are
    counted, and forbidden where *idle_falls_allowed* is false.
    """
    kept = [name for name, stream in history.streams.items() if stream.control or stream.lane is Lane.KEPT]
    case = open_case(history.only(*kept), unsent=1.0)
    if not case.streams:
        return unknown("no stream kept its connections alive")
    evidence = weigh(case, lambda one: one.outcome in (Outcome.RESET, Outcome.TIMED_OUT))
    falls = [
        event
        for event in history.events
        if event.kind is Kind.PROBER and event.data.get("what") == "connection"
        if history.since <= event.at < history.until and _about(event.data.get("streams"), case.streams)
    ]
    seen = {(exchange.stream, exchange.connection) for exchange in case.judged}
    fine = f"{telling.count(len(seen), 'connection')} kept alive, {len(falls):,} fell while idle. {case.tally()}"
    figures = {"connections": len(seen), "idle_falls": len(falls)}
    if falls and not idle_falls_allowed and not evidence.bad:
        first = falls[0]
        return violated(
            f"{telling.count(len(falls), 'kept-alive connection')} fell while idle, the first at "
            f"{telling.seconds(first.at)}{telling.after_what(history, first.at)}: {first.subject} {first.says}",
            **{**case.figures, **figures},
        )
    return conclude(case, evidence, fine, says=_cut, **figures)


def prober_kept_schedule(history: History, *, lateness: float = 0.05, share: float = 0.01) -> Verdict:
    """The load was what it claims to be: at most *share* of the exchanges started more than *lateness* seconds late.

    It says nothing about the cluster, so it is met or unknown, never violated. Each exchange is due one period of
    its stream after the one before; lateness counts from the stream's most punctual exchange.
    """
    case = open_case(history)
    ahead: dict[str, list[float]] = {}
    for exchange in (*case.judged, *case.not_sent):
        if rate := case.streams[exchange.stream].rate:
            ahead.setdefault(exchange.stream, []).append(exchange.start - exchange.number / rate)
    if not ahead:
        return unknown("no stream had a schedule to keep", **case.figures)
    late: dict[str, list[float]] = {}
    for name, starts in ahead.items():
        starts.sort()
        late[name] = [start - starts[0] for start in starts]
    worst = max(late, key=lambda name: percentile(late[name], 1 - share))
    over = sum(one > lateness for one in late[worst])
    punctual = percentile(late[worst], 1 - share)
    said = (
        f"stream {worst} started {over:,} of {len(late[worst]):,} exchanges more than {telling.seconds(lateness)} late "
        f"(the latest {telling.seconds(late[worst][-1])})"
    )
    figures = {"late_ms": round(punctual * 1000, 1), "latest_ms": round(late[worst][-1] * 1000, 1)}
    if punctual > lateness:
        return unknown(f"the prober did not keep its schedule: {said}", **{**case.figures, **figures})
    if case.doubts:
        return in_doubt(case, said, **figures)
    return met(f"the prober kept its schedule: {said}", **{**case.figures, **figures})


def _answered_by(exchange: Exchange) -> str:
    if exchange.outcome is Outcome.ANSWERED and exchange.backend:
        return f"answered by {exchange.backend}"
    return telling.how_it_ended(exchange)


def _cut(exchange: Exchange) -> str:
    how = "reset" if exchange.outcome is Outcome.RESET else "left without an answer"
    return f"{how} on a standing connection" if exchange.connected is None else f"{how} on a connection just opened"


def _about(named: object, streams: object) -> bool:
    if not isinstance(named, list | tuple) or not isinstance(streams, dict):
        return True
    return bool(Counter(named).keys() & streams.keys())
