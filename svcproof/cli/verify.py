"""svcproof verify: a conformance report, recomputed from the events it claims to come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svcproof.exit_code import ExitCode


def verify(
    report: Annotated[Path, typer.Argument(help="The conformance.yaml.")],
    events: Annotated[Path, typer.Option("--events", help="The run's events.jsonl, or the folder that holds it.")],
) -> None:
    """Recompute a conformance report from the run's events; exit 1 where they say something else."""
    from svcproof.report import conformance, results
    from svcproof.run.entries import Roster

    claimed = conformance.read(report)
    run = results.load(events)
    found = conformance.differences(claimed, run)
    found += _malformed(claimed)
    fingerprint = Roster(Path(), tuple(one.entry for one in run.scenarios)).fingerprint
    if fingerprint != run.suite.get("roster"):
        found.append(f"suite.roster: the events list other scenarios than the run began with ({fingerprint[:12]}…)")
    for line in found:
        print(line)
    if found:
        raise typer.Exit(ExitCode.VIOLATED)
    print(f"{report} is what {events} gives: {run.sentence}")


def _malformed(claimed: dict[str, object]) -> list[str]:
    """Say where the report breaks its schema, where the jsonschema package is there to tell."""
    from svcproof.report import conformance

    try:
        from jsonschema import Draft202012Validator
    except ModuleNotFoundError:
        print("the schema itself was not looked at: pip install jsonschema")
        return []
    errors = Draft202012Validator(conformance.schema()).iter_errors(claimed)
    return [f"{'.'.join(map(str, error.absolute_path)) or 'report'}: {error.message}" for error in errors]
