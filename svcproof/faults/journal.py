"""Remembers what a fault did to a lab, from before it is done, so that it can be undone after any end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from svcproof.files import write_file
from svcproof.providers.lab.plan import LabPlan

Deed = dict[str, Any]
"""{"do": how to undo it, …what that takes}; plain JSON, for another process may have to undo it."""


class Journal:
    """The deeds that are not undone yet; every change is on disk before the call returns."""

    def __init__(self, plan: LabPlan) -> None:
        self.path: Path = plan.directory / "faults.json"

    @property
    def deeds(self) -> list[Deed]:
        """What is still done, oldest first."""
        if not self.path.exists():
            return []
        deeds: list[Deed] = json.loads(self.path.read_text())
        return deeds

    def note(self, deed: Deed) -> None:
        """Remember a deed that is about to be done."""
        self._write([*self.deeds, deed])

    def strike(self, deed: Deed) -> None:
        """Forget a deed that is undone."""
        self._write([kept for kept in self.deeds if kept != deed])

    def _write(self, deeds: list[Deed]) -> None:
        if deeds:
            write_file(self.path, json.dumps(deeds, indent=1))
        else:
            self.path.unlink(missing_ok=True)


def taking_back(patch: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the merge patch (RFC 7396) that undoes *patch* in an object that was *before*: what it added goes."""
    return {
        name: taking_back(value, before[name])
        if isinstance(value, Mapping) and isinstance(before.get(name), Mapping)
        else before.get(name)
        for name, value in patch.items()
    }
