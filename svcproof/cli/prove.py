"""svcproof prove: breaks a lab on purpose, and says which scenarios noticed."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svcproof.cli import clusters
from svcproof.exit_code import ExitCode
from svcproof.faults.outcome import Ask, related
from svcproof.problems import SetupProblem

if TYPE_CHECKING:
    from svcproof.faults.fault import Fault
    from svcproof.faults.outcome import Proof
    from svcproof.faults.suite import Suite
    from svcproof.providers.lab import Lab

Names = Annotated[
    list[str] | None, typer.Option("--fault", "-f", metavar="NAME", help="Only this fault; may be repeated.")
]
Ids = Annotated[
    list[str] | None,
    typer.Option("--scenario", "-s", metavar="ID", help="Only this scenario, under its faults; may be repeated."),
]
Layers = Annotated[list[str] | None, typer.Option("--layer", help="Only the faults of this layer; may be repeated.")]
Show = Annotated[bool, typer.Option("--list", help="List the faults and whom they break; nothing is broken.")]
Asked = Annotated[
    Ask,
    typer.Option(
        "--ask",
        help="Whom to ask under each fault: named, all that it names; first, those one by one until one notices;"
        " shared, its share, so that each core scenario is asked once; every, all there are: finds collateral.",
    ),
]
Sample = Annotated[
    str,
    typer.Option(
        "--sample",
        metavar="SEED",
        help="Only some quick faults, chosen by this text, such as a commit, each until one scenario notices.",
    ),
]
Size = Annotated[int, typer.Option("--size", min=1, help="How many faults a sample has.")]
Readme = Annotated[Path | None, typer.Option("--page", help="Put the matrix into this page, between its two marks.")]
From = Annotated[
    list[Path] | None,
    typer.Option("--from", metavar="DIR", help="Break nothing: put earlier proofs together, the latest last."),
]
Part = Annotated[
    str, typer.Option("--part", metavar="K/N", help="Only the Kth of N parts: the others are proven on other labs.")
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="So many scenarios side by side.")]


_GRAVITY = (ExitCode.MET, ExitCode.UNKNOWN, ExitCode.VIOLATED)


def prove(  # noqa: PLR0917 - typer makes an option of each
    lab: clusters.Lab = "lab",
    fault: Names = None,
    scenario: Ids = None,
    layer: Layers = None,
    show: Show = False,
    ask: Asked = Ask.NAMED,
    sample: Sample = "",
    size: Size = 2,
    part: Part = "1/1",
    jobs: Jobs = 4,
    report: clusters.Report = Path("proof"),
    page: Readme = None,
    earlier: From = None,
) -> None:
    """Break a lab on purpose, one fault at a time, and see which scenarios notice.

    Exit codes: 0 all faults in effect are caught; 1 one is missed or timed out; 2 usage or set-up; 3 nothing could be
    told, or a scenario was not met without a fault; 130 interrupted. Every fault is healed, also after Ctrl-C; what a
    killed prover leaves is healed by the next one, and by `svcproof lab down`.
    """
    from svcproof.faults import report as report_of
    from svcproof.faults.catalog import load

    every = load()
    chosen = _chosen(every, fault or [], layer or [], scenario or [])
    if show:
        print("\n".join(_line(one) for one in chosen))
        return
    if earlier:
        proofs = report_of.gather(report_of.read(folder, every) for folder in earlier)
        _publish(proofs, every, report, page)
        raise typer.Exit(max((proof.exit_code for proof in proofs), key=_GRAVITY.index))
    with _alone(lab) as found:
        if sample:
            chosen = _sample(found, chosen, sample, size)
        proof_of(
            found,
            every,
            _part(chosen, part),
            among=chosen,
            scenarios=tuple(scenario or ()),
            ask=Ask.FIRST if sample else ask,
            jobs=jobs,
            folder=report,
            page=page,
        )


def proof_of(
    lab: Lab,
    every: Mapping[str, Fault],
    chosen: list[Fault],
    *,
    among: list[Fault],
    scenarios: tuple[str, ...],
    ask: Ask,
    jobs: int,
    folder: Path,
    page: Path | None,
) -> None:
    """Prove on a lab, write the report, and exit with the proof's code."""
    from svcproof.faults import report
    from svcproof.faults.prover import Prover

    suite = _suite(lab, jobs)
    if strange := [name for name in scenarios if not suite.of([name])]:
        raise SetupProblem(f"{', '.join(strange)}: no scenario has this id", "`svcproof list` names the scenarios")
    api = clusters.connect({"kubeconfig": str(lab.kubeconfig)})
    keep = lambda so_far: report.write([so_far], every, suite.core(), folder)  # noqa: E731 - one line, used once
    prover = Prover(lab, api, suite, _say, folder, scenarios, ask, among, keep)
    proof = prover.prove(chosen)
    _publish([proof], every, folder, page)
    raise typer.Exit(130 if proof.interrupted else proof.exit_code)


def _publish(proofs: list[Proof], every: Mapping[str, Fault], folder: Path, page: Path | None) -> None:
    """Write the report, and the track record into a page; say the score."""
    from svcproof.faults import report
    from svcproof.run import selection

    core = [entry.id for entry in selection.select([]).entries if entry.level == "core"]
    written = report.write(proofs, every, core, folder)
    if page is not None:
        text = report.put_into(page.read_text(encoding="utf-8"), report.table(proofs, every, core))
        page.write_text(text, encoding="utf-8")
    print("\n".join(("", *report.told(proofs, every, core), *(f"  {path}" for path in written))))


def _suite(lab: Lab, jobs: int) -> Suite:
    from svcproof.cli.run import Cluster
    from svcproof.faults.suite import Suite
    from svcproof.run import supervision

    supervision.preload()
    settings = clusters.lab_settings(lab)
    known: list[Cluster] = []

    def settle(journal: Any, needs: Iterable[str]) -> Mapping[str, Any]:
        known[:] = [Cluster(settings, needs, needed=True)]
        told = known[0].settle(journal)
        list(known[0].rehearse(journal))
        return told

    return Suite(settings, jobs, settle, lambda run: known[0].clean(run, False))


def _chosen(every: Mapping[str, Fault], names: list[str], layers: list[str], ids: list[str]) -> list[Fault]:
    if strange := [name for name in names if name not in every]:
        raise SetupProblem(f"no fault is called {', '.join(strange)}", "`svcproof prove --list` names them all")
    known = {fault.layer.value for fault in every.values()}
    if strange := [layer for layer in layers if layer not in known]:
        raise SetupProblem(f"no layer is called {', '.join(strange)}", f"take one of: {', '.join(sorted(known))}")
    chosen = [
        one for one in every.values() if (not names or one.name in names) and (not layers or one.layer.value in layers)
    ]
    if ids:
        chosen = [one for one in chosen if any(related(id_, broken) for id_ in ids for broken in one.breaks)]
    return sorted(chosen, key=lambda one: one.layer.rank)


def _part(faults: list[Fault], part: str) -> list[Fault]:
    """Return the Kth of N parts; raise SetupProblem where that is not said as K/N."""
    which, _, of = part.partition("/")
    if not (which.isdigit() and of.isdigit() and 1 <= int(which) <= int(of)):
        raise SetupProblem(f"--part {part}: wanted K/N, such as 1/2", "K is one of 1 to N")
    return faults[int(which) - 1 :: int(of)]


def _sample(lab: Lab, faults: list[Fault], seed: str, size: int) -> list[Fault]:
    """Choose some of the faults that this lab can carry and that come into effect at once."""
    from svcproof.faults.fault import Fault
    from svcproof.faults.ground import misfits

    quick = [one for one in faults if one.wait <= Fault.wait and not misfits(one, lab)]
    return random.Random(seed).sample(quick, min(size, len(quick)))


def _line(fault: Fault) -> str:
    return f"{fault.layer.value:14} {fault.name:42} {', '.join(sorted(fault.breaks))}\n{'':15}{fault.stands_for}"


@contextmanager
def _alone(name: str) -> Iterator[Lab]:
    """The lab *name*, ours alone while we break it; raise SetupProblem where it is not one of this machine's labs."""
    from svcproof.providers.lab import require_lab
    from svcproof.providers.lab.checks import require_root

    require_root()
    lab = require_lab(name)
    with lab.use(alone=True):
        yield lab


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
