"""What a Service may ask for in particular, as values: the closed list of wishes that scenarios make."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Wanted(Enum):
    """What is wished for; those with a blank at the end are of another Service, or a number."""

    BELOW = "a node port one below the range"
    ABOVE = "a node port one above the range"
    FIRST = "the first node port of the range"
    LAST = "the last node port of the range"
    FREE_PORT = "a free node port"
    PORT = "node port "
    PORT_OF = "the node port of "
    OUTSIDE = "a cluster IP outside the service ranges"
    FREE_ADDRESS = "a free cluster IP"
    ADDED_ADDRESS = "a cluster IP of the added service range"
    OTHER_FAMILY = "the other address family"
    ADDRESS_OF_THE_API = "the cluster IP of the API server"
    ADDRESS_OF = "the cluster IP of "
    EXTERNAL_IP = "a node's address as its external IP"
    NAME_OF = "the name of "
    NOWHERE = "a namespace that does not exist"


PORTS = frozenset(wanted for wanted in Wanted if "node port" in wanted.value)
"""The wishes for a node port."""


@dataclass(frozen=True)
class Wish:
    """One wish; *of* names the Service it is about, *number* the port."""

    wanted: Wanted
    of: str = ""
    number: int = 0


class Who(Enum):
    """Who wishes: a new Service, here or in a neighbouring namespace or in a dry run; or one that lives already."""

    BESIDE = "a Service"
    ELSEWHERE = "a Service in another namespace"
    DRY_RUN = "a dry run"
    LIVING = "the Service "


@dataclass(frozen=True)
class Asker:
    """Who asks; *name* is that of a living Service."""

    who: Who
    name: str = ""


class Grant(Enum):
    """How a wish is granted."""

    ACCEPTED = "accepted"
    AS_ASKED = "given what it asked for"
    OR_HELD = "granted, or refused only because somebody holds it"

    @property
    def law(self) -> str:
        """What is asked of the answer."""
        return {
            Grant.ACCEPTED: "accepted",
            Grant.AS_ASKED: "given_what_it_asked_for",
            Grant.OR_HELD: "granted_or_held",
        }[self]
