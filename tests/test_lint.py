"""Lint: each law of the features is seen to be broken by a feature that breaks it, and by nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import trees

from svcproof.lint import laws, reading, vocabulary
from svcproof.lint.laws import Finding

STEPS = """
from behave import given, when, then, step

@given("a thing")
def a(context): pass

@when("it is looked at")
def b(context): pass

@when("{what} is looked at closely")
def c(context, what): pass

@then("it holds")
def d(context): pass

@then('"{name}" holds')
def e(context, name): pass
"""

GOOD = """
@core
Feature: Good things
  Why.

  Background:
    Given a thing

  Rule: A thing MUST hold

    @aa-01 @AA-1
    Scenario: it holds when it is looked at
      When it is looked at
      Then it holds

    @aa-02 @needs.dns
    Scenario: it holds when it is looked at closely
      When a client is looked at closely
      Then "server" holds
"""


def findings(folder: Path, *features: str) -> list[Finding]:
    planted = trees.plant(folder, *features)
    (folder / "steps" / "all.py").write_text(STEPS)
    return laws.check(reading.read(folder, [planted]))


def only(folder: Path, law: str, *features: str) -> Finding:
    """Return the one finding there is, of this law."""
    found = findings(folder, *features)
    assert [one.law for one in found] == [law], found
    return found[0]


def test_a_feature_that_holds_to_all_laws_breaks_none(tmp_path: Path) -> None:
    good = GOOD.replace("a client is", "a guest is")
    assert findings(tmp_path, good) == []


@pytest.mark.parametrize(
    ("law", "old", "new", "where"),
    [
        ("one-meaning", "Then it holds", "Then it stands", "14: “Then it stands” fits no definition"),
        ("one-id", "@aa-01 ", "", "12: “it holds when it is looked at” has no id"),
        ("one-id", "@aa-01 ", "@aa-01 @aa-09 ", "12: has the ids aa-01, aa-09"),
        ("one-id", "@aa-02", "@bb-02", "17: the id bb-02 stands in features/, whose ids begin with aa-"),
        ("one-id", "@aa-02", "@aa-01", "17: the id aa-01 is taken by features/f0.feature:12"),
        ("unique-names", "looked at closely\n      When", "looked at\n      When", "17: is the name of line 12 too"),
        (
            "one-event",
            "When it is looked at\n",
            "When it is looked at\n      And it is looked at\n",
            "12: has 2 events",
        ),
        ("one-event", "Given a thing", "When it is looked at", "7: a background says “When it is looked at”"),
        ("normative-rule", "MUST hold", "holds", "9: says neither MUST, SHOULD nor MAY"),
        ("known-tags", "@needs.dns", "@needs.luck", "17: @needs.luck names no capability"),
        ("known-tags", "@AA-1", "@wip", "12: @wip is no tag of this house"),
        ("known-tags", "@AA-1", "@AA-1 @extended", "12: aa-01 claims to be core and extended"),
        ("our-words", "a guest", "a client", "18: says 'client'"),
    ],
)
def test_each_law_is_broken_by_what_it_forbids(tmp_path: Path, law: str, old: str, new: str, where: str) -> None:
    good = GOOD.replace("a client is", "a guest is")
    if law == "one-event" and "background" in where:
        good = good.replace("    When it is looked at\n      Then it holds", "    Then it holds")
    found = findings(tmp_path, good.replace(old, new, 1))
    mine = [one for one in found if one.law == law]
    assert len(mine) == 1, found
    line, said = where.split(": ", 1)
    assert mine[0].line == int(line)
    assert said in mine[0].what
    assert mine[0].cure
    assert {one.law for one in found} <= {law, "nothing-unused"}


def test_a_sentence_that_nobody_says_is_found(tmp_path: Path) -> None:
    good = GOOD.replace('Then "server" holds', "Then it holds").replace("a client is", "a guest is")
    found = only(tmp_path, "nothing-unused", good)
    assert found.file == "steps/all.py"
    assert '“Then "{name}" holds”' in found.what


def test_two_definitions_for_one_sentence_are_found(tmp_path: Path) -> None:
    planted = trees.plant(tmp_path, GOOD.replace("a client is", "a guest is"))
    shadow = STEPS.replace(
        '@when("{what} is', '@when("a guest is looked at closely")\ndef f(context): pass\n\n@when("{what} is'
    )
    (tmp_path / "steps" / "all.py").write_text(shadow)
    found = [one for one in laws.check(reading.read(tmp_path, [planted])) if one.law == "one-meaning"]
    assert len(found) == 1
    assert "fits steps/all.py:10 and steps/all.py:13" in found[0].what


def test_quoted_names_may_be_any_word(tmp_path: Path) -> None:
    assert [one.line for one in findings(tmp_path, GOOD) if one.law == "our-words"] == [18]


def test_two_features_are_told_apart_by_their_names(tmp_path: Path) -> None:
    good = GOOD.replace("a client is", "a guest is")
    other = good.replace("aa-01", "aa-03").replace("aa-02", "aa-04")
    assert "unique-names" in {one.law for one in findings(tmp_path, good, other)}


def test_a_finding_says_place_law_and_cure() -> None:
    said = str(Finding("features/a.feature", 3, "one-id", "“x” has no id", "give it one"))
    assert said == "features/a.feature:3: “x” has no id [one-id]\n    cure: give it one"


def test_the_vocabulary_lists_every_sentence_with_an_example(tmp_path: Path) -> None:
    planted = trees.plant(tmp_path, GOOD)
    (tmp_path / "steps" / "all.py").write_text(STEPS)
    suite = reading.read(tmp_path, [planted])
    page = vocabulary.render(suite, [])
    assert "| `{what} is looked at closely` | a client is looked at closely | 1 |" in page
    assert "| `a thing` | a thing | 2 |" in page
    assert page == vocabulary.render(suite, [])
