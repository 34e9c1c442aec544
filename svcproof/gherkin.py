"""The language of the features: typed decorators, closed parameter types, and the world behind a context."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import behave
import parse  # type: ignore[import-untyped]  # behave's own dependency, without types

from svcproof.model.change import Some, Transition
from svcproof.model.disruption import Disruption, Ending, Lanes, ServiceChange
from svcproof.model.service import (
    Answers,
    Application,
    Backends,
    Door,
    Equipment,
    Errand,
    Frontend,
    Listing,
    Meeting,
    Nodes,
    Place,
    ServiceKind,
    Setting,
    Silence,
    Site,
    Vantage,
    Which,
)

if TYPE_CHECKING:
    from svcproof.world import World

Context = Any
"""What behave hands to every step: only `world()` looks into it."""

StepFunction = TypeVar("StepFunction", bound=Callable[..., None])
Value = TypeVar("Value")

_QUOTED = r'"[a-z]([-a-z0-9]*[a-z0-9])?"'.replace("(", "(?:")


def given(sentence: str) -> Callable[[StepFunction], StepFunction]:
    """Say how a state is brought about."""
    decorator: Callable[[StepFunction], StepFunction] = behave.given(sentence)
    return decorator


def when(sentence: str) -> Callable[[StepFunction], StepFunction]:
    """Say how the one event of a scenario comes about."""
    decorator: Callable[[StepFunction], StepFunction] = behave.when(sentence)
    return decorator


def then(sentence: str) -> Callable[[StepFunction], StepFunction]:
    """Say how an outcome is judged."""
    decorator: Callable[[StepFunction], StepFunction] = behave.then(sentence)
    return decorator


def world(context: Context) -> World:
    """Return what the scenario under way knows."""
    here: World = context.world
    return here


def parameter(name: str, pattern: str) -> Callable[[Callable[[str], Value]], Callable[[str], Value]]:
    """Make a function the reader of a closed parameter type: text that does not match makes the step undefined.

    *pattern* has no capturing groups; write {name:NAME} in a sentence to use it.
    """
    if re.compile(pattern).groups:
        raise ValueError(f"parameter type {name}: {pattern!r} has a capturing group; write (?:…)")

    def register(read: Callable[[str], Value]) -> Callable[[str], Value]:
        def convert(text: str) -> Value:  # one of its own for each type: the pattern is kept on the function
            return read(text)

        convert.__doc__ = read.__doc__  # the vocabulary page says it
        behave.register_type(**{name: parse.with_pattern(pattern)(convert)})
        return read

    return register


def _one_of(words: Any) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _name(text: str) -> str:
    """Return the first quoted name in *text*, or nothing."""
    found = re.search(r'"([^"]+)"', text)
    return found.group(1) if found else ""


# -- the closed parameter types -------------------------------------------------------------------------------------


@parameter("Name", _QUOTED)
def read_name(text: str) -> str:
    """Read a quoted name of an object: "web"."""
    return text.strip('"')


@parameter("Stranger", rf"(?:{_QUOTED}|another namespace's Service)")
def read_stranger(text: str) -> str:
    """Read whose Service's variables are meant: "web", or another namespace's, for which the name is empty."""
    return _name(text)


@parameter("Kind", _one_of(kind.value for kind in ServiceKind))
def read_kind(text: str) -> ServiceKind:
    """Read a kind of Service."""
    return ServiceKind(text)


@parameter("Application", _one_of(application.value for application in Application))
def read_application(text: str) -> Application:
    """Read what a backend runs."""
    return Application(text)


_APPLICATIONS = _one_of(application.value for application in Application)
_SITES = _one_of(site.value for site in Site if site.value)


_BACKENDS = rf"(?:no|[1-9]\d?) ready (?:(?:{_APPLICATIONS}) )?(?:backends?|pods?)(?: on (?:{_SITES}))?"


@parameter("Backends", _BACKENDS)
def read_backends(text: str) -> Backends:
    """Read so many pods that answer: "1 ready backend", "3 ready nginx pods", "2 ready backends on one node"."""
    pods, _, site = text.partition(" on ")
    count, _, *application, _ = pods.split(" ")
    runs = Application(*application) if application else Application.WITNESS
    return Backends(0 if count == "no" else int(count), runs, Site(site))


@parameter("Site", _SITES)
def read_site(text: str) -> Site:
    """Read on which nodes pods are put."""
    return Site(text)


@parameter("Listing", rf"(?:the EndpointSlice {_QUOTED}|the Endpoints object) of {_QUOTED}")
def read_listing(text: str) -> Listing:
    """Read what lists endpoints by hand: 'the EndpointSlice "one" of "web"', 'the Endpoints object of "web"'."""
    thing, _, service = text.rpartition(" of ")
    return Listing(_name(service), _name(thing))


@parameter("Equipment", rf"{_BACKENDS}(?: and (?:{_one_of(setting.value for setting in Setting)}))?")
def read_equipment(text: str) -> Equipment:
    """Read what a Service begins with: "1 ready backend", "2 ready backends on one node and session affinity"."""
    backends, _, setting = text.partition(" and ")
    return Equipment(read_backends(backends), Setting(setting) if setting else None)


@parameter("Count", r"[1-9]\d{0,4}")
def read_count(text: str) -> int:
    """Read a number of things."""
    return int(text)


@parameter("BackendCount", r"(?:no backends|1 backend|(?:[2-9]|[1-9]\d) backends)")
@parameter("EndpointCount", r"(?:no ready endpoints|1 ready endpoint|(?:[2-9]|[1-9]\d) ready endpoints)")
def read_how_many(text: str) -> int:
    """Read a number with its noun; "no" is none."""
    count = text.partition(" ")[0]
    return 0 if count == "no" else int(count)


@parameter("Setting", _one_of(setting.value for setting in Setting))
def read_setting(text: str) -> Setting:
    """Read a property of a Service: "session affinity", "the internal traffic policy Local"."""
    return Setting(text)


@parameter("Which", _one_of(which.value for which in Which))
def read_which(text: str) -> Which:
    """Read which backends are meant: "ready backends", "other backends"."""
    return Which(text)


@parameter("Answers", _one_of(answers.value for answers in Answers))
def read_answers(text: str) -> Answers:
    """Read what a look-up is to answer with: "the cluster IP", "the addresses of the ready pods"."""
    return Answers(text)


@parameter("Record", "address|other family's address|A|AAAA|SRV|CNAME|PTR")
def read_record(text: str) -> str:
    """Read a type of DNS record."""
    return text


_OF = (Place.POD_OF, Place.EVERY_POD_OF)
_PODS_OF = _one_of(place.value for place in _OF)
_PLACES = _one_of(place.value for place in Place if place not in _OF)


@parameter("Vantage", rf"(?:(?:{_PODS_OF}) {_QUOTED}|{_PLACES})")
def read_vantage(text: str) -> Vantage:
    """Read where traffic starts: "a host outside the cluster", "a pod on another node", 'every pod of "web"'."""
    place = text.partition(' "')[0]
    return Vantage(Place(place), _name(text))


_DOORS = _one_of(
    door.value for door in Door if door not in (Door.NAME, Door.API_SERVER, Door.INGRESS) and not door.on_nodes
)
_NODE_DOORS = _one_of(door.value for door in Door if door.on_nodes)
_NODES = _one_of(nodes.value for nodes in Nodes)


_DOOR = (
    rf"the (?:{_NODE_DOORS}) of {_QUOTED} on (?:{_NODES})|the (?:{_DOORS}) of {_QUOTED}"
    rf"|{Door.API_SERVER.value}|pod {_QUOTED} of {_QUOTED}|{_QUOTED}"
    rf'|host {_QUOTED}(?: at "/[-a-z0-9/]*")? of the Ingress'
)


@parameter("Frontend", rf"(?:port (?:{_QUOTED}|[1-9]\d{{0,4}}) of )?(?:{_DOOR})")
def read_frontend(text: str) -> Frontend:
    """Read where traffic goes: "web", the cluster IP of "web", port "tls" of the node port of "web" on one node."""
    port, pod, rest = "", "", text
    if found := re.match(r'port "?([^" ]+)"? of (.*)', rest):
        port, rest = found.groups()
    if rest.endswith(Door.INGRESS.value):
        host, _, path = rest.removesuffix(f" {Door.INGRESS.value}").partition(" at ")
        return Frontend(_name(host), Door.INGRESS, port, path=path.strip('"') or "/")
    if found := re.match(r'pod "([^"]+)" of (.*)', rest):
        pod, rest = found.groups()
    if rest == Door.API_SERVER.value:
        return Frontend("kubernetes", Door.API_SERVER)
    door = next((door for door in Door if rest.startswith(f"the {door.value} of ")), Door.NAME)
    nodes = Nodes(rest.rpartition('" on ')[2]) if door.on_nodes else Nodes.EVERY
    return Frontend(_name(rest), door, port, nodes, pod)


@parameter("Silence", _one_of(silence.value for silence in Silence))
def read_silence(text: str) -> Silence:
    """Read how connections end where nobody is to answer."""
    return Silence(text)


@parameter("Meeting", _one_of(meeting.value for meeting in Meeting))
def read_meeting(text: str) -> Meeting:
    """Read how many backends a caller meets."""
    return Meeting(text)


@parameter("Pause", r"(?:1 second|[2-9] seconds)")
def read_pause(text: str) -> float:
    """Read how long after one connection the next is opened."""
    return float(text.partition(" ")[0])


@parameter("Size", r"[1-9]\d{3,6}")
def read_size(text: str) -> int:
    """Read a number of bytes: from a thousand to ten million."""
    return int(text)


@parameter("Errand", _one_of(errand.value for errand in Errand))
def read_errand(text: str) -> Errand:
    """Read what a caller asks for: bytes, or its own back."""
    return Errand(text)


@parameter("Transport", "UDP|TCP")
def read_transport(text: str) -> str:
    """Read how a query travels."""
    return text.lower()


@parameter("Some", _one_of(some.value for some in Some))
def read_some(text: str) -> Some:
    """Read which backends of a Service are meant."""
    return Some(text)


@parameter("Transition", _one_of(transition.value for transition in Transition))
def read_transition(text: str) -> Transition:
    """Read what becomes of a backend."""
    return Transition(text)


@parameter("Lanes", _one_of(lanes.value for lanes in Lanes))
def read_lanes(text: str) -> Lanes:
    """Read over which kinds of connections traffic flows."""
    return Lanes(text)


@parameter("Disruption", _one_of(disruption.value for disruption in Disruption))
def read_disruption(text: str) -> Disruption:
    """Read what befalls nodes, service proxies, cluster DNS or the control plane."""
    return Disruption(text)


@parameter("Ending", _one_of(ending.value for ending in Ending))
def read_ending(text: str) -> Ending:
    """Read how connections come to end."""
    return Ending(text)


@parameter("AddressDoor", _one_of(door.value for door in (Door.CLUSTER_IP, Door.NODE_PORT)))
def read_address_door(text: str) -> Door:
    """Read which address of a Service is meant."""
    return Door(text)


_SETTINGS = _one_of(setting.value for setting in Setting)


@parameter("ServiceChange", rf"(?:target port [1-9]\d{{1,4}}|another node port|the selector of {_QUOTED}|{_SETTINGS})")
def read_service_change(text: str) -> ServiceChange | Setting:
    """Read a change of a Service: a setting, "target port 8081", "another node port", 'the selector of "green"'."""
    if text in {setting.value for setting in Setting}:
        return Setting(text)
    if text.startswith("target port"):
        return ServiceChange(target=int(text.rpartition(" ")[2]))
    return ServiceChange(selector=_name(text), new_node_port=text == "another node port")
