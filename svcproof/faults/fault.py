"""What a fault is: one known breakage, said as data and three deeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from svcproof.faults.ground import Ground


class Layer(Enum):
    """Where a breakage lives."""

    PROXY = "proxy"
    NETWORK = "network"
    DNS = "dns"
    CONTROL_PLANE = "control plane"
    ADD_ON = "add-on"

    @property
    def rank(self) -> int:
        """Its place in lists."""
        return list(Layer).index(self)


class Unviable(Exception):  # noqa: N818 - it says what the fault is
    """The fault cannot be had here: the message says what is missing."""


@dataclass(frozen=True)
class Evidence:
    """Whether a fault was seen in effect, and the sentence of who looked."""

    holds: bool
    because: str


@dataclass(frozen=True)
class Needs:
    """What a lab must be for a fault: so many nodes, these add-ons, one of these proxy modes, both IP families.

    *netem*: its kernel must be able to hold packets back.
    """

    nodes: int = 2
    add_ons: frozenset[str] = frozenset()
    proxy_modes: frozenset[str] = frozenset({"iptables", "nftables"})
    dual_stack: bool = False
    netem: bool = False


def undo(ground: Ground) -> None:
    """Heal by taking back every deed of the ground, last first: enough for nearly every fault."""
    ground.undo()


@dataclass(frozen=True)
class Fault:
    """One known breakage.

    *stands_for* is what really goes wrong, in one sentence; *link* a report of it, where one is known.
    *breaks* are the ids of the scenarios that must be violated; *may_break* explains the collateral: id → why.
    *reason_says* is a regular expression (case ignored) that the reason of each violation must contain.
    *in_effect* looks for itself, with its own packets or at the rules: false before inject and after heal.
    *wait* bounds how long it may take to come into effect, and again to be healed (seconds).
    """

    name: str
    stands_for: str
    layer: Layer
    breaks: frozenset[str]
    reason_says: str
    inject: Callable[[Ground], None]
    in_effect: Callable[[Ground], Evidence]
    heal: Callable[[Ground], None] = undo
    may_break: Mapping[str, str] = field(default_factory=dict)
    needs: Needs = field(default_factory=Needs)
    link: str = ""
    wait: float = 20.0
