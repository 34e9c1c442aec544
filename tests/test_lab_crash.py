"""Whatever ends a lab's start, and whoever kills its programs, nothing stays behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess  # noqa: TID251 - a start is killed while its lines are read
import sys

import pytest

from svcproof.providers.lab import state, take_down
from svcproof.providers.lab.lab import find_lab, require_lab
from svcproof.providers.lab.plan import data_directory, run_directory

NAME = os.environ.get("SVCPROOF_CRASH_LAB", "crash")

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or not os.environ.get("SVCPROOF_LAB"), reason="needs root and SVCPROOF_LAB"),
]

INSTANTS = (
    "issue certificates",
    "make cgroups",
    "start etcd",
    "start the kubelet",
    "start the controllers",
    "wait until",
)
"""What `up` says first when it comes to a point worth killing it at."""


@pytest.fixture(autouse=True)
def _no_lab_before_or_after():
    svcproof("down")
    yield
    svcproof("down")
    assert_nothing_is_left()


def command(*words):
    return [sys.executable, "-c", "from svcproof.cli import main; main()", "lab", *words]


def svcproof(verb, *words):
    return subprocess.run(
        command(verb, "--name", NAME, *words), capture_output=True, text=True, timeout=300, check=False
    )


def end_at(instant, number, verb="up"):
    """Start *verb*, send it *number* when it says *instant*, and return its exit code."""
    with subprocess.Popen(command(verb, "--name", NAME), stderr=subprocess.PIPE, text=True) as starting:
        for line in starting.stderr:
            if re.search(instant, line):
                starting.send_signal(number)
                break
        starting.stderr.read()
        starting.wait(timeout=120)
    return starting.returncode


def assert_nothing_is_left():
    plan_left = state.State.read(NAME)
    assert plan_left is None
    assert not run_directory(NAME).exists()
    assert not data_directory(NAME).exists()


@pytest.mark.parametrize("instant", INSTANTS)
def test_down_clears_what_a_killed_start_leaves(instant):
    assert end_at(instant, signal.SIGKILL) == -signal.SIGKILL
    record = state.State.read(NAME)
    ended = svcproof("down")
    assert ended.returncode == 0, ended.stderr
    if record:
        assert take_down.remains(record.plan) == []
    assert_nothing_is_left()


@pytest.mark.parametrize("instant", INSTANTS)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_an_interrupted_start_undoes_itself(instant, number, code):
    assert end_at(instant, number) == code
    assert_nothing_is_left()


@pytest.mark.parametrize("instant", ["end the processes", "remove its mounts", "remove its files"])
def test_down_finishes_what_a_killed_down_began(instant):
    assert svcproof("up").returncode == 0
    plan = require_lab(NAME).plan
    assert end_at(instant, signal.SIGKILL, "down") == -signal.SIGKILL
    assert svcproof("down").returncode == 0
    assert take_down.remains(plan) == []


def test_up_clears_what_is_left_of_a_lab_whose_programs_were_all_killed():
    assert svcproof("up").returncode == 0
    for component in require_lab(NAME).components:
        component.stop(kill=True)
    began = svcproof("up")
    assert began.returncode == 0, began.stderr
    assert not require_lab(NAME).dead()


def test_a_second_up_leaves_a_running_lab_alone_and_refuses_other_options():
    assert svcproof("up").returncode == 0
    before = [component.pid for component in require_lab(NAME).components]
    assert svcproof("up").returncode == 0
    assert [component.pid for component in require_lab(NAME).components] == before
    refused = svcproof("up", "--nodes", "3")
    assert refused.returncode == 2
    assert "take it down first" in refused.stderr


def test_a_second_down_has_nothing_to_do():
    assert svcproof("up").returncode == 0
    plan = require_lab(NAME).plan
    assert svcproof("down").returncode == 0
    assert take_down.remains(plan) == []
    again = svcproof("down")
    assert again.returncode == 0
    assert "nothing to do" in again.stdout
    assert find_lab(NAME) is None
