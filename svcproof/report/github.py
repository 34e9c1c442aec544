"""What GitHub Actions shows: annotations on the features, and a summary of the step."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from svcproof.report.results import Ending, Run, ScenarioResult
from svcproof.report.terminal import first_line

ANNOTATIONS = 10
"""GitHub shows so many errors of a step."""

SUMMARY_LIMIT = 1_000_000
"""Bytes: GitHub refuses a longer summary as a whole (1 MiB)."""


def tell(run: Run, again: Mapping[str, str]) -> None:
    """Print annotations; append to the step summary where there is one."""
    for line in marks(run):
        print(line)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(summarise(run, again))


def marks(run: Run) -> list[str]:
    """Return the workflow commands that mark the lines of scenarios that are not met: violated first."""
    worst = [*run.of(Ending.VIOLATED), *run.of(Ending.UNKNOWN)][:ANNOTATIONS]
    return [_annotation(result) for result in worst]


def _annotation(result: ScenarioResult) -> str:
    level = "error" if result.ending is Ending.VIOLATED else "warning"
    title = f"{result.ending.value}: {result.entry.id} {result.entry.name}"
    place = f"file={_property(result.entry.file)},line={result.entry.line},title={_property(title)}"
    said = "\n".join(filter(None, [result.because, result.cause and f"cause: {result.cause}"]))
    return f"::{level} {place}::{_message(said)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def summarise(run: Run, again: Mapping[str, str]) -> str:
    """Return the run as Markdown, cut to what GitHub takes."""
    lines = [f"### {_mark(run)} {run.sentence}", ""]
    for ending in (Ending.VIOLATED, Ending.UNKNOWN):
        for result in run.of(ending):
            why = _escape(first_line(result.because))
            lines.append(
                f"- **{ending.symbol} {ending.value}** `{result.entry.id}` {_escape(result.entry.name)}: {why}"
            )
            if result.cause:
                lines.append(f"  cause: {_escape(result.cause)}")
            lines.append(f"  `{again.get(result.entry.id, '')}`")
    if run.of(Ending.SKIPPED):
        lines += ["", "| skipped for want of | scenarios | why | how to get it |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(map(_escape, row))} |" for row in _skips(run)]
    lines += ["", f"{len(run.scenarios)} scenarios in {run.seconds:.1f} s. {run.cleaned}", ""]
    text = "\n".join(lines)
    if len(text.encode()) > SUMMARY_LIMIT:
        text = text.encode()[:SUMMARY_LIMIT].decode(errors="ignore") + "\n\n… cut: the whole is in the report.\n"
    return text


def _mark(run: Run) -> str:
    return {0: "✓", 1: "✗"}.get(run.exit_code, "?")


def _skips(run: Run) -> list[tuple[str, str, str, str]]:
    groups: dict[str, list[ScenarioResult]] = {}
    for result in run.of(Ending.SKIPPED):
        groups.setdefault(result.capability or first_line(result.because), []).append(result)
    return [(name, str(len(them)), first_line(them[0].because), them[0].cure) for name, them in groups.items()]


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
