"""What counts as evidence: a silent control, a lost prober, a cut history or an unsure clock never blames a cluster."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from svcproof.model import telling
from svcproof.model.history import Event, Exchange, History, Kind, Lane, Outcome, Stream
from svcproof.model.verdict import Verdict, met, unknown, violated

Test = Callable[[Exchange], bool]

CONTROL_REACH_SECONDS = 1.0
"""How long around itself a control exchange speaks for its vantage; three of its periods if that is more."""

STAMPED_LATE = frozenset({Outcome.TIMED_OUT, Outcome.ANSWERED, Outcome.NO_NAME})
"""Ends that a prober which stands still may see too late, or never wait for; what was refused was refused however late
it is seen.
"""

AWAKE_SECONDS = 1.0
"""A prober that was awake for so long while it waited has seen what there was to see."""

RECOVERY_SECONDS = 60.0
"""For so long after an API server was away what follows a change late is not the cluster's fault: its controllers and
proxies wait up to half a minute before they ask again (client-go, reflector backoff), and then have all to read.
"""

ANSWERS = frozenset({Outcome.ANSWERED, Outcome.WRONG})
"""Ends that somebody brought about who was there to answer."""

NO_PATH = frozenset({Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.NO_NAME})


def unanswered(exchange: Exchange) -> bool:
    """Say whether an exchange ended otherwise than with the answer that was asked for."""
    return exchange.outcome is not Outcome.ANSWERED


class Control:
    """One control stream: tells whether its vantage could be heard at a time."""

    def __init__(self, stream: Stream, exchanges: Sequence[Exchange], fails: Test = unanswered) -> None:
        self.stream = stream
        self._reach = max(CONTROL_REACH_SECONDS, 3 / stream.rate if stream.rate else 0.0)
        sent = [exchange for exchange in exchanges if exchange.outcome is not Outcome.NOT_SENT]
        self._heard = sorted(exchange.start for exchange in sent if not fails(exchange))
        self._silent = sorted(exchange.start for exchange in sent if fails(exchange))

    def vouches(self, start: float, end: float) -> bool:
        """Say whether the control was heard when an exchange began, when it ended, and mostly in between.

        A silence that came and went while an exchange was waiting does not explain what became of it.
        """
        if not (self._heard_at(start) and self._heard_at(end)):
            return False
        heard = bisect_right(self._heard, end) - bisect_left(self._heard, start)
        silent = bisect_right(self._silent, end) - bisect_left(self._silent, start)
        return silent <= heard

    def _heard_at(self, moment: float) -> bool:
        """Say whether the control answers next to a moment are near, with no silence between them."""
        after = bisect_left(self._heard, moment)
        earlier = self._heard[after - 1] if after else float("-inf")
        later = self._heard[after] if after < len(self._heard) else float("inf")
        first_silent = bisect_left(self._silent, earlier)
        if first_silent < len(self._silent) and self._silent[first_silent] <= later:
            return False
        return moment - earlier <= self._reach or later - moment <= self._reach


@dataclass(frozen=True)
class Case:
    """A history, split into what is judged and what only bears witness."""

    history: History
    judged: tuple[Exchange, ...]
    not_sent: tuple[Exchange, ...]
    streams: Mapping[str, Stream]
    controls: Mapping[str, tuple[Control, ...]]
    stalls: Mapping[str, tuple[tuple[float, float], ...]]
    unsent: float = 0.0
    """The share of a stream's exchanges that may never have been sent without leaving the whole in doubt."""

    def __bool__(self) -> bool:
        return bool(self.judged)

    @property
    def figures(self) -> dict[str, float | int | str]:
        """Return the counts that every verdict carries."""
        return {**telling.counts(self.judged, len(self.not_sent))}

    def tally(self) -> str:
        """Say how many were sent and how they ended."""
        never = f"; {len(self.not_sent):,} more were never sent" if self.not_sent else ""
        return telling.tally(self.history, self.judged) + never

    def vouched(self, exchange: Exchange) -> bool | None:
        """Say whether the vantage's prober was sound during an exchange; None where no control speaks for it."""
        vantage = self.streams[exchange.stream].vantage
        if exchange.outcome in STAMPED_LATE and self._stood_still(vantage, exchange.start, exchange.end):
            return False
        controls = self.controls.get(vantage)
        if not controls:
            return None
        return any(control.vouches(exchange.start, exchange.end) for control in controls)

    def _stood_still(self, vantage: str, start: float, end: float) -> bool:
        """Say whether the prober itself stood still for half of a time: an answer may have waited for it.

        Pauses of a busy machine do not add up to that over seconds: who was awake for one has read what had come.
        """
        spans = self.stalls.get(vantage, ())
        stood = sum(max(0.0, min(end, until) - max(start, since)) for since, until in spans)
        return stood > 0 and end - start - stood <= min((end - start) / 2, AWAKE_SECONDS)

    def at_the_edge(self, exchange: Exchange) -> bool:
        """Say whether the clock of a vantage is too unsure to put an exchange inside the asked window."""
        slack = self.streams[exchange.stream].uncertainty
        return exchange.start - slack < self.history.since or exchange.start + slack >= self.history.until

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Say what keeps this from being the whole story; empty when it is."""
        found = []
        if not self.history.complete:
            found.append("the history is cut short")
        found.extend(_lost_probers(self.history, self.streams))
        spoken = {exchange.stream for exchange in (*self.judged, *self.not_sent)}
        if silent := self.streams.keys() - spoken:
            found.append(f"nothing is known of stream {telling.names(silent)}")
        found.extend(_unreported(self))
        if self._too_few_sent():
            total = len(self.judged) + len(self.not_sent)
            first = self.not_sent[0]
            why = f": {first.detail}" if first.detail else ""
            found.append(
                f"{len(self.not_sent):,} of {telling.count(total, telling.noun_of(self.streams.values()))} "
                f"were never sent{why}, the first of them {telling.exchange(first)}"
            )
        return tuple(found)

    def _too_few_sent(self) -> bool:
        """Say whether some stream never sent more of its exchanges than may be missing."""
        sent = Counter(exchange.stream for exchange in self.judged)
        missing = Counter(exchange.stream for exchange in self.not_sent)
        return any(count > self.unsent * (count + sent[name]) for name, count in missing.items())


def too_late(history: History, said: str, *, since: float, until: float, **figures: float | str) -> Verdict:
    """Blame the cluster for what had not followed a change at *since* by *until*; unknown where the API was away."""
    away = [one.at for one in history.events if one.kind is Kind.API and since - RECOVERY_SECONDS <= one.at <= until]
    if not away:
        return violated(said, **figures)
    return unknown(
        f"nobody could connect to the API server at {telling.seconds(away[-1])}, and what follows a change may be late "
        f"for {telling.seconds(RECOVERY_SECONDS)} after. {said}",
        **figures,
    )


def open_case(
    history: History, *, witness: Collection[str] = (), control_fails: Test = unanswered, unsent: float = 0.0
) -> Case:
    """Split a history: control streams and those named in *witness* bear witness, all others are judged."""
    streams = {name: one for name, one in history.streams.items() if not one.control and name not in witness}
    speaking: dict[str, list[Exchange]] = {name: [] for name in history.streams if name not in streams}
    judged, not_sent = [], []
    for exchange in history.exchanges:
        if exchange.stream in speaking:
            speaking[exchange.stream].append(exchange)
        elif exchange.outcome is Outcome.NOT_SENT:
            not_sent.append(exchange)
        else:
            judged.append(exchange)
    controls: dict[str, tuple[Control, ...]] = {}
    for name, exchanges in speaking.items():
        stream = history.streams[name]
        controls[stream.vantage] = (*controls.get(stream.vantage, ()), Control(stream, exchanges, control_fails))
    return Case(history, tuple(judged), tuple(not_sent), streams, controls, _stalls(history), unsent)


@dataclass(frozen=True)
class Evidence:
    """What is bad in a case: what counts, what was set aside because the prober or the clock is in doubt."""

    bad: tuple[Exchange, ...]
    unheard: tuple[Exchange, ...]
    at_the_edge: tuple[Exchange, ...]

    @property
    def set_aside(self) -> int:
        """Return how many bad exchanges are no evidence."""
        return len(self.unheard) + len(self.at_the_edge)


def weigh(case: Case, is_bad: Test, *, answers_stand: bool = True) -> Evidence:
    """Find the bad exchanges of a case and set aside those that are no evidence.

    An answer is evidence by itself: only what got none can be the prober's fault (unless *answers_stand* is false).
    """
    bad, unheard, edge = [], [], []
    for exchange in case.judged:
        if not is_bad(exchange):
            continue
        stands = answers_stand and exchange.outcome in ANSWERS
        if case.at_the_edge(exchange):
            edge.append(exchange)
        elif not stands and case.vouched(exchange) is False:
            unheard.append(exchange)
        else:
            bad.append(exchange)
    return Evidence(tuple(bad), tuple(unheard), tuple(edge))


def conclude(
    case: Case,
    evidence: Evidence,
    fine: str,
    *,
    says: telling.Blame = telling.how_it_ended,
    **figures: float | str,
) -> Verdict:
    """Give the verdict of a law about every exchange: nothing sent, then broken, then in doubt, then *fine*."""
    every = {**case.figures, **figures}
    if not case:
        return nothing_sent(case)
    if evidence.bad:
        because = telling.blame(case.history, evidence.bad, case.judged, says)
        if evidence.set_aside:
            because += f" {evidence.set_aside:,} more are no evidence: {_why_set_aside(case, evidence)}."
        return violated(because, **every)
    if evidence.set_aside:
        worst = (*evidence.unheard, *evidence.at_the_edge)
        because = telling.blame(case.history, worst, case.judged, says)
        return unknown(f"{because} That is no evidence: {_why_set_aside(case, evidence)}.", **every)
    if case.doubts:
        return in_doubt(case, fine, **figures)
    return met(fine, **every)


def nothing_sent(case: Case) -> Verdict:
    """Give the verdict on a case without a single exchange."""
    doubts = f": {'; '.join(case.doubts)}" if case.doubts else ""
    return unknown(f"nothing was sent{doubts}", **case.figures)


def in_doubt(case: Case, seen: str, **figures: float | str) -> Verdict:
    """Give the verdict on what looks fine and is not the whole story."""
    return unknown(f"{'; '.join(case.doubts)}. What is known: {seen}", **{**case.figures, **figures})


def choices(exchanges: Sequence[Exchange], streams: Mapping[str, Stream]) -> list[Exchange]:
    """Return the exchanges for which a backend was chosen: each new connection once.

    A request on a connection that stood already went where the connection goes; it says nothing about selection.
    """
    return [
        exchange
        for exchange in exchanges
        if streams[exchange.stream].lane is Lane.NEW or exchange.connected is not None or exchange.outcome in NO_PATH
    ]


def _why_set_aside(case: Case, evidence: Evidence) -> str:
    reasons = []
    if evidence.unheard:
        first = evidence.unheard[0]
        vantage = case.streams[first.stream].vantage
        reasons.append(
            f"the prober at {vantage} did not reach its control target (or stood still) "
            f"around {telling.seconds(first.start)}"
        )
    if evidence.at_the_edge:
        first = evidence.at_the_edge[0]
        slack = case.streams[first.stream].uncertainty
        reasons.append(
            f"the clock of {case.streams[first.stream].vantage} is known to ±{telling.seconds(slack)} only, "
            f"so exchange {first.number} may lie outside the time that is judged"
        )
    return "; ".join(reasons)


def _concerned(event: Event, streams: Mapping[str, Stream]) -> set[str]:
    """Return which of these streams a prober event is about: those it names, or all of its subject's vantage."""
    named = event.data.get("streams")
    if isinstance(named, list | tuple):
        return {name for name in named if name in streams}
    return {name for name, stream in streams.items() if event.subject in (name, stream.vantage, "")}


def _lost_probers(history: History, streams: Mapping[str, Stream]) -> list[str]:
    return [
        f"the prober of {telling.names(concerned)} was lost at {telling.seconds(event.at)} ({event.says})"
        for event in history.events
        if event.kind is Kind.PROBER and event.data.get("what") == "lost" and event.at < history.until
        if (concerned := _concerned(event, streams))
    ]


def _stalls(history: History) -> dict[str, tuple[tuple[float, float], ...]]:
    found: dict[str, tuple[tuple[float, float], ...]] = {}
    for event in history.events:
        if event.kind is not Kind.PROBER or event.data.get("what") != "stalled":
            continue
        lasting = event.data.get("seconds", 0.0)
        span = (event.at, event.at + (float(lasting) if isinstance(lasting, int | float) else 0.0))
        for vantage in {history.streams[name].vantage for name in _concerned(event, history.streams)}:
            found[vantage] = (*found.get(vantage, ()), span)
    return found


def _unreported(case: Case) -> list[str]:
    """Say which numbers of a stream are missing, save those that may have been under way when it was read."""
    numbers: dict[str, list[tuple[int, float]]] = {name: [] for name in case.streams}
    for exchange in (*case.judged, *case.not_sent):
        numbers[exchange.stream].append((exchange.number, exchange.start))
    found = []
    for name, every in numbers.items():
        every.sort()
        if not every or every[-1][0] - every[0][0] + 1 <= len(every):
            continue
        last_start = max(start for _, start in every)
        stream = case.streams[name]
        settled = last_start - stream.limit - (1 / stream.rate if stream.rate else 0.0)
        holes = [
            (before[0] + 1, here[0] - 1)
            for before, here in pairwise(every)
            if here[0] > before[0] + 1 and before[1] < settled
        ]
        if holes:
            missing = sum(last - first + 1 for first, last in holes)
            found.append(f"{telling.count(missing, 'exchange')} of stream {name} never reported, from {holes[0][0]} on")
    return found
