"""Remembers what a lab made, from before it is made, so that it can be taken down after any end."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from svcproof.files import write_file
from svcproof.problems import SetupProblem
from svcproof.providers.lab.plan import RUN, LabPlan, run_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import TextIOWrapper

Kind = Literal["directory", "mount", "cgroup", "link", "route", "table"]
Phase = Literal["coming up", "up", "going down"]

_VERSION = 1


class State:
    """The state file of one lab; every change is on disk before the call returns."""

    def __init__(self, plan: LabPlan, values: dict[str, Any]) -> None:
        self.plan = plan
        self._values = values
        self._lock = threading.Lock()

    @staticmethod
    def begin(plan: LabPlan) -> State:
        """Write the first state of a new lab."""
        plan.directory.mkdir(parents=True, mode=0o700)
        state = State(
            plan, {"version": _VERSION, "plan": plan.as_dict(), "phase": "coming up", "began": time.time(), "made": []}
        )
        state._write()
        return state

    @staticmethod
    def read(name: str) -> State | None:
        """The state of the lab *name*; None where there is none, or none that can be read."""
        try:
            values = json.loads(_file(name).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        except PermissionError:
            raise SetupProblem(f"the lab {name!r} belongs to root", "run it with sudo") from None
        return State(LabPlan.from_dict(values["plan"]), values)

    @property
    def phase(self) -> Phase:
        phase: Phase = self._values["phase"]
        return phase

    @property
    def made(self) -> list[tuple[Kind, str]]:
        """What was, or was about to be, made: oldest first."""
        return [(kind, what) for kind, what in self._values["made"]]

    def note(self, kind: Kind, what: str | Path) -> None:
        """Remember a thing that is about to be made."""
        with self._lock:
            self._values["made"].append([kind, str(what)])
            self._write()

    def get(self, key: str) -> Any:
        return self._values.get(key)

    def put(self, **values: Any) -> None:
        """Remember facts about the lab: its phase, its images, its times."""
        with self._lock:
            self._values.update(values)
            self._write()

    def _write(self) -> None:
        write_file(_file(self.plan.name), json.dumps(self._values, indent=1))


def names() -> list[str]:
    """The labs that have a directory, whole or broken, in order."""
    labs = RUN / "labs"
    return sorted(path.name for path in labs.iterdir() if path.is_dir()) if labs.is_dir() else []


@contextmanager
def one_at_a_time(name: str, *, patience: float = 0.0) -> Iterator[None]:
    """Hold the lab *name* for a change; the kernel lets go of it whatever becomes of us.

    Raises SetupProblem where another process holds the lab for longer than *patience* seconds.
    """
    path = RUN / f"{name}.lock"
    give_up = time.monotonic() + patience
    while (lock := _lock(path)) is None:
        if time.monotonic() >= give_up:
            raise SetupProblem(
                f"lab {name!r} is being brought up or taken down by another process",
                "wait for it to end, or end it, then try again",
            )
        threading.Event().wait(0.05)
    with lock:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            with suppress(OSError):  # it holds more than this lock
                RUN.rmdir()


@contextmanager
def in_use(plan: LabPlan, *, alone: bool = False, patience: float = 0.0) -> Iterator[None]:
    """Use a lab that is up, beside others or *alone*; the kernel lets go of it whatever becomes of us.

    Raises SetupProblem where somebody uses it whom that excludes, for longer than *patience* seconds.
    """
    how = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    give_up = time.monotonic() + patience
    with (plan.directory / "users.lock").open("a") as lock:
        while not _flocked(lock, how):
            if time.monotonic() >= give_up:
                raise SetupProblem(
                    f"lab {plan.name!r} is in use by {', '.join(_holders(lock)) or 'another process'}",
                    "wait for it to end, or end it, then try again",
                )
            threading.Event().wait(0.05)
        yield


def _holders(lock: TextIOWrapper) -> list[str]:
    """Say which processes hold a lock on a file, as the kernel lists them (proc_locks(5))."""
    inode = os.fstat(lock.fileno()).st_ino
    held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    pids = {int(words[4]) for words in held if words[1] == "FLOCK" and words[5].endswith(f":{inode}")}
    return [f"process {pid}" for pid in sorted(pids) if pid > 0]  # no number: a process of another container


def _lock(path: Path) -> TextIOWrapper | None:
    """The file at *path*, opened and locked; None where another process has it."""
    try:
        RUN.mkdir(mode=0o755, exist_ok=True)
        lock = path.open("a")
    except FileNotFoundError:  # the last lab went down just now
        return None
    with suppress(FileNotFoundError):
        if _flocked(lock, fcntl.LOCK_EX) and path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
            return lock
    lock.close()
    return None


def _flocked(file: TextIOWrapper, how: int) -> bool:
    """Lock a file, shared or exclusive; False where another process has it in a way that excludes ours."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _file(name: str) -> Path:
    return run_directory(name) / "state.json"
