"""What may befall a cluster while its Services are used, and how a Service may change, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from svcproof.model.history import Lane


class Disruption(Enum):
    """What befalls nodes, service proxies, cluster DNS or the control plane; "another node" is the last by name."""

    CUT_OFF = "another node is cut off"
    COMES_BACK = "the node that was cut off comes back"
    KUBELET_STOPS = "the kubelet of another node stops"
    KUBELET_STARTS = "the kubelet that stopped starts again"
    DRAINED = "another node is drained"
    PROXY_RESTARTS = "the service proxy of one node restarts"
    PROXIES_RESTART = "the service proxy of every node restarts"
    RULES_REMOVED = "something else removes the forwarding rules of one node"
    CONTROL_PLANE_AWAY = "the control plane goes away for 20 seconds"
    DNS_REPLICA_LOST = "one replica of cluster DNS is lost"
    DNS_ROLLED_OUT = "cluster DNS is rolled out anew"


AWAY_SECONDS = 20.0
"""How long the control plane goes away."""


class Lanes(Enum):
    """Over which kinds of connections traffic flows."""

    NEW = "new"
    KEPT = "kept-alive"
    BOTH = "both kinds of"

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes of the prober."""
        return {Lanes.NEW: (Lane.NEW,), Lanes.KEPT: (Lane.KEPT,), Lanes.BOTH: (Lane.NEW, Lane.KEPT)}[self]


class Ending(Enum):
    """How connections end that are no longer, or not yet, answered by backends."""

    ANSWERED = "answered"
    REFUSED = "refused"

    @property
    def law(self) -> str:
        """What is asked of every connection."""
        return {Ending.ANSWERED: "every_exchange_answered", Ending.REFUSED: "refused_not_lost"}[self]


@dataclass(frozen=True)
class ServiceChange:
    """One change of a Service's spec: exactly one of the three."""

    target: int = 0
    selector: str = ""
    new_node_port: bool = False

    def __str__(self) -> str:
        if self.target:
            return f"target port {self.target}"
        return f'the selector of "{self.selector}"' if self.selector else "another node port"
