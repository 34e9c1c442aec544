"""The proof as files: results in JSON, the matrix of faults and scenarios in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from svcproof.faults.fault import Fault
from svcproof.faults.outcome import Cell, Mark, Outcome, Proof, Result

FORMAT_VERSION = 1
BEGIN, END = "<!-- track record: begin -->", "<!-- track record: end -->"

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


def write(proof: Proof, faults: Mapping[str, Fault], folder: Path) -> list[Path]:
    """Write results.json and track-record.md into a folder; return both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    results, record = folder / "results.json", folder / "track-record.md"
    results.write_text(json.dumps(plain(proof, faults), indent=1) + "\n", encoding="utf-8")
    record.write_text(f"# Faults, and who noticed\n\n{table(proof, faults)}", encoding="utf-8")
    return [results, record]


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
        "cells": [{**asdict(cell), "mark": cell.mark.value} for cell in result.cells if cell.mark is not Mark.UNMOVED],
    }


def table(proof: Proof, faults: Mapping[str, Fault]) -> str:
    """Return the matrix as Markdown: a row for each fault, layer by layer, and the score."""
    lines = [
        "| fault | what goes wrong | outcome | caught by | other scenarios |",
        "|---|---|---|---|---|",
        *(_row(result, faults[result.fault]) for result in _by_layer(proof.results, faults)),
        "",
        f"{proof.score}. Lab: {_lab(proof)}; {proof.seconds / 60:.0f} minutes.",
        "",
    ]
    return "\n".join(lines)


def _row(result: Result, fault: Fault) -> str:
    caught = ", ".join(cell.scenario for cell in result.marked(Mark.CAUGHT)) or "–"
    others = [cell for cell in result.cells if cell.mark not in (Mark.CAUGHT, Mark.UNMOVED)]
    name = f"[{fault.name}]({fault.link})" if fault.link else fault.name
    shown = result.because if result.outcome is Outcome.UNVIABLE else _told(others)
    first = shown.replace("|", "/").partition("\n")[0]
    return f"| {name} | {fault.stands_for} | {result.outcome.value} | {caught} | {first} |"


def _told(cells: Iterable[Cell]) -> str:
    return ", ".join(f"{cell.scenario} {SYMBOLS[cell.mark]}" for cell in cells) or "–"


def _by_layer(results: Iterable[Result], faults: Mapping[str, Fault]) -> list[Result]:
    return sorted(results, key=lambda result: (faults[result.fault].layer.rank, result.fault))


def _lab(proof: Proof) -> str:
    facts = proof.lab
    had = facts.get("add_ons")
    add_ons = ", ".join(had) if isinstance(had, list) and had else "no add-ons"
    return (
        f"Kubernetes {facts.get('kubernetes')}, {facts.get('nodes')} nodes, {facts.get('proxy_mode')} proxies, "
        f"{facts.get('ip_family')}, {add_ons}"
    )


def put_into(page: str, text: str) -> str:
    """Return a page with the track record between its two marks replaced; the page as it is when it has no marks."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{text}{END}{tail}" if begin and end else page
