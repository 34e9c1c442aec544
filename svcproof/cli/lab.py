"""The lab's commands: a real Kubernetes of this machine's own, up and down."""

from __future__ import annotations

import json
import signal
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svcproof.adapters import shell
from svcproof.exit_code import ExitCode
from svcproof.problems import SetupProblem
from svcproof.providers.lab import checks, lab, plan, state, take_down
from svcproof.providers.lab.progress import open_report

if TYPE_CHECKING:
    from types import FrameType

    from svcproof.providers.lab import Lab

DEFAULT_NAME = "lab"

app = typer.Typer(
    help="Bring up a real cluster of this machine's own, and take it down again.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Name = Annotated[str, typer.Option("--name", metavar="NAME", help="Labs with different names live side by side.")]


@app.command(short_help="Bring a lab up, write its kubeconfig.")
def up(  # noqa: PLR0917 - each is an option of the command line
    name: Name = DEFAULT_NAME,
    nodes: Annotated[int, typer.Option(metavar="1…5", min=1, max=5, help="Each is in a zone of its own.")] = 2,
    kubernetes: Annotated[str, typer.Option(metavar="|".join(plan.KUBERNETES))] = plan.KUBERNETES[0],
    proxy_mode: Annotated[str, typer.Option(metavar="|".join(plan.PROXY_MODES))] = plan.PROXY_MODES[0],
    ip_family: Annotated[str, typer.Option(metavar="|".join(plan.IP_FAMILIES))] = plan.IP_FAMILIES[0],
    add_on: Annotated[list[str] | None, typer.Option(metavar="|".join(plan.ADD_ONS), help="May be repeated.")] = None,
) -> None:
    """Bring a lab up and write its kubeconfig; what an earlier lab of the name left is cleared first.

    A lab that runs already with the same options is left as it is. The first time builds everything: minutes.
    """
    from svcproof.providers.lab import bring_up

    checks.require_root()
    wanted = bring_up.Wanted(name, nodes, kubernetes, proxy_mode, ip_family, tuple(add_on or ()))
    asked = wanted.plan(0)  # says at once what cannot be asked for
    _end_on_sigterm()
    with open_report() as report, state.one_at_a_time(name):
        running = lab.find_lab(name)
        if running and not running.dead():
            if not running.plan.asks_the_same_as(asked):
                raise SetupProblem(
                    f"lab {name!r} is up, with other options: {_options(running.plan)}",
                    f"take it down first: svcproof lab down --name {name}",
                )
            report.say(f"lab {name!r} is up already")
        else:
            bring_up.bring_up(wanted, report)
    _say_how_to_use(lab.require_lab(name))


@app.command(short_help="Remove everything a lab made.")
def down(name: Name = DEFAULT_NAME) -> None:
    """Remove everything a lab made, whatever state it is in; a lab that is not there is no error."""
    checks.require_root()
    plan.require_name(name)
    with open_report() as report, state.one_at_a_time(name):
        was_there = take_down.take_down(name, report)
    print(f"lab {name!r} is down" if was_there else f"there is no lab {name!r}: nothing to do")


@app.command(short_help="Say what a lab has and what of it runs.")
def status(
    name: Name = DEFAULT_NAME,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
    uplink: Annotated[
        bool, typer.Option("--uplink", help="Say only what tried to leave the lab, and was stopped.")
    ] = False,
) -> None:
    """Say which nodes and components a lab has, where they are, and which of them run.

    Exit codes: 0 all components run; 2 there is no such lab; 3 a component does not run.
    """
    found = lab.require_lab(name)
    if uplink:
        stray = found.strayed_packets()
        ways = f"{stray['forwarded']} forwarded, {stray['leaked']} sent by the machine"
        print(json.dumps(stray) if as_json else f"packets of lab {name!r} towards other networks, all stopped: {ways}")
        raise typer.Exit(ExitCode.UNKNOWN if any(stray.values()) else ExitCode.MET)
    print(json.dumps(_facts(found), indent=1) if as_json else _table(found))
    raise typer.Exit(ExitCode.UNKNOWN if found.dead() else ExitCode.MET)


@app.command()
def kubeconfig(name: Name = DEFAULT_NAME) -> None:
    """Print the path of a lab's kubeconfig."""
    print(lab.require_lab(name).kubeconfig)


@app.command(
    "exec", short_help="Run a command in a node's network.", context_settings={"allow_interspersed_args": False}
)
def execute(
    node: Annotated[str, typer.Argument(help="A node, or control-plane.")],
    command: Annotated[list[str], typer.Argument(help="What to run, after --.")],
    name: Name = DEFAULT_NAME,
) -> None:
    """Run a command in a node's network namespace and pass on its exit code.

    The lab's programs are on PATH: ctr finds the node's containerd, kubectl the lab.
    """
    place = lab.require_lab(name).node(node)
    words = command[1:] if command[0] == "--" else command
    raise typer.Exit(shell.attach(place.command(words), env=place.environment))


@app.command(short_help="Print what a component logged.")
def logs(
    component: Annotated[str, typer.Argument(help="kubelet, kube-proxy, containerd, kube-apiserver, etcd …")],
    node: Annotated[
        str, typer.Argument(help="A node, or control-plane; all that have the component if left out.")
    ] = "",
    name: Name = DEFAULT_NAME,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
) -> None:
    """Print what a component logged since the lab came up."""
    found = lab.require_lab(name)
    if node:
        chosen = [found.node(node).component(component)]
    else:
        chosen = [one for one in found.components if one.name == component]
    if not chosen:
        known = sorted({one.name for one in found.components})
        raise SetupProblem(f"lab {name!r} has no component {component!r}", f"take one of: {', '.join(known)}")
    lines = "+1" if not follow else "20"
    raise typer.Exit(shell.attach(["tail", "-n", lines, *(["-F"] if follow else []), *(one.log for one in chosen)]))


@app.command(short_help="Build and make all that a lab needs.")
def build(
    kubernetes: Annotated[str, typer.Option(metavar="|".join(plan.KUBERNETES))] = plan.KUBERNETES[0],
    add_on: Annotated[list[str] | None, typer.Option(metavar="|".join(plan.ADD_ONS), help="May be repeated.")] = None,
) -> None:
    """Build and make all that a lab needs, and keep it: `up` then takes seconds.

    What is kept already is not built again.
    """
    from svcproof.providers.lab import bring_up

    wanted = bring_up.Wanted(DEFAULT_NAME, 1, kubernetes, plan.PROXY_MODES[0], plan.IP_FAMILIES[0], tuple(add_on or ()))
    with open_report() as report:
        bring_up.build(wanted, report)
    print(f"everything for Kubernetes {kubernetes} is in {bring_up.cache_directory()}")


def _end_on_sigterm() -> None:
    """Treat SIGTERM as Ctrl-C: what was begun is undone."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _say_how_to_use(found: Lab) -> None:
    name = "" if found.name == DEFAULT_NAME else f" --name {found.name}"
    print(
        f"lab {found.name!r} is up: Kubernetes {found.plan.kubernetes}, {_options(found.plan)}\n"
        f"  export KUBECONFIG={found.kubeconfig}\n"
        f"  svcproof run --lab {found.name}\n"
        f"  svcproof lab status{name}    svcproof lab down{name}"
    )


def _options(of: plan.LabPlan) -> str:
    add_ons = f", {' and '.join(of.add_ons)}" if of.add_ons else ""
    nodes = "1 node" if of.nodes == 1 else f"{of.nodes} nodes"
    return f"{nodes}, {of.proxy_mode} proxies, {of.ip_family}{add_ons}"


def _facts(found: Lab) -> dict[str, Any]:
    blocks = found.plan.blocks
    return {
        "name": found.name,
        "plan": found.plan.as_dict(),
        "kubeconfig": str(found.kubeconfig),
        "seconds": int(time.time() - found.began),
        "host": list(found.host_addresses),
        "load_balancers": [str(block.load_balancers) for block in blocks],
        "services": [str(block.services) for block in blocks],
        "pods": [str(block.pods) for block in blocks],
        "images": dict(found.images),
        "nodes": [
            {
                "name": node.name,
                "addresses": list(node.addresses),
                "components": {one.name: {"alive": one.alive(), "pid": one.pid} for one in node.components},
            }
            for node in (found.control_plane, *found.nodes)
        ],
    }


def _table(found: Lab) -> str:
    lines = [
        f"lab {found.name!r}: Kubernetes {found.plan.kubernetes}, {_options(found.plan)}",
        f"  kubeconfig  {found.kubeconfig}",
        f"  up for      {timedelta(seconds=int(time.time() - found.began))}",
        f"  this host   {', '.join(found.host_addresses)}",
    ]
    for node in (found.control_plane, *found.nodes):
        states = [one.name if one.alive() else f"{one.name} (does not run)" for one in node.components]
        lines.append(f"  {node.name:<13} {', '.join(node.addresses):<16} {', '.join(states)}")
    return "\n".join(lines)
