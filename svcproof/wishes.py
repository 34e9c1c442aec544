"""The parameter types of requests to the API server: what is asked for, what is given, how it is refused."""

from __future__ import annotations

import re

from svcproof.cluster.asking import KINDS, Asking
from svcproof.cluster.granting import Granting
from svcproof.cluster.listings import Listings
from svcproof.gherkin import Context, parameter, world
from svcproof.model.allocation import Given, Kept
from svcproof.model.answers import STATUSES
from svcproof.model.listing import State
from svcproof.model.wish import Asker, Grant, Wanted, Who, Wish

_OF_ANOTHER = (Wanted.PORT_OF, Wanted.ADDRESS_OF, Wanted.NAME_OF)
_ALONE = [wanted for wanted in Wanted if not wanted.value.endswith(" ")]
_NAME = '"[a-z][-a-z0-9]*"'


def asking(context: Context) -> Asking:
    """Return the requests of the scenario under way."""
    if "asking" not in context:
        here = world(context)
        context.asking = Asking(here.api, here.sandbox, former=here.routing.remembered)
    found: Asking = context.asking
    return found


def granting(context: Context) -> Granting:
    """Return the gifts of the scenario under way."""
    here = world(context)
    return Granting(here.api, here.sandbox, here.settings)


def listings(context: Context) -> Listings:
    """Return what EndpointSlices say in the scenario under way."""
    return Listings(world(context).stage)


def fields(context: Context) -> dict[str, str]:
    """Return the step's table of fields and values."""
    return {row["field"]: row["value"] for row in context.table}


def _one_of(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@parameter("Asker", rf"(?:{_one_of([who.value for who in Who if who is not Who.LIVING])}|{Who.LIVING.value}{_NAME})")
def read_asker(text: str) -> Asker:
    """Read who asks: "a Service", "a dry run", 'the Service "web"'."""
    who, quote, name = text.partition('"')
    return Asker(Who(who), name.rstrip('"') if quote else "")


@parameter(
    "Wish",
    rf"(?:{_one_of([wanted.value for wanted in _ALONE])}"
    rf"|(?:{_one_of([wanted.value for wanted in _OF_ANOTHER])}){_NAME}|{Wanted.PORT.value}-?\d{{1,5}})",
)
def read_wish(text: str) -> Wish:
    """Read what is asked for: "a free node port", 'the cluster IP of "web"', "node port 80"."""
    if text.endswith('"'):
        kind, name, _ = text.split('"')
        return Wish(Wanted(kind), of=name)
    if text.startswith(Wanted.PORT.value):
        return Wish(Wanted.PORT, number=int(text.removeprefix(Wanted.PORT.value)))
    return Wish(Wanted(text))


@parameter("Grant", _one_of([grant.value for grant in Grant]))
def read_grant(text: str) -> Grant:
    """Read how a wish is granted."""
    return Grant(text)


@parameter("ObjectKind", _one_of(list(KINDS)))
def read_object_kind(text: str) -> str:
    """Read a kind of object that a feature may write out."""
    return text


@parameter("Given", _one_of([given.value for given in Given]))
def read_given(text: str) -> Given:
    """Read what a Service is given, or spared."""
    return Given(text)


@parameter("Kept", _one_of([kept.value for kept in Kept]))
def read_kept(text: str) -> Kept:
    """Read what of a Service stays."""
    return Kept(text)


@parameter("EndpointState", _one_of([state.value for state in State]))
def read_state(text: str) -> State:
    """Read what an endpoint is."""
    return State(text)


@parameter("Fate", "goes|stays")
def read_fate(text: str) -> str:
    """Read what becomes of a service range."""
    return text


@parameter("Maker", "Service|Deployment|Pod")
def read_maker(text: str) -> str:
    """Read a kind of object that might be thought to make, or to be made by, another."""
    return text


@parameter("Teller", "kubectl describes|the list of Services shows")
def read_teller(text: str) -> str:
    """Read who tells people of a Service."""
    return text


@parameter("Refusal", _one_of(list(STATUSES)))
def read_refusal(text: str) -> str:
    """Read the reason of a refusal, in the API's own word."""
    return text


@parameter("Port", r'(?:"[a-z][-a-z0-9]*"|[1-9]\d{0,4})')
def read_port(text: str) -> str:
    """Read a port by its number, or its name in quotes."""
    return text.strip('"')


@parameter("Field", r'"[a-zA-Z][][a-zA-Z0-9.]*"')
def read_field(text: str) -> str:
    """Read a field's path: "spec.ports[0].nodePort"."""
    return text.strip('"')
