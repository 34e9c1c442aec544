"""svcproof list: the scenarios, with what each needs and stands for."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from svcproof.cli import clusters
from svcproof.exit_code import ExitCode


def list_scenarios(
    features: clusters.Paths = None,
    tags: clusters.Tags = None,
    profile: clusters.Profile = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List scenarios with their ids, rows and needs; exit 3 where none fits."""
    from dataclasses import asdict

    from svcproof.run import selection

    roster = selection.select(features or [], tags or [], profile)
    if as_json:
        print(json.dumps([asdict(entry) for entry in roster.entries], indent=1, ensure_ascii=False))
    else:
        width = max((len(entry.id) for entry in roster.entries), default=0)
        file = ""
        for entry in roster.entries:
            if entry.file != file:
                file = entry.file
                print(f"\n{file}: {entry.feature}")
            needs = f"  needs {', '.join(entry.needs)}" if entry.needs else ""
            rows = f"  {' '.join(entry.rows)}" if entry.rows else ""
            print(f"  {entry.id:<{width}}  {entry.name}{rows}{needs}{'  alone' if entry.serial else ''}")
        print(f"\n{len(roster.entries)} of {roster.every} scenarios")
    if not roster.entries:
        raise typer.Exit(ExitCode.UNKNOWN)
