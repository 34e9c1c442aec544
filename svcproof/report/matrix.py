"""The matrix: what each vantage was to see of each frontend, and what it saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from svcproof.model import telling
from svcproof.model.figures import by_stream
from svcproof.model.history import Exchange, History, MalformedHistory, Outcome, Stream
from svcproof.model.judging import Asked, answer
from svcproof.model.laws import LAWS
from svcproof.model.verdict import Answer, Verdict, worst
from svcproof.report.results import Cell

MET = {Answer.MET: True, Answer.VIOLATED: False, Answer.UNKNOWN: None}


def seen(history: History) -> tuple[Cell, ...]:
    """Return a cell for each vantage and frontend of a history: the laws asked of it, and what it saw.

    A law that is broken, or in doubt, is asked again of each cell by itself, so that the cells that break it stand out.
    """
    grouped: dict[tuple[str, str], list[Stream]] = {}
    exchanges = by_stream(history)
    for stream in history.streams.values():
        if not stream.control and exchanges[stream.name]:
            grouped.setdefault((stream.vantage, telling.place(stream)), []).append(stream)
    laws = [(asked, _answered(history, asked)) for asked in _laws(history)]
    return tuple(
        _cell(history, streams, laws, [one for stream in streams for one in exchanges[stream.name]])
        for streams in grouped.values()
    )


def _laws(history: History) -> list[Asked]:
    asked = history.about.get("laws", [])
    forms = asked if isinstance(asked, list) else []
    return [
        Asked(
            form["law"],
            tuple(form.get("streams") or ()),
            form.get("since"),
            form.get("until"),
            dict(form.get("arguments") or {}),
        )
        for form in forms
        if isinstance(form, Mapping) and form.get("law") in LAWS
    ]


def _cell(
    history: History,
    streams: Sequence[Stream],
    laws: Sequence[tuple[Asked, Verdict | None]],
    exchanges: Sequence[Exchange],
) -> Cell:
    names = tuple(stream.name for stream in streams)
    verdicts: list[Verdict] = []
    told: dict[str, None] = {}
    for asked, whole in laws:
        mine = tuple(name for name in names if not asked.streams or name in asked.streams)
        if not mine:
            continue
        told[asked.law.replace("_", " ")] = None
        kept = whole is not None and whole.answer is Answer.MET
        if verdict := whole if kept else _answered(history, replace(asked, streams=mine)):
            verdicts.append(verdict)
    met = MET[worst(verdicts).answer] if verdicts else None
    return Cell(streams[0].vantage, telling.place(streams[0]), ", ".join(told), _seen(exchanges), met)


def _answered(history: History, asked: Asked) -> Verdict | None:
    try:
        return answer(history, asked)
    except MalformedHistory:
        return None  # a history of another version asks what nobody can answer any more: the cell says what was seen


def _seen(exchanges: Sequence[Exchange]) -> str:
    answered = sum(one.outcome is Outcome.ANSWERED for one in exchanges)
    backends = {one.backend for one in exchanges if one.backend}
    others = sorted({one.outcome.value for one in exchanges} - {Outcome.ANSWERED.value})
    by = f" by {telling.count(len(backends), 'backend')}" if backends else ""
    return f"{answered:,}/{len(exchanges):,} answered{by}" + (f"; {', '.join(others)}" if others else "")


def axes(cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
    """Return the vantages and the frontends of cells, in the order they come."""
    listed = list(cells)
    return list(dict.fromkeys(c.vantage for c in listed)), list(dict.fromkeys(c.frontend for c in listed))
