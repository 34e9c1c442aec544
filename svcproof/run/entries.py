"""What a run owes, as values: the scenarios of the roster and the pages they stand on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROW = re.compile(r"[A-Z][A-Z0-9]*-\d+[a-z]?")
"""A tag of this form names a row of the contract."""


@dataclass(frozen=True)
class Line:
    """One step as it is written: keyword, sentence, and the table or text below it."""

    keyword: str
    name: str
    below: str = ""


@dataclass(frozen=True)
class Entry:
    """One scenario of the roster. *file* is relative to the suite's root; *tags* are those it inherits too."""

    id: str
    feature: str
    rule: str
    name: str
    file: str
    line: int
    tags: tuple[str, ...] = ()
    steps: tuple[Line, ...] = ()

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of the contract it is an example of."""
        return tuple(tag for tag in self.tags if ROW.fullmatch(tag))

    @property
    def needs(self) -> tuple[str, ...]:
        """The capabilities without which it is skipped."""
        return tuple(tag.removeprefix("needs.") for tag in self.tags if tag.startswith("needs."))

    @property
    def level(self) -> str:
        """Its level, "core" or "extended"; empty where it claims none."""
        return next((level for level in ("core", "extended") if level in self.tags), "")

    @property
    def serial(self) -> bool:
        """Whether it touches what other scenarios share, and so runs alone."""
        return "serial" in self.tags

    @property
    def location(self) -> str:
        """Where it stands, as behave takes it on its command line."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Page:
    """One feature file as a document: its purpose and its rules in order."""

    file: str
    name: str
    description: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roster:
    """What a run owes: *entries* in the order of the files, *pages* they stand on, *digest* of the files' bytes."""

    root: Path
    entries: tuple[Entry, ...]
    pages: tuple[Page, ...] = ()
    digest: str = ""
    every: int = 0  # scenarios in the same files, selected or not

    @property
    def fingerprint(self) -> str:
        """A digest of which scenarios were owed, in which words."""
        words = json.dumps([asdict(entry) for entry in sorted(self.entries, key=lambda entry: entry.id)])
        return hashlib.sha256(words.encode()).hexdigest()


def called(entry: Entry, name: str) -> bool:
    """Whether a scenario goes by this id; an outline's id is that of all its rows."""
    return entry.id == name or entry.id.startswith(f"{name}-")


def plain(entry: Entry) -> dict[str, Any]:
    """Return an entry's JSON form."""
    return asdict(entry)


def entry_of(form: Mapping[str, Any]) -> Entry:
    """Return the entry of a JSON form."""
    return Entry(
        **{
            **form,
            "tags": tuple(form.get("tags", ())),
            "steps": tuple(Line(**line) for line in form.get("steps", ())),
        }
    )


def page_of(form: Mapping[str, Any]) -> Page:
    """Return the page of a JSON form."""
    texts = {key: tuple(form.get(key, ())) for key in ("description", "tags", "rules")}
    return Page(str(form["file"]), str(form["name"]), **texts)
