"""svcproof run: scenarios on a cluster, by several workers, to one verdict and its reports."""

from __future__ import annotations

import os
import secrets
import shlex
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svcproof.cli import clusters
from svcproof.exit_code import ExitCode
from svcproof.problems import SetupProblem

if TYPE_CHECKING:
    from svcproof.report.results import Run
    from svcproof.run.conducting import Journal

Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="So many scenarios side by side.")]
Budget = Annotated[str, typer.Option("--budget", help="How soon the data plane must follow a change: 30s, 5m.")]
Patience = Annotated[float, typer.Option("--patience", min=0.1, help="Scale of every other wait; judges nothing.")]
Keep = Annotated[bool, typer.Option("--keep-on-failure", help="Leave what a scenario made when it is not met.")]
NoReport = Annotated[bool, typer.Option("--no-report", help="Write no files.")]
Deadline = Annotated[float, typer.Option("--deadline", help="Seconds after which a scenario is given up on.")]
Define = Annotated[list[str] | None, typer.Option("--define", "-D", metavar="NAME=VALUE", help="behave's userdata.")]


def run(  # noqa: PLR0917 - one parameter for each option
    features: clusters.Paths = None,
    tags: clusters.Tags = None,
    profile: clusters.Profile = "",
    jobs: Jobs = 4,
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    lab: clusters.Lab = "",
    kind: clusters.Kind = "",
    image: clusters.Images = None,
    image_registry: clusters.Registry = "",
    node_control: clusters.NodeControl = "",
    budget: Budget = "",
    patience: Patience = 1.0,
    keep_on_failure: Keep = False,
    report: clusters.Report = Path("report"),
    no_report: NoReport = False,
    deadline: Deadline = 240.0,
    define: Define = None,
) -> None:
    """Run scenarios on a cluster and report what they found.

    Exit codes: 0 all met; 1 violated; 2 usage or set-up; 3 unknown, lost, or nothing ran; 130 interrupted.
    """
    from svcproof.run import supervision

    supervision.preload()
    from svcproof.report import terminal
    from svcproof.report.results import collect
    from svcproof.resources import suite_root
    from svcproof.run import conducting, durations, selection
    from svcproof.run.supervision import Limits

    roster = selection.select(features or [], tags or [], profile)
    if not roster.entries:
        print(f"nothing is selected: none of {roster.every} scenarios fits, so nothing ran", file=sys.stderr)
        raise typer.Exit(ExitCode.UNKNOWN)
    chosen = clusters.choose(kubeconfig, context, lab, kind)
    settings = {
        **chosen.settings,
        **clusters.image_settings(image, image_registry),
        **({"node_control": node_control} if node_control else {}),
        **({"budget": seconds(budget)} if budget else {}),
        "run": secrets.token_hex(3),
        "patience": patience,
        "keep_on_failure": keep_on_failure,
    }
    folder = None if no_report else report.absolute()
    order = conducting.Order(
        run=settings["run"],
        roster=roster,
        settings=settings,
        report=folder,
        jobs=jobs,
        limits=Limits(scenario=deadline, slow=deadline * 4),
        command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        userdata=tuple(define or ()),
        expected=durations.load(),
    )
    cluster = Cluster(
        settings, [need for entry in roster.entries for need in entry.needs], needed=roster.root == suite_root()
    )
    with terminal.open_view(roster.entries, jobs) as view:
        journal = conducting.Journal(folder, [view])
        interrupted = conducting.conduct(order, journal, settle=cluster.settle, rehearse=cluster.rehearse)
    ended = cluster.clean(order.run, keep_on_failure)
    journal.tell({"is": "run ends", "interrupted": interrupted, **ended})
    journal.close()
    result = collect(journal.events, folder=folder)
    durations.keep({one.entry.id: one.seconds for one in result.scenarios if one.seconds and one.status == "passed"})
    again = reproduce(result, chosen.reproduce, "" if cluster.needed else f"{roster.root}/")
    written, lost = write(result, folder, again) if folder else ([], [])
    lost += [journal.trouble] if journal.trouble else []
    said = [*written, *(f"! {problem}" for problem in lost)]
    with suppress(OSError):  # whoever watched has gone away; the exit code and the report stay
        print("\n" + terminal.closing(result, colour=terminal.coloured(sys.stdout), reproduce=again, written=said))
        _tell_github(result, again)
        sys.stdout.flush()
    raise typer.Exit(_exit_code(result, interrupted=interrupted, lost=lost))


def _exit_code(result: Run, *, interrupted: bool, lost: list[str]) -> int:
    if interrupted:
        return 130
    if lost and result.exit_code is ExitCode.MET:
        return ExitCode.SETUP
    return result.exit_code


class Cluster:
    """The parent's own view of the cluster: asked once before the scenarios, and counted once after them.

    *needed* is false for a suite of somebody else's, which may have no cluster at all.
    """

    def __init__(self, settings: dict[str, Any], needs: Iterable[str], *, needed: bool) -> None:
        self._settings = settings
        self._needs = needs
        self.needed = needed
        self._api: Any = None
        if needed:
            threading.Thread(target=_import_client, daemon=True).start()  # 0.5 s, while workers begin

    def settle(self, journal: Journal) -> Mapping[str, Any]:
        """Reach the cluster and find out what it is; return the settings that tell workers where more will stand."""
        if not self.needed:
            return {}
        from svcproof.cli import settling

        self._api = clusters.connect(self._settings)
        settling.settle(self._api, journal, self._settings)
        told = {"capabilities": settling.file_for_workers()}
        self._settings = {**self._settings, **told}
        return told

    def rehearse(self, journal: Journal) -> Iterator[str]:
        """Find out once what workers need to know of the cluster; yield each capability's name when they can."""
        if not self.needed:
            return iter(())
        from svcproof.cli import settling
        from svcproof.providers import node_control

        control = node_control.choose(self._settings.get("node_control", ""))
        return settling.rehearse(self._api, self._needs, journal, control, self._settings)

    def clean(self, run: str, keep: bool) -> dict[str, Any]:
        """Reap what is left of the run, and count."""
        if self._api is None:
            return {}
        from svcproof.cluster import sandbox
        from svcproof.cluster.api import ApiTrouble

        try:
            left = sandbox.leftovers(self._api, run) if keep else sandbox.reap(self._api, run)
        except ApiTrouble as trouble:
            return {"cleaned": f"clean-up: the API server could not be asked ({trouble}); later: svcproof clean"}
        staying = [item for item in left if not item.going] if keep else []
        going = len(left) - len(staying)
        said = f"clean-up: {going} namespaces and objects of run {run} are on their way out" if going else ""
        if staying:
            names = ", ".join(map(str, staying))
            said = f"{said or 'clean-up'}; kept for you: {names}; delete them with: svcproof clean --run {run}"
        return {"left": len(left), "cleaned": said or f"clean-up: nothing of run {run} is left"}


def _import_client() -> None:
    import svcproof.adapters.kube  # noqa: F401 - the import is the work


def seconds(text: str) -> float:
    """Return the seconds of "30s", "5m" or "90"; raise SetupProblem for anything else."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in "smh" else (text, "s")
    try:
        return float(number) * {"s": 1, "m": 60, "h": 3600}[unit]
    except ValueError:
        raise SetupProblem(f"{text!r} is no duration", "write 30s, 5m or 1h") from None


def reproduce(result: Run, cluster: str, root: str = "") -> dict[str, str]:
    """Return for each scenario the command that runs it again, alone; *root* leads to a suite that is not our own."""
    program = "kubectl svcproof" if Path(sys.argv[0]).name == "kubectl-svcproof" else "svcproof"
    named = {one.entry.id: f"{root}{one.entry.location}" if root else one.entry.id for one in result.scenarios}
    return {name: f"{program} run {words}{cluster} --keep-on-failure" for name, words in named.items()}


def write(result: Run, folder: Path, again: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Write every report; return what was written and what could not be, each with its reason."""
    from svcproof.report import writers

    return writers.write_all(result, folder, again)


def _tell_github(result: Run, again: Mapping[str, str]) -> None:
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from svcproof.report import github

        github.tell(result, again)
