"""One worker: imports once, then runs scenario after scenario through behave's own runner, as it is handed them."""

from __future__ import annotations

import contextlib
import copy
import json
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any

from behave.configuration import Configuration
from behave.runner import Context, Runner
from behave.runner_util import parse_features
from behave.tag_expression import make_tag_expression

from svcproof.run.recording import Channel, Recording
from svcproof.run.roster import identity

READY, IDLE, BROKEN = "worker ready", "worker idle", "worker broken"

_QUIET = ["--format=null", "--no-summary", "--no-capture", "--no-capture-stderr", "--no-logcapture", "--no-color"]


@dataclass(frozen=True)
class Task:
    """What every worker of a run is told once: which features, which settings, where its evidence and its words go."""

    name: str
    files: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    userdata: tuple[str, ...] = ()
    evidence: Path | None = None
    log: Path | None = None


def main(line: Connection, task: Task) -> None:
    """Run what comes down the *line* until "stop" or its end; every event goes back up as one JSON text.

    SIGINT ends the scenario under way as behave ends it (its cleanups run), and then the worker.
    """
    os.setsid()
    _say_into(task.log)
    os.environ["SVCPROOF_SETTINGS"] = json.dumps({**task.settings, "worker": task.name})
    for name in [name for name in os.environ if name.startswith("BEHAVE_")]:
        del os.environ[name]
    tell = _teller(line, task.name)
    Recording.channel = Channel(tell, task.evidence)
    interruption = Interruption()
    signal.signal(signal.SIGINT, interruption)
    signal.signal(signal.SIGTERM, interruption)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        configured(task.files, task.userdata, lambda runner: _asked(runner, line, tell)).run()
    except BaseException as problem:  # noqa: BLE001 - whatever it is, the parent must hear of it
        traceback.print_exc()
        _tell(tell, BROKEN, message=f"{type(problem).__name__}: {problem}")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that a step left behind hold nobody up


class Interruption:
    """SIGINT and SIGTERM: raises KeyboardInterrupt once; what comes again does not disturb the cleanups."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        again, self.asked = self.asked, True
        if not again:
            raise KeyboardInterrupt


def _end_with_parent() -> None:
    """When the parent is gone, end as on SIGINT: cleanups run, nothing stays behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGINT)


class _OneByOne(Runner):  # type: ignore[misc]
    """behave's runner, whose features come as they are asked for; hooks, steps and contexts are behave's own."""

    def __init__(self, config: Any, features: Callable[[Any], Iterator[Any]]) -> None:
        super().__init__(config)
        self._asked = features
        self.trouble = ""

    def run_with_paths(self) -> bool:
        self.context = Context(self)
        self.load_hooks()
        self.load_step_definitions()
        self.formatters: list[Any] = []
        self._remember_trouble("before_all")
        return bool(self.run_model(self._asked(self)))

    def _remember_trouble(self, hook: str) -> None:
        """Keep what a hook that belongs to no scenario raises: behave only prints it."""
        original = self.hooks[hook]

        def remembering(context: Any) -> None:
            try:
                original(context)
            except Exception as problem:
                self.trouble = f"{type(problem).__name__}: {problem}"
                raise

        self.hooks[hook] = remembering


def configured(
    files: tuple[str, ...], userdata: tuple[str, ...], features: Callable[[Any], Iterator[Any]]
) -> _OneByOne:
    """Return a runner with the suite's own settings, whatever configuration lies about."""
    defines = [f"--define={item}" for item in userdata]
    config = Configuration([*_QUIET, *defines, *files], load_config=False)
    config.tag_expression = make_tag_expression("")
    config.reporters = []
    return _OneByOne(config, features)


def _asked(runner: _OneByOne, line: Connection, tell: Callable[[str], None]) -> Iterator[Any]:
    """Yield a feature with one scenario for each request; comes to rest between them."""
    if runner.trouble:
        _tell(tell, BROKEN, message=f"before_all: {runner.trouble}")
        return
    found = {identity(scenario): scenario for feature in _features(runner) for scenario in feature.walk_scenarios()}
    _tell(tell, READY)
    while not runner.aborted:
        try:
            wanted = line.recv()
        except (KeyboardInterrupt, EOFError):
            return
        if wanted == "stop":
            return
        feature = only(found[wanted])
        yield feature
        _tell(tell, IDLE, scenario=wanted, **_said_outside(feature, runner))


def _features(runner: _OneByOne) -> list[Any]:
    return list(parse_features([str(path) for path in runner.config.paths]))


def only(scenario: Any) -> Any:
    """Return a scenario's feature as if it held nothing else; rule, backgrounds, tags and hooks stay as they are."""
    item = scenario
    owner = scenario.parent
    while owner.type != "feature":
        if owner.type == "rule":
            rule = copy.copy(owner)
            rule.run_items = [item]
            item = rule
        owner = owner.parent
    feature = copy.copy(owner)
    feature.run_items = [item]
    return feature


def _said_outside(feature: Any, runner: _OneByOne) -> dict[str, str]:
    """Return what the hooks around the scenario raised: before_feature, before_rule and their counterparts."""
    items = [feature, *(item for item in feature.run_items if item.type == "rule")]
    said = [str(item.error_message) for item in items if item.error_message]
    said += [f"{item.type} {item.name!r}: a cleanup raised" for item in items if item.status.name == "cleanup_error"]
    for item in items:
        item.error_message = None
    runner.hook_failures = 0
    return {"trouble": "; ".join(said)} if said else {}


def _teller(line: Connection, name: str) -> Callable[[str], None]:
    def tell(text: str) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the parent is gone: _end_with_parent acts
            line.send_bytes(f'{{"worker": "{name}", {text[1:]}'.encode())

    return tell


def _tell(tell: Callable[[str], None], what: str, **content: str) -> None:
    tell(json.dumps({"is": what, **content}))


def _say_into(log: Path | None) -> None:
    """Turn standard output and errors into a file of the worker's own: what steps print belongs to no terminal."""
    sys.stdout.flush()
    sys.stderr.flush()
    target = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(target, stream)
    os.close(target)
