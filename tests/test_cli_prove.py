"""svcproof prove, without a lab: what it lists, what it refuses, how it puts earlier proofs together."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

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


def test_scenarios_choose_the_faults_that_break_them(capsys: pytest.CaptureFixture[str]) -> None:
    command.prove(scenario=["sa-01-1.1", "cip-08"], show=True)
    listed = [line.split("  ")[0] + line[15:].split()[0] for line in capsys.readouterr().out.splitlines()[::2]]
    assert listed == ["proxyaffinity-ignored", "control planeselectors-ignored"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"fault": ["nothing"]}, "no fault is called nothing"),
        ({"layer": ["nowhere"]}, "no layer is called nowhere"),
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
    with pytest.raises(typer.Exit) as ended:
        command.prove(earlier=earlier, report=tmp_path / "all", page=page)

    assert ended.value.exit_code == 0
    assert "| caught | caught | sa-01 | – |" in page.read_text()
    assert page.read_text().endswith(f"{report.END}\n# B\n")
    assert (tmp_path / "all" / "index.html").exists()
    assert capsys.readouterr().out.count("1 of 1 faults in effect are caught") == 2


def test_the_parts_of_a_proof_are_all_of_it() -> None:
    faults = list(FAULTS.values())
    parts = [command._part(faults, f"{number}/3") for number in (1, 2, 3)]
    assert sorted(one.name for part in parts for one in part) == sorted(FAULTS)
    assert command._part(faults, "1/1") == faults


@pytest.mark.parametrize("part", ["0/2", "3/2", "2", "a/b", ""])
def test_a_part_that_is_none_is_refused(part: str) -> None:
    with pytest.raises(SetupProblem, match="wanted K/N"):
        command._part([], part)
