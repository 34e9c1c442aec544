"""Every report of a run, each written for itself: one that fails takes no other along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from svcproof.report import html
from svcproof.report.results import Run

Again = Mapping[str, str]


def _html(run: Run, folder: Path, again: Again) -> None:
    (folder / "index.html").write_text(html.render(run, again), encoding="utf-8")


WRITERS: dict[str, Callable[[Run, Path, Again], None]] = {
    "index.html": _html,
}
"""What is written, by the name it gets in the report's folder."""


def write_all(run: Run, folder: Path, again: Again) -> tuple[list[str], list[str]]:
    """Write every report; return lines about what was written, and about what could not be and why."""
    lost: list[str] = []
    for name, write in WRITERS.items():
        try:
            write(run, folder, again)
        except OSError as problem:
            lost.append(f"{folder / name} is not written: {problem.strerror or problem}")
    written = f"report: {folder / 'index.html'}" if not lost else f"report: what could be written is in {folder}"
    return [written], lost
