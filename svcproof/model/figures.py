"""Figures of a history for people and reports: counts, latencies and outages, stream by stream."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from svcproof.model import telling
from svcproof.model.history import Exchange, History, Outcome

HELD_UP_SECONDS = 0.9
"""A connection that takes this long lost its first packet: it is sent again after a second (RFC 6298, section 2.1)."""


@dataclass(frozen=True)
class Outage:
    """One run of exchanges without a good answer in between, in one stream.

    *at_least* is from the first bad start to the last; *at_most* from the good start before (or the first look, where
    there was none) to the good start after (infinite where it was not seen); both in seconds. Without bad exchanges it
    is a time nobody looked.
    """

    first: Exchange | None
    last: Exchange | None
    since: float
    until: float

    @property
    def at_least(self) -> float:
        """Return the shortest this outage can have been."""
        return self.last.start - self.first.start if self.first and self.last else 0.0

    @property
    def at_most(self) -> float:
        """Return the longest this outage can have been."""
        return self.until - self.since

    @property
    def likely(self) -> float:
        """Return the best estimate: from the first bad start to the next good one; right on average."""
        if self.first is None:
            return 0.0
        return (self.until if math.isfinite(self.until) else self.last.start if self.last else 0.0) - self.first.start


def good(exchange: Exchange) -> bool:
    """Say whether an exchange was answered without being held up while connecting."""
    if exchange.outcome is not Outcome.ANSWERED:
        return False
    return exchange.connected is None or exchange.connected - exchange.start < HELD_UP_SECONDS


def outages(exchanges: Iterable[Exchange], is_good: Callable[[Exchange], bool] = good) -> list[Outage]:
    """Return the times without a good answer in one stream, in order; *exchanges* are in order of start.

    The time between two good answers in a row is one too, with no bad exchange in it: what happened there is unseen.
    """
    found: list[Outage] = []
    since = -math.inf
    first: Exchange | None = None
    last: Exchange | None = None
    for exchange in exchanges:
        if not is_good(exchange):
            first, last = first or exchange, exchange
            since = max(since, first.start) if math.isinf(since) else since
            continue
        if first or since > -math.inf:
            found.append(Outage(first, last, since, exchange.start))
        since, first, last = exchange.start, None, None
    if first:
        found.append(Outage(first, last, since, math.inf))
    return found


def settled(history: History, streams: Iterable[str], since: float, until: float) -> float:
    """Return from when on all streams were answered at once: the first prompt answer after the last other end.

    Only what began between *since* and *until* is looked at; where all of it was answered at once, that is *since*. A
    connection that was held up says that nobody forwarded it when it began, although it was answered in the end.
    """
    found = since
    every = by_stream(history)
    for name in streams:
        looks = [one for one in every.get(name, []) if one.start >= since and one.outcome is not Outcome.NOT_SENT]
        last = max((one.start for one in looks if one.start <= until and not good(one)), default=None)
        if last is not None:
            found = max(found, min((one.start for one in looks if one.start > last and good(one)), default=last))
    return found


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that *share* (0 to 1) of the ordered values do not exceed; nearest rank."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def by_stream(history: History) -> dict[str, list[Exchange]]:
    """Return the exchanges of each stream in order of start; every stream is there."""
    found: dict[str, list[Exchange]] = {name: [] for name in history.streams}
    for exchange in history.exchanges:
        found[exchange.stream].append(exchange)
    for exchanges in found.values():
        exchanges.sort(key=lambda exchange: (exchange.start, exchange.number))
    return found


def of_stream(exchanges: Sequence[Exchange]) -> dict[str, float | int]:
    """Return one stream's figures: counts, latency percentiles in milliseconds, the longest outage seen."""
    figures: dict[str, float | int] = {**telling.counts(exchanges)}
    if taken := sorted(one.end - one.start for one in exchanges if one.outcome is Outcome.ANSWERED):
        for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99), ("max_ms", 1.0)):
            figures[name] = round(percentile(taken, share) * 1000, 3)
    sent = [exchange for exchange in exchanges if exchange.outcome is not Outcome.NOT_SENT]
    figures["longest_outage_ms"] = round(max((one.likely for one in outages(sent)), default=0.0) * 1000, 1)
    return figures


def table(history: History) -> dict[str, dict[str, float | int]]:
    """Return the figures of every stream by its name."""
    return {name: of_stream(exchanges) for name, exchanges in by_stream(history).items()}
