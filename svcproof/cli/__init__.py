"""The command line: one table of commands, each loaded when it is asked for."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

from svcproof.exit_code import ExitCode
from svcproof.model.verdict import Inconclusive
from svcproof.problems import SetupProblem

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


@dataclass(frozen=True)
class Command:
    """Where a command lives (module:object, a function or a typer app), and what it is for."""

    where: str
    help: str


COMMANDS = {
    "run": Command("svcproof.cli.run:run", "Run scenarios on a cluster and report what they found."),
    "list": Command("svcproof.cli.list:list_scenarios", "List scenarios with their ids, rows and needs."),
    "plan": Command(
        "svcproof.cli.plan:plan", "Say what would run, what would be skipped and why, and how long it takes."
    ),
    "lab": Command("svcproof.cli.lab:app", "Bring up a real cluster of this machine's own, and take it down again."),
    "report": Command("svcproof.cli.report:report", "Write a run's reports anew."),
    "diff": Command("svcproof.cli.diff:diff", "Compare two runs: changed verdicts first."),
    "verify": Command("svcproof.cli.verify:verify", "Recompute a conformance report from the run's events."),
    "judge": Command("svcproof.cli.judge:judge", "Judge recorded traffic again."),
    "clean": Command("svcproof.cli.clean:clean", "Delete what runs have left in a cluster."),
    "lint": Command("svcproof.cli.lint:lint", "Check the features themselves; no cluster is needed."),
    "trace": Command("svcproof.cli.trace:trace", "Show which scenarios stand for each row of the contract."),
    "prove": Command("svcproof.cli.prove:prove", "Break a lab on purpose and see which scenarios notice."),
    "doctor": Command("svcproof.cli.doctor:doctor", "Say what this machine and this cluster lack."),
}
"""Every command, in the order of --help. A new one is one line here."""


class Commands(TyperGroup):
    """Loads a command's module only when the command is used: --help needs none of them."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is typer's
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the signature is typer's
        command = COMMANDS.get(cmd_name)
        return None if command is None else _load(cmd_name, command)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the signature is typer's
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in COMMANDS.items()])

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SetupProblem as problem:
            print(problem, file=sys.stderr)
            sys.exit(ExitCode.SETUP)
        except Inconclusive as problem:  # the cluster gave no answer where no scenario could say so
            print(f"{problem}\n  cure: see what it says to `svcproof doctor`, then try again", file=sys.stderr)
            sys.exit(ExitCode.SETUP)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            sys.exit(INTERRUPTED)


def _load(name: str, command: Command) -> Any:
    module, _, attribute = command.where.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as problem:
        if problem.name != module:
            raise
        raise SetupProblem(f"this version has no `svcproof {name}` yet", "install a newer one") from problem
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, help=command.help if not found.__doc__ else None)(found)
    return typer.main.get_command(app)


app = typer.Typer(
    name="svcproof",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(version("svcproof"))
        except PackageNotFoundError:
            print("unreleased")
        raise typer.Exit


@app.callback()
def root(
    _version_wanted: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Tells whether a Kubernetes cluster keeps the promises of a Service, with evidence."""


def main() -> None:
    """Run the command line; exit codes are those of svcproof.exit_code, and 130 after Ctrl-C."""
    sys.argv[1:] = _with_default_lab(sys.argv[1:])
    app()


def _with_default_lab(words: list[str]) -> list[str]:
    """Give a bare --lab or --kind its default name: an option's value cannot be optional otherwise."""
    given: list[str] = []
    for place, word in enumerate(words):
        given.append(word)
        if word in ("--lab", "--kind"):
            after = words[place + 1] if place + 1 < len(words) else "-"
            if after.startswith("-") or "/" in after or after.endswith(".feature"):
                given.append(DEFAULT_NAMES[word])
    return given


DEFAULT_NAMES = {"--lab": "lab", "--kind": "kind"}
"""The names that `svcproof lab up` and `kind create cluster` give when they are given none."""
