"""The state file is whole at every moment, and one process at a time changes a lab."""

from __future__ import annotations

import os
import threading

import pytest

from svcproof.problems import SetupProblem
from svcproof.providers.lab import plan as plans
from svcproof.providers.lab import state
from svcproof.providers.lab.plan import LabPlan


@pytest.fixture(autouse=True)
def _own_directories(tmp_path, monkeypatch):
    for module in (plans, state):
        monkeypatch.setattr(module, "RUN", tmp_path / "run")


def test_what_was_noted_is_read_again_in_order():
    begun = state.State.begin(LabPlan("one", 0))
    begun.note("mount", "/somewhere")
    begun.note("link", "svcproof0")
    begun.put(phase="up", images={"nginx": "nginx:1"})
    read = state.State.read("one")
    assert read.made == [("mount", "/somewhere"), ("link", "svcproof0")]
    assert (read.phase, read.get("images"), read.plan) == ("up", {"nginx": "nginx:1"}, LabPlan("one", 0))


def test_a_lab_that_never_was_has_no_state():
    assert state.State.read("one") is None
    assert state.names() == []


def test_a_torn_state_file_counts_as_none():
    begun = state.State.begin(LabPlan("one", 0))
    (begun.plan.directory / "state.json").write_text('{"version": 1, "pl')
    assert state.State.read("one") is None
    assert state.names() == ["one"]


def test_a_held_lab_is_refused_and_free_again_afterwards():
    with state.one_at_a_time("one"):
        with pytest.raises(SetupProblem, match="another process"), state.one_at_a_time("one"):
            pass
        with state.one_at_a_time("two"):
            pass
    with state.one_at_a_time("one"):
        pass


def test_a_lab_is_used_by_many_or_by_one_alone():
    plan = state.State.begin(LabPlan("one", 0)).plan
    refused = f"lab 'one' is in use by process {os.getpid()}"
    with state.in_use(plan), state.in_use(plan):
        _assert_refused(plan, refused, alone=True)
    with state.in_use(plan, alone=True):
        _assert_refused(plan, refused, alone=True)
        _assert_refused(plan, refused, alone=False)


def _assert_refused(plan, why, *, alone):
    with pytest.raises(SetupProblem, match=why), state.in_use(plan, alone=alone):
        pass


def test_who_wants_a_lab_alone_waits_for_its_users():
    plan = state.State.begin(LabPlan("one", 0)).plan
    happened = []

    def take_it_down():
        with state.in_use(plan, alone=True, patience=60):
            happened.append("alone")

    waiting = threading.Thread(target=take_it_down)
    with state.in_use(plan):
        waiting.start()
        waiting.join(timeout=0.2)
        happened.append("the user ended")
    waiting.join(timeout=60)
    assert happened == ["the user ended", "alone"]


def test_no_lock_and_no_directory_outlive_their_holder():
    with state.one_at_a_time("one"):
        assert plans.RUN.exists()
    assert not plans.RUN.exists()
