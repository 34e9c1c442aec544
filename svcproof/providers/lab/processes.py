"""Starts and ends a lab's programs; a process is known by its pid and its start time, never by its name."""

from __future__ import annotations

import json
import os
import select
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from svcproof.adapters import shell
from svcproof.files import write_file
from svcproof.providers.lab import cgroups
from svcproof.providers.lab.components import Recipe, folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from svcproof.providers.lab.plan import LabPlan

ENTER = 'for way in {ways}; do echo 0 > "$way"; done; exec nsenter {spaces} -- "$@"'
"""Goes into the lab's cgroups, then into the namespaces, then becomes the program: all under one pid."""


@dataclass(frozen=True)
class Process:
    """One run of a program: the kernel gives a pid again, but not with the same start time."""

    pid: int
    started: int
    """Ticks between the machine's start and the process's own."""

    @staticmethod
    def of(pid: int) -> Process | None:
        """The process that has *pid* now; None where there is none, or only what its parent has not yet fetched."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else Process(pid, int(fields[19]))

    def alive(self) -> bool:
        return Process.of(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this very process; nothing happens where it has ended."""
        with suppress(ProcessLookupError), _handle(self.pid) as handle:
            if self.alive():
                signal.pidfd_send_signal(handle.number, number)

    def await_end(self, seconds: float) -> bool:
        """Wait until the process has ended; whether it did within *seconds*."""
        try:
            with _handle(self.pid) as handle:
                if self.alive():
                    waiting = select.poll()
                    waiting.register(handle.number, select.POLLIN)
                    waiting.poll(seconds * 1000)
        except ProcessLookupError:
            return True
        reap(self.pid)
        return not self.alive()


class _handle:  # noqa: N801 - reads as the function it is
    def __init__(self, pid: int) -> None:
        self._pid = pid

    def __enter__(self) -> Self:
        self.number = os.pidfd_open(self._pid)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.number)


def reap(pid: int) -> None:
    """Let go of a child that has ended; nothing happens where it is not our child."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def await_true(condition: Callable[[], bool], seconds: float, *, every: float = 0.02) -> bool:
    """Look until *condition* holds; whether it did within *seconds*. For what the kernel gives no event of."""
    give_up = time.monotonic() + seconds
    never = threading.Event()
    while not condition():
        if time.monotonic() > give_up:
            return False
        never.wait(every)
    return True


def lay_out(plan: LabPlan, recipe: Recipe, program: Path) -> None:
    """Write a component's command and configuration, where a later start reads them again."""
    own = folder(plan, recipe.place, recipe.name)
    own.mkdir(parents=True, exist_ok=True)
    for name, text in recipe.files.items():
        (own / name).parent.mkdir(exist_ok=True)
        write_file(own / name, text)
    command = {"program": str(program), "arguments": list(recipe.arguments), "own_mounts": recipe.own_mounts}
    write_file(own / "command.json", json.dumps(command, indent=1))


GOGC = "400"
"""How much garbage a component of the cluster lets gather: a lab is short of processors, not of memory."""


def start(plan: LabPlan, place: str, name: str) -> Process:
    """Start a component as its folder says, and remember the process there."""
    own = folder(plan, place, name)
    command = json.loads((own / "command.json").read_text())
    spaces = [f"--net={plan.network_namespace(place)}"]
    if command["own_mounts"]:
        spaces.append(f"--mount={plan.mount_namespace(place)}")
    ways = " ".join(str(way) for way in cgroups.entrances(plan))
    script = ENTER.format(ways=ways, spaces=" ".join(spaces))
    environment = {
        **os.environ,
        "GOGC": GOGC,
        "PATH": f"{Path(command['program']).parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
    }
    argv = ["sh", "-ec", script, "sh", command["program"], *command["arguments"]]
    pid = shell.spawn(argv, log=own / "log", env=environment)
    process = Process.of(pid) or Process(pid, 0)
    write_file(own / "process.json", json.dumps({"pid": process.pid, "started": process.started}))
    return process


def remembered(plan: LabPlan, place: str, name: str) -> Process | None:
    """The process that a component was last started as."""
    try:
        values = json.loads((folder(plan, place, name) / "process.json").read_text())
    except FileNotFoundError:
        return None
    return Process(values["pid"], values["started"])


def of_the_lab(plan: LabPlan) -> set[Process]:
    """Every process of the lab: in its cgroups, in its namespaces, or remembered as a component. Never ourselves."""
    pids = cgroups.members(plan.cgroup) | _inhabitants(plan.namespaces)
    found = {process for pid in pids if (process := Process.of(pid))}
    for path in plan.directory.glob("*/*/process.json"):
        process = remembered(plan, path.parent.parent.name, path.parent.name)
        if process and process.alive():
            found.add(process)
    return {process for process in found if process.pid != os.getpid()}


def _inhabitants(namespaces: Path) -> set[int]:
    """Every process that is in a namespace which a file of *namespaces* holds."""
    held = {(found.st_dev, found.st_ino) for path in namespaces.glob("*.*") if (found := path.stat())}
    pids = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        for kind in ("net", "mnt"):
            try:
                found = (entry / "ns" / kind).stat()
            except OSError:  # it ended while we looked
                continue
            if (found.st_dev, found.st_ino) in held:
                pids.add(int(entry.name))
    return pids


def kill_all(plan: LabPlan, seconds: float) -> set[Process]:
    """Kill every process of the lab, also those that are born meanwhile; those left after *seconds*, if any."""
    give_up = time.monotonic() + seconds
    while left := of_the_lab(plan):
        for process in left:
            process.send(signal.SIGKILL)
        for process in left:
            process.await_end(max(0.0, give_up - time.monotonic()))
        if time.monotonic() > give_up:
            return {process for process in left if process.alive()}
    return set()
