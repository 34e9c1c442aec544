"""Laws asked of a history: which, of which streams, between which moments; and asked again of a saved one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from svcproof.model.history import History, Kind, MalformedHistory
from svcproof.model.laws import LAWS
from svcproof.model.verdict import Verdict, unknown

Moment = str | float | None
"""A moment of a history: the subject of a mark, seconds since the history began, or None for its edge."""


@dataclass(frozen=True)
class Asked:
    """One question: a law by name, its streams (none named: all that are no control), a window, and arguments."""

    law: str
    streams: tuple[str, ...] = ()
    since: Moment = None
    until: Moment = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        """Return the form that a history keeps under ``about["laws"]``."""
        return {
            "law": self.law,
            "streams": list(self.streams),
            "since": self.since,
            "until": self.until,
            "arguments": dict(self.arguments),
        }


@dataclass(frozen=True)
class Judgement:
    """A question with its answer."""

    asked: Asked
    verdict: Verdict


def judge(history: History) -> list[Judgement]:
    """Run the laws that a history says it was asked, in order; raise MalformedHistory where they cannot be asked."""
    laws = history.about.get("laws", [])
    if not isinstance(laws, list):
        raise MalformedHistory('line 1: about "laws" is a list')
    return [Judgement(asked, answer(history, asked)) for asked in map(_asked, laws)]


def ask(
    history: History,
    law: str,
    *,
    streams: Sequence[str] = (),
    since: Moment = None,
    until: Moment = None,
    **arguments: Any,
) -> Verdict:
    """Ask one law; raise MalformedHistory where there is no such law or it does not take the arguments."""
    return answer(history, Asked(law, tuple(streams), since, until, arguments))


def answer(history: History, asked: Asked) -> Verdict:
    """Answer one question. Streams that bear witness (control, or named as witness) are always heard, all the time."""
    law = LAWS.get(asked.law)
    if law is None:
        raise MalformedHistory(f"no law is called {asked.law!r}; the laws are {', '.join(sorted(LAWS))}")
    try:
        inspect.signature(law).bind(history, **asked.arguments)
    except TypeError as problem:
        raise MalformedHistory(f"law {asked.law}: {problem}") from problem
    edges = []
    for moment, edge in ((asked.since, float("-inf")), (asked.until, float("inf"))):
        found = history.moment(moment) if isinstance(moment, str) else edge if moment is None else float(moment)
        if found is None:
            return unknown(f'the moment "{moment}" that is asked about never came: there is nothing to judge')
        edges.append(found)
    return law(_part(history, asked, edges[0], edges[1]), **asked.arguments)


def _part(history: History, asked: Asked, since: float, until: float) -> History:
    """Return what a law is to look at: the asked streams in the window, and all that bears witness."""
    witness = {name for name, stream in history.streams.items() if stream.control}
    witness |= set(asked.arguments.get("witness", ()))
    if strange := (witness | set(asked.streams)) - history.streams.keys():
        raise MalformedHistory(f"law {asked.law}: the history has no stream {', '.join(sorted(strange))}")
    chosen = set(asked.streams) or history.streams.keys() - witness
    exchanges = tuple(
        one
        for one in history.exchanges
        if one.stream in witness or (one.stream in chosen and since <= one.start < until)
    )
    if not asked.streams:
        # A stream that spoke at another time was not part of this question; one that never spoke is missing from it,
        # and so is one whose prober was lost before it could.
        spoke = {one.stream for one in exchanges}
        elsewhere = {one.stream for one in history.exchanges} - spoke
        chosen = chosen - (elsewhere - _lost(history, until))
    streams = {name: stream for name, stream in history.streams.items() if name in chosen | witness}
    return replace(history, streams=streams, exchanges=exchanges, since=since, until=until)


def _lost(history: History, until: float) -> set[str]:
    """Return the streams that were open when their prober was lost."""
    events = (one for one in history.events if one.kind is Kind.PROBER and one.at < until)
    named = (one.data.get("streams") for one in events if one.data.get("what") == "lost")
    return {str(name) for names in named if isinstance(names, list | tuple) for name in names}


def _asked(entry: object) -> Asked:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("law"), str):
        raise MalformedHistory(f'line 1: wanted {{"law": name, ...}}, found {entry!r}')
    strange = entry.keys() - {"law", "streams", "since", "until", "arguments"}
    streams, arguments = entry.get("streams") or (), entry.get("arguments") or {}
    if strange or not isinstance(streams, list | tuple) or not isinstance(arguments, Mapping):
        raise MalformedHistory(f"line 1: law {entry['law']}: wanted streams, since, until and arguments")
    return Asked(entry["law"], tuple(streams), entry.get("since"), entry.get("until"), dict(arguments))
