"""svcproof report: a run's reports, written anew from its events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svcproof.exit_code import ExitCode


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The report's folder, with its events.jsonl.")],
) -> None:
    """Write a run's reports anew from its events; the exit code is the run's."""
    from svcproof.cli.run import reproduce
    from svcproof.report import results, writers

    run = results.load(folder)
    words = run.command.split()
    written, lost = writers.write_all(run, folder, reproduce(run, _cluster(words)))
    for text in [*written, *lost]:
        print(text)
    print(run.sentence)
    raise typer.Exit(ExitCode.SETUP if lost else run.exit_code)


def _cluster(words: list[str]) -> str:
    """Return the part of a run's command that names its cluster."""
    named = ("--kubeconfig", "--context", "--lab", "--kind")
    kept = [f" {word} {words[place + 1]}" for place, word in enumerate(words[:-1]) if word in named]
    return "".join(kept)
