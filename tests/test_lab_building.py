"""Modules are fetched while others compile; what goes wrong is told where it is waited for."""

import pytest

from svcproof.adapters import shell
from svcproof.problems import SetupProblem
from svcproof.providers.lab import building
from svcproof.providers.lab.families import Family
from svcproof.providers.lab.toolchain import Go

ONE, TWO = Family("one", {"a": "a"}), Family("two", {"b": "b"})


class Step:
    def __init__(self):
        self.said = []

    def update(self, text):
        self.said.append(text)


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """What Go prints, by the family that is asked about and the first word of the command."""
    told = {}

    def stream(command, *, cwd, **_):
        answer = told[cwd.name, command[1]]
        if isinstance(answer, Exception):
            raise answer
        if command[1] == "build":
            folder = command[command.index("-o") + 1]
            (tmp_path / folder.strip("/").split("/")[-1] / "a").write_text("program")
        yield from answer

    monkeypatch.setattr(shell, "stream", stream)
    return told


def test_packages_are_counted_and_downloads_are_not(answers, tmp_path):
    answers["one", "list"] = ["go: downloading m v1", "m", "m/n"]
    with building.fetching([ONE], Go(tmp_path, "go1.26.8")) as fetches:
        assert fetches["one"].packages.result(5) == 2
    assert fetches["one"].modules == 1


def test_a_family_whose_modules_cannot_be_had_does_not_stop_the_next(answers, tmp_path):
    answers["one", "list"] = shell.CommandFailed(["go", "list"], 1, "dial tcp: no such host")
    answers["two", "list"] = ["n"]
    with building.fetching([ONE, TWO], Go(tmp_path, "go1.26.8")) as fetches:
        with pytest.raises(SetupProblem, match="one does not build"):
            fetches["one"].packages.result(5)
        assert fetches["two"].packages.result(5) == 1


def test_a_build_says_how_far_it_is_and_names_programs_our_way(answers, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    family = Family("one", {"ours": "a"})
    monkeypatch.setattr(Family, "flags", ())
    answers["one", "list"] = ["m", "m/n"]
    answers["one", "build"] = ["m", "m/n"]
    step = Step()
    with building.fetching([family], Go(tmp_path, "go1.26.8")) as fetches:
        building.build(family, Go(tmp_path, "go1.26.8"), fetches["one"], folder, step)

    assert (folder / "ours").read_text() == "program"
    assert step.said[-1].startswith("2 of at most 2 packages")
