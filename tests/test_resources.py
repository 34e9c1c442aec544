"""The suite's own files are found."""

from svcproof import resources


def test_the_suite_lies_beside_its_fixtures_and_features():
    root = resources.suite_root()

    assert resources.features() == root / "features"
    assert (resources.fixtures() / "lab" / "kubernetes-1.36" / "go.mod").is_file()
