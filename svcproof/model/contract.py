"""The contract as values: rows, where each comes from, and what must be on offer to see it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from svcproof.model.capability import OFFERS

KINDS = ("states", "shows", "implies")
"""How a source speaks of a row: in prose, by an example, or only by what follows from it."""

LEVELS = ("core", "extended")

CORE_CAPABILITIES = frozenset({"exec", "dns", "node-addresses", "two-nodes"})
"""What a core row may ask for: whatever needs more is extended."""

_ID = re.compile(r"[A-Z]+-[1-9]\d*")
_FIELDS = {"id", "sentence", "source", "link", "level", "capability", "scenario", "note"}


class MalformedContract(Exception):  # noqa: N818 - says what it is
    """The contract's file is not one: the message names the row and the field."""


@dataclass(frozen=True)
class Row:
    """One promise. *source* is document → kind for rows of the sources; the others have a *link*.

    *owed* is false for a row that has no scenario of its own; *note* then says why.
    """

    id: str
    sentence: str
    level: str
    source: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    capability: tuple[str, ...] = ()
    owed: bool = True
    note: str = ""

    @property
    def area(self) -> str:
        """The part of the id before its number."""
        return self.id.rpartition("-")[0]


@dataclass(frozen=True)
class Contract:
    """Every row in the order of the file, with the titles of its areas and of the documents it draws on."""

    rows: tuple[Row, ...]
    areas: Mapping[str, str]
    documents: Mapping[str, str]


def contract_of(form: Any) -> Contract:
    """Return the contract in its parsed YAML form; raise MalformedContract with every problem found."""
    if not isinstance(form, Mapping) or not isinstance(form.get("rows"), Sequence):
        raise MalformedContract("wanted documents, areas and rows")
    areas, documents = form.get("areas", {}), form.get("documents", {})
    problems: list[str] = []
    rows: list[Row] = []
    for number, entry in enumerate(form["rows"], 1):
        found = _problems(entry, areas, documents)
        problems += [f"row {number} ({entry.get('id', 'no id')}): {problem}" for problem in found]
        if not found:
            rows.append(_row(entry))
    ids = [row.id for row in rows]
    problems += [f"{name} is the id of two rows" for name in sorted({name for name in ids if ids.count(name) > 1})]
    if problems:
        raise MalformedContract("; ".join(problems))
    return Contract(tuple(rows), dict(areas), dict(documents))


def _row(entry: Mapping[str, Any]) -> Row:
    return Row(
        entry["id"],
        entry["sentence"],
        entry["level"],
        dict(entry.get("source", {})),
        entry.get("link", ""),
        tuple(entry["capability"]),
        entry.get("scenario") != "none",
        entry.get("note", ""),
    )


def _problems(entry: Mapping[str, Any], areas: Mapping[str, str], documents: Mapping[str, str]) -> list[str]:
    name = str(entry.get("id", ""))
    source = entry.get("source", {})
    asked = set(entry.get("capability", []))
    wrong = {
        f"unknown fields {sorted(entry.keys() - _FIELDS)}": entry.keys() <= _FIELDS,
        "wanted an id such as NP-1": bool(_ID.fullmatch(name)),
        f"the area {name.rpartition('-')[0]} has no title": name.rpartition("-")[0] in areas,
        "wanted a sentence": isinstance(entry.get("sentence"), str),
        f"wanted level {' or '.join(LEVELS)}": entry.get("level") in LEVELS,
        "wanted either a source or a link": bool(source) != bool(entry.get("link")),
        f"a source is none of {sorted(documents)}": source.keys() <= documents.keys(),
        f"a source's kind is none of {KINDS}": set(source.values()) <= set(KINDS),
        f"unknown capabilities {sorted(asked - OFFERS.keys())}": asked <= OFFERS.keys(),
        "a core row asks for more than core rows may": entry.get("level") != "core" or asked <= CORE_CAPABILITIES,
        "scenario: none wants a note that says why": "scenario" not in entry or bool(entry.get("note")),
    }
    return [problem for problem, right in wrong.items() if not right]
