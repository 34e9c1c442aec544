"""The trace tells which rows have no scenario, and what the others' scenarios found."""

from pathlib import Path

import pytest

from svcproof.model.contract import Contract, Row
from svcproof.problems import SetupProblem
from svcproof.report.trace import plain, read_contract, trace
from svcproof.run.entries import Entry


def scenario(name: str, rows: tuple[str, ...], title: str = "every node answers") -> Entry:
    return Entry(name, "Node ports", "", title, "features/node_port/node_port.feature", 7, rows)


def contract(*rows: Row) -> Contract:
    return Contract(rows, {"NP": "Node ports"}, {})


ONE = Row("NP-1", "A node port MUST answer.", "core")
TWO = Row("NP-2", "Every node MUST answer.", "core")
NONE = Row("NP-3", "No order is promised.", "core", owed=False, note="Wrong in 002: nothing to assert.")


def test_a_row_that_no_scenario_names_is_a_problem_with_its_cure() -> None:
    table = trace(contract(ONE, TWO), [scenario("np-01", ("NP-1",))], {})

    assert table.silent == ("NP-2",)
    assert table.problems == ["NP-2: no scenario carries the tag @NP-2; write one or say scenario: none"]


def test_a_row_without_a_scenario_of_its_own_is_no_problem() -> None:
    table = trace(contract(NONE), [], {})

    assert table.problems == []
    assert table.counts() == {"rows": 1, "none of its own": 1, "silent": 0}


def test_a_tag_that_names_no_row_is_a_problem_with_its_place() -> None:
    table = trace(contract(ONE), [scenario("np-01", ("NP-1", "NP-99"))], {})

    assert table.problems == ["features/node_port/node_port.feature:7: @NP-99 names no row of the contract"]


def test_an_outline_speaks_once_with_the_loudest_of_its_examples() -> None:
    examples = [scenario(f"va-01-1.{n}", ("NP-1",), f"port refused -- @1.{n} ") for n in (1, 2, 3)]
    line = trace(contract(ONE), examples, {"va-01-1.1": "met", "va-01-1.2": "violated", "va-01-1.3": "met"}).lines[0]

    assert [(s.id, s.name, s.examples, s.verdict) for s in line.scenarios] == [("va-01", "port refused", 3, "violated")]


@pytest.mark.parametrize(
    ("verdicts", "loudest"),
    [
        ({}, ""),
        ({"np-01": "met"}, "met"),
        ({"np-01": "skipped", "np-02": "met"}, "met"),
        ({"np-01": "unknown", "np-02": "met"}, "unknown"),
        ({"np-01": "unknown", "np-02": "violated"}, "violated"),
        ({"np-01": "a word from the future", "np-02": "violated"}, "a word from the future"),
    ],
)
def test_a_rows_verdict_is_the_loudest_of_its_scenarios(verdicts: dict[str, str], loudest: str) -> None:
    table = trace(contract(ONE), [scenario("np-01", ("NP-1",)), scenario("np-02", ("NP-1",))], verdicts)

    assert table.lines[0].verdict == loudest


def test_the_json_form_says_all_that_the_table_does() -> None:
    form = plain(trace(contract(ONE, NONE), [scenario("np-01", ("NP-1",))], {"np-01": "met"}))

    assert form["counts"]["met"] == 1
    assert form["rows"][0]["scenarios"][0]["id"] == "np-01"
    assert form["rows"][1]["owed"] is False


def test_a_folder_without_a_contract_is_a_set_up_problem(tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match=r"contract\.yaml"):
        read_contract(tmp_path)


def test_a_contract_that_does_not_parse_is_a_set_up_problem(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text("rows: [", encoding="utf-8")
    with pytest.raises(SetupProblem, match="mend the rows"):
        read_contract(tmp_path)
