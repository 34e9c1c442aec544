"""svcproof doctor: what a cluster offers, how that is known, what it enables, and how to get what is missing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from svcproof.cli import clusters
from svcproof.exit_code import ExitCode

if TYPE_CHECKING:
    from svcproof.model.capability import Capability
    from svcproof.model.permission import Permission
    from svcproof.run.entries import Entry


def doctor(
    features: clusters.Paths = None,
    tags: clusters.Tags = None,
    profile: clusters.Profile = "",
    *,
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    lab: clusters.Lab = "",
    kind: clusters.Kind = "",
    image: clusters.Images = None,
    image_registry: clusters.Registry = "",
    node_control: clusters.NodeControl = "",
) -> None:
    """Say what a cluster offers, with evidence; what each capability enables and how to get it; what is not permitted.

    Exit codes: 0 everything the chosen scenarios need may be done; 2 the cluster is not reached, or a permission lacks.
    """
    from svcproof.model import permission
    from svcproof.run import selection

    entries = selection.select(features or [], tags or [], profile).entries
    settings = {
        "run": secrets.token_hex(3),
        **clusters.choose(kubeconfig, context, lab, kind).settings,
        **clusters.image_settings(image, image_registry),
        **({"node_control": node_control} if node_control else {}),
    }
    wanted = permission.of(entries)
    found, denied = _look(settings, wanted)
    for line in table(found, entries):
        print(line)
    for one in denied:
        print(f"not permitted: {one}")
    if denied:
        print("grant these to the credentials, or choose fewer scenarios (--tags, --profile)")
        raise typer.Exit(ExitCode.SETUP)
    print(f"permitted: all that {len(entries)} scenarios do with {len(wanted)} kinds of objects")


def _look(settings: Mapping[str, Any], wanted: Sequence[Permission]) -> tuple[list[Capability], list[Permission]]:
    from svcproof.cluster import permissions, sandbox
    from svcproof.cluster.detect import detect_all
    from svcproof.cluster.settings import read
    from svcproof.model.capability import OFFERS
    from svcproof.providers import node_control

    api = clusters.connect(settings)
    version = api.version().get("gitVersion", "of an unknown version")
    print(f"{api.server}: Kubernetes {version}\n")
    denied = permissions.missing(api, wanted)
    sandbox.require_permission(api)
    control = node_control.choose(settings.get("node_control", ""))
    from svcproof.run.detecting import detection_alone

    with detection_alone(api, read(settings, {}), control) as using:
        return detect_all(OFFERS, using), denied


def table(found: Sequence[Capability], entries: Sequence[Entry]) -> list[str]:
    """Return a paragraph for each capability: its evidence, how many scenarios it enables, how to get it."""
    from svcproof.model.capability import OFFERS

    order = list(OFFERS)
    lines = []
    for one in sorted(found, key=lambda one: (not one.present, order.index(one.name))):
        count = sum(one.name in entry.needs for entry in entries)
        enables = f"{'enables' if one.present else 'would enable'} {count} scenario{'s' * (count != 1)}"
        lines.append(f"{'yes' if one.present else 'no '}  {one.name:<20} {OFFERS[one.name].means}; {enables}")
        lines.append(f"     {'':<20} seen: {one.because}")
        if not one.present:
            lines.append(f"     {'':<20} to get it: {OFFERS[one.name].get}")
    return [*lines, ""]
