"""NetworkPolicy scenarios are met where traffic is really cut, violated where it is not, skipped where nobody cuts."""

from __future__ import annotations

import json
import os
import subprocess  # noqa: TID251 - the suite runs as people run it
import sys

import pytest

from svcproof import network_policies
from svcproof.providers.lab import policy_guard, policy_rules
from svcproof.providers.lab.lab import require_lab
from svcproof.providers.lab.plan import CONTROL_PLANE

NAME = os.environ.get("SVCPROOF_POLICY_LAB", "policies")

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or not os.environ.get("SVCPROOF_LAB"), reason="needs root and SVCPROOF_LAB"),
]


def svcproof(*words):
    argv = [sys.executable, "-c", "from svcproof.cli import main; main()", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=480, check=False)


@pytest.fixture(scope="module")
def guard():
    """The guard of a lab of two nodes: a component that is reconfigured, and comes back as it was."""
    began = svcproof("lab", "up", "--name", NAME, "--nodes", 2, "--add-on", "policies")
    assert began.returncode == 0, began.stderr
    yield require_lab(NAME).node(CONTROL_PLANE).component(policy_guard.NAME)
    assert svcproof("lab", "down", "--name", NAME).returncode == 0


@pytest.fixture(autouse=True)
def _as_it_came_up(guard):
    yield
    guard.restore()


def verdicts(folder, tags="@needs.network-policy"):
    """Run the scenarios and return the exit code, and each verdict by id."""
    ran = svcproof("run", "--lab", NAME, "--tags", tags, "--jobs", 2, "--report", folder)
    tests = json.loads((folder / "ctrf.json").read_text())["results"]["tests"]
    return ran.returncode, {test["name"].split()[0]: test["rawStatus"] for test in tests}


def test_policies_that_are_enforced_are_met(guard, tmp_path):
    code, found = verdicts(tmp_path)
    assert set(found.values()) == {"met"}, found
    assert len(found) > 5
    assert code == 0


def test_policies_that_nobody_enforces_any_more_are_violated(guard, tmp_path):
    """The trial policy of the detection is enforced still: what is found there is no proof for later."""
    guard.reconfigure(config=lambda now: {**now, "only": "detect"})
    code, found = verdicts(tmp_path, "@npl-02 or @npl-04 or @npl-06 or @npl-07 or @npl-08")
    assert set(found.values()) == {"violated"}, found
    assert code == 1


def test_policies_that_are_enforced_one_way_only_are_violated_the_other_way(guard, tmp_path):
    guard.reconfigure(config=lambda now: {**now, "directions": ["Ingress"]})
    code, found = verdicts(tmp_path, "@npl-02 or @npl-06")
    assert found == {"npl-02": "met", "npl-06": "violated"}
    assert code == 1


def test_a_policy_that_outlives_its_change_or_its_end_is_violated(guard, tmp_path):
    guard.reconfigure(config=lambda now: {**now, "stale": network_policies.NAME})
    code, found = verdicts(tmp_path, "@npl-05 or @npl-09")
    assert set(found.values()) == {"violated"}, found
    assert code == 1


def test_without_a_guard_they_are_skipped_with_the_reason(guard, tmp_path):
    guard.stop()
    for node in require_lab(NAME).nodes:
        node.run(["nft", "-f", "-"], stdin=policy_rules.REMOVAL)
    code, found = verdicts(tmp_path)
    assert set(found.values()) == {"skipped"}, found
    assert code == 3
    assert "did not cut a pod off" in (tmp_path / "index.html").read_text()
