"""Deletions: of a Service, of its EndpointSlices, of the network policy, of the service range that was added."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from svcproof import network_policies
from svcproof.cluster.transitions import delete_service
from svcproof.gherkin import Context, parameter, world
from svcproof.wishes import asking, listings


class Thing(Enum):
    """What may be deleted; the first two are told by a Service's name."""

    SERVICE = "the Service"
    SLICES = "every EndpointSlice of"
    POLICY = "the network policy"
    RANGE = "the added service range"


@dataclass(frozen=True)
class Deleted:
    """One thing that is deleted; *service* names the Service that it is, or belongs to."""

    thing: Thing
    service: str = ""


@parameter(
    "Deleted", '(?:(?:the Service|every EndpointSlice of) "[a-z][-a-z0-9]*"|the network policy|the added service range)'
)
def read_deleted(text: str) -> Deleted:
    """Read what is deleted: 'the Service "web"', 'every EndpointSlice of "web"', "the network policy"."""
    thing, _, name = text.partition(' "')
    return Deleted(Thing(thing), name.rstrip('"'))


def delete(context: Context, what: Deleted) -> None:
    """Ask for the deletion of it, as an action of the history."""
    here = world(context)
    if what.thing is Thing.SERVICE:
        here.routing.remember(what.service)
        delete_service(here.stage, here.traffic, what.service)
    elif what.thing is Thing.SLICES:
        listings(context).take_away(what.service)
    elif what.thing is Thing.POLICY:
        network_policies.delete(here)
    else:
        asking(context).delete_added_range()
