"""The matrix says what was seen, and nothing else."""

from svcproof.faults import catalog, report
from svcproof.faults.outcome import Cell, Mark, Outcome, Proof, Result

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
    return [line for line in report.table(PROOF, FAULTS).splitlines() if line.startswith("| ")][1:]


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
    assert report.put_into("no marks", "new\n") == "no marks"
