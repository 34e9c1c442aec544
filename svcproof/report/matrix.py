"""The matrix: what each vantage was to see of each frontend, and what it saw."""

from __future__ import annotations

from collections.abc import Iterable

from svcproof.model import telling
from svcproof.model.figures import by_stream
from svcproof.model.history import Exchange, History, Outcome
from svcproof.report.results import Cell


def seen(history: History) -> tuple[Cell, ...]:
    """Return a cell for each vantage and frontend of a history: what was expected is said by its `about`, if at all."""
    grouped: dict[tuple[str, str], list[Exchange]] = {}
    exchanges = by_stream(history)
    for stream in history.streams.values():
        if not stream.control and exchanges[stream.name]:
            grouped.setdefault((stream.vantage, telling.place(stream)), []).extend(exchanges[stream.name])
    return tuple(Cell(vantage, frontend, "", _seen(found), None) for (vantage, frontend), found in grouped.items())


def _seen(exchanges: list[Exchange]) -> str:
    answered = sum(one.outcome is Outcome.ANSWERED for one in exchanges)
    backends = {one.backend for one in exchanges if one.backend}
    others = sorted({one.outcome.value for one in exchanges} - {Outcome.ANSWERED.value})
    by = f" by {telling.count(len(backends), 'backend')}" if backends else ""
    return f"{answered:,}/{len(exchanges):,} answered{by}" + (f"; {', '.join(others)}" if others else "")


def axes(cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
    """Return the vantages and the frontends of cells, in the order they come."""
    listed = list(cells)
    return list(dict.fromkeys(c.vantage for c in listed)), list(dict.fromkeys(c.frontend for c in listed))
