"""Row by row of the contract: which scenarios speak for it, and what they found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

try:  # the contract is long, and libyaml reads it in a tenth of the time
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

from svcproof.model.contract import Contract, MalformedContract, Row, contract_of
from svcproof.problems import SetupProblem
from svcproof.run.entries import Entry

_LOUDNESS = ("", "skipped", "met", "lost", "unknown", "violated")
"""How loudly a verdict must be heard: the last of several stands for all. Empty means that it was not run."""

_NUMBERED = re.compile(r"[a-z][a-z0-9]*-\d+[a-z]?")


@dataclass(frozen=True)
class Spoken:
    """One scenario that speaks for a row, an outline taken as one: how many *examples*, and the loudest verdict."""

    id: str
    name: str
    location: str
    examples: int
    verdict: str


@dataclass(frozen=True)
class Line:
    """One row with its scenarios; *verdict* is the loudest of theirs, empty where none was run."""

    row: Row
    scenarios: tuple[Spoken, ...]
    verdict: str

    @property
    def silent(self) -> bool:
        """Whether the row should have a scenario and has none."""
        return self.row.owed and not self.scenarios


@dataclass(frozen=True)
class Trace:
    """The whole table, and what is wrong with it: tags that name no row, rows whose *none* is not true."""

    lines: tuple[Line, ...]
    strays: Mapping[str, str]
    documents: Mapping[str, str] = field(default_factory=dict)
    """What the contract draws on: the name that rows use, and the title."""

    @property
    def silent(self) -> tuple[str, ...]:
        """The rows that should have a scenario and have none."""
        return tuple(line.row.id for line in self.lines if line.silent)

    @property
    def problems(self) -> list[str]:
        """Everything that must not stay: one sentence each, with its cure."""
        lost = [f"{name}: no scenario carries the tag @{name}; write one or say scenario: none" for name in self.silent]
        return lost + [f"{place}: @{tag} names no row of the contract" for tag, place in self.strays.items()]

    def counts(self) -> dict[str, int]:
        """How many rows there are by verdict, and how many have no scenario."""
        words = [line.verdict or "not run" for line in self.lines if line.scenarios]
        count = {word: words.count(word) for word in sorted(set(words))}
        none_of_its_own = sum(not line.scenarios and not line.silent for line in self.lines)
        return {"rows": len(self.lines), **count, "none of its own": none_of_its_own, "silent": len(self.silent)}


def trace(contract: Contract, roster: Iterable[Entry], verdicts: Mapping[str, str]) -> Trace:
    """Lay the contract's rows beside the scenarios that carry their ids and the *verdicts* by scenario id."""
    speaking: dict[str, list[Entry]] = {}
    for entry in roster:
        for tag in entry.rows:
            speaking.setdefault(tag, []).append(entry)
    lines = tuple(_line(row, speaking.pop(row.id, ()), verdicts) for row in contract.rows)
    strays = {tag: entries[-1].location for tag, entries in speaking.items()}
    return Trace(lines, strays, contract.documents)


def read_contract(folder: Path) -> Contract:
    """Read contract.yaml in the features' *folder*; raise SetupProblem where it is missing or malformed."""
    file = folder / "contract.yaml"
    try:
        return contract_of(yaml.load(file.read_text(encoding="utf-8"), Loader=SafeLoader))
    except OSError as problem:
        raise SetupProblem(f"{file}: {problem.strerror}", "name the folder that holds it") from problem
    except (yaml.YAMLError, MalformedContract) as problem:
        raise SetupProblem(f"{file}: {problem}", "mend the rows named") from problem


def plain(table: Trace) -> dict[str, Any]:
    """Return the table's JSON form."""
    return {
        "counts": table.counts(),
        "problems": table.problems,
        "rows": [
            {
                **{key: value for key, value in asdict(line.row).items() if value or key == "owed"},
                "verdict": line.verdict,
                "scenarios": [asdict(spoken) for spoken in line.scenarios],
            }
            for line in table.lines
        ],
    }


def _line(row: Row, entries: Sequence[Entry], verdicts: Mapping[str, str]) -> Line:
    speakers: dict[str, list[Entry]] = {}
    for entry in entries:
        numbered = _NUMBERED.match(entry.id)
        speakers.setdefault(numbered.group() if numbered else entry.id, []).append(entry)
    spoken = tuple(
        Spoken(name, _title(group), group[0].location, len(group), _loudest(verdicts.get(e.id, "") for e in group))
        for name, group in speakers.items()
    )
    return Line(row, spoken, _loudest(one.verdict for one in spoken))


def _title(group: Sequence[Entry]) -> str:
    """Return what the titles of an outline's rows begin with, without behave's mark of the row."""
    return group[0].name.partition(" -- @")[0]


def _loudest(verdicts: Iterable[str]) -> str:
    return max(verdicts, key=lambda word: _LOUDNESS.index(word) if word in _LOUDNESS else len(_LOUDNESS), default="")
