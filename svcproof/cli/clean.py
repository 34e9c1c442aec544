"""svcproof clean: what runs have left goes."""

from __future__ import annotations

from typing import Annotated

import typer

from svcproof.cli import clusters
from svcproof.exit_code import ExitCode


def clean(
    run: Annotated[str, typer.Option("--run", help="Only this run; without it, every run whose lease is over.")] = "",
    *,
    every: Annotated[bool, typer.Option("--all", help="Every run, also those that may be under way.")] = False,
    wait: Annotated[float, typer.Option("--wait", help="Wait so many seconds until nothing is left.")] = 60.0,
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    lab: clusters.Lab = "",
    kind: clusters.Kind = "",
) -> None:
    """Delete what runs have left in a cluster, and count until nothing is; never touches what svcproof did not make."""
    from svcproof.cluster import sandbox

    api = clusters.connect(clusters.choose(kubeconfig, context, lab, kind).settings)
    runs = [run] if run else sorted(_runs(api)) if every else [""]
    found = [item for one in runs for item in sandbox.reap(api, one)]
    for item in found:
        print(f"{'was going already' if item.going else 'deleted'}: {item} (run {item.run})")
    owners = {item.run for item in found}
    left = sum(sandbox.await_nothing_left(api, owner, wait) for owner in owners) if wait else len(found)
    print(f"{len(found)} objects found, {left} left")
    if left and wait:
        print(f"they are still on their way out after {wait:.0f} s; look at their finalizers")
        raise typer.Exit(ExitCode.UNKNOWN)


def _runs(api: object) -> set[str]:
    from svcproof.cluster import sandbox

    kinds = ("Namespace", *sandbox.CLUSTER_SCOPED)
    return {
        item["metadata"]["labels"][sandbox.RUN_LABEL]
        for kind in kinds
        for item in sandbox._listed(api, kind, sandbox.RUN_LABEL)  # type: ignore[arg-type]  # noqa: SLF001
    }
