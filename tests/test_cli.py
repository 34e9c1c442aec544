"""The command line: quick to help, one message for set-up trouble, no traceback."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import runs

from svcproof import cli
from svcproof.adapters import shell
from svcproof.cli import clusters, plan
from svcproof.cli import run as cli_run
from svcproof.problems import SetupProblem

ROOT = Path(__file__).parents[1]


def svcproof(*words: str) -> shell.Completed:
    return shell.run([sys.executable, "-m", "svcproof", *words], timeout=60.0, check=False, cwd=ROOT)


def test_help_lists_every_command() -> None:
    said = svcproof("--help")
    assert said.code == 0
    for name, command in cli.COMMANDS.items():
        assert f"  {name} " in said.stdout
        assert command.help.split()[0] in said.stdout


def test_help_imports_nothing_heavy() -> None:
    script = """
import atexit, sys
sys.argv = ["svcproof", "--help"]
heavy = {"behave", "kubernetes", "rich", "yaml", "requests"}
atexit.register(lambda: print("loaded:", sorted(heavy & sys.modules.keys())))
from svcproof.cli import main
main()
"""
    assert "loaded: []" in shell.run([sys.executable, "-c", script], timeout=60.0, cwd=ROOT).stdout


@pytest.mark.parametrize("name", ["run", "list", "plan", "clean", "diff", "report", "verify", "lint"])
def test_every_command_explains_itself(name: str) -> None:
    said = svcproof(name, "--help")
    assert said.code == 0, said.stderr
    assert "Usage:" in said.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "--kubeconfig", "/nowhere"), "kubeconfig /nowhere does not exist"),
        (("run", "--lab", "a", "--kind", "b"), "two clusters are named"),
        (("run", "features/nowhere"), "no such file"),
        (("run", "zz-99"), "neither a file nor the id of a scenario"),
        (("run", "--tags", "@a and"), "--tags @a and"),
        (("run", "--image", "nginx"), "wanted ROLE=REF"),
        (("run", "--budget", "soon"), "is no duration"),
        (("report", "/nowhere"), "wanted a report's folder"),
        (("verify", "/nowhere", "--events", "/nowhere"), "name a conformance.yaml"),
    ],
)
def test_set_up_trouble_is_one_message_and_exit_code_2(words: tuple[str, ...], says: str) -> None:
    said = svcproof(*words)
    assert said.code == 2
    assert says in said.stderr
    assert "Traceback" not in said.stderr


def test_an_unknown_command_is_a_matter_of_usage() -> None:
    assert svcproof("nonsense").code == 2


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["run", "--lab"], ["run", "--lab", "lab"]),
        (["run", "--lab", "mine"], ["run", "--lab", "mine"]),
        (["run", "--lab", "--jobs", "2"], ["run", "--lab", "lab", "--jobs", "2"]),
        (["run", "--kind", "features/source"], ["run", "--kind", "kind", "features/source"]),
    ],
)
def test_a_lab_without_a_name_has_the_usual_one(given: list[str], meant: list[str]) -> None:
    assert cli._with_default_lab(given) == meant


def test_durations_are_read_as_people_write_them() -> None:
    assert [cli_run.seconds(text) for text in ("30s", "5m", "1h", "90", "0.5s")] == [30, 300, 3600, 90, 0.5]


def test_a_scenario_is_reproduced_by_its_id() -> None:
    again = cli_run.reproduce(runs.every_end(), " --lab x")
    assert again["aa-02"].endswith("svcproof run aa-02 --lab x --keep-on-failure")
    assert " /s/features/small/things.feature:10" in cli_run.reproduce(runs.every_end(), "", "/s/")["aa-02"]


def test_images_are_settings_by_role() -> None:
    assert clusters.image_settings(["nginx=n:1"], "r.example") == {"image_registry": "r.example", "image.nginx": "n:1"}
    with pytest.raises(SetupProblem):
        clusters.image_settings(["nginx="], "")


def test_an_estimate_puts_the_longest_first_and_the_serial_last() -> None:
    entries = [runs.entry("aa-01"), runs.entry("aa-02"), runs.entry("aa-03"), runs.entry("aa-04", "serial")]
    took = {"aa-01": 10.0, "aa-02": 6.0, "aa-03": 5.0, "aa-04": 3.0}
    assert plan.estimate(entries, took, 2) == 14.0
    assert plan.estimate([], {}, 4) == 0.0


def test_verify_and_diff_and_report_work_on_a_run(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        runs.every_end(tmp_path / name)
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    assert svcproof("report", one).code == 1
    assert (tmp_path / "one" / "index.html").exists()
    same = svcproof("diff", one, two)
    assert (same.code, "every verdict is the same" in same.stdout) == (0, True)
    said = svcproof("verify", f"{one}/conformance.yaml", "--events", one)
    assert said.code == 1  # the roster of a run made by hand has no true fingerprint
    assert said.stdout.count("\n") == 1
    assert "suite.roster" in said.stdout
