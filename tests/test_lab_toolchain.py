"""A Go that is new enough is used; one that is not, is not."""

import pytest

from svcproof.problems import SetupProblem
from svcproof.providers.lab import packages, toolchain
from svcproof.providers.lab.progress import SilentReport


def _go(folder, version):
    folder.mkdir()
    program = folder / "go"
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("said", "numbers"),
    [("go1.26.8", (1, 26, 8)), ("1.26.0", (1, 26, 0)), ("go1.27rc1", (1, 27)), ("go1.26.8-X:nodwarf5", (1, 26, 8))],
)
def test_a_version_is_read_as_numbers(said, numbers):
    assert toolchain._numbers(said) == numbers


def test_a_go_on_path_that_is_new_enough_is_used(tmp_path, monkeypatch):
    program = _go(tmp_path / "bin", "go1.99.1")
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")

    assert toolchain._installed((1, 26, 6)) == toolchain.Go(program, "go1.99.1")


def test_a_go_that_is_too_old_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{_go(tmp_path / 'bin', 'go1.19.8').parent}:/bin:/usr/bin")
    monkeypatch.setattr(toolchain, "_ELSEWHERE", ())

    assert toolchain._installed((1, 26, 6)) is None


def test_the_newest_go_line_decides(tmp_path, monkeypatch):
    for name, line in (("a", "go 1.24.0"), ("b", "go 1.26.6"), ("c", "go 1.3")):
        (tmp_path / name).write_text(f"module m\n\n{line}\n")
    asked = []
    monkeypatch.setattr(toolchain, "_installed", asked.append)
    monkeypatch.setattr(toolchain, "_from_wheel", lambda wanted, **_: toolchain.Go(tmp_path, "go1.26.6"))

    toolchain.ensure_go([tmp_path / name for name in "abc"], cache=tmp_path, report=SilentReport())

    assert asked == [(1, 26, 6)]


def test_a_build_takes_nothing_from_the_environment_that_decides_bytes(tmp_path, monkeypatch):
    for name in ("GOARCH", "GOEXPERIMENT", "GOROOT"):
        monkeypatch.setenv(name, "strange")
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    environment = toolchain.Go(tmp_path, "go1.26.8").environment

    assert "strange" not in environment.values()
    assert environment["GOFLAGS"] == "-mod=readonly -buildvcs=false"
    assert environment["CGO_ENABLED"] == "0"


def test_missing_packages_are_named_with_the_command_that_installs_them(monkeypatch):
    monkeypatch.setattr(packages, "missing_packages", lambda: ("conntrack", "crun", "nftables"))

    with pytest.raises(SetupProblem, match="conntrack, crun and nftables") as problem:
        packages.ensure_system_packages(may_install=False, report=SilentReport())
    assert problem.value.cure.endswith("apt-get install --yes --no-install-recommends conntrack crun nftables")
