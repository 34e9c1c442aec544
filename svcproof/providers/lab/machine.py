"""Raises the machine's limits that several labs would run into, and puts them back with the last lab."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from svcproof.files import write_file
from svcproof.providers.lab import cgroups, state
from svcproof.providers.lab.plan import CGROUPS, DATA, RUN

LIMITS = {"fs/inotify/max_user_instances": 4096}
"""Setting below /proc/sys → the least that is enough: one lab of two nodes takes about 40 of the usual 128."""

_RECORD = RUN / "machine.json"


def raise_limits() -> None:
    """Raise what is lower than wanted; what it was is on disk first. The caller holds the lock of the addresses."""
    before = _remembered()
    for setting, enough in LIMITS.items():
        path = Path("/proc/sys") / setting
        now = int(path.read_text())
        if now < enough:
            before.setdefault(setting, now)
            write_file(_RECORD, json.dumps(before))
            path.write_text(str(enough))


def leave() -> None:
    """After the last lab: put back what was raised, unless somebody has set it anew, and remove what labs share.

    The caller holds the lock of the addresses; nothing happens while a lab is left.
    """
    if state.names():
        return
    for setting, before in _remembered().items():
        path = Path("/proc/sys") / setting
        if int(path.read_text()) == LIMITS.get(setting):
            path.write_text(str(before))
    _RECORD.unlink(missing_ok=True)
    shared = [tree.root / CGROUPS for tree in cgroups.hierarchies()]
    for folder in (*shared, DATA / "labs", DATA, RUN / "labs"):
        with suppress(OSError):  # it is not there, or holds more than labs
            folder.rmdir()


def _remembered() -> dict[str, int]:
    try:
        before: dict[str, int] = json.loads(_RECORD.read_text())
    except FileNotFoundError:
        return {}
    return before
