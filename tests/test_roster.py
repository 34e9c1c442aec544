"""The roster: what is owed is read before the run, and what would silently run nothing is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import trees

from svcproof.problems import SetupProblem
from svcproof.run import roster, selection
from svcproof.run.entries import Roster, entry_of, plain


def read(folder: Path, *features: str) -> Roster:
    planted = trees.plant(folder, *features)
    return roster.read([str(planted)], root=folder)


def refused(folder: Path, *features: str) -> str:
    with pytest.raises(SetupProblem) as problem:
        read(folder, *features)
    return str(problem.value)


ONE = """
Feature: One
  @aa-01
  Scenario: it holds
    Then it holds
"""


def test_every_scenario_is_owed_in_the_order_of_the_files(tmp_path: Path) -> None:
    found = read(tmp_path, trees.EVERY_END)
    assert [entry.id for entry in found.entries] == list(trees.STATUSES)
    assert found.every == len(trees.STATUSES)


def test_an_entry_knows_its_rule_tags_rows_needs_and_steps(tmp_path: Path) -> None:
    by_id = {entry.id: entry for entry in read(tmp_path, trees.EVERY_END).entries}
    assert by_id["aa-01"].rule == ""
    assert by_id["aa-01"].rows == ("AA-1",)
    assert by_id["aa-01"].level == "core"
    assert by_id["aa-04"].rule == "A thing MUST hold"
    assert by_id["aa-04"].needs == ("dns",)
    assert [line.name for line in by_id["aa-04"].steps] == ["it holds", "it holds"]
    assert by_id["aa-04"].location == "features/f0.feature:25"
    assert by_id["aa-13"].serial


def test_a_row_of_an_outline_has_the_outlines_id_and_its_place(tmp_path: Path) -> None:
    by_id = {entry.id: entry for entry in read(tmp_path, trees.EVERY_END).entries}
    assert by_id["aa-11-1.2"].name == "rows breaks"


def test_an_entry_survives_its_json_form(tmp_path: Path) -> None:
    for entry in read(tmp_path, trees.EVERY_END).entries:
        assert entry_of(plain(entry)) == entry


def test_one_id_on_two_scenarios_is_refused_with_both_places(tmp_path: Path) -> None:
    said = refused(tmp_path, ONE, ONE.replace("One", "Two"))
    assert "features/f1.feature:4: the id aa-01 is taken by features/f0.feature:4" in said


@pytest.mark.parametrize("word", ["Scenaro", "Scenarios Outline", "Exmples", "Ruel", "Backgroud"])
def test_a_misspelt_keyword_is_refused(tmp_path: Path, word: str) -> None:
    said = refused(tmp_path, f"Feature: One\n  {word}: it holds\n\n  @aa-01\n  Scenario: x\n    Then it holds\n")
    assert "features/f0.feature:2" in said
    assert "meant?" in said


@pytest.mark.parametrize("word", ["Gven", "Wehn", "Thn", "Adn"])
def test_a_misspelt_step_right_after_the_title_is_refused(tmp_path: Path, word: str) -> None:
    said = refused(tmp_path, f"Feature: One\n  @aa-01\n  Scenario: x\n    {word} it holds\n    Then it holds\n")
    assert "features/f0.feature:4" in said


def test_a_description_is_no_misspelt_keyword(tmp_path: Path) -> None:
    described = "Feature: One\n  They say: this is fine.\n  Spec: https://example.org/\n"
    text = f"{described}\n  @aa-01\n  Scenario: x\n    Then it holds\n"
    assert len(read(tmp_path, text).entries) == 1


def test_a_line_that_cannot_be_parsed_is_refused_with_its_place(tmp_path: Path) -> None:
    assert "f0.feature:5" in refused(tmp_path, f"{ONE.lstrip()}    Tehn it holds\n")


def test_examples_without_rows_are_refused(tmp_path: Path) -> None:
    text = "Feature: One\n  @aa-01\n  Scenario Outline: <x>\n    Then it <x>\n    Examples:\n      | x |\n"
    assert "f0.feature:5: the Examples of '<x>' have no rows" in refused(tmp_path, text)


def test_an_outline_without_examples_is_refused(tmp_path: Path) -> None:
    assert "no Examples" in refused(tmp_path, "Feature: One\n  @aa-01\n  Scenario Outline: <x>\n    Then it <x>\n")


def test_a_scenario_without_steps_is_refused(tmp_path: Path) -> None:
    assert "f0.feature:3: the scenario 'x' has no steps" in refused(tmp_path, "Feature: One\n  @aa-01\n  Scenario: x\n")


def test_a_file_without_a_feature_is_refused(tmp_path: Path) -> None:
    assert "no Feature stands in the file" in refused(tmp_path, ONE, "# only a comment\n")


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, "Feature: One\n  @aa-01\n  Scenario: x\n", "Feature: Two\n  @aa-02\n  Scenario: y\n")
    assert "2 problems" in said
    assert "f0.feature:3" in said
    assert "f1.feature:3" in said


def test_tags_ids_and_places_select(tmp_path: Path) -> None:
    features = str(trees.plant(tmp_path, trees.EVERY_END))
    chosen = roster.Selection(ids=("aa-11",))
    assert [e.id for e in roster.read([features], root=tmp_path, chosen=chosen).entries] == ["aa-11-1.1", "aa-11-1.2"]
    assert [e.id for e in selection.select([features], ["@core", "not @needs.dns"]).entries] == ["aa-01", "aa-02"]
    assert [e.id for e in selection.select([f"{features}/f0.feature:25"]).entries] == ["aa-04"]


def test_a_name_that_means_nothing_is_refused(tmp_path: Path) -> None:
    features = str(trees.plant(tmp_path, ONE))
    with pytest.raises(SetupProblem, match="no such file"):
        selection.select([f"{features}/nowhere.feature"])
    with pytest.raises(SetupProblem, match="no profile"):
        selection.select([features], profile="hard")
    with pytest.raises(SetupProblem, match="write as in"):
        selection.select([features], ["@a and and"])


def test_the_roster_has_one_fingerprint_whatever_its_order(tmp_path: Path) -> None:
    found = read(tmp_path, trees.EVERY_END)
    assert Roster(tmp_path, found.entries[::-1]).fingerprint == found.fingerprint
    assert Roster(tmp_path, found.entries[1:]).fingerprint != found.fingerprint
