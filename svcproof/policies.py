"""Traffic policies: what backends see of callers outside, and what nodes tell of their backends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network

from svcproof.cluster import services
from svcproof.cluster.waiting import Deadline, Rounds, Sighting, await_state
from svcproof.model.history import Exchange, Outcome
from svcproof.model.laws.source_address import host
from svcproof.model.service import Frontend, Place, Vantage, Which
from svcproof.model.verdict import Answer, Verdict, met, unknown, worst
from svcproof.world import World

IN_A_ROW = 10
ANSWER_SECONDS = 30.0

HEALTH_LOOKS = 5
"""How often each node is asked for its health, once it tells what it should."""


def check_source(here: World, vantage: Vantage) -> Verdict:
    """Require that backends saw the vantage's own address.

    Outside that is this machine's address on the way there; where something between it and the cluster rewrites it, a
    backend sees an address that is neither this machine's nor the cluster's, and nothing can be told.
    """
    if vantage.place is not Place.OUTSIDE:
        return here.check_source(vantage)
    exchanges = [one for one in here.traffic.history().exchanges if one.stream in here.opened]
    streams = here.traffic.history().streams
    called = {str(found) for name in here.opened if (found := host(streams[name].address)) is not None}
    own = sorted({here.address_towards(one) for one in called} - {""})
    law = "source_address_preserved"
    verdict = here.traffic.judge(law, streams=here.opened, addresses=own)
    strange = _of_nobody(here, exchanges, own) if verdict.answer is Answer.VIOLATED else set()
    if strange:
        says = f"between this machine ({', '.join(own)}) and the cluster the source is rewritten: {', '.join(strange)}"
        verdict = unknown(says, **verdict.figures)
    return here.say(law, verdict)


def _of_nobody(here: World, exchanges: Iterable[Exchange], own: list[str]) -> set[str]:
    """Return the sources that backends saw which are neither our own nor the cluster's."""
    nodes = here.api.list("Node")
    addresses = {entry["address"] for node in nodes for entry in node.get("status", {}).get("addresses") or []}
    ranges = [ip_network(one) for node in nodes for one in node["spec"].get("podCIDRs") or []]
    pods = {entry["ip"] for pod in here.api.list("Pod") for entry in pod.get("status", {}).get("podIPs") or []}
    seen = {str(found) for one in exchanges if (found := host(one.source)) is not None}
    known = addresses | pods | set(own)
    return {one for one in seen - known if not any(ip_address(one) in each for each in ranges)}


def health_is_told(here: World, frontend: Frontend) -> Verdict:
    """Require that within the convergence time every node says 200 where a ready backend runs, and 503 elsewhere."""
    (place,) = here.places(Vantage(Place.OUTSIDE))
    wanted = here.stage.backends[frontend.service].count
    here.stage.await_ready(frontend.service, wanted)
    targets = here.targets(frontend)
    within, rounds = Deadline(here.settings.budget), Rounds(0.2)
    while True:
        tried = here.traffic.burst(place, targets, 1, limit=2.0)
        seen = [one.outcome for one in here.traffic.history().exchanges if one.stream in tried]
        if set(seen) == {Outcome.ANSWERED} or within.passed:
            break
        rounds.wait(0, min(0.2, within.left))
    here.recorder.figure("health was told after", round(within.spent * 1000), "ms")
    streams = here.traffic.burst(place, targets, HEALTH_LOOKS, limit=2.0)
    return here.check("every_exchange_answered", streams=streams)


def await_answers(here: World, vantage: Vantage, frontend: Frontend) -> None:
    """Return once a vantage is answered at every address of a frontend; raise Inconclusive while it is not."""
    _await(here, vantage, frontend, {Outcome.ANSWERED})
    here.routing.remember(frontend.service)


def await_silence(here: World, vantage: Vantage, frontend: Frontend) -> None:
    """Return once a vantage is not answered at any address of a frontend; raise Inconclusive while it is."""
    _await(here, vantage, frontend, set(Outcome) - {Outcome.ANSWERED, Outcome.WRONG, Outcome.NOT_SENT})


def _await(here: World, vantage: Vantage, frontend: Frontend, wanted: set[Outcome]) -> None:
    def look() -> Sighting[bool]:
        places, targets = here.places(vantage, frontend), here.targets(frontend)
        tried = here.traffic.burst(places, targets, IN_A_ROW, limit=2.0)
        ends = {one.outcome for one in here.traffic.history().exchanges if one.stream in tried}
        return Sighting(", ".join(sorted(end.value for end in ends)), True if ends and ends <= wanted else None)

    says = f"{vantage} {'answered' if Outcome.ANSWERED in wanted else 'not answered'} at {frontend}"
    await_state(says, look, Deadline(here.settings.seconds(ANSWER_SECONDS)), Rounds(0.3))


def hints_name_nodes(here: World, name: str) -> Verdict:
    """Require that within the convergence time each endpoint's hint names its own node (KEP-3015)."""
    watches = here.sandbox.watches()
    said = [""]

    def look() -> Sighting[bool]:
        slices = [one for one in watches.objects("EndpointSlice") if services.is_slice_of(one, name)]
        entries = [entry for one in slices for entry in one.get("endpoints") or []]
        hints = {
            entry["nodeName"]: [hint["name"] for hint in (entry.get("hints") or {}).get("forNodes") or []]
            for entry in entries
        }
        said[0] = "; ".join(f"{node}: {', '.join(named) or 'no hint'}" for node, named in sorted(hints.items()))
        right = bool(hints) and all(named == [node] for node, named in hints.items())
        return Sighting(said[0] or "no endpoint", True if right else None)

    within = Deadline(here.settings.budget)
    await_state(f'hints of "{name}"', look, within, watches.news, contract=True, catch_up=watches.catch_up)
    return here.say("hints_name_nodes", met(f"each hint names its endpoint's node: {said[0]}"))


def check_strangers(here: World, which: Which, name: str) -> Verdict:
    """Require that nobody but these of a Deployment's pods answered; "of the node" is asked of each stream apart."""
    if which not in (Which.CALLED_NODE, Which.OWN_NODE, Which.OWN_ZONE):
        return here.check_strangers(which, name)
    own = own_backends(here, which, name)
    said = [here.traffic.judge("only_these_answered", streams=[stream], backends=own(stream)) for stream in here.opened]
    return here.say("only_these_answered", worst(said))


def own_backends(here: World, which: Which, name: str) -> Callable[[str], list[str]]:
    """Return what tells the ready pods of a Deployment on a stream's own node: the called one's, or the caller's.

    For the caller's zone it tells those on every node of it.
    """
    zones = services.zones(here.api.list("Node")) if which is Which.OWN_ZONE else {}
    streams = here.traffic.history().streams
    pods = here.stage.ready_pods(name)

    def own(stream: str) -> list[str]:
        about = streams[stream]
        node = about.node if which is Which.CALLED_NODE else about.vantage_node
        near = {one for one, zone in zones.items() if zone == zones.get(node)} or {node}
        return [pod["metadata"]["name"] for pod in pods if pod["spec"].get("nodeName") in near]

    return own
