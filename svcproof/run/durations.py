"""How long scenarios take, so that long ones can run beside short ones: measured here, or on the lab they come with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from svcproof.files import write_file
from svcproof.resources import fixtures

FORGETTING = 0.5
"""The weight of the newest time against the older ones."""


def _file() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "svcproof" / "durations.json"


def load() -> dict[str, float]:
    """Return the seconds by scenario id: remembered here, else as `ci/bench suite --keep` measured them on a lab."""
    return {**_read(fixtures() / "durations.json"), **_read(_file())}


def _read(file: Path) -> dict[str, float]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): float(value) for name, value in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # a hint, not a fact: without it the order is only less clever


def keep(took: Mapping[str, float]) -> None:
    """Remember these seconds."""
    known = _read(_file())
    for name, value in took.items():
        known[name] = round(FORGETTING * value + (1 - FORGETTING) * known.get(name, value), 3)
    file = _file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, json.dumps(known, sort_keys=True), 0o644)
    except OSError:
        return  # as above: a cache that cannot be written costs a better order, nothing else
