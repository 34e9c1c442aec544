"""The proof as files: results in JSON, the matrix of faults and scenarios in Markdown and as a page."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from svcproof.faults import page
from svcproof.faults.fault import Fault
from svcproof.faults.outcome import Cell, Mark, Outcome, Proof, Result, named, outcome
from svcproof.problems import SetupProblem

FORMAT_VERSION = 1
BEGIN, END = "<!-- track record: begin -->", "<!-- track record: end -->"
RESULTS = "results.json"

SYMBOLS = {
    Mark.CAUGHT: "✗",
    Mark.MISSED: "missed",
    Mark.WRONG_REASON: "other reason",
    Mark.UNKNOWN: "?",
    Mark.TIMED_OUT: "timed out",
    Mark.SKIPPED: "skipped",
    Mark.NOT_GREEN: "not green",
    Mark.ABSENT: "absent",
    Mark.EXPLAINED: "explained",
    Mark.COLLATERAL: "collateral",
}


def write(proofs: Sequence[Proof], faults: Mapping[str, Fault], core: Sequence[str], folder: Path) -> list[Path]:
    """Write results.json (of the last proof), track-record.md and index.html into a folder; return the paths.

    *core* are the ids of the scenarios that claim the core level.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results, record, matrix = folder / RESULTS, folder / "track-record.md", folder / "index.html"
    results.write_text(json.dumps(plain(proofs[-1], faults), indent=1) + "\n", encoding="utf-8")
    record.write_text(f"# Faults, and who noticed\n\n{table(proofs, faults, core)}", encoding="utf-8")
    matrix.write_text(page.render(proofs, faults, told(proofs, faults, core)), encoding="utf-8")
    return [results, record, matrix]


def plain(proof: Proof, faults: Mapping[str, Fault]) -> dict[str, Any]:
    """Return the proof as JSON can carry it."""
    return {
        "svcproof": "proof",
        "version": FORMAT_VERSION,
        "score": proof.score,
        "lab": dict(proof.lab),
        "seconds": round(proof.seconds, 1),
        "interrupted": proof.interrupted,
        "false_alarms": dict(proof.false_alarms),
        "faults": [_plain(result, faults[result.fault]) for result in proof.results],
    }


def _plain(result: Result, fault: Fault) -> dict[str, Any]:
    return {
        "name": fault.name,
        "layer": fault.layer.value,
        "stands_for": fault.stands_for,
        "link": fault.link,
        "outcome": result.outcome.value,
        "because": result.because,
        "evidence": result.evidence,
        "healed": result.healed,
        "clean": result.clean,
        "seconds": round(result.seconds, 1),
        "spent": dict(result.spent),
        "cells": [{**asdict(cell), "mark": cell.mark.value} for cell in result.cells if cell.mark is not Mark.UNMOVED],
    }


def read(folder: Path, faults: Mapping[str, Fault]) -> Proof:
    """Read an earlier proof from its folder; raise SetupProblem.

    Left out are the faults that are no more, and who did not notice a fault that it is no longer expected to notice.
    """
    path = folder / RESULTS
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        results = tuple(_result(one, faults[one["name"]]) for one in told["faults"] if one["name"] in faults)
        alarms = {str(name): str(why) for name, why in told["false_alarms"].items()}
        return Proof(results, told["lab"], alarms, bool(told["interrupted"]), float(told["seconds"]))
    except OSError as problem:
        raise SetupProblem(f"{path} cannot be read: {problem.strerror}", "name the folder of a proof") from problem
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise SetupProblem(f"{path} is no proof: {problem!r}", "name the folder of a proof") from problem


def _result(told: Mapping[str, Any], fault: Fault) -> Result:
    every = [Cell(one["scenario"], Mark(one["mark"]), one["why"], one["seconds"]) for one in told["cells"]]
    moved = (Mark.CAUGHT, Mark.EXPLAINED, Mark.COLLATERAL)
    cells = tuple(cell for cell in every if cell.mark in moved or named(cell.scenario, fault.breaks))
    known = {name: told[name] for name in ("because", "evidence", "healed", "clean", "seconds")}
    return Result(told["name"], Outcome(told["outcome"]), cells=cells, spent=told.get("spent", {}), **known)


def gather(proofs: Iterable[Proof]) -> list[Proof]:
    """Put proofs together, one for each proxy mode: of a scenario under a fault, what was found last counts."""
    together: dict[str, Proof] = {}
    for proof in proofs:
        mode = str(proof.lab.get("proxy_mode", ""))
        together[mode] = _joined(together[mode], proof) if mode in together else replace(proof, interrupted=False)
    return [together[mode] for mode in sorted(together)]


def _joined(before: Proof, after: Proof) -> Proof:
    results = {result.fault: result for result in before.results}
    for result in after.results:
        old = results.get(result.fault)
        results[result.fault] = _both(old, result) if old and old.outcome.in_effect else result
    found = {cell.scenario for result in after.results for cell in result.cells}
    alarms = {name: why for name, why in before.false_alarms.items() if name not in found}
    return replace(
        after,
        results=tuple(results.values()),
        false_alarms={**alarms, **after.false_alarms},
        interrupted=False,
        seconds=before.seconds + after.seconds,
    )


def _both(before: Result, after: Result) -> Result:
    """Return what was found of one fault twice; of a fault that could not be had again, what was found before."""
    if not after.outcome.in_effect:
        return before
    cells = {cell.scenario: cell for cell in (*before.cells, *after.cells)}
    ended, because = outcome(cells.values())
    return replace(after, cells=tuple(cells.values()), outcome=ended, because=because)


def told(proofs: Sequence[Proof], faults: Mapping[str, Fault], core: Sequence[str]) -> list[str]:
    """Return the score in sentences: for each lab, what was tried at all, and which core scenarios were seen fail."""
    lines = [f"{_lab(proof)}: {proof.score}; {proof.seconds / 60:.0f} minutes." for proof in proofs]
    tried = {result.fault for proof in proofs for result in proof.results}
    lines.append(f"Faults of the catalogue that were tried: {len(tried)} of {len(faults)}.")
    seen = {cell.scenario for proof in proofs for result in proof.results for cell in result.marked(Mark.CAUGHT)}
    lines.append(f"Core scenarios that were seen to fail when they must: {len(seen & set(core))} of {len(core)}.")
    return lines


def table(proofs: Sequence[Proof], faults: Mapping[str, Fault], core: Sequence[str]) -> str:
    """Return the matrix as Markdown: a row for each fault, layer by layer, and the score."""
    modes = [str(proof.lab.get("proxy_mode", "outcome")) for proof in proofs]
    found = [{result.fault: result for result in proof.results} for proof in proofs]
    names = sorted({name for one in found for name in one}, key=lambda name: (faults[name].layer.rank, name))
    lines = [
        f"| fault | what goes wrong | {' | '.join(modes)} | caught by | other scenarios |",
        f"|---|---|{'---|' * len(modes)}---|---|",
        *(_row(faults[name], [one.get(name) for one in found]) for name in names),
        "",
        *(f"{line}  " for line in told(proofs, faults, core)),
        "",
    ]
    return "\n".join(lines)


def _row(fault: Fault, results: Sequence[Result | None]) -> str:
    there = [result for result in results if result is not None]
    caught = _grouped(cell.scenario for result in there for cell in result.marked(Mark.CAUGHT))
    name = f"[{fault.name}]({fault.link})" if fault.link else fault.name
    outcomes = " | ".join(result.outcome.value if result else "–" for result in results)
    other = "; ".join(dict.fromkeys(filter(None, map(_other, there)))) or "–"
    first = other.replace("|", "/").partition("\n")[0]
    return f"| {name} | {fault.stands_for} | {outcomes} | {caught or '–'} | {first} |"


def _other(result: Result) -> str:
    if result.outcome is Outcome.UNVIABLE:
        return result.because
    others = [cell for cell in result.cells if cell.mark not in (Mark.CAUGHT, Mark.UNMOVED)]
    marks = dict.fromkeys(cell.mark for cell in others)
    return ", ".join(
        f"{_grouped(cell.scenario for cell in others if cell.mark is mark)} {SYMBOLS[mark]}" for mark in marks
    )


def _grouped(scenarios: Iterable[str]) -> str:
    """Name scenarios, the rows of an outline by its name and their number."""
    rows = Counter(_OUTLINE.sub("", scenario) for scenario in set(scenarios))
    return ", ".join(f"{name} ({count} rows)" if count > 1 else name for name, count in sorted(rows.items()))


_OUTLINE = re.compile(r"-\d+\.\d+$")


def _lab(proof: Proof) -> str:
    facts = proof.lab
    had = facts.get("add_ons")
    add_ons = ", ".join(had) if isinstance(had, list) and had else "no add-ons"
    return (
        f"Kubernetes {facts.get('kubernetes')}, {facts.get('nodes')} nodes, {facts.get('proxy_mode')} proxies, "
        f"{facts.get('ip_family')}, {add_ons}"
    )


def put_into(readme: str, text: str) -> str:
    """Return a page with the track record between its two marks replaced; raise SetupProblem where it has no marks."""
    head, begin, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise SetupProblem("the page has no place for a track record", f"write {BEGIN} and {END} into it")
    return f"{head}{BEGIN}\n{text}{END}{tail}"
