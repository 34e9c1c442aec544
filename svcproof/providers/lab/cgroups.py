"""Gives a lab its own cgroups, in every hierarchy the machine has: what runs in them is the lab's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from svcproof.problems import SetupProblem
from svcproof.providers.lab.plan import CGROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svcproof.providers.lab.plan import LabPlan
    from svcproof.providers.lab.state import State

SYSTEM = "system"
"""The cgroup of a lab's own programs, beside those of its pods."""


MOUNTS = Path("/sys/fs/cgroup")

USED = ("cpu", "cpuset", "hugetlb", "io", "memory", "pids")
"""The controllers that the kubelet and the pods use."""


WEIGHT = {1: ("cpu.shares", 16 * 1024), 2: ("cpu.weight", 16 * 100)}
"""By version of cgroups: the file, and what all labs weigh together on a busy machine, against 1 for a process outside.

What the runner has to wait for takes longer; what the cluster has to wait for looks as if it broke its promises.
"""


@dataclass(frozen=True)
class Hierarchy:
    """One mounted tree of cgroups."""

    root: Path
    version: int
    controllers: frozenset[str]


@cache
def hierarchies() -> tuple[Hierarchy, ...]:
    """Every cgroup tree of the machine: one with cgroup v2, one for each controller with v1, both kinds in between."""
    found: dict[Path, Hierarchy] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        root, (kind, _, options) = Path(before.split()[4]), after.split(maxsplit=2)
        if not root.is_relative_to(MOUNTS):  # a container's view of a part
            continue
        if kind == "cgroup2":
            controllers = (root / "cgroup.controllers").read_text().split()
            found.setdefault(root, Hierarchy(root, 2, frozenset(controllers)))
        elif kind == "cgroup":
            found.setdefault(root, Hierarchy(root, 1, frozenset(options.split(","))))
    return tuple(found.values())


def is_version_1() -> bool:
    """Whether controllers are in cgroup v1 trees, which the kubelet must be told to accept."""
    return any(tree.version == 1 for tree in hierarchies())


def make(plan: LabPlan, state: State) -> None:
    """Make the lab's cgroups: one for its programs and one for the pods of each node, in every hierarchy.

    Raises SetupProblem where the machine does not let us: in a container that has processes in its root cgroup.
    """
    for tree in hierarchies():
        state.note("cgroup", tree.root / plan.cgroup)
        try:
            for leaf in (SYSTEM, *(node.name for node in plan.node_plans)):
                _make_one(tree, f"{plan.cgroup}/{leaf}")
            _weigh(tree)
        except OSError as refused:
            raise SetupProblem(
                f"the cgroup {tree.root / plan.cgroup} cannot be made: {refused}",
                "run the lab on the machine itself, or in a container that has cgroups of its own to share out",
            ) from refused


def _make_one(tree: Hierarchy, path: str) -> None:
    parent = tree.root
    for part in path.split("/"):
        if tree.version == 2 and not is_version_1():
            wanted = " ".join(f"+{controller}" for controller in USED if controller in tree.controllers)
            (parent / "cgroup.subtree_control").write_text(wanted)
        child = parent / part
        child.mkdir(exist_ok=True)
        if tree.version == 1 and "cpuset" in tree.controllers:
            for setting in ("cpuset.cpus", "cpuset.mems"):
                (child / setting).write_text((parent / setting).read_text())
        parent = child


def _weigh(tree: Hierarchy) -> None:
    if "cpu" in tree.controllers:
        setting, weight = WEIGHT[tree.version]
        (tree.root / CGROUPS / setting).write_text(str(weight))


def entrances(plan: LabPlan) -> list[Path]:
    """The files that take a program into the lab's system cgroup: write "0" to each."""
    return [tree.root / plan.cgroup / SYSTEM / "cgroup.procs" for tree in hierarchies()]


def members(path: str) -> set[int]:
    """Every process in the cgroup *path* or below it, in any hierarchy."""
    found: set[int] = set()
    for tree in hierarchies():
        for group in _below(tree.root / path):
            try:
                found |= {int(pid) for pid in (group / "cgroup.procs").read_text().split()}
            except (FileNotFoundError, OSError):  # it went while we looked: then nothing is in it
                continue
    return found - {0}


def remove(top: Path) -> bool:
    """Remove a cgroup and all below it, leaf first; whether all of it is gone."""
    for group in sorted(_below(top), key=lambda path: len(path.parts), reverse=True):
        try:
            group.rmdir()
        except FileNotFoundError:
            continue
        except OSError:  # busy: a process is still on its way out
            return False
    return not top.exists()


def _below(top: Path) -> Iterator[Path]:
    for folder, _, _ in os.walk(top):
        yield Path(folder)
