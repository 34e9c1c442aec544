"""Many Services, and many endpoints: made at once, awaited, and timed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import TypeVar

from svcproof.cluster import services, workloads
from svcproof.cluster.listings import Listings, listed_at
from svcproof.cluster.traffic import Target
from svcproof.cluster.transitions import CHANGED
from svcproof.cluster.waiting import Deadline, Rounds, Sighting, await_state
from svcproof.model.history import Outcome
from svcproof.model.service import Door, Frontend, Listing, Place, ServiceKind, Vantage
from svcproof.model.verdict import Inconclusive, Verdict
from svcproof.world import World

T = TypeVar("T")

AT_ONCE = 8
"""So many requests to the API server are under way at a time."""

CROWD_SECONDS = 120.0
"""How long we look for the endpoints of a crowd: controllers write some tens of objects a second (seconds)."""

CHUNK = 100
"""So many Services are called at once: a prober starts each call in its own time, and not all in the same moment."""

ADDRESSES = {"IPv4": "198.51.100.1", "IPv6": "2001:db8:1::1"}
"""The first addresses of pods that nobody runs: of ranges that nobody has (RFC 5737, RFC 3849)."""


def make(here: World, count: int, name: str) -> None:
    """Make so many Services that lead to the backends of a Deployment, and note when each was accepted."""
    here.traffic.act(f'makes {count} Services that lead to "{name}"')

    def one(number: int) -> tuple[str, str, float]:
        body = services.service(f"crowd-{number}", ServiceKind.CLUSTER_IP, selector={"app": name})
        made = here.sandbox.create(body)
        return made["metadata"]["name"], made["spec"]["clusterIP"], here.traffic.clock.now()

    here.sandbox.namespace()
    here.undoing.callback(here.sandbox.see_off, CROWD_SECONDS)
    for label, address, at in _at_once(one, range(1, count + 1)):
        here.crowd[label] = (address, at)
    here.traffic.mark(CHANGED)


def await_listed(here: World) -> None:
    """Return once every Service of the crowd lists a ready endpoint."""
    await_state("endpoints of the crowd", lambda: _listed(here), _patience(here), here.sandbox.watches().news)


def each_answers(here: World) -> Verdict:
    """Require that each Service of the crowd comes to answer, and say how long the first answers took.

    A Service is called as soon as it lists endpoints, over and over until it answers; when all have, each is called
    once more, to be judged. Controllers are given patience, the data plane what is left of it.
    """
    (place,) = here.places(Vantage(Place.POD), Frontend("", Door.CLUSTER_IP))
    targets = {label: Target(f'the cluster IP of "{label}"', address, 80) for label, (address, _) in here.crowd.items()}
    first: dict[str, float] = {}
    within, rounds = _patience(here), Rounds(0.2)
    while len(first) < len(targets) and not within.passed:
        listed = _having_endpoints(here)
        due = [label for label in targets if label not in first and label in listed]
        for some in _chunks(due):
            streams = here.traffic.burst(place, [targets[label] for label in some], 1)
            for label, at in zip(some, _answered_at(here, streams), strict=True):
                if at is not None:
                    first[label] = at - here.crowd[label][1]
        rounds.wait(0, 0.2)
    if silent := targets.keys() - _having_endpoints(here):
        raise Inconclusive(f"{len(silent)} of {len(targets)} Services list no endpoint after {within.spent:.0f} s")
    _tell(here, sorted(first.values()), len(targets))
    asked = [one for some in _chunks(list(targets)) for one in here.traffic.burst(place, [targets[x] for x in some], 1)]
    return here.check("every_exchange_answered", streams=asked)


def _tell(here: World, took: Sequence[float], count: int) -> None:
    """Keep how long the first answers took: the median, the 95th percentile and the last of them."""
    if not took:
        return
    for said, share in (("half of them", 0.5), ("95 in 100 of them", 0.95), ("the last of them", 1.0)):
        at = took[max(0, math.ceil(share * len(took)) - 1)]
        here.recorder.figure(f"{count} Services, first answer of {said}", round(at * 1000), "ms")


def _answered_at(here: World, streams: Sequence[str]) -> list[float | None]:
    ends = {one.stream: one.end for one in here.traffic.history().exchanges if one.outcome is Outcome.ANSWERED}
    return [ends.get(stream) for stream in streams]


def _having_endpoints(here: World) -> set[str]:
    """Return the Services that list a ready endpoint, by name."""
    found = set()
    for item in here.sandbox.watches().objects("EndpointSlice"):
        label = (item["metadata"].get("labels") or {}).get(services.SERVICE_NAME_LABEL, "")
        if any((entry.get("conditions") or {}).get("ready") is not False for entry in item.get("endpoints") or []):
            found.add(label)
    return found


def _listed(here: World) -> Sighting[bool]:
    missing = here.crowd.keys() - _having_endpoints(here)
    return Sighting(f"{len(missing)} of {len(here.crowd)} list none", None if missing else True)


# -- many endpoints ---------------------------------------------------------------------------------------------------


def put_up_pods(here: World, count: int, name: str) -> None:
    """Make so many pods labelled app=NAME that no node runs, and give each an address, as a kubelet would.

    Nobody answers there: they are for what the controllers make of many pods. Their Service publishes unready
    addresses, for a pod without a node is listed only so.
    """
    namespace = here.sandbox.namespace()
    family = (here.stage.service(name)["spec"].get("ipFamilies") or ["IPv4"])[0]
    here.traffic.act(f'makes {count} pods of "{name}" that no node runs')

    def one(number: int) -> None:
        pod = workloads.unrun_pod(f"{name}-{number}", here.stage.images, {"app": name})
        here.sandbox.create(pod)
        address = str(ip_address(ADDRESSES[family]) + number)
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
        here.api.patch("Pod", f"{name}-{number}", namespace, {"status": status}, subresource="status")

    _at_once(one, range(count))


def list_ports(here: World, count: int, service: str, name: str) -> None:
    """List a Deployment's pods in so many EndpointSlices of a Service, each at a port of its own."""
    lists = Listings(here.stage)
    for number in range(count):
        lists.write(Listing(service, f"{service}-{number}"), name, workloads.MANY_PORTS[number])
    here.traffic.mark(CHANGED)


def every_endpoint_is_reached(here: World, name: str) -> Verdict:
    """Require that every address and port that the slices of a Service list was reached."""
    listed = listed_at(Listings(here.stage).slices(name))
    addresses = sorted(address for several in listed.values() for address in several)
    return here.check("every_address_reached", addresses=addresses)


# -- within -----------------------------------------------------------------------------------------------------------


def _at_once(do: Callable[[int], T], numbers: Iterable[int]) -> list[T]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(do, numbers))


def _chunks(labels: Sequence[str]) -> list[Sequence[str]]:
    return [labels[start : start + CHUNK] for start in range(0, len(labels), CHUNK)]


def _patience(here: World) -> Deadline:
    return Deadline(here.settings.seconds(CROWD_SECONDS))
