"""The laws of the features: each yields what breaks it, with file, line and cure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svcproof.lint.reading import Suite
from svcproof.model.capability import OFFERS
from svcproof.run import roster
from svcproof.run.entries import ROW
from svcproof.run.roster import ID, identity, relative

MOST_GIVENS = 3
"""So many givens may stand in a Background: more, and nobody remembers them two pages on."""

PLAIN_TAGS = frozenset({"core", "extended", "source", "serial", "slow", "provisional"})
"""The tags that are neither an id, a row nor a need."""

_MUST = re.compile(r"\b(MUST|MUST NOT|SHOULD|SHOULD NOT|MAY)\b")

FOREIGN_WORDS = {
    r"\bclients?\b": "vantage, or who it is",
    r"\bservers?\b": "backend (API server is fine)",
    r"\bis up\b": "answers",
    r"\bworks?\b": "what is seen when it does",
    r"\bshould\b": "say what happens, in the present tense",
    r"\btests?\b": "say what is claimed",
}
"""Words that mean too much, and what to say instead; the names of things stand in quotes and are left alone."""

_ALLOWED = re.compile(r"API server|DNS server|nodes? server", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """One place that breaks a law."""

    file: str
    line: int
    law: str
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what} [{self.law}]\n    cure: {self.cure}"


Law = Callable[[Suite], Iterator[Finding]]


def check(suite: Suite) -> list[Finding]:
    """Ask every law; findings in the order of the files."""
    found = [finding for law in LAWS for finding in law(suite)]
    return sorted(found, key=lambda one: (one.file, one.line, one.law))


def _at(suite: Suite, item: Any, law: str, what: str, cure: str) -> Finding:
    return Finding(relative(str(item.filename), suite.root), int(item.line), law, what, cure)


def one_meaning(suite: Suite) -> Iterator[Finding]:
    """Every step fits exactly one definition: with two, behave takes the first and says nothing."""
    seen: set[tuple[str, int, str]] = set()
    for scenario in suite.scenarios():
        for step in scenario.all_steps:
            place = (str(step.filename), int(step.line), step.name)
            if place in seen:
                continue
            seen.add(place)
            found = suite.matching(step)
            said = f"“{step.keyword} {step.name}”"
            if not found:
                yield _at(suite, step, "one-meaning", f"{said} fits no definition", "see features/VOCABULARY.md")
            elif len(found) > 1:
                where = " and ".join(f"{one.file}:{one.line}" for one in found)
                yield _at(suite, step, "one-meaning", f"{said} fits {where}", "make the definitions exclude each other")


def nothing_unused(suite: Suite) -> Iterator[Finding]:
    """Every definition is used by a scenario."""
    used = {id(one.matcher) for scenario in suite.scenarios() for step in scenario.all_steps
            for one in suite.matching(step)}  # fmt: skip
    for one in suite.definitions:
        if id(one.matcher) not in used:
            what = f"no scenario says “{one.kind.title()} {one.sentence}”"
            yield Finding(one.file, one.line, "nothing-unused", what, "use it or remove it")


def one_id(suite: Suite) -> Iterator[Finding]:
    """Every scenario has one id of its own, unique, with the prefix of its folder and of no other."""
    folders: dict[str, Counter[str]] = {}
    first: dict[str, Any] = {}
    for item in _written(suite):
        ids = [str(tag) for tag in item.tags if ID.fullmatch(str(tag))]
        if len(ids) != 1:
            what = f"“{item.name}” has {'no id' if not ids else 'the ids ' + ', '.join(ids)}"
            yield _at(suite, item, "one-id", what, "give it one tag such as @np-01")
            continue
        if ids[0] in first:
            owner = first[ids[0]]
            place = f"{relative(str(owner.filename), suite.root)}:{owner.line}"
            taken = f"the id {ids[0]} is taken by {place}"
            yield _at(suite, item, "one-id", taken, "take the next free number; ids are never reused")
        first.setdefault(ids[0], item)
        folder = Path(str(item.filename)).parent.name
        folders.setdefault(folder, Counter())[ids[0].rpartition("-")[0]] += 1
    yield from _prefixes(suite, folders, first)


def _prefixes(suite: Suite, folders: dict[str, Counter[str]], first: dict[str, Any]) -> Iterator[Finding]:
    owner: dict[str, str] = {}
    for folder, prefixes in folders.items():
        usual = prefixes.most_common(1)[0][0]
        taken = owner.setdefault(usual, folder)
        for name, item in first.items():
            if Path(str(item.filename)).parent.name != folder:
                continue
            prefix = name.rpartition("-")[0]
            if prefix != usual:
                what = f"the id {name} stands in {folder}/, whose ids begin with {usual}-"
                yield _at(suite, item, "one-id", what, f"name it {usual}-…, or move it")
            elif taken != folder:
                what = f"the ids of {folder}/ and of {taken}/ both begin with {usual}-"
                yield _at(suite, item, "one-id", what, "give the folder a prefix of its own")


def unique_names(suite: Suite) -> Iterator[Finding]:
    """Features, and scenarios within a feature, are told apart by their names."""
    features: dict[str, Any] = {}
    for feature in suite.features:
        if feature.name in features:
            where = relative(str(features[feature.name].filename), suite.root)
            yield _at(suite, feature, "unique-names", f"{where} has the same name", "say how they differ")
        features.setdefault(feature.name, feature)
    seen: dict[tuple[str, str], Any] = {}
    for item in _written(suite):
        key = (str(item.filename), item.name)
        if key in seen:
            what = f"“{item.name}” is the name of line {seen[key].line} too"
            yield _at(suite, item, "unique-names", what, "say how they differ")
        seen.setdefault(key, item)


def one_event(suite: Suite) -> Iterator[Finding]:
    """Given comes before one When, and that before Then; a background only gives."""
    for item in _written(suite):
        kinds = [step.step_type for step in item.steps]
        changes = [kind for place, kind in enumerate(kinds) if place == 0 or kinds[place - 1] != kind]
        order = ["given", "when", "then"]
        if [kind for kind in order if kind in changes] != changes:
            yield _at(suite, item, "one-event", f"“{item.name}” goes {' → '.join(changes)}", "Given → one When → Then")
        if kinds.count("when") > 1:
            what = f"“{item.name}” has {kinds.count('when')} events"
            yield _at(suite, item, "one-event", what, "one scenario, one When: make them two, or the first a Given")
        if "then" not in kinds and item.steps:
            yield _at(suite, item, "one-event", f"“{item.name}” claims nothing", "end it with a Then")
    for owner in _owners(suite):
        if owner.background is None:
            continue
        steps = list(owner.background.steps)
        for step in steps:
            if step.step_type != "given":
                what = f"a background says “{step.keyword} {step.name}”"
                yield _at(suite, step, "one-event", what, "a background only says what is given")
        if len(steps) > MOST_GIVENS:
            what = f"the background has {len(steps)} steps"
            yield _at(suite, owner.background, "one-event", what, f"{MOST_GIVENS} at most, all that a reader must know")


def normative_rule(suite: Suite) -> Iterator[Finding]:
    """Above every scenario stands a Rule that says what MUST, SHOULD or MAY be."""
    for feature in suite.features:
        for item in feature.run_items:
            if item.type != "rule":
                yield _at(suite, item, "normative-rule", f"“{item.name}” stands under no Rule", "write one above it")
            elif not _MUST.search(item.name):
                what = f"the rule “{item.name}” says neither MUST, SHOULD nor MAY"
                yield _at(suite, item, "normative-rule", what, "say it in the words of RFC 2119")
            if item.type == "rule" and not list(item.walk_scenarios()):
                yield _at(suite, item, "normative-rule", f"the rule “{item.name}” has no scenario", "write one")


def known_tags(suite: Suite) -> Iterator[Finding]:
    """Every tag is an id, a row, a need for a known capability, or one of a closed list; a level is claimed once."""
    for item in [*_owners(suite), *_written(suite), *_tables(suite)]:
        for tag in map(str, item.tags):
            need = tag.removeprefix("needs.")
            if need != tag and need not in OFFERS:
                cure = f"the capabilities are {', '.join(OFFERS)}"
                yield _at(suite, item, "known-tags", f"@{tag} names no capability", cure)
            elif need == tag and tag not in PLAIN_TAGS and not ID.fullmatch(tag) and not ROW.fullmatch(tag):
                cure = f"an id, a row, needs.… or one of {', '.join(sorted(PLAIN_TAGS))}"
                yield _at(suite, item, "known-tags", f"@{tag} is no tag of this house", cure)
    for scenario in suite.scenarios():
        if {"core", "extended"} <= {str(tag) for tag in scenario.effective_tags}:
            what = f"{identity(scenario)} claims to be core and extended"
            yield _at(suite, scenario, "known-tags", what, "choose one")


def our_words(suite: Suite) -> Iterator[Finding]:
    """Titles and steps use the house's words: one meaning for each."""
    for item in [*suite.features, *_rules(suite), *_written(suite)]:
        texts = [(item, item.name)]
        if item.type.startswith("scenario"):
            texts += [(step, step.name) for step in item.steps]
        for place, text in texts:
            bare = _ALLOWED.sub("", re.sub(r'"[^"]*"|\bSHOULD\b', '""', text))
            for word, instead in FOREIGN_WORDS.items():
                if found := re.search(word, bare, re.IGNORECASE):
                    what = f"“{text}” says {found.group()!r}"
                    yield _at(suite, place, "our-words", what, instead)


def _owners(suite: Suite) -> list[Any]:
    return [*suite.features, *_rules(suite)]


def _rules(suite: Suite) -> list[Any]:
    return [rule for feature in suite.features for rule in feature.rules]


def _written(suite: Suite) -> list[Any]:
    """Return scenarios as they are written: an outline is one."""
    return [item for owner in _owners(suite) for item in owner.run_items if item.type != "rule"]


def _tables(suite: Suite) -> list[Any]:
    return [table for item in _written(suite) for table in getattr(item, "examples", [])]


LAWS: Sequence[Law] = (
    one_meaning,
    nothing_unused,
    one_id,
    unique_names,
    one_event,
    normative_rule,
    known_tags,
    our_words,
)


def silent(paths: Sequence[str], root: Path) -> None:
    """Raise SetupProblem for what behave would pass over without a word (see svcproof.run.roster)."""
    roster.read(paths, root=root)
