"""Takes a lab down after whatever end it came to, and says what is left."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
from svcproof.providers.lab import cgroups, machine, processes, state
from svcproof.providers.lab.plan import LabPlan, data_directory, run_directory
from svcproof.providers.lab.state import State

if TYPE_CHECKING:
    from svcproof.providers.lab.progress import Report

SECONDS = 30.0
"""Bounds one call of a system program, on a machine that is busy beyond reason."""

_AGAIN = "run `svcproof lab down --name {}` again"

USERS_SECONDS = 30.0
"""A run that was interrupted just now cleans up before it ends."""

KILL_SECONDS = 10.0
CGROUP_SECONDS = 5.0


def take_down(name: str, report: Report) -> bool:
    """Remove all that the lab *name* made; False where there was nothing. Raises SetupProblem where something stays.

    Nothing is asked politely: a lab's state is thrown away. But who uses it is waited for: their traffic would find
    another way once the lab's routes are gone. The caller holds the lab (state.one_at_a_time).
    """
    found = State.read(name)
    if found is not None:
        try:
            with ExitStack() as users:
                with report.step(f"wait until nobody uses lab {name!r}"):
                    users.enter_context(state.in_use(found.plan, alone=True, patience=USERS_SECONDS))
                _undo(found, report)
        except shell.CommandFailed as broken:
            raise SetupProblem(f"lab {name!r} is not all down: {broken}", _AGAIN.format(name)) from broken
    with report.step("remove its files") if found else nullcontext():
        removed = _remove_directories(name)
    with state.one_at_a_time(".addresses", patience=10):
        machine.leave()
    return removed


def _undo(found: State, report: Report) -> None:
    plan = found.plan
    found.put(phase="going down")
    with report.step("end its processes"):
        processes.kill_all(plan, KILL_SECONDS)
    with report.step("remove its mounts, links, routes and cgroups"):
        _unmount(plan)
        _unwire(plan, found)
        _remove_cgroups(found)
    if left := remains(plan):
        raise SetupProblem(
            f"lab {plan.name!r} is down except for:\n" + "\n".join(f"    {item}" for item in left),
            _AGAIN.format(plan.name),
        )


def remains(plan: LabPlan) -> list[str]:
    """What is left on the machine of a lab, its directories aside; empty after a good end."""
    left = [f"process {process.pid}: {_command(process.pid)}" for process in processes.of_the_lab(plan)]
    left += [f"mount {mount}" for mount in _mounts(plan)]
    left += [
        f"cgroup {tree.root / plan.cgroup}" for tree in cgroups.hierarchies() if (tree.root / plan.cgroup).exists()
    ]
    if _link_exists(plan.host_link):
        left.append(f"link {plan.host_link}")
    left += [f"route blackhole {network}" for network in sorted(_blackholes() & _hidden(plan))]
    if plan.guard_table in shell.run(["nft", "list", "tables"], timeout=SECONDS).stdout.split():
        left.append(f"nftables table inet {plan.guard_table}")
    return left


def _unmount(plan: LabPlan) -> None:
    """Unmount deepest first; what is busy is taken out of sight and goes with its last user."""
    for mount in sorted(_mounts(plan), key=len, reverse=True):
        if not shell.run(["umount", mount], timeout=SECONDS, check=False).ok:
            shell.run(["umount", "--lazy", mount], timeout=SECONDS, check=False)


def _mounts(plan: LabPlan) -> list[str]:
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [
        point for point in points if Path(point).is_relative_to(plan.directory) or Path(point).is_relative_to(plan.data)
    ]


def _unwire(plan: LabPlan, found: State) -> None:
    """Remove link, table and routes; the kernel may be faster with some: `remains` has the last word."""
    for kind, what in reversed(found.made):
        if kind == "link" and _link_exists(what):
            shell.run(["ip", "link", "delete", what], timeout=SECONDS, check=False)
        elif kind == "table":
            shell.run(["nft", "-f", "-"], input=f"add table inet {what}\ndelete table inet {what}\n", timeout=SECONDS)
    for network in _blackholes() & _hidden(plan):
        shell.run(
            ["ip", "-6" if ":" in network else "-4", "route", "delete", "blackhole", network],
            timeout=SECONDS,
            check=False,
        )


def _hidden(plan: LabPlan) -> set[str]:
    return {str(network) for block in plan.blocks for network in (block.services, block.pods)}


def _blackholes() -> set[str]:
    found: set[str] = set()
    for family in ("-4", "-6"):
        listed = shell.run(["ip", family, "-j", "route", "show", "type", "blackhole"], timeout=SECONDS).stdout
        found |= {route["dst"] for route in json.loads(listed or "[]")}
    return found


def _link_exists(link: str) -> bool:
    return (Path("/sys/class/net") / link).exists()


def _remove_cgroups(found: State) -> None:
    """A cgroup is free a moment after its last process ended."""
    for kind, what in found.made:
        if kind == "cgroup":
            processes.await_true(partial(cgroups.remove, Path(what)), CGROUP_SECONDS)


def _remove_directories(name: str) -> bool:
    """Remove the lab's files, its state last of all; whether there were any."""
    found = False
    data, directory = data_directory(name), run_directory(name)
    if data.exists():
        found = True
        shutil.rmtree(data)
    if directory.exists():
        found = True
        for path in directory.iterdir():
            if path.name != "state.json":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        shutil.rmtree(directory)
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:100]
    except OSError:
        return "(ended)"
