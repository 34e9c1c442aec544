"""Which cluster a command is about: the options that name one, and what they mean for the workers."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svcproof.problems import SetupProblem

if TYPE_CHECKING:
    from svcproof.providers.lab import Lab as RunningLab

Kubeconfig = Annotated[Path | None, typer.Option("--kubeconfig", help="The kubeconfig of the cluster.")]
Context = Annotated[str, typer.Option("--context", help="The context of the kubeconfig to use.")]
Lab = Annotated[str, typer.Option("--lab", metavar="[NAME]", help="Use the lab of this name (svcproof lab up).")]
Kind = Annotated[str, typer.Option("--kind", metavar="[NAME]", help="Use the kind cluster of this name.")]
Images = Annotated[list[str] | None, typer.Option("--image", metavar="ROLE=REF", help="Use this image for a role.")]
Registry = Annotated[str, typer.Option("--image-registry", help="Take all images from this registry.")]
NodeControl = Annotated[
    str, typer.Option("--node-control", help="How nodes are cut off and stopped: lab:NAME, kind:NAME or a command.")
]
Paths = Annotated[
    list[str] | None, typer.Argument(metavar="[FEATURES…]", help="Files, folders, file:line or ids; all when none.")
]
Tags = Annotated[
    list[str] | None, typer.Option("--tags", "-t", help="Only scenarios with these tags; several must all hold.")
]
Profile = Annotated[str, typer.Option("--profile", help="Only the scenarios of core, extended or source.")]
Report = Annotated[Path, typer.Option("--report", help="The folder of the reports.")]


@dataclass(frozen=True)
class Chosen:
    """A cluster by its settings; *reproduce* is how a person names it on the command line."""

    settings: dict[str, Any] = field(default_factory=dict)
    reproduce: str = ""


def choose(kubeconfig: Path | None, context: str, lab: str, kind: str) -> Chosen:
    """Return the settings of the one cluster that is named; raise SetupProblem when two are."""
    if sum(map(bool, (kubeconfig or context, lab, kind))) > 1:
        raise SetupProblem("two clusters are named", "name one: --kubeconfig/--context, --lab or --kind")
    if lab:
        return _lab(lab)
    if kind:
        return _kind(kind)
    settings: dict[str, Any] = {}
    words = ""
    if kubeconfig:
        if not kubeconfig.expanduser().is_file():
            raise SetupProblem(f"kubeconfig {kubeconfig} does not exist", "check the path, or bring a cluster up first")
        settings["kubeconfig"] = str(kubeconfig.expanduser().absolute())
        words = f" --kubeconfig {kubeconfig}"
    if context:
        settings["context"] = context
        words += f" --context {context}"
    return Chosen(settings, words)


def _lab(name: str) -> Chosen:
    from svcproof.providers.lab import require_lab

    found = require_lab(name)
    until_the_end = ExitStack()
    until_the_end.enter_context(found.use())
    atexit.register(until_the_end.close)
    return Chosen(lab_settings(found), f" --lab {name}")


def lab_settings(lab: RunningLab) -> dict[str, Any]:
    """Return the settings of a lab; its images lie beside its kubeconfig, where workers look for themselves."""
    return {"kubeconfig": str(lab.kubeconfig), "context": "", "node_control": f"lab:{lab.plan.name}"}


def _kind(name: str) -> Chosen:
    from svcproof.adapters import shell

    try:
        written = shell.run(["kind", "get", "kubeconfig", "--name", name], timeout=60.0).stdout
    except shell.CommandFailed as problem:
        raise SetupProblem(f"no kind cluster {name!r} answers: {problem}", "kind create cluster") from problem
    descriptor, file = tempfile.mkstemp(prefix="svcproof-kind-", suffix=".yaml")
    atexit.register(Path(file).unlink, missing_ok=True)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(written)
    return Chosen({"kubeconfig": file, "context": "", "node_control": f"kind:{name}"}, f" --kind {name}")


def image_settings(images: list[str] | None, registry: str) -> dict[str, str]:
    """Return the settings of --image and --image-registry; raise SetupProblem for one that is not ROLE=REF."""
    settings = {"image_registry": registry} if registry else {}
    for item in images or []:
        role, mark, reference = item.partition("=")
        if not (role and mark and reference):
            raise SetupProblem(f"--image {item}: wanted ROLE=REF", "for example --image nginx=nginx:1.29")
        settings[f"image.{role}"] = reference
    return settings


def connect(settings: Mapping[str, Any]) -> Any:
    """Return the API server of these settings."""
    from svcproof.adapters import kube

    return kube.connect(settings.get("kubeconfig", ""), settings.get("context", ""))
