"""Enforces NetworkPolicies on the nodes of a lab: looks at what is declared, and lays the rules that say it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svcproof.adapters import shell
from svcproof.adapters.plain_api import ApiRefused, PlainApi
from svcproof.providers.lab import policy_rules
from svcproof.providers.lab.certificates import certificates
from svcproof.providers.lab.components import Recipe, folder
from svcproof.providers.lab.plan import CONTROL_PLANE, LabPlan

NAME = "policy-guard"
"""The component's name, beside the control plane's own."""

EVERY = 0.25
"""Seconds between two looks; with no policy a look is one small request."""

SECONDS = 10.0
"""Bounds one call of nft(8)."""

POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
FROM_MEMORY = "?resourceVersion=0"
"""The API server answers from its watch cache: cheap, and as fresh as any controller's own view."""


def recipe(plan: LabPlan) -> Recipe:
    """How the guard is started: this program, told where the API server and the nodes are."""
    issued = certificates(plan)
    config = {
        "api": plan.api_address,
        "authority": str(issued / "ca.crt"),
        "certificate": str(issued / "owner.crt"),
        "key": str(issued / "owner.key"),
        "nodes": [str(plan.network_namespace(node.name)) for node in plan.node_plans],
        "directions": list(policy_rules.DIRECTIONS),
        "only": "",
        "stale": "",
    }
    arguments = ("-m", __name__, str(folder(plan, CONTROL_PLANE, NAME) / "config.json"))
    return Recipe(NAME, CONTROL_PLANE, arguments, {"config.json": json.dumps(config, indent=1) + "\n"})


@dataclass
class Guard:
    """One enforcer; what else is said of it than where it works makes it a bad one.

    *directions* are those it heeds; *only*, where given, names the policies that it heeds; *stale* names those of
    which it never forgets what they said first.
    """

    api: PlainApi
    nodes: Sequence[str]
    directions: Sequence[str] = policy_rules.DIRECTIONS
    only: str = ""
    stale: str = ""
    laid: str = ""
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)

    @staticmethod
    def of(values: Mapping[str, Any]) -> Guard:
        """Return the guard that a component's configuration describes."""
        files = {name: Path(values[name]) for name in ("authority", "certificate", "key")}
        return Guard(
            PlainApi(values["api"], **files), values["nodes"], values["directions"], values["only"], values["stale"]
        )

    def look(self) -> None:
        """Lay what is declared now, unless it lies already. Raises ApiRefused, shell.CommandFailed."""
        policies = self._heeded(self._list(POLICIES))
        text = policy_rules.REMOVAL
        if policies:
            cluster = policy_rules.Cluster(self._list("/api/v1/pods"), self._list("/api/v1/namespaces"))
            text = policy_rules.table(policies, cluster, self.directions)
        if text != self.laid:
            for node in self.nodes:
                shell.run(["nsenter", f"--net={node}", "nft", "-f", "-"], input=text, timeout=SECONDS)
            self.laid = text
            print(f"laid the rules of {len(policies)} policies", flush=True)

    def _heeded(self, declared: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        heeded = [one for one in declared if self.only in ("", one["metadata"]["name"])]
        for one in heeded:
            if one["metadata"]["name"] == self.stale:
                self.kept.setdefault(one["metadata"]["uid"], one)
        return [*(one for one in heeded if one["metadata"]["uid"] not in self.kept), *self.kept.values()]

    def _list(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.api.get(path + FROM_MEMORY).get("items") or []
        return items


def main() -> None:
    """Enforce what is declared until killed; *sys.argv* names the configuration."""
    guard = Guard.of(json.loads(Path(sys.argv[1]).read_text()))
    never = threading.Event()
    while True:
        try:
            guard.look()
        except (ApiRefused, shell.CommandFailed) as trouble:
            print(f"looks again: {trouble}", flush=True)
        never.wait(EVERY)


if __name__ == "__main__":
    main()
