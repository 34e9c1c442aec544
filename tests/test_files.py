"""Files that others read: whole or not at all, for whom they are meant, with nothing left beside them."""

from __future__ import annotations

import pytest

from svcproof.files import write_file


def test_a_written_file_keeps_others_out(tmp_path):
    path = tmp_path / "secret"
    write_file(path, "key")
    assert path.read_text() == "key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_put_there_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "taken"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        write_file(path, "text")
    assert list(tmp_path.iterdir()) == [path]
