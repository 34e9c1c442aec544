"""svcproof diff: two runs, or two clusters, side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from svcproof.exit_code import ExitCode

Report = Annotated[Path, typer.Argument(help="A report's folder or its events.jsonl.")]


def diff(
    before: Report,
    after: Report,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 also where a verdict got better.")] = False,
) -> None:
    """Compare two runs: changed verdicts first, then reasons, times, cluster; exit 1 where it got worse."""
    from svcproof.report import comparison, results, terminal

    found = comparison.compare(results.load(before), results.load(after))
    colour = terminal.coloured(sys.stdout)
    for change in found.verdicts:
        words = [one.value if one else "not there" for one in (change.before, change.after)]
        text = f"{'worse ' if change.worse else 'better'}  {change.id}  {words[0]} → {words[1]}  {change.name}"
        print(terminal.paint(text, "31" if change.worse else "32", colour=colour))
        if change.because:
            print(f"          {change.because}")
    for title, lines in (("reasons", found.reasons), ("times", found.times), ("cluster and suite", found.facts)):
        if lines:
            print(f"\n{title}:")
            print("\n".join(f"  {line}" for line in lines))
    print(f"\n{_verdict(len(found.verdicts), worse=found.worse)}")
    raise typer.Exit(ExitCode.VIOLATED if found.worse or (strict and found.verdicts) else ExitCode.MET)


def _verdict(changed: int, *, worse: bool) -> str:
    if not changed:
        return "every verdict is the same"
    said = "one verdict differs" if changed == 1 else f"{changed} verdicts differ"
    return f"{said}; it got worse" if worse else f"{said}; nothing got worse"
