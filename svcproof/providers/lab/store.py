"""A cache entry is a folder that appears whole or not at all, and is made once however many ask for it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from svcproof.problems import SetupProblem

Waiting = Callable[[], AbstractContextManager[object]]

_RECORD = "made.json"
"""Names every file of the entry and its size; written last."""


def keep(entry: Path, make: Callable[[Path], None], *, waiting: Waiting = nullcontext) -> Path:
    """Return the folder *entry*; when it is missing or damaged, *make* fills an empty folder that then takes its place.

    Costs a few file stats when *entry* is whole. *waiting* is entered while another process makes the same entry.
    Whatever interrupts *make*, nothing of it is ever found under *entry*; its leavings go with the next attempt.
    """
    if is_whole(entry):
        return entry
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with _lock(entry, waiting):
            if not is_whole(entry):
                _make(entry, make)
    except OSError as refused:
        raise _set_up(refused, entry) from refused
    return entry


def is_whole(entry: Path) -> bool:
    """Whether every file that *entry*'s record names is there at its full size."""
    try:
        sizes = json.loads((entry / _RECORD).read_bytes())
        return all((entry / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def _make(entry: Path, make: Callable[[Path], None]) -> None:
    for leaving in entry.parent.glob(f".{entry.name}.*.part"):
        shutil.rmtree(leaving)
    part = entry.parent / f".{entry.name}.{os.getpid()}.part"
    part.mkdir()
    try:
        make(part)
        _write_record(part)
        if entry.exists():
            shutil.rmtree(entry)
        part.rename(entry)
        _flush(entry.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_record(folder: Path) -> None:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for path in files:
        _flush(path)
    record = folder / _RECORD
    record.write_text(json.dumps({path.name: path.stat().st_size for path in files}))
    _flush(record)
    _flush(folder)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _lock(entry: Path, waiting: Waiting) -> Iterator[None]:
    with (entry.parent / f".{entry.name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with waiting():
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _set_up(refused: OSError, entry: Path) -> SetupProblem:
    if refused.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space(entry.parent)
    return SetupProblem(
        f"{entry} cannot be written: {refused.strerror or refused}", "set XDG_CACHE_HOME to a folder that you may write"
    )


def no_space(folder: Path) -> SetupProblem:
    """What to say when the disk under *folder* is full."""
    return SetupProblem(
        f"no space is left under {folder}",
        "free some gigabytes there, or set XDG_CACHE_HOME to a folder on a larger disk",
    )
