"""Laws about time: how soon after a change the last wrong exchange ends, and every new backend comes to answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from svcproof.model import telling
from svcproof.model.chance import FALSE_ALARM, choices_to_see_all
from svcproof.model.evidence import ANSWERS, Case, choices, in_doubt, nothing_sent, open_case, too_late
from svcproof.model.history import Exchange, History, Outcome, Stream
from svcproof.model.laws.names import resolved, resolves_otherwise
from svcproof.model.verdict import Verdict, met, unknown

WATCHED = 20
"""How many right exchanges in a row, after the last wrong one, each stream must show."""


@dataclass(frozen=True)
class Wanted:
    """What is right once a change has settled: an answer (by whom, reached where, with what), a refusal, or silence."""

    ending: str
    backends: frozenset[str] | None
    records: Collection[str] | None
    port: int = 0

    @property
    def spoken(self) -> frozenset[Outcome]:
        """Return the ends that are to say who answered: where silence is wanted, whatever was answered."""
        return ANSWERS if self.ending == "unanswered" else frozenset({Outcome.ANSWERED})

    def wrong(self, exchange: Exchange) -> bool:
        """Say whether an exchange is still of the time before."""
        outcome = exchange.outcome
        if self.ending == "refused":
            return outcome is not Outcome.REFUSED
        if self.ending == "unanswered":
            return outcome in ANSWERS and (self.backends is None or exchange.backend in self.backends)
        if outcome is not Outcome.ANSWERED:
            return True
        if self.records is not None and resolves_otherwise(exchange, self.records):
            return True
        if self.port and exchange.reached and not exchange.reached.endswith(f":{self.port}"):
            return True
        return self.backends is not None and bool(exchange.backend) and exchange.backend not in self.backends

    def says(self, exchange: Exchange) -> str:
        """Say what is wrong with an exchange."""
        if exchange.outcome is Outcome.ANSWERED and self.records is not None:
            return f"resolved to {telling.names(resolved(exchange))}"
        if exchange.outcome is Outcome.ANSWERED and exchange.backend:
            at = f", reached at {exchange.reached}" if self.port else ""
            return f"answered by {exchange.backend}{at}"
        return telling.how_it_ended(exchange)


def converged_within(
    history: History,
    *,
    after: str | float,
    budget: float,
    wanted: str = "answered",
    backends: Collection[str] | None = None,
    records: Sequence[str] | None = None,
    port: int = 0,
    quiet: float | None = None,
    witness: Collection[str] = (),
    unsent: float = 0.01,
) -> Verdict:
    """The last wrong exchange comes at most *budget* seconds after a mark (*after*: its subject, or a moment).

    Wrong is what is not *wanted*: "answered" (by one of *backends*, reached at this *port* of it, with exactly these
    *records*, where given), "refused", or "unanswered" (by *backends* where given, for an address that was given back
    may be another Service's by now; *witness* streams or the control then vouch for the prober).
    The figure is the time from the mark to the end of the last wrong exchange, per vantage and node. An exchange is
    decided somewhere between its start and its end (one that timed out, at its start: with its first packet); one that
    began before the budget was over and ended after makes the law unknown, and so does a clock less sure than the
    margin. Each stream must be watched until the budget is
    over, or for *quiet* seconds after its last wrong exchange where that is given, with 20 right exchanges in a row at
    the end; *unsent* is the share of its exchanges that may never have been sent, or be silences that nothing vouches
    for. Where an API server was away, late is unknown: proxies come back to it only after a while.
    Requests on connections that stood already are not looked at: they stay with their backend.
    """
    case = open_case(history, witness=witness, unsent=unsent)
    start = after if not isinstance(after, str) else history.moment(after)
    if start is None:
        return unknown(f'the history has no mark "{after}" to count from', **case.figures)
    goal = Wanted(wanted, None if backends is None else frozenset(backends), records, port)
    groups = _groups(case, goal, start)
    if not groups:
        return nothing_sent(case)
    slowest = max(groups, key=lambda group: group.took)
    figures: dict[str, float | int | str] = {
        **case.figures,
        **{f"convergence_ms[{group.name}]": round(group.took * 1000, 1) for group in sorted(groups, key=_took)},
        "convergence_ms": round(slowest.took * 1000, 1),
        "budget_ms": round(budget * 1000, 1),
    }
    mark = f'"{after}"' if isinstance(after, str) else telling.seconds(after)
    told = _told(groups, f"{mark} (budget {telling.seconds(budget)})")
    late = [one for group in groups for one in group.wrong if one.start - group.slack - start > budget]
    if late:
        looks = [one for group in groups for one in group.looks]
        said = f"{told}. {telling.blame(history, late, looks, goal.says)}"
        return too_late(history, said, since=start, until=max(one.start for one in late), **figures)
    if why := next(_undecided(case, goal, groups, budget=budget, quiet=quiet), None):
        return unknown(f"{'; '.join((*case.doubts, why))}. {told}", **figures)
    if case.doubts:
        return in_doubt(case, told, **figures)
    return met(told, **figures)


@dataclass(frozen=True)
class _Group:
    """The looks of one stream after the mark, and the wrong ones among them: those that count, those that do not."""

    stream: Stream
    start: float
    looks: list[Exchange]
    wrong: list[Exchange]
    unheard: list[Exchange]
    blind: list[Exchange]
    """Silences that nothing vouches for: neither right nor wrong."""

    @property
    def name(self) -> str:
        return f"{self.stream.vantage} to {telling.place(self.stream)}"

    @property
    def slack(self) -> float:
        return self.stream.uncertainty

    @property
    def last(self) -> Exchange | None:
        return max(self.wrong, key=_decided, default=None)

    @property
    def took(self) -> float:
        """Return the time from the mark to when the last wrong exchange was decided; 0 where there is none."""
        return max(0.0, _decided(self.last) - self.start) if self.last else 0.0

    @property
    def watched(self) -> float:
        """Return how long after the mark the last look began that says something."""
        blind = {one.number for one in self.blind}
        return max((one.start for one in self.looks if one.number not in blind), default=self.start) - self.start

    @property
    def right_at_the_end(self) -> int:
        after = _decided(self.last) if self.last else self.start
        return sum(one.start > after for one in self.looks) - sum(one.start > after for one in self.blind)


def _decided(exchange: Exchange) -> float:
    """Return when it was decided what becomes of an exchange.

    One that timed out went astray with its first packet: what follows goes the same way, and its end says only how long
    the prober was willing to wait.
    """
    return exchange.start if exchange.outcome is Outcome.TIMED_OUT else exchange.end


def _groups(case: Case, goal: Wanted, start: float) -> list[_Group]:
    looks: dict[str, list[Exchange]] = {}
    for exchange in choices(case.judged, case.streams):
        if exchange.start >= start + case.streams[exchange.stream].uncertainty:
            looks.setdefault(exchange.stream, []).append(exchange)
    groups = []
    for name, exchanges in looks.items():
        wrong: list[Exchange] = []
        unheard: list[Exchange] = []
        blind: list[Exchange] = []
        for one in exchanges:
            if goal.wrong(one):
                silent = one.outcome not in ANSWERS and case.vouched(one) is False
                (unheard if silent else wrong).append(one)
            elif goal.ending == "unanswered" and one.outcome not in ANSWERS and not case.vouched(one):
                blind.append(one)
        groups.append(_Group(case.streams[name], start, exchanges, wrong, unheard, blind))
    return groups


def _told(groups: Sequence[_Group], since: str) -> str:
    told = []
    for group in sorted(groups, key=lambda one: -one.took)[: telling.GROUPS_TOLD]:
        if group.last is None:
            told.append(f"{group.name}: no wrong exchange in {len(group.looks):,}")
            continue
        told.append(
            f"{group.name}: the last of {len(group.wrong):,} wrong exchanges ended {telling.seconds(group.took)} after "
            f"({telling.exchange(group.last)})"
        )
    rest = len(groups) - telling.GROUPS_TOLD
    more = f"; {telling.count(rest, 'stream')} more, none slower" if rest > 0 else ""
    return f"Counted from {since}: {'; '.join(told)}{more}"


def _undecided(
    case: Case, goal: Wanted, groups: Sequence[_Group], *, budget: float, quiet: float | None
) -> Iterator[str]:
    """Say why it cannot be told whether the groups have converged in time; nothing when it can."""
    for group in groups:
        at = telling.route(group.stream)
        if group.took + group.slack > budget and group.last:
            yield (
                f"{at}: exchange {group.last.number} began {telling.seconds(group.last.start - group.start)} after the "
                f"mark and ended after {telling.seconds(group.took)}; with the clock known to "
                f"±{telling.seconds(group.slack)} it cannot be told on which side of the budget it was decided"
            )
        if any(_decided(one) - group.start + group.slack > budget for one in group.unheard):
            where = telling.pointer(group.unheard[0])[:-1]
            yield f"{at}: wrong exchanges while the prober did not reach its control target. {where}"
        answered = [one for one in group.looks if one.outcome in goal.spoken]
        if goal.backends is not None and any(not one.backend for one in answered):
            yield f"{at}: some answers do not say who gave them"
        if goal.port and any(not one.reached for one in answered):
            yield f"{at}: some answers do not say where they were reached"
        if len(group.blind) > case.unsent * len(group.looks):
            yield (
                f"{at}: during {len(group.blind):,} of {len(group.looks):,} exchanges nothing else was answered to "
                f"{group.stream.vantage}"
            )
        enough = budget if quiet is None else min(budget, group.took + quiet)
        if group.watched < enough:
            yield f"{at}: watched for {telling.seconds(group.watched)} only; {telling.seconds(enough)} are needed"
        if group.right_at_the_end < WATCHED:
            yield f"{at}: {group.right_at_the_end} right exchanges in a row at the end; {WATCHED} are needed"


def _took(group: _Group) -> float:
    return group.took


def new_backends_answer_within(
    history: History,
    *,
    backends: Collection[str],
    after: str | float,
    budget: float,
    backend_count: int | None = None,
    false_alarm: float = FALSE_ALARM,
) -> Verdict:
    """Each of these new backends answers for the first time at most *budget* seconds after a mark.

    Whom a connection falls on is chance: a backend that is late is blamed only where so many connections began after
    the budget and before its first answer that each of *backend_count* (by default: all that were seen) had its turn
    but for *false_alarm*. Where an API server was away, late is unknown.
    """
    case = open_case(history)
    start = after if not isinstance(after, str) else history.moment(after)
    if start is None:
        return unknown(f'the history has no mark "{after}" to count from', **case.figures)
    answered = sorted(
        (one for one in choices(case.judged, case.streams) if one.outcome is Outcome.ANSWERED and one.end >= start),
        key=lambda one: one.end,
    )
    if not answered:
        return unknown("nobody answered a new connection after the mark", **case.figures)
    first: dict[str, Exchange] = {}
    for exchange in answered:
        first.setdefault(exchange.backend, exchange)
    wanted = sorted(set(backends))
    among = backend_count or len({*first, *wanted} - {""})
    took = {name: first[name].end - start for name in wanted if name in first}
    slowest = max(took.values(), default=0.0)
    figures = {**case.figures, "first_answer_ms": round(slowest * 1000, 1), "budget_ms": round(budget * 1000, 1)}
    needed = choices_to_see_all(among, false_alarm)
    late: list[str] = []
    unsure: list[str] = []
    for name in wanted:
        if name in took and took[name] + case.streams[first[name].stream].uncertainty <= budget:
            continue
        until = first[name].start if name in first else float("inf")
        passed = sum(start + budget + case.streams[one.stream].uncertainty < one.start < until for one in answered)
        came = f"came after {telling.seconds(took[name])}" if name in took else "never came"
        said = f"{name}: {came}, passed over by {telling.count(passed, 'connection')} after the budget"
        (late if passed >= needed else unsure).append(said)
    told = ", ".join(
        f"{name} after {telling.seconds(span)}" for name, span in sorted(took.items(), key=lambda p: -p[1])[:6]
    )
    if late:
        where = telling.pointer(answered[0], answered[-1])
        return too_late(
            history,
            f"wanted an answer of each new backend within {telling.seconds(budget)}: {'; '.join(late)} "
            f"({needed:,} leave no room for chance among {telling.count(among, 'backend')}). {where}",
            since=start,
            until=max(one.start for one in answered),
            **figures,
        )
    if unsure:
        return unknown(
            f"{'; '.join(unsure)}; {needed:,} connections after the budget would tell. First answers: {told or 'none'}",
            **figures,
        )
    return met(f"first answers: {told} (budget {telling.seconds(budget)})", **figures)
