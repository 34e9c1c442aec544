"""Every report of a run, each written for itself: one that fails takes no other along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from svcproof.problems import SetupProblem
from svcproof.report import allure, conformance, ctrf, html, junit
from svcproof.report.results import Run
from svcproof.report.trace import Trace, read_contract, trace
from svcproof.resources import features

Again = Mapping[str, str]

WRITERS: dict[str, Callable[[Run, Path, Again], None]] = {
    "index.html": lambda run, file, again: html.write(run, file, again, contract_trace(run)),
    "junit.xml": junit.write,
    "ctrf.json": ctrf.write,
    "conformance.yaml": lambda run, file, _: conformance.write(run, file),
    "allure-results": allure.write,
}
"""What is written, by the name it gets in the report's folder."""


def contract_trace(run: Run) -> Trace | None:
    """Lay the run beside the contract; None for a suite that keeps none."""
    try:
        contract = read_contract(features())
    except SetupProblem:
        return None
    entries = [result.entry for result in run.scenarios]
    if not any(entry.rows for entry in entries):
        return None
    return trace(contract, entries, {result.entry.id: result.ending.value for result in run.scenarios})


def write_all(run: Run, folder: Path, again: Again) -> tuple[list[str], list[str]]:
    """Write every report; return lines about what was written, and about what could not be and why."""
    written: list[str] = []
    lost: list[str] = []
    for name, write in WRITERS.items():
        try:
            write(run, folder / name, again)
            written.append(name)
        except OSError as problem:
            lost.append(f"{folder / name} is not written: {problem.strerror or problem}")
    others = ", ".join(name for name in written if name != "index.html")
    said = [f"report: {folder / 'index.html'} (beside it {others})"] if "index.html" in written else []
    return said, lost
