"""Turns what a person names (paths, ids, tags, a profile) into the roster of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from behave.tag_expression import make_tag_expression

from svcproof.problems import SetupProblem
from svcproof.resources import suite_root
from svcproof.run import roster
from svcproof.run.entries import Roster, called

PROFILES = {"core": "@core", "extended": "@core or @extended", "source": "@source"}
"""The tag expression of each profile."""


def select(named: Sequence[str], tags: Sequence[str] = (), profile: str = "") -> Roster:
    """Fix the roster: scenarios at the named paths or with the named ids, that every tag expression lets through.

    A path is taken from the current folder, else from the suite's own; without any, all of the suite's features.
    Raises SetupProblem for names that mean nothing.
    """
    if profile and profile not in PROFILES:
        raise SetupProblem(f"no profile is called {profile!r}", f"name one of {', '.join(PROFILES)}")
    ids = tuple(name for name in named if roster.ID.match(name) and not Path(name).exists())
    paths = [_found(name) for name in named if name not in ids]
    root = roster.suite_of(paths) if paths else suite_root()
    wanted = [*tags, *([PROFILES[profile]] if profile else [])]
    selection = roster.Selection(ids=ids, expression=_expression(wanted) if wanted else None)
    found = roster.read(paths or [str(root / "features")], root=root, chosen=selection)
    strange = [name for name in ids if not any(called(entry, name) for entry in found.entries)]
    if strange and not wanted:
        raise SetupProblem(
            f"{', '.join(strange)}: neither a file nor the id of a scenario", "`svcproof list` names the scenarios"
        )
    return found


def _found(name: str) -> str:
    """Return an existing path for a name that may carry a line number."""
    file, colon, line = name.rpartition(":")
    if not (colon and line.isdigit()):
        file, colon, line = name, "", ""
    for folder in (Path(), suite_root()):
        if (folder / file).exists():
            return f"{folder / file}{colon}{line}"
    raise SetupProblem(
        f"{name}: no such file, folder or scenario here or in {suite_root()}", "`svcproof list` names them all"
    )


def _expression(tags: Sequence[str]) -> object:
    try:
        return make_tag_expression(list(tags))
    except Exception as problem:
        raise SetupProblem(f"--tags {' '.join(tags)}: {problem}", "write as in: @source and not @slow") from problem
