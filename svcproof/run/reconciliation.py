"""Makes the sum add up: each scenario of the roster has exactly one end, whatever happened to its worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from svcproof.run.entries import Entry

Event = dict[str, Any]


def missing(entries: Sequence[Entry], events: Iterable[Event], why: str) -> list[Event]:
    """Return an end as lost for every entry that has none, with the reason *why* nothing was heard of it."""
    ended = {event["scenario"] for event in events if event["is"] in ("scenario ends", "lost") and "scenario" in event}
    return [{"is": "lost", "scenario": entry.id, "why": why, "step": ""} for entry in entries if entry.id not in ended]


def surplus(entries: Sequence[Entry], events: Iterable[Event]) -> list[str]:
    """Say which scenarios ended that nobody asked for, or ended twice: a defect of this program, never hidden."""
    owed = {entry.id for entry in entries}
    ends = Counter(event["scenario"] for event in events if event["is"] == "scenario ends")
    strange = [f"{name} ended and is not in the roster" for name in ends if name not in owed]
    return strange + [f"{name} ended {count} times" for name, count in ends.items() if count > 1]
