"""svcproof prove, without a lab: what it lists, what it refuses, how it puts earlier proofs together."""

from __future__ import annotations

from pathlib import Path

import pytest

from svcproof.cli import prove as command
from svcproof.faults import catalog, report
from svcproof.faults.outcome import Cell, Mark, Outcome, Proof, Result
from svcproof.problems import SetupProblem

FAULTS = catalog.load()


def proof(mode: str, outcome: Outcome, mark: Mark) -> Proof:
    result = Result("affinity-ignored", outcome, "", cells=(Cell("sa-01-1.1", mark),))
    return Proof((result,), {"proxy_mode": mode, "add_ons": []}, seconds=60)


def test_the_list_names_each_fault_its_layer_and_whom_it_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    command.prove(fault=["affinity-ignored"], show=True)
    assert capsys.readouterr().out.startswith("proxy          affinity-ignored   ")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"fault": ["nothing"]}, "no fault is called nothing"),
        ({"layer": ["nowhere"]}, "no layer is called nowhere"),
        ({"everything": True, "thrifty": True}, "exclude each other"),
    ],
)
def test_what_cannot_be_is_said(asked: dict, says: str) -> None:
    with pytest.raises(SetupProblem, match=says):
        command.prove(**asked)


def test_earlier_proofs_become_one_report_and_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, one in {
        "first": proof("iptables", Outcome.MISSED, Mark.MISSED),
        "second": proof("iptables", Outcome.CAUGHT, Mark.CAUGHT),
        "third": proof("nftables", Outcome.CAUGHT, Mark.CAUGHT),
    }.items():
        report.write([one], FAULTS, [], tmp_path / name)
    page = tmp_path / "README.md"
    page.write_text(f"# A\n{report.BEGIN}\n{report.END}\n# B\n")

    earlier = [tmp_path / name for name in ("first", "second", "third")]
    command.prove(earlier=earlier, report=tmp_path / "all", page=page)

    assert "| caught | caught | sa-01 | – |" in page.read_text()
    assert page.read_text().endswith(f"{report.END}\n# B\n")
    assert (tmp_path / "all" / "index.html").exists()
    assert capsys.readouterr().out.count("1 of 1 faults in effect are caught") == 2
