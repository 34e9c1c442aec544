"""The matrix says what was seen, and nothing else."""

from pathlib import Path

import pytest

from svcproof.faults import catalog, page, report
from svcproof.faults.outcome import Cell, Mark, Outcome, Proof, Result
from svcproof.problems import SetupProblem

FAULTS = catalog.load()
PROOF = Proof(
    (
        Result(
            "dns-tcp-refused",
            Outcome.CAUGHT,
            "dns-01 violated",
            "DNS over TCP: refused",
            (Cell("dns-01", Mark.CAUGHT, "refused"), Cell("np-01", Mark.UNMOVED)),
        ),
        Result("affinity-ignored", Outcome.MISSED, "sa-01 missed", cells=(Cell("sa-01", Mark.MISSED),)),
        Result("packets-late", Outcome.UNVIABLE, "this kernel has no netem | none\nat all"),
    ),
    {"kubernetes": "1.36", "nodes": 3, "proxy_mode": "iptables", "ip_family": "dual", "add_ons": ["metallb"]},
)


def rows() -> list[str]:
    return [line for line in report.table([PROOF], FAULTS, []).splitlines() if line.startswith("| ")][1:]


def test_rows_come_layer_by_layer() -> None:
    assert [row.split(" ")[1] for row in rows()] == ["affinity-ignored", "packets-late", "dns-tcp-refused"]


def test_a_row_tells_who_caught_the_fault_and_who_missed_it() -> None:
    missed, unviable, caught = rows()
    assert "| missed | – | sa-01 missed |" in missed
    assert "| caught | dns-01 | – |" in caught
    assert "this kernel has no netem / none |" in unviable


def test_scenarios_that_were_not_moved_are_left_out_of_the_results() -> None:
    first = report.plain(PROOF, FAULTS)["faults"][0]
    assert [cell["scenario"] for cell in first["cells"]] == ["dns-01"]


def test_the_table_replaces_what_stands_between_its_marks() -> None:
    page = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    assert report.put_into(page, "new\n") == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(SetupProblem, match="no place"):
        report.put_into("no marks", "new\n")


def test_a_proof_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    report.write([PROOF], FAULTS, ["dns-01"], tmp_path)
    again = report.read(tmp_path, FAULTS)
    assert [(one.fault, one.outcome) for one in again.results] == [(one.fault, one.outcome) for one in PROOF.results]
    assert again.results[0].cells == PROOF.results[0].cells[:1]


def test_what_is_no_proof_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match="cannot be read"):
        report.read(tmp_path, FAULTS)
    (tmp_path / "results.json").write_text("[]")
    with pytest.raises(SetupProblem, match="is no proof"):
        report.read(tmp_path, FAULTS)


def part(mode: str, *results: Result) -> Proof:
    return Proof(results, {"proxy_mode": mode}, seconds=60)


def missed(scenario: str) -> Result:
    return Result("affinity-ignored", Outcome.MISSED, "", cells=(Cell(scenario, Mark.MISSED),))


def caught(scenario: str) -> Result:
    return Result("affinity-ignored", Outcome.CAUGHT, "", cells=(Cell(scenario, Mark.CAUGHT),))


def test_parts_of_one_proxy_mode_are_one_proof_and_the_last_word_counts() -> None:
    (one,) = report.gather([part("iptables", missed("sa-01")), part("iptables", caught("sa-01"), PROOF.results[0])])
    assert [(result.fault, result.outcome) for result in one.results] == [
        ("affinity-ignored", Outcome.CAUGHT),
        ("dns-tcp-refused", Outcome.CAUGHT),
    ]
    assert one.seconds == 120


def test_a_fault_that_was_asked_about_in_parts_keeps_both() -> None:
    (one,) = report.gather([part("iptables", caught("sa-01")), part("iptables", missed("sa-04"))])
    assert one.results[0].outcome is Outcome.CAUGHT
    assert [cell.mark for cell in one.results[0].cells] == [Mark.CAUGHT, Mark.MISSED]


def test_a_fault_that_could_not_be_had_again_is_what_it_was() -> None:
    gone = Result("affinity-ignored", Outcome.UNVIABLE, "never seen")
    (one,) = report.gather([part("iptables", caught("sa-01")), part("iptables", gone)])
    assert one.results[0].outcome is Outcome.CAUGHT


def test_each_proxy_mode_has_its_column() -> None:
    proofs = report.gather([part("nftables", missed("sa-01")), part("iptables", caught("sa-01"))])
    text = report.table(proofs, FAULTS, ["sa-01", "sa-02"])
    assert "| iptables | nftables |" in text
    assert "| caught | missed | sa-01 | sa-01 missed |" in text
    assert "seen to fail when they must: 1 of 2." in text
    assert f"were tried: 1 of {len(FAULTS)}." in text


def test_the_page_shows_who_noticed_and_why() -> None:
    text = page.render([PROOF], FAULTS, ["Score & more."])
    assert "Score &amp; more." in text
    assert '<th class="turned">dns-01</th>' in text
    assert "np-01" not in text
    assert "dns-01: violated, for the fault&#x27;s own reason: caught. refused" in text


def test_the_rows_of_an_outline_are_named_together() -> None:
    cells = (Cell("va-01-1.1", Mark.CAUGHT), Cell("va-01-1.2", Mark.CAUGHT), Cell("va-03-1.1", Mark.MISSED))
    text = report.table([part("iptables", Result("affinity-ignored", Outcome.CAUGHT, "", cells=cells))], FAULTS, [])
    assert "| caught | va-01 (2 rows) | va-03 missed |" in text


def test_who_is_no_longer_expected_to_notice_is_left_out(tmp_path: Path) -> None:
    cells = (Cell("sa-01-1.1", Mark.CAUGHT), Cell("np-01", Mark.MISSED), Cell("np-02", Mark.COLLATERAL))
    before = part("iptables", Result("affinity-ignored", Outcome.CAUGHT, "", cells=cells))
    report.write([before], FAULTS, [], tmp_path)
    assert [cell.scenario for cell in report.read(tmp_path, FAULTS).results[0].cells] == ["sa-01-1.1", "np-02"]
