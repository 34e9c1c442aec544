"""nftables tables of a fault: one for each fault, before or after the service proxy's own, whichever mode that has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from svcproof.providers.lab.plan import LabPlan

PREFIX = "svcproof_fault_"
"""How every table of a fault begins: what is found under it may be deleted."""

BEFORE_SERVICES = -150
"""After connection tracking (-200), before a Service's address becomes an endpoint's (-100)."""

AFTER_SERVICES = -90
"""A Service's address is an endpoint's by now (-100), unless it has none."""

BEFORE_FILTERS = -10
"""Addresses are the endpoints' by now; the proxy's own filters (0) have not spoken."""


@dataclass(frozen=True)
class Chain:
    """A chain at one hook; *rules* are lines of nft(8)."""

    hook: str
    priority: int
    rules: Sequence[str]
    kind: str = "filter"


def table_name(fault: str) -> str:
    """The table of a fault."""
    return PREFIX + fault.replace("-", "_")


def table(fault: str, chains: Iterable[Chain], declarations: str = "") -> str:
    """Return the text that makes a fault's table anew, whether it was there or not."""
    name = table_name(fault)
    body = "\n".join(
        f"chain {chain.hook}_{number} {{\n type {chain.kind} hook {chain.hook} priority {chain.priority};\n"
        + "\n".join(f" {rule}" for rule in chain.rules)
        + "\n}"
        for number, chain in enumerate(chains)
    )
    return f"{removal(name)}table inet {name} {{\n{declarations}\n{body}\n}}\n"


def removal(name: str) -> str:
    """Return the text that deletes a table, whether it is there or not."""
    return f"add table inet {name}\ndelete table inet {name}\n"


def each_family(plan: LabPlan, *rules: str) -> list[str]:
    """Fill rules in once for each IP family of the lab.

    Known: {ip} (ip or ip6), {pods}, {services}, {nodes}, {balancers} (ranges), {host} (the outside), {port_range}.
    """
    return [
        rule.format(
            ip="ip" if block.version == 4 else "ip6",
            pods=block.pods,
            services=block.services,
            nodes=block.nodes,
            balancers=block.load_balancers,
            host=block.host,
            port_range=NODE_PORTS,
        )
        for block in plan.blocks
        for rule in rules
    ]


NODE_PORTS = "30000-32767"
"""The API server's default range, which the lab leaves as it is."""
