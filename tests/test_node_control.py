"""Node control: which one a setting names, what a command of the user's is told, and the guard behind a deed."""

import shlex
import sys

import pytest

from svcproof.adapters import shell
from svcproof.cluster.detect import Detection, detect
from svcproof.cluster.node_control import ControlTrouble
from svcproof.cluster.waiting import Deadline, Rounds, Sighting, await_state
from svcproof.providers.node_control import CommandControl, KindControl, LabControl, choose


@pytest.fixture
def told(tmp_path):
    """A command that writes down what it was told."""
    program = tmp_path / "control"
    log = tmp_path / "told"
    program.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(log))}\n')
    program.chmod(0o755)

    class Told:
        command = f"{program} {{verb}} {{node}}"

        @staticmethod
        def words():
            return log.read_text().splitlines() if log.exists() else []

    return Told()


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("lab:proof", LabControl),
        ("kind:proof", KindControl),
        ("command:control {verb} {node}", CommandControl),
        ("control {verb} {node}", CommandControl),
    ],
)
def test_a_setting_names_a_node_control(setting, kind):
    assert type(choose(setting)) is kind


def test_no_setting_names_none():
    assert choose("") is None


def test_a_command_is_told_verb_and_node(told):
    control = CommandControl(told.command)

    control.cut("node-2")
    control.restore("node-2")
    control.restart_proxy("node-1")
    control.pause_control_plane(20)

    assert told.words() == ["cut node-2", "restore node-2", "restart-proxy node-1", "pause-control-plane 20"]


def test_a_command_that_ends_badly_is_trouble_and_no_violation():
    control = CommandControl("false {verb} {node}")

    with pytest.raises(ControlTrouble, match="cut node-2"):
        control.cut("node-2")
    control.guards.dismiss("node-2")


@pytest.mark.parametrize(
    ("command", "says"),
    [("control {verb}", "{node}"), ("no-such-program {verb} {node}", "no program"), ("true {verb} {node}", "")],
)
def test_a_command_that_cannot_work_says_why(command, says):
    trouble = CommandControl(command).trouble()

    assert says in trouble if says else not trouble


def test_a_guard_restores_the_node_when_its_owner_is_killed(told, tmp_path):
    program = (
        "import sys, time\n"
        "from svcproof.providers.node_control import CommandControl\n"
        "CommandControl(sys.argv[1]).cut('node-2')\n"
        "print('cut', flush=True)\n"
        "time.sleep(60)\n"
    )
    with (tmp_path / "errors").open("wb") as errors:
        owner = shell.converse([sys.executable, "-c", program, told.command], errors=errors)
    with owner:
        assert owner.stdout.readline() == b"cut\n"
        owner.kill()

    def restored():
        return Sighting(str(told.words()), "restore node-2" in told.words() or None)

    await_state("the guard's deed", restored, Deadline(30), Rounds(0.05))
    assert told.words() == ["cut node-2", "restore node-2"]


def test_a_guard_that_was_dismissed_does_nothing(told):
    control = CommandControl(told.command)
    control.cut("node-2")
    control.restore("node-2")

    assert told.words() == ["cut node-2", "restore node-2"]


def test_a_cluster_without_node_control_lacks_the_capability():
    found = detect("node-control", Detection(None, None))

    assert not found.present
    assert "no node control was named" in found.because


def test_a_node_control_that_can_be_used_is_the_evidence(told):
    found = detect("node-control", Detection(None, None, CommandControl(told.command)))

    assert found.present
    assert "command" in found.because
