"""How long scenarios take: as they come with the suite, and as this machine has seen them."""

import json
from pathlib import Path

import pytest

from svcproof.run import durations


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(durations, "fixtures", lambda: tmp_path)
    return tmp_path / "durations.json"


def test_what_this_machine_has_seen_goes_before_what_comes_with_the_suite(shipped: Path) -> None:
    shipped.write_text(json.dumps({"np-01": 8.0, "np-02": 9.0}))
    durations.keep({"np-01": 2.0})
    assert durations.load() == {"np-01": 2.0, "np-02": 9.0}


@pytest.mark.parametrize("text", ["", "[]", '{"np-01": "long"}'])
def test_a_file_that_tells_nothing_is_no_trouble(shipped: Path, text: str) -> None:
    shipped.write_text(text)
    assert durations.load() == {}


def test_only_what_was_seen_here_is_remembered_here(shipped: Path, tmp_path: Path) -> None:
    shipped.write_text(json.dumps({"np-02": 9.0}))
    durations.keep({"np-01": 2.0})
    assert json.loads((tmp_path / "cache" / "svcproof" / "durations.json").read_text()) == {"np-01": 2.0}
