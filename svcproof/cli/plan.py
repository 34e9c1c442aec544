"""svcproof plan: what a run would do, before it does it."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svcproof.cli import clusters
from svcproof.exit_code import ExitCode

if TYPE_CHECKING:
    from svcproof.run.entries import Entry

USUAL_SECONDS = 6.0
"""What a scenario that was never timed is taken to last."""


def plan(
    features: clusters.Paths = None,
    tags: clusters.Tags = None,
    profile: clusters.Profile = "",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="So many scenarios side by side.")] = 4,
    *,
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    lab: clusters.Lab = "",
    kind: clusters.Kind = "",
    offline: Annotated[bool, typer.Option("--offline", help="Ask no cluster what it offers.")] = False,
    role: Annotated[bool, typer.Option("--role", help="Print only the ClusterRole that these scenarios need.")] = False,
) -> None:
    """Say what would run, what would be skipped and why, what it may do, and roughly how long it takes."""
    from svcproof.model import permission
    from svcproof.run import durations, selection

    roster = selection.select(features or [], tags or [], profile)
    wanted = permission.of(roster.entries)
    if role:
        from svcproof import as_yaml

        print(as_yaml.dump(permission.cluster_role(wanted)), end="")
        return
    found = {} if offline else _capabilities(roster.entries, clusters.choose(kubeconfig, context, lab, kind).settings)
    missing = {name: one for name, one in found.items() if not one.present}
    skipped = [entry for entry in roster.entries if any(need in missing for need in entry.needs)]
    running = [entry for entry in roster.entries if entry not in skipped]
    for entry in running:
        print(f"runs     {entry.id}  {entry.name}{'  (alone)' if entry.serial else ''}")
    for entry in skipped:
        lacking = [need for need in entry.needs if need in missing]
        print(f"skipped  {entry.id}  {entry.name}: no {', no '.join(lacking)} ({missing[lacking[0]].because})")
    _cures(missing)
    if offline and (needs := sorted({need for entry in roster.entries for need in entry.needs})):
        print(f"\nno cluster was asked; these capabilities would be looked for: {', '.join(needs)}")
    print("\nthe credentials need:")
    for one in wanted:
        print(f"  {one}")
    print("as a ClusterRole: svcproof plan --role")
    took = estimate(running, durations.load(), jobs)
    print(f"\n{len(running)} would run, {len(skipped)} be skipped; about {took:.0f} s with {jobs} workers")
    if not running:
        raise typer.Exit(ExitCode.UNKNOWN)


def _capabilities(entries: Sequence[Entry], settings: Mapping[str, Any]) -> dict[str, Any]:
    from svcproof.cluster.detect import detect_all
    from svcproof.cluster.settings import read
    from svcproof.providers import node_control
    from svcproof.run.detecting import detection_alone

    control = node_control.choose(settings.get("node_control", ""))
    with detection_alone(clusters.connect(settings), read(settings, {}), control) as using:
        return {one.name: one for one in detect_all((need for entry in entries for need in entry.needs), using)}


def _cures(missing: Mapping[str, Any]) -> None:
    from svcproof.model.capability import OFFERS

    if missing:
        print("\nto get what is missing:")
    for name in missing:
        print(f"  {name}: {OFFERS[name].get if name in OFFERS else 'no such capability is known'}")


def estimate(entries: Sequence[Entry], expected: Mapping[str, float], jobs: int) -> float:
    """Return roughly how long entries take (seconds): shared out over *jobs* workers, then the serial ones alone."""
    took = {entry.id: expected.get(entry.id, USUAL_SECONDS) for entry in entries}
    workers = [0.0] * jobs
    for entry in sorted((entry for entry in entries if not entry.serial), key=lambda entry: -took[entry.id]):
        heapq.heapreplace(workers, workers[0] + took[entry.id])
    return max(workers) + sum(took[entry.id] for entry in entries if entry.serial)
