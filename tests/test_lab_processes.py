"""A process is known by its pid and its start, and by nothing else."""

from __future__ import annotations

import os
import signal

import pytest

from svcproof.adapters import shell
from svcproof.providers.lab.processes import Process, await_true, reap


@pytest.fixture
def sleeper(tmp_path):
    pid = shell.spawn(["sleep", "60"], log=tmp_path / "log")
    process = Process.of(pid)
    yield process
    process.send(signal.SIGKILL)
    process.await_end(5)


def test_a_living_process_is_alive(sleeper):
    assert sleeper.alive()
    assert Process.of(os.getpid()).alive()


def test_another_process_with_the_same_pid_is_not_the_same(sleeper):
    stranger = Process(sleeper.pid, sleeper.started - 1)
    assert not stranger.alive()
    stranger.send(signal.SIGKILL)
    assert sleeper.alive()


def test_an_ended_process_is_not_alive_even_before_its_parent_asks(sleeper):
    os.kill(sleeper.pid, signal.SIGKILL)
    assert sleeper.await_end(5)
    assert not sleeper.alive()
    assert Process.of(sleeper.pid) is None


def test_waiting_for_an_end_that_does_not_come_ends(sleeper):
    assert not sleeper.await_end(0.05)


def test_signals_to_what_has_ended_go_nowhere(sleeper):
    sleeper.send(signal.SIGKILL)
    assert sleeper.await_end(5)
    sleeper.send(signal.SIGKILL)
    reap(sleeper.pid)


def test_a_condition_is_looked_at_again_until_it_holds():
    looks = iter([False, False, True])
    assert await_true(lambda: next(looks), 5, every=0)
    assert not await_true(lambda: False, 0.01, every=0.001)
