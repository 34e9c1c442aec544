"""Writes down a run as it happens: one JSON object a line, and each scenario's end as behave finally sees it."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TextIO

from behave.model import Scenario, Step
from behave.model_core import Status

from svcproof.model.verdict import Answer, Verdict
from svcproof.run.roster import identity

HISTORY = "application/x-svcproof-history"
"""The media type of recorded traffic (JSON Lines, svcproof.model.history)."""

_HISTORY_BEGINS = b'{"svcproof": "history"'

TRACE_LIMIT = 8_000
"""So many characters of a traceback are kept, from its end."""


@dataclass(frozen=True)
class Channel:
    """Where a worker's recording goes instead of a file: lines to *tell*, evidence below *folder* (None: nowhere)."""

    tell: Callable[[str], None]
    folder: Path | None


class Recording:
    """The events of one process's run, in order; every line is whole before the next thing happens.

    *path* None keeps nothing. Evidence is written beside the file, in evidence/SCENARIO/, traffic in histories/.
    Where the disk is full the run goes on without its recording: `trouble` says so, and the report is incomplete.
    """

    channel: ClassVar[Channel | None] = None
    """Set by a worker before the hooks are loaded: then *path* is not used."""

    def __init__(self, path: Path | None, run: str) -> None:
        self.run = run
        self.trouble = ""
        self._file: TextIO | None = None
        self._folder: Path | None = None
        self._scenario: Any = None
        self._step: Any = None
        self._steps = self._attached = self._histories = 0
        self._began = 0.0
        self._step_began = 0.0
        self._cleanups: list[str] = []
        self.broken = ""
        self._counter: Callable[[], int] = lambda: 0
        self._counted = 0
        if self.channel is not None:
            self._folder = self.channel.folder
        elif path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8")
            self._folder = path.parent
        _follow(self)

    # -- what behave does: called by the wrappers below; hooks may call them too, twice is once

    def scenario_begins(self, scenario: Any) -> None:
        """Say that a scenario begins."""
        if self._scenario is scenario:
            return
        self._scenario, self._step, self._cleanups, self.broken = scenario, None, [], ""
        self._steps = self._attached = self._histories = 0
        self._began, self._counted = time.monotonic(), self._counter()
        self.tell("scenario begins", file=str(scenario.filename), line=scenario.line, name=scenario.name)

    def step_begins(self, step: Any) -> None:
        """Say that a step begins."""
        if self._step is step or self._scenario is None:
            return
        self._step, self._step_began = step, time.monotonic()
        self._steps += 1
        self.tell("step begins", step=self._steps, keyword=step.keyword, name=step.name)

    def step_ends(self, step: Any) -> None:
        """Say how a step ended, with behave's own status and the exception as it was raised."""
        if self._step is not step:
            return
        self._step = None
        failure: dict[str, str] = {}
        if step.exception is not None:
            failure = {"kind": _kind(step.exception), "message": _message(step.exception), "trace": _trace(step)}
        elif step.error_message:
            failure = {"message": str(step.error_message)}
        seconds = round(time.monotonic() - self._step_began, 4)
        self.tell("step ends", step=self._steps, status=step.status.name, seconds=seconds, **failure)

    def scenario_ends(self, scenario: Any) -> None:
        """Say how a scenario ended; *scenario.status* must be final, cleanups included."""
        if self._scenario is not scenario:
            return
        message = str(scenario.error_message or "")
        self.tell(
            "scenario ends",
            status=scenario.status.name,
            seconds=round(time.monotonic() - self._began, 4),
            steps=[step.status.name for step in scenario.all_steps],
            requests=self._counter() - self._counted,
            **({"message": message} if message else {}),
            **({"reason": str(scenario.skip_reason)} if getattr(scenario, "skip_reason", None) else {}),
            **({"cleanup": self._cleanups} if self._cleanups else {}),
        )
        self._scenario = None

    def cleanup_failed(self, function: Callable[..., object], problem: BaseException) -> None:
        """Say that a cleanup raised."""
        name = getattr(function, "__qualname__", repr(function))
        self._cleanups.append(f"{name}: {_kind(problem)}: {_message(problem)}")

    # -- what the world knows

    def count(self, requests: Callable[[], int]) -> None:
        """Count API requests: *requests* returns how many were sent so far; each scenario's end says its share."""
        self._counter = requests

    def attach(self, name: str, media_type: str, content: str | bytes) -> None:
        """Keep evidence of the scenario under way (of its step, where one is under way)."""
        data = content.encode() if isinstance(content, str) else content
        media_type = HISTORY if data.startswith(_HISTORY_BEGINS) else media_type
        about: dict[str, Any] = {"name": name, "media_type": media_type, "bytes": len(data)}
        if self._folder is not None:
            about["sha256"] = hashlib.sha256(data).hexdigest()
            about["file"] = self._keep(name, media_type, data)
        if self._step is not None:
            about["step"] = self._steps
        self.tell("evidence", **about)

    def verdict(self, law: str, verdict: Verdict) -> None:
        """Keep what a law said; `broken` is the last one that was broken."""
        if verdict.answer is Answer.VIOLATED:
            self.broken = law
        self.tell(
            "verdict",
            law=law,
            answer=verdict.answer.value,
            because=verdict.because,
            figures=dict(verdict.figures),
            **({"step": self._steps} if self._step is not None else {}),
        )

    def figure(self, name: str, value: float | str, unit: str = "") -> None:
        """Keep one measured number."""
        self.tell("figure", name=name, value=value, unit=unit)

    def cause(self, line: str) -> None:
        """Keep the one line that says where the trouble lies, layer by layer."""
        self.tell("cause", line=line)

    def expectation(self, vantage: str, frontend: str, expected: str, seen: str, *, met: bool | None) -> None:
        """Keep one cell of the matrix: what this vantage was to see of this frontend, and what it saw."""
        self.tell("cell", vantage=vantage, frontend=frontend, expected=expected, seen=seen, met=met)

    def skipped(self, reason: str, capability: str = "", cure: str = "") -> None:
        """Keep why the scenario under way is skipped, and how to get what it lacks."""
        self.tell("skipped", reason=reason, capability=capability, cure=cure)

    def tell(self, what: str, **content: Any) -> None:
        """Write one event; the scenario under way is named."""
        event: dict[str, Any] = {"is": what, "at": round(time.time(), 4)}
        if self._scenario is not None:
            event["scenario"] = identity(self._scenario)
        line = json.dumps({**event, **content}, ensure_ascii=False, default=str)
        if self.channel is not None:
            self.channel.tell(line)
        elif self._file is not None:
            try:
                self._file.write(line + "\n")
                self._file.flush()
            except OSError as problem:
                self._lose(problem)

    def _keep(self, name: str, media_type: str, data: bytes) -> str:
        """Write evidence to its own file; return its path from the report's folder, empty where it is lost."""
        if self._folder is None:
            return ""
        self._attached += 1
        owner = identity(self._scenario) if self._scenario is not None else "run"
        file = Path("evidence") / owner / f"{self._attached:02d}-{_slug(name)}{_suffix(media_type)}"
        if media_type == HISTORY:
            self._histories += 1
            file = Path("histories") / f"{owner}{f'-{self._histories}' if self._histories > 1 else ''}.jsonl"
        try:
            (self._folder / file).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / file).write_bytes(data)
        except OSError as problem:
            self._lose(problem)
            return ""
        return file.as_posix()

    def _lose(self, problem: OSError) -> None:
        """Go on without: the scenarios' verdicts do not depend on the disk."""
        self._file, self._folder = None, None
        if not self.trouble:
            self.trouble = f"the recording is incomplete: {problem.strerror or problem}"
            print(self.trouble, file=sys.stderr)
            if self.channel is not None:
                self.tell("trouble", says=self.trouble)


_current: list[Recording] = []


def _follow(recording: Recording) -> None:
    """See every scenario and step begin and end, around behave's own methods: its hooks come too early for the end."""
    _current[:] = [recording]
    if not hasattr(Scenario.run, "followed"):
        Scenario.run = _scenario_run(Scenario.run)
        Step.run = _step_run(Step.run)


def _scenario_run(run: Callable[..., bool]) -> Callable[..., bool]:
    def followed(scenario: Any, runner: Any) -> bool:
        if runner.config.dry_run or not scenario.should_run(runner.config):
            return run(scenario, runner)
        recording = _current[0]

        def on_cleanup_error(_context: Any, function: Callable[..., object], problem: BaseException) -> None:
            recording.cleanup_failed(function, problem)

        runner.context._set_root_attribute("on_cleanup_error", on_cleanup_error)  # noqa: SLF001 - no public way
        recording.scenario_begins(scenario)
        try:
            return run(scenario, runner)
        except BaseException as problem:
            scenario.error_message = f"{_kind(problem)}: {_message(problem)}"
            scenario.set_status(Status.error)
            raise
        finally:
            recording.scenario_ends(scenario)

    followed.followed = True  # type: ignore[attr-defined]
    return followed


def _step_run(run: Callable[..., bool]) -> Callable[..., bool]:
    def followed(step: Any, runner: Any, quiet: bool = False, capture: bool = True) -> bool:
        if quiet or runner.config.dry_run:  # a step within a step: the outer one answers for it
            return run(step, runner, quiet=quiet, capture=capture)
        recording = _current[0]
        recording.step_begins(step)
        try:
            return run(step, runner, quiet=quiet, capture=capture)
        finally:
            recording.step_ends(step)

    return followed


def _kind(problem: BaseException) -> str:
    return type(problem).__name__


def _message(problem: BaseException) -> str:
    return str(problem) or _kind(problem)


def _trace(step: Any) -> str:
    lines = traceback.format_exception(step.exception)
    return "".join(lines)[-TRACE_LIMIT:]


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.")[:60] or "evidence"


_SUFFIXES = {
    "application/json": ".json",
    "application/jsonl": ".jsonl",
    "application/yaml": ".yaml",
    "text/plain": ".txt",
    "text/html": ".html",
    "image/svg+xml": ".svg",
}


def _suffix(media_type: str) -> str:
    return _SUFFIXES.get(media_type.partition(";")[0].strip(), ".txt" if media_type.startswith("text/") else ".bin")
