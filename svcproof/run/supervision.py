"""Keeps workers at work: long ones beside short ones, one deadline each, nobody who dies takes an answer along."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from svcproof.run import worker
from svcproof.run.entries import Entry
from svcproof.run.rehearsing import Rehearsal

Event = dict[str, Any]

GRACE = 30.0
"""Seconds that an interrupted scenario has for its cleanups before its worker is killed."""

BOOT = 180.0
"""Seconds that a worker has to import the suite and to run before_all."""

_PRELOAD = ["__main__", "svcproof.run.worker", "svcproof.run.session", "kubernetes.client"]


@dataclass(frozen=True)
class Limits:
    """How long to look (seconds): a scenario, a slow one, and an interrupted one's cleanups."""

    scenario: float = 240.0
    slow: float = 900.0
    grace: float = GRACE
    boot: float = BOOT

    def of(self, entry: Entry) -> float:
        """Return the deadline of one scenario."""
        return self.slow if "slow" in entry.tags else self.scenario


@dataclass
class _Worker:
    process: multiprocessing.process.BaseProcess
    line: Connection
    name: str
    log: Path | None
    until: float  # monotonic: of the boot, of the scenario, or of the grace after an interruption
    entry: Entry | None = None
    ready: bool = False
    ended: bool = False  # the scenario under way has told its end
    interrupted: str = ""  # why it was interrupted
    step: str = ""
    stopping: bool = False

    @property
    def due(self) -> bool:
        """Whether it owes something by its deadline: a start, a scenario's end, or its own."""
        return self.entry is not None or not self.ready or self.stopping


@dataclass
class Supervisor:
    """Runs entries on workers and tells every event; `run` returns when each entry has ended, one way or another."""

    task: worker.Task
    tell: Callable[[Event], None]
    jobs: int = 4
    limits: Limits = field(default_factory=Limits)
    logs: Path | None = None
    broken: str = ""
    rehearsal: Rehearsal | None = None
    """What is not known of the cluster yet: scenarios that need it wait, and others go first."""
    _workers: list[_Worker] = field(default_factory=list)
    _count: int = 0
    _asked_to_stop: int = 0

    def boot(self, entries: Sequence[Entry]) -> None:
        """Start the workers that `run` will want first, and do not wait for them; they end with this process."""
        together = deque(entry for entry in entries if not entry.serial)
        self._staff(together or deque(entries[:1]), self.jobs)

    def run(self, entries: Sequence[Entry], expected: Mapping[str, float]) -> None:
        """Run every entry once: those that share nothing side by side, then the serial ones alone.

        The first worker begins with the longest, the second with the shortest, and so on: all the long ones at once
        would be all the traffic at once, and where cluster and runner share processors that starves the backends.
        """
        together = deque(longest_first((entry for entry in entries if not entry.serial), expected))
        alone = deque(longest_first((entry for entry in entries if entry.serial), expected))
        try:
            self._drain(together, min(self.jobs, len(together)))
            self._drain(alone, min(1, len(alone)))
        finally:
            self._end()

    def stop(self) -> None:
        """Interrupt what runs and start nothing more; the second time kill it. Safe in a signal handler."""
        self._asked_to_stop += 1
        for one in list(self._workers):
            if self._asked_to_stop == 1:
                self._interrupt(one, "the run was interrupted")
            else:
                self._kill(one)

    @property
    def interrupted(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._asked_to_stop > 0

    def _drain(self, queue: deque[Entry], workers: int) -> None:
        while not self._over(queue):
            self._staff(queue, workers)
            for place, one in enumerate(self._workers):
                if one.ready and one.entry is None and not one.stopping and not self._asked_to_stop:
                    self._hand_next(one, queue, reversed(queue) if place % 2 else iter(queue))
            self._listen()

    def _hand_next(self, one: _Worker, queue: deque[Entry], order: Iterator[Entry]) -> None:
        entry = next((entry for entry in order if self.rehearsal is None or not self.rehearsal.holds(entry)), None)
        if entry is not None:
            queue.remove(entry)
            self._hand(one, entry)

    def _over(self, queue: deque[Entry]) -> bool:
        if any(one.entry is not None for one in self._workers):
            return False
        return not queue or bool(self._asked_to_stop) or bool(self.broken)

    def _staff(self, queue: deque[Entry], wanted: int) -> None:
        """Have as many workers as there is work for."""
        busy = sum(one.entry is not None for one in self._workers)
        while not self.broken and not self._asked_to_stop and len(self._workers) < min(wanted, busy + len(queue)):
            self._start()
        for one in self._workers[wanted:]:
            if one.entry is None:
                self._dismiss(one)

    def _start(self) -> None:
        self._count += 1
        name = f"w{self._count}"
        context = multiprocessing.get_context("forkserver")
        ours, theirs = context.Pipe()
        log = self.logs / f"{name}.log" if self.logs else None
        task = replace(self.task, name=name, log=log)
        process = context.Process(target=worker.main, args=(theirs, task), name=f"svcproof-{name}", daemon=True)
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours, name, log, time.monotonic() + self.limits.boot))

    def _hand(self, one: _Worker, entry: Entry) -> None:
        one.entry, one.ended, one.step = entry, False, ""
        one.until = time.monotonic() + self.limits.of(entry)
        self.tell({"is": "handed", "scenario": entry.id, "worker": one.name, "at": time.time()})
        with suppress(OSError):  # a worker that died meanwhile is found by _listen
            one.line.send(entry.id)

    def _listen(self) -> None:
        """Wait for the next thing to happen: words, a death, or a deadline."""
        watched: list[Any] = [item for one in self._workers for item in (one.line, one.process.sentinel)]
        watched += [self.rehearsal.news] if self.rehearsal else []
        deadlines = [one.until for one in self._workers if one.due]
        pause = max(0.0, min(deadlines, default=time.monotonic() + 1.0) - time.monotonic())
        happened = set(wait(watched, min(pause, 1.0)))
        if self.rehearsal and self.rehearsal.news in happened:
            self.rehearsal.hear()
        for one in list(self._workers):
            if one.line in happened:
                self._read(one)
            if one.process.sentinel in happened:
                self._read(one)
                self._bury(one)
            elif one.due and time.monotonic() > one.until:
                self._expire(one)

    def _read(self, one: _Worker) -> None:
        with suppress(EOFError, OSError):  # the end of its words: its death is told by the sentinel
            while one.line.poll():
                self._hear(one, json.loads(one.line.recv_bytes()))

    def _hear(self, one: _Worker, event: Event) -> None:
        what = event["is"]
        if what == worker.READY:
            one.ready = True
        elif what == worker.BROKEN:
            one.stopping = True
            if one.entry is None and not one.interrupted:
                self.broken = self.broken or str(event["message"])
        elif what == worker.IDLE:
            self._finish(one, event)
        else:
            one.step = f"{event['keyword']} {event['name']}" if what == "step begins" else one.step
            if what == "scenario ends" and not one.ended:
                one.ended = True
                if one.interrupted and one.entry is not None:
                    self._lose(one.entry, one.interrupted, one)
            self.tell(event)

    def _finish(self, one: _Worker, event: Event) -> None:
        """Take a scenario off a worker that lives on."""
        entry, one.entry = one.entry, None
        if entry is None:
            return
        trouble = str(event.get("trouble", ""))
        if not one.ended:
            self._lose(entry, one.interrupted or trouble or "its hooks did not let it run", one)
        elif trouble:
            self.tell({"is": "trouble", "scenario": entry.id, "says": trouble, "at": time.time()})
        one.stopping = one.stopping or bool(one.interrupted)
        one.until = time.monotonic() + self.limits.grace

    def _expire(self, one: _Worker) -> None:
        if one.interrupted or one.stopping or one.entry is None:
            if one.entry is None and not one.ready and not one.stopping:
                self.broken = self.broken or f"a worker took longer than {self.limits.boot:.0f} s to start"
            self._kill(one)
        else:
            self._interrupt(one, f"it ran past its deadline of {self.limits.of(one.entry):.0f} s")

    def _interrupt(self, one: _Worker, why: str) -> None:
        """Ask a worker to end its scenario; its cleanups run."""
        if not one.interrupted:
            one.interrupted = why
            one.until = time.monotonic() + self.limits.grace
            _signal(one, signal.SIGINT)

    def _kill(self, one: _Worker) -> None:
        """Kill a worker and whatever it started."""
        if one.process.is_alive():
            _signal(one, signal.SIGKILL, group=True)
            one.process.kill()  # one that has not come to lead its group yet
        one.until = float("inf")

    def _bury(self, one: _Worker) -> None:
        """Take a dead worker off the list; what it was at ends as lost, what it started ends too."""
        _signal(one, signal.SIGKILL, group=True)
        one.process.join()
        self._workers.remove(one)
        one.line.close()
        if one.entry is not None and not one.ended:
            code = one.process.exitcode or 0
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._lose(one.entry, one.interrupted or f"worker lost ({how})", one)
        elif not one.ready and not one.stopping and not one.interrupted:
            self.broken = self.broken or f"a worker ended with exit code {one.process.exitcode} before it was ready"

    def _lose(self, entry: Entry, why: str, one: _Worker) -> None:
        tail = ""
        if one.log is not None and one.log.is_file():
            tail = one.log.read_text(errors="replace")[-2000:]
        self.tell({"is": "lost", "scenario": entry.id, "why": why, "step": one.step, "said": tail, "at": time.time()})

    def _dismiss(self, one: _Worker) -> None:
        if not one.stopping:
            one.stopping = True
            one.until = time.monotonic() + self.limits.grace
            with suppress(OSError):
                one.line.send("stop")

    def _end(self) -> None:
        """Send everyone home: after_all runs, and who does not go is killed."""
        for one in self._workers:
            self._dismiss(one)
        until = time.monotonic() + self.limits.grace
        while self._workers and time.monotonic() < until:
            self._listen()
        for one in list(self._workers):
            self._kill(one)
            self._bury(one)


def _signal(one: _Worker, number: signal.Signals, *, group: bool = False) -> None:
    """Signal a worker, or its whole process group; one that has gone meanwhile is past hearing it.

    Until a worker is joined its pid is nobody else's.
    """
    if one.process.pid is None:
        return
    with suppress(ProcessLookupError, PermissionError):
        (os.killpg if group else os.kill)(one.process.pid, number)


def longest_first(entries: Iterable[Entry], expected: Mapping[str, float]) -> list[Entry]:
    """Order entries so that the longest begin first; who was never timed counts as the median, slow ones as long."""
    known = sorted(expected.values())
    median = known[len(known) // 2] if known else 5.0
    return sorted(
        entries,
        key=lambda entry: -expected.get(entry.id, 10 * median if "slow" in entry.tags else median),
    )


def preload() -> None:
    """Have the process that workers are forked from import what they need, while we do other things."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    from multiprocessing import forkserver  # noqa: PLC0415 - only where workers are wanted

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: Ctrl-C is for us, who pass it on to workers
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)
