"""What decides a build is in its key; what a lab is made of follows from what is asked."""

from pathlib import Path

import pytest

from svcproof.adapters.shell import CommandFailed
from svcproof.problems import SetupProblem
from svcproof.providers.lab import building, families
from svcproof.providers.lab.families import Family


class Pinned(Family):
    """A family whose module lies where a test puts it."""

    @property
    def directory(self) -> Path:
        return Path(self.folder)


@pytest.fixture
def family(tmp_path):
    (tmp_path / "go.mod").write_text("module a\n\nrequire example.org/a v1.36.3\n")
    (tmp_path / "go.sum").write_text("sum\n")
    stamps = {"a.Version": "v{version}", "a.Major": "{major}", "a.Minor": "{minor}"}
    return Pinned(str(tmp_path), {"a": "a"}, "example.org/a", stamps)


def test_the_same_inputs_give_the_same_key(family):
    assert family.key("go1.26.8") == family.key("go1.26.8")


def test_the_toolchain_changes_the_key(family):
    assert family.key("go1.26.8") != family.key("go1.27.3")


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "main.go"])
def test_each_source_changes_the_key(family, name):
    before = family.key("go1.26.8")
    with (family.directory / name).open("a") as file:
        file.write("// changed\n")

    assert family.key("go1.26.8") != before


@pytest.mark.parametrize("change", [{"tags": ("x",)}, {"stamps": {"a.Version": "w"}}, {"programs": {"b": "a"}}])
def test_each_part_of_the_recipe_changes_the_key(family, change):
    values = {"folder": family.folder, "programs": family.programs, "module": family.module, "stamps": family.stamps}

    assert Pinned(**values | change).key("go1.26.8") != family.key("go1.26.8")


def test_the_stamps_carry_the_pinned_version(family):
    flags = " ".join(family.flags)

    assert "-X a.Version=v1.36.3" in flags
    assert "-X a.Major=1 -X a.Minor=36" in flags


def test_every_pinned_module_of_a_stamped_family_tells_its_version():
    for minor in families.offered():
        for family in families.choose(minor, ("metallb", "traefik")):
            assert not family.stamps or family.version, f"{family.folder} is stamped without a version"


def _folders(kubernetes, add_ons):
    return [family.folder for family in families.choose(kubernetes, add_ons)]


def test_the_newest_kubernetes_is_offered_first():
    assert families.offered()[0] == "1.36"


def test_a_lab_without_add_ons_builds_none():
    assert _folders("1.36", ()) == ["pause", "kubernetes-1.36", "containerd", "etcd", "coredns"]


def test_each_add_on_brings_its_family():
    assert set(_folders("1.35", ("traefik", "metallb"))) >= {"kubernetes-1.35", "metallb", "traefik"}


@pytest.mark.parametrize(("kubernetes", "add_ons"), [("1.12", ()), ("1.36", ("istio",))])
def test_what_is_not_pinned_is_named_with_what_is(kubernetes, add_ons):
    with pytest.raises(SetupProblem) as problem:
        families.choose(kubernetes, add_ons)
    assert problem.value.cure.startswith("take one of ")


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("write /x: no space left on device", "free some gigabytes"),
        ("dial tcp: lookup proxy.example: no such host", "let Go reach its module proxy"),
        ("module lookup disabled by GOPROXY=off", "let Go reach its module proxy"),
        ("reading https://proxy.example/x.zip: 403 Forbidden", "let Go reach its module proxy"),
        ("verifying example.org/a@v1: checksum mismatch", "restore go.mod and go.sum"),
        ("link: signal: killed", "free some memory"),
        ("main.go:502:3: undefined: x", "read the last lines above"),
    ],
)
def test_a_build_that_breaks_off_names_its_cure_and_quotes_the_compiler(family, said, cure):
    problem = building.explain(CommandFailed(["go", "build"], 1, said), family)

    assert said in problem.what
    assert problem.cure.startswith(cure)
