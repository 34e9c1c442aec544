"""Runs of the whole suite's own scenarios on a running lab, for tests that break it meanwhile."""

from __future__ import annotations

import json
import os
import subprocess  # noqa: TID251 - runs are watched and killed while they go on
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from svcproof.adapters import kube, shell
from svcproof.cluster import sandbox
from svcproof.providers.lab import Lab, require_lab
from svcproof.report import results
from svcproof.report.results import Ending, Run, ScenarioResult
from svcproof.run.entries import called

NAME = os.environ.get("SVCPROOF_LAB", "")
ROOT = Path(__file__).parents[1]

MARKS = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.skipif(not NAME, reason="SVCPROOF_LAB names no running lab"),
]

PATIENCE = 90.0


def lab() -> Lab:
    return require_lab(NAME)


def api() -> kube.Kube:
    return kube.connect(str(lab().kubeconfig))


@contextmanager
def forwarding(rules: str, *hooks: str) -> Iterator[None]:
    """Put nftables rules before all others on every node, at "forward" unless other hooks are named."""
    chains = "".join(
        f"chain {hook} {{ type filter hook {hook} priority -300;\n{rules}}}\n" for hook in hooks or ("forward",)
    )
    nodes = lab().nodes
    for node in nodes:
        node.run(["nft", "-f", "-"], stdin=f"table inet meddling {{\n{chains}\n}}\n", timeout=10.0)
    try:
        yield
    finally:
        for node in nodes:
            node.run(["nft", "delete table inet meddling"], timeout=10.0)


def command(folder: Path, *words: str, cluster: tuple[str, ...] = ("--lab", NAME)) -> list[str]:
    return [sys.executable, "-m", "svcproof", "run", *words, *cluster, "--report", str(folder)]


def run(folder: Path, *words: str, cluster: tuple[str, ...] = ("--lab", NAME)) -> shell.Completed:
    """Run to the end; say on failure what was said."""
    done = shell.run(command(folder, *words, cluster=cluster), timeout=240.0, check=False, cwd=ROOT)
    print(done.stdout[-4000:], done.stderr[-2000:])
    assert "Traceback" not in done.stdout + done.stderr
    return done


@contextmanager
def running(folder: Path, *words: str, prefix: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """Give a run under way; it is killed if it still is at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "said.txt").open("w") as said:
        argv = [*prefix, *command(folder, *words)]
        process = subprocess.Popen(argv, stdout=said, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def end(process: subprocess.Popen[str], folder: Path) -> tuple[int, str]:
    """Wait for a run to end; return its exit code and all it said."""
    code = process.wait(timeout=PATIENCE * 3)
    said = (folder / "said.txt").read_text()
    print(said[-4000:])
    assert "Traceback" not in said
    return code, said


def events(folder: Path) -> list[dict[str, Any]]:
    file = folder / "events.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            break  # it is being written
    return found


def await_that(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.1)  # noqa: TID251 - another process writes what is looked at


def await_step(folder: Path, scenario: str, word: str) -> None:
    """Return when a scenario is at a step that has this word."""
    await_that(
        lambda: any(
            event["is"] == "step begins" and event.get("scenario") == scenario and word in str(event.get("name"))
            for event in events(folder)
        )
    )


def the_one(folder: Path, name: str) -> ScenarioResult:
    """Return a scenario's result; of an outline's rows the first that is not met, if any."""
    rows = [one for one in whole(folder).scenarios if called(one.entry, name)]
    return next((one for one in rows if one.ending is not Ending.MET), rows[0])


def whole(folder: Path) -> Run:
    return results.load(folder)


def run_id(folder: Path) -> str:
    return whole(folder).run


ended: list[str] = []
"""The runs that were seen to leave nothing but what was on its way out."""


def assert_nothing_stays(run: str) -> None:
    """Hold that a run leaves no object that is not on its way out."""
    assert [item for item in sandbox.leftovers(api(), run) if not item.going] == []
    ended.append(run)


def assert_all_is_gone(seconds: float = 120.0) -> None:
    """Hold that what was on its way out has gone."""
    assert {run: sandbox.await_nothing_left(api(), run, seconds) for run in ended} == dict.fromkeys(ended, 0)
