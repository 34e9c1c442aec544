"""Sentences about exchanges, as a colleague writes them: how many, where, when, after what, and where to look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from svcproof.model.history import Event, Exchange, History, Kind, Lane, Outcome, Stream

GROUPS_TOLD = 4
"""How many streams a reason goes into; the rest are counted."""

EVENT_REACH_SECONDS = 60.0
"""An event further back than this is not mentioned as what came before."""

_OUTCOME_SAYS = {
    Outcome.ANSWERED: "answered",
    Outcome.REFUSED: "refused",
    Outcome.RESET: "reset",
    Outcome.TIMED_OUT: "timed out",
    Outcome.WRONG: "answered wrongly",
    Outcome.NO_NAME: "found no such name",
    Outcome.UNREACHABLE: "found no way there",
    Outcome.NOT_SENT: "not sent",
}

Blame = Callable[[Exchange], str]


def how_it_ended(exchange: Exchange) -> str:
    """Say an outcome so that it reads on after a number of connections: "17 connections refused"."""
    return _OUTCOME_SAYS[exchange.outcome]


def count(number: int, noun: str = "") -> str:
    """Say a number with its noun: "1 connection", "3,214 connections", "2 queries"."""
    if not noun:
        return f"{number:,}"
    if number != 1:
        noun = noun[:-1] + "ies" if noun.endswith("ry") else noun + "s"
    return f"{number:,} {noun}"


def seconds(value: float) -> str:
    """Say a moment or a span: "12.31 s", or "4.2 ms" where hundredths of a second would say nothing."""
    return f"{value * 1000:.1f} ms" if 0 < abs(value) < 0.0995 else f"{value:.2f} s"


def names(every: Collection[str], most: int = 6) -> str:
    """Say several names in a sentence, sorted: "a, b and c"; beyond *most* the rest are counted."""
    ordered = sorted(every)
    if len(ordered) > most:
        return f"{', '.join(ordered[:most])} and {len(ordered) - most} more"
    return " and ".join(filter(None, [", ".join(ordered[:-1]), *ordered[-1:]])) or "none"


def shares(found: Counter[str], total: int | None = None) -> str:
    """Say how often each answered, most often first: "web-1 52 (52 %), web-2 48 (48 %)"."""
    whole = total or found.total() or 1
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    told = [f"{name} {times:,} ({100 * times / whole:.0f} %)" for name, times in ordered[:6]]
    return ", ".join(told) + (f" and {len(ordered) - 6} more" if len(ordered) > 6 else "")


def noun(stream: Stream) -> str:
    """Say what one exchange of a stream is called."""
    if stream.protocol == "dns":
        return "query"
    if stream.protocol == "udp":
        return "datagram"
    return "request" if stream.lane is Lane.KEPT else "connection"


def noun_of(streams: Iterable[Stream]) -> str:
    """Say what the exchanges of several streams are called together."""
    nouns = {noun(stream) for stream in streams}
    return nouns.pop() if len(nouns) == 1 else "exchange"


def place(stream: Stream) -> str:
    """Say where a stream went: node, frontend and address, nothing twice."""
    said = stream.frontend
    if stream.address and stream.address not in said:
        said = f"{said} {stream.address}".strip()
    if stream.node and stream.node not in said:
        said = f"{stream.node} {said}"
    return said


def route(stream: Stream) -> str:
    """Say where a stream went and where it came from: "node2 198.18.0.12:31704 from outside"."""
    lane = " over kept-alive connections" if stream.lane is Lane.KEPT else ""
    return f"{place(stream)} from {stream.vantage}{lane}"


def event(happened: Event) -> str:
    """Say an event in the words of a sentence."""
    if happened.kind is Kind.ACTION:
        return f"the scenario {happened.says or happened.subject}"
    return f"{happened.kind.value} {happened.subject} {happened.says}".strip()


def event_before(history: History, moment: float) -> Event | None:
    """Return what happened last before a moment in the cluster or by the scenario, or None."""
    earlier = [
        one
        for one in history.events
        if one.kind not in (Kind.MARK, Kind.PROBER) and moment - EVENT_REACH_SECONDS <= one.at <= moment
    ]
    return max(earlier, key=lambda one: one.at, default=None)


def after_what(history: History, moment: float) -> str:
    """Say how long after the nearest earlier event a moment is, ready to append; nothing where there is none."""
    found = event_before(history, moment)
    return f", {seconds(moment - found.at)} after {event(found)}" if found else ""


def counts(exchanges: Sequence[Exchange], not_sent: int = 0) -> dict[str, int]:
    """Count exchanges by how they ended; *lost* is all that got no answer and no refusal."""
    found = Counter(exchange.outcome for exchange in exchanges)
    answered, refused, wrong = found[Outcome.ANSWERED], found[Outcome.REFUSED], found[Outcome.WRONG]
    sent = len(exchanges) - found[Outcome.NOT_SENT]
    return {
        "sent": sent,
        "answered": answered,
        "refused": refused,
        "lost": sent - answered - refused - wrong,
        "wrong": wrong,
        "not_sent": found[Outcome.NOT_SENT] + not_sent,
    }


def tally(history: History, exchanges: Sequence[Exchange]) -> str:
    """Say how many were sent, from where, and how they ended."""
    streams = {exchange.stream: history.of(exchange) for exchange in exchanges}.values()
    figures = counts(exchanges)
    vantages = names({stream.vantage for stream in streams}, most=3)
    frontends = {place(stream) for stream in streams}
    where = next(iter(frontends)) if len(frontends) == 1 else count(len(frontends), "frontend")
    ends = f"{figures['answered']:,} answered, {figures['refused']:,} refused, {figures['lost']:,} lost"
    if figures["wrong"]:
        ends += f", {figures['wrong']:,} answered wrongly"
    return f"{count(len(exchanges), noun_of(streams))} sent from {vantages} to {where}: {ends}"


def blame(history: History, bad: Sequence[Exchange], judged: Sequence[Exchange], says: Blame = how_it_ended) -> str:
    """Say what went wrong, stream by stream, the worst first: how many, when, after what event, and where to look."""
    groups: dict[str, list[Exchange]] = {}
    for exchange in bad:
        groups.setdefault(exchange.stream, []).append(exchange)
    whole: dict[str, list[Exchange]] = {name: [] for name in groups}
    for exchange in judged:
        if exchange.stream in whole:
            whole[exchange.stream].append(exchange)
    worst = sorted(groups, key=lambda name: -len(groups[name]))
    told = [_blame_stream(history, groups[name], whole[name], says) for name in worst[:GROUPS_TOLD]]
    if rest := worst[GROUPS_TOLD:]:
        more = sum(len(groups[name]) for name in rest)
        told.append(f"And {more:,} more on {count(len(rest), 'other stream')}.")
    return " ".join(told)


def _blame_stream(history: History, bad: Sequence[Exchange], judged: Sequence[Exchange], says: Blame) -> str:
    first = min(bad, key=lambda exchange: exchange.start)
    last = max(bad, key=lambda exchange: exchange.end)
    stream = history.of(first)
    ways = Counter(says(exchange) for exchange in bad).most_common()
    number = "" if len(bad) == len(judged) == 1 else f"{len(bad):,} of "
    how = f"{number}{count(len(judged), noun(stream))} {ways[0][0]}"
    if len(ways) > 1:
        how = f"{number}{count(len(judged), noun(stream))}: " + ", ".join(f"{n:,} {way}" for way, n in ways[:4])
    when = f"at {seconds(first.start)}" if len(bad) == 1 else f"between {seconds(first.start)} and {seconds(last.end)}"
    return (
        f"{route(stream)}: {how} {when}{after_what(history, first.start)}"
        f"{_rest(bad, judged)}.{_detail(first)} {pointer(first, last)}"
    )


def _rest(bad: Sequence[Exchange], judged: Sequence[Exchange]) -> str:
    wrong = {exchange.number for exchange in bad}
    others = [exchange for exchange in judged if exchange.number not in wrong]
    if not others:
        return ""
    ways = Counter(how_it_ended(exchange) for exchange in others).most_common()
    if len(ways) == 1:
        same = any(how_it_ended(exchange) == ways[0][0] for exchange in bad)
        return f"; all others {'as wanted' if same else ways[0][0]}"
    return "; others: " + ", ".join(f"{number:,} {way}" for way, number in ways)


def _detail(first: Exchange) -> str:
    plain = first.outcome in (Outcome.ANSWERED, Outcome.REFUSED)
    return "" if plain or not first.detail else f" It said: {first.detail[:120]}."


def pointer(first: Exchange, last: Exchange | None = None) -> str:
    """Say where in the history to look."""
    if last is None or (last.stream, last.number) == (first.stream, first.number):
        return f"See {exchange(first)}."
    if last.stream == first.stream:
        return f"First: {exchange(first)}; last: {last.number}."
    return f"First: {exchange(first)}; last: {exchange(last)}."


def exchange(one: Exchange) -> str:
    """Say where one exchange is in the history."""
    stream = f'"{one.stream}"' if " " in one.stream else one.stream
    return f"exchange {one.number} of stream {stream}"
