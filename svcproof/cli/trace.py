"""svcproof trace: each row of the contract with its scenarios and, given a report, what they found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from svcproof.report.trace import Line, Trace


def trace(
    report: Annotated[Path | None, typer.Argument(help="A report folder of `svcproof run`: adds the verdicts.")] = None,
    *,
    rows: Annotated[list[str] | None, typer.Option("--row", help="Only this row or area (repeatable).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Show which scenarios speak for each row of the contract; exit 2 where a row that should have one has none."""
    from rich.console import Console

    from svcproof import resources
    from svcproof.exit_code import ExitCode
    from svcproof.report import trace as table
    from svcproof.run import roster

    folder = resources.features()
    entries = roster.read([str(folder)], root=resources.suite_root()).entries
    whole = table.trace(table.read_contract(folder), entries, _verdicts(report))
    wanted = [line for line in whole.lines if not rows or line.row.id in rows or line.row.area in rows]
    if as_json:
        print(json.dumps(table.plain(whole), indent=2))
    else:
        _show(Console(soft_wrap=True, highlight=False), wanted, whole)
    raise typer.Exit(ExitCode.SETUP if whole.problems else ExitCode.MET)


def _verdicts(report: Path | None) -> dict[str, str]:
    if report is None:
        return {}
    from svcproof.report import results

    return {scenario.entry.id: scenario.ending.value for scenario in results.load(report).scenarios}


def _show(console: Any, wanted: Sequence[Line], whole: Trace) -> None:
    for line in wanted:
        mark = line.verdict or ("no scenario" if line.silent else "none of its own" if not line.scenarios else "")
        console.print(f"[bold]{line.row.id:<9}[/] {line.row.level:<9}{_coloured(mark)}  {escape(line.row.sentence)}")
        for spoken in line.scenarios:
            examples = f" ×{spoken.examples}" if spoken.examples > 1 else ""
            console.print(f"          {spoken.id:<8}{_coloured(spoken.verdict)}  {escape(spoken.name)}{examples}")
        if not line.scenarios and line.row.note:
            console.print(f"          {escape(line.row.note)}", style="dim")
    console.print(", ".join(f"{count} {word}" for word, count in whole.counts().items()))
    for problem in whole.problems:
        console.print(f"[red]{escape(problem)}[/]")


def _coloured(word: str) -> str:
    colour = {"met": "green", "violated": "red", "unknown": "yellow", "no scenario": "red"}.get(word, "dim")
    return f"[{colour}]{word:<9}[/]"
