"""Looks at a lab with packets of our own: from outside, from a node, from a trial pod."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from svcproof.adapters import shell
from svcproof.faults.saboteurs import looker
from svcproof.providers.lab import Lab

PROGRAM = Path(looker.__file__)


@dataclass(frozen=True)
class Seen:
    """One exchange of our own: *end* is answered, refused, reset, lost or unreachable; *said* what we were told."""

    end: str
    seconds: float
    said: Mapping[str, Any]

    @property
    def answered(self) -> bool:
        """Whether an answer came."""
        return self.end == "answered"

    @property
    def pod(self) -> str:
        """The trial pod that answered, by its own word."""
        return str(self.said.get("pod", ""))

    @property
    def node(self) -> str:
        """Its node."""
        return str(self.said.get("node", ""))

    @property
    def source(self) -> str:
        """The address it was called from, as it saw it; IPv4 in its plain form."""
        return str(self.said.get("source", "")).removeprefix("::ffff:")

    @property
    def found(self) -> list[str]:
        """What a name resolved to."""
        return sorted(answer["value"] for answer in self.said.get("answers", []))

    @property
    def code(self) -> int:
        """The response code of a name server: 0 is no error, 3 no such name; -1 where it did not answer."""
        return int(self.said.get("code", -1))


class Pods(Protocol):
    """Who knows which process is the trial pod of a node."""

    def process(self, node: str) -> int:
        """Return the pid of the trial pod on *node*."""


@dataclass(frozen=True)
class Looks:
    """Looks from the places of one lab."""

    lab: Lab
    pods: Pods

    def look(self, vantage: str, asked: Iterable[Mapping[str, Any]]) -> list[Seen]:
        """Make exchanges side by side from "outside", a place by name, or "pod@NODE"; how each ended, in order."""
        given = [dict(one) for one in asked]
        argv = [sys.executable, "-IS", str(PROGRAM), "ask", json.dumps(given)]
        ended = shell.run([*self._way(vantage), *argv], timeout=60)
        return [Seen(one.pop("end"), one.pop("seconds"), one) for one in json.loads(ended.stdout)]

    def _way(self, vantage: str) -> list[str]:
        if vantage == "outside":
            return []
        kind, _, node = vantage.rpartition("@")
        if kind == "pod":
            return ["nsenter", f"--net=/proc/{self.pods.process(node)}/ns/net", "--"]
        return [str(word) for word in self.lab.node(node).command([])]
