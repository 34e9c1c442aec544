"""A cache entry is whole or not there."""

import errno
import threading
from contextlib import contextmanager

import pytest

from svcproof.problems import SetupProblem
from svcproof.providers.lab import store


def _two_files(folder):
    (folder / "one").write_text("1")
    (folder / "two").write_text("22")


def test_an_entry_holds_what_was_made(tmp_path):
    entry = store.keep(tmp_path / "entry", _two_files)

    assert entry == tmp_path / "entry"
    assert (entry / "two").read_text() == "22"
    assert store.is_whole(entry)


def test_an_entry_is_made_once(tmp_path):
    made = []

    def make(folder):
        made.append(folder)
        _two_files(folder)

    for _ in range(3):
        store.keep(tmp_path / "entry", make)

    assert len(made) == 1


def test_an_interrupted_making_leaves_nothing(tmp_path):
    def make(folder):
        _two_files(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.keep(tmp_path / "entry", make)

    assert [path.name for path in tmp_path.iterdir()] == [".entry.lock"]


def test_what_a_killed_making_left_goes_with_the_next_one(tmp_path):
    left = tmp_path / ".entry.4242.part"
    left.mkdir()
    _two_files(left)

    store.keep(tmp_path / "entry", _two_files)

    assert sorted(path.name for path in tmp_path.iterdir()) == [".entry.lock", "entry"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: (entry / "two").unlink(),
        lambda entry: (entry / "two").write_text("2"),
        lambda entry: (entry / "made.json").unlink(),
        lambda entry: (entry / "made.json").write_text("{"),
        lambda entry: (entry / "made.json").write_text("[]"),
    ],
    ids=["missing file", "truncated file", "missing record", "broken record", "strange record"],
)
def test_a_damaged_entry_is_made_again(tmp_path, damage):
    entry = store.keep(tmp_path / "entry", _two_files)
    damage(entry)

    assert not store.is_whole(entry)
    store.keep(entry, _two_files)
    assert (entry / "two").read_text() == "22"
    assert store.is_whole(entry)


def test_two_who_want_the_same_entry_make_it_once_and_the_second_is_told_to_wait(tmp_path):
    made = []
    waited = threading.Event()

    @contextmanager
    def waiting():
        waited.set()
        yield

    def slow(folder):
        assert waited.wait(5), "the second is never told to wait"
        made.append(folder)
        _two_files(folder)

    def quick(folder):
        made.append(folder)

    first = threading.Thread(target=store.keep, args=(tmp_path / "entry", slow))
    first.start()
    while not (tmp_path / ".entry.lock").exists() or not list(tmp_path.glob("*.part")):
        pass
    store.keep(tmp_path / "entry", quick, waiting=waiting)
    first.join()

    assert len(made) == 1


def test_a_full_disk_is_a_set_up_problem_with_its_cure(tmp_path):
    def make(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SetupProblem, match="no space is left") as problem:
        store.keep(tmp_path / "entry", make)
    assert "XDG_CACHE_HOME" in problem.value.cure


def test_a_cache_that_cannot_be_written_is_a_set_up_problem(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SetupProblem, match="cannot be written"):
        store.keep(tmp_path / "file" / "entry", _two_files)
