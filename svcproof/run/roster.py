"""The roster: every scenario that a run owes an answer for, read by behave's own parser before the run."""

from __future__ import annotations

import difflib
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from behave.exception import InvalidFilenameError
from behave.model import ScenarioOutline
from behave.parser import ParserError
from behave.runner_util import FileLocationParser, collect_feature_locations, parse_features

from svcproof.problems import SetupProblem
from svcproof.run.entries import Entry, Line, Page, Roster, called

ID = re.compile(r"[a-z][a-z0-9]*-\d+[a-z]?")
"""A tag of this form names its scenario for ever: faults, reports and durations refer to it."""

_ROW_MARK = re.compile(r" -- @\d+\.\d+.*$")
"""What behave adds to the name of an outline's row; the id says it already."""

_BLOCKS = ("Feature", "Rule", "Background", "Scenario", "Scenario Outline", "Scenario Template", "Example", "Examples")
_STEPS = ("Given", "When", "Then", "And", "But")


def identity(scenario: Any) -> str:
    """Return what a scenario (of behave's model) is called everywhere: its id tag, and for an outline's row its place.

    Without an id tag it is the file's name and the line, which a later edit may change: lint asks for a tag.
    """
    name = next((str(tag) for tag in scenario.tags if ID.fullmatch(tag)), "")
    if not name:
        stem = re.sub(r"[^a-z0-9]+", "-", Path(str(scenario.filename)).stem.lower()).strip("-")
        return f"{stem}-line-{scenario.line}"
    row = getattr(scenario, "_row", None)
    return f"{name}-{row.id}" if row is not None else name


def read(paths: Sequence[str], *, root: Path, chosen: Selection | None = None) -> Roster:
    """Read the features at *paths* (files, folders, file:line) and fix which scenarios a run owes.

    Raises SetupProblem, with file and line, for whatever would silently run nothing: a file that cannot be parsed,
    a keyword misspelt, Examples without rows, a scenario without steps, one id on two scenarios.
    """
    features, files = _parsed(paths)
    problems = [problem for feature in features for problem in _silent(feature, root)]
    entries: list[Entry] = []
    every = 0
    seen: dict[str, Entry] = {}
    for feature in features:
        for scenario in feature.walk_scenarios():
            entry = _entry(scenario, root)
            every += 1
            if not entry.steps:
                problems.append(f"{entry.location}: the scenario {entry.name!r} has no steps")
            if entry.id in seen:
                problems.append(f"{entry.location}: the id {entry.id} is taken by {seen[entry.id].location}")
            seen.setdefault(entry.id, entry)
            if not scenario.should_skip and (chosen is None or chosen.wants(scenario, entry)):
                entries.append(entry)
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise SetupProblem(
            f"the features have {count}, so that no run could be trusted:\n  " + "\n  ".join(problems),
            "mend the lines; `svcproof lint` says the same and more",
        )
    return Roster(root, tuple(entries), tuple(_page(feature, root) for feature in features), _digest(files), every)


@dataclass(frozen=True)
class Selection:
    """Which scenarios are wanted: by id (one must fit) and by behave's tag expression."""

    ids: tuple[str, ...] = ()
    expression: Any = None

    def wants(self, scenario: Any, entry: Entry) -> bool:
        """Whether this scenario is selected."""
        if self.ids and not any(called(entry, name) for name in self.ids):
            return False
        return self.expression is None or bool(scenario.should_run_with_tags(self.expression))


def suite_of(paths: Sequence[str]) -> Path:
    """Return the folder whose steps/ and environment.py serve these paths, found upward as behave does."""
    first = Path(FileLocationParser.parse(paths[0]).filename).absolute()
    for folder in (first, *first.parents):
        if (folder / "steps").is_dir() or (folder / "environment.py").is_file():
            return folder
    raise SetupProblem(
        f"no steps/ and no environment.py lie at or above {first}", "name features of a behave suite, or none at all"
    )


def _parsed(paths: Sequence[str]) -> tuple[list[Any], list[Path]]:
    try:
        locations = collect_feature_locations(list(paths))
    except InvalidFilenameError as problem:
        raise SetupProblem(f"{problem}: wanted a .feature file, a folder, file:line or a scenario's id") from problem
    except OSError as problem:
        raise SetupProblem(f"{problem.args[0] if problem.args else problem}: no such feature file") from problem
    files = sorted({Path(location.filename) for location in locations})
    said = io.StringIO()  # behave prints some of its complaints instead of raising them; _silent finds the same ones
    try:
        with redirect_stdout(said):
            features = parse_features(locations)
            for feature in features:
                list(feature.walk_scenarios())
    except ParserError as problem:
        raise SetupProblem(f"{problem.filename}:{problem.line}: {_first(problem)}", "mend the line") from problem
    except UnicodeDecodeError as problem:
        raise SetupProblem(f"a feature file is not UTF-8: {problem}", "save it as UTF-8") from problem
    empty = [str(file) for file in files if not any(Path(feature.filename).samefile(file) for feature in features)]
    if empty:
        raise SetupProblem(f"{', '.join(empty)}: no Feature stands in the file", "write one, or remove the file")
    return features, files


def _first(problem: ParserError) -> str:
    lines = [line for line in str(problem.args[0] if problem.args else problem).splitlines() if line.strip()]
    return "; ".join(dict.fromkeys(line.strip() for line in lines)) or "behave cannot parse it"


def _silent(feature: Any, root: Path) -> Iterator[str]:
    """Say what behave would pass over without a word."""
    file = relative(feature.filename, root)
    lines = Path(feature.filename).read_text(encoding="utf-8").splitlines()
    for container in (feature, *feature.rules):
        for text in container.description:
            if keyword := _meant(text, _BLOCKS, colon=True):
                yield f"{file}:{_line(lines, text)}: {text.strip()!r} reads as a description; is {keyword}: meant?"
        for item in container.run_items:
            if item.type == "rule":
                continue
            for text in item.description:
                if keyword := _meant(text, _BLOCKS, colon=True) or _meant(text, _STEPS, colon=False):
                    yield f"{file}:{_line(lines, text)}: {text.strip()!r} reads as a description; is {keyword} meant?"
            if isinstance(item, ScenarioOutline):
                yield from _without_rows(item, file)


def _without_rows(outline: Any, file: str) -> Iterator[str]:
    if not outline.examples:
        yield f"{file}:{outline.line}: the outline {outline.name!r} has no Examples"
    for examples in outline.examples:
        if examples.table is None or not examples.table.rows:
            yield f"{file}:{examples.line}: the Examples of {outline.name!r} have no rows"


def _meant(text: str, keywords: Sequence[str], *, colon: bool) -> str:
    """Return the keyword that a line of description comes close to, or nothing."""
    words = text.strip()
    if colon:
        head, mark, _ = words.partition(":")
        if not mark or len(head.split()) > 2:
            return ""
    else:
        head = words.split(" ", 1)[0]
    close = difflib.get_close_matches(head, keywords, n=1, cutoff=0.8)
    swapped = [keyword for keyword in keywords if sorted(keyword.lower()) == sorted(head.lower())]
    return next(iter([*close, *swapped]), "")


def _line(lines: Sequence[str], text: str) -> int:
    return next((number for number, line in enumerate(lines, 1) if line.strip() == text.strip()), 1)


def _entry(scenario: Any, root: Path) -> Entry:
    rule = scenario.parent
    while rule is not None and rule.type not in ("rule", "feature"):
        rule = rule.parent
    return Entry(
        identity(scenario),
        scenario.feature.name,
        rule.name if rule is not None and rule.type == "rule" else "",
        _ROW_MARK.sub("", scenario.name),
        relative(scenario.filename, root),
        scenario.line,
        tuple(sorted({str(tag) for tag in scenario.effective_tags})),
        tuple(Line(step.keyword, step.name, below(step)) for step in scenario.all_steps),
    )


def below(step: Any) -> str:
    """Return the table or text that stands below a step, as it is written."""
    if step.table is not None:
        grid = [list(step.table.headings), *(list(row.cells) for row in step.table.rows)]
        widths = [max(len(row[column]) for row in grid) for column in range(len(grid[0]))]
        return "\n".join(
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in grid
        )
    return str(step.text) if step.text else ""


def _page(feature: Any, root: Path) -> Page:
    return Page(
        relative(feature.filename, root),
        feature.name,
        tuple(feature.description),
        tuple(str(tag) for tag in feature.tags),
        tuple(rule.name for rule in feature.rules),
    )


def relative(file: str, root: Path) -> str:
    """Return a feature file's path from the suite's root, with forward slashes."""
    return Path(os.path.relpath(Path(file).absolute(), root)).as_posix()


def _digest(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
