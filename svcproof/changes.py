"""Changes of a Service under traffic: brought about one at a time, and judged by what the traffic saw."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from svcproof import bursts
from svcproof.cluster import ranges, services
from svcproof.cluster.api import Object
from svcproof.cluster.disruptions import Disruptions, roll_out
from svcproof.cluster.transitions import CHANGED, delete_service
from svcproof.cluster.waiting import Deadline, NotConverged, Rounds, Sighting, await_state, let_pass
from svcproof.model.assumptions import unless_backends_gave_up
from svcproof.model.disruption import Disruption, Ending, Lanes, ServiceChange
from svcproof.model.figures import settled
from svcproof.model.history import History, Kind, Lane
from svcproof.model.judging import Asked, answer
from svcproof.model.service import Door, Frontend, ServiceKind, Setting, Site, Vantage
from svcproof.model.verdict import Answer, Inconclusive, Verdict, worst
from svcproof.world import FLOWING, LIMIT, UNSENT, World

LISTED = "listed"
"""The mark from which on the EndpointSlices say what they are to say: the data plane has to follow them."""

CONVERGED = "converged"
"""The mark from which on the data plane has followed, as its slowest stream saw it."""

QUIET = 1.5
"""How long traffic must go right before it counts as settled (seconds)."""

HANG = 5.0
"""How long a connection may hang: where nobody answers any more, hundreds of them do at a time (seconds).

A first packet that is dropped is sent again after one second and after three (RFC 6298).
"""

JUST_AFTER = 0.001
"""The last wrong connection is not one that began after convergence (seconds)."""

LATER = 5.0
"""How long we look on after the budget before a law must say what it can tell (seconds)."""

PATIENCE = 90.0

REFUSALS = 0.8
"""So many connections a second look for refusals: Linux sends one a second to each caller (icmp(7), icmp_ratelimit)."""

REFUSAL_SECONDS = 5.0

RESOLVER_RETRY = 5.0
"""How long a resolver waits before it asks again (resolv.conf(5), timeout), in seconds."""


# -- bringing about ---------------------------------------------------------------------------------------------------


def disrupt(world: World, disruption: Disruption) -> None:
    """Bring a disruption about; what it did is undone before the scenario ends."""
    Disruptions(world.stage, world.traffic, world.node_control, world.undoing).bring_about(disruption)


def replace_pods(world: World, name: str) -> None:
    """Roll a Deployment out anew and await that all its pods are new and ready."""
    world.traffic.act(f'rolls "{name}" out anew')
    _replace(world, name, lambda: roll_out(world.api, world.sandbox.namespace(), name))


def move(world: World, name: str, site: Site) -> None:
    """Have a Deployment put its pods elsewhere and await that all its pods are new and ready there."""
    world.traffic.act(f'moves "{name}" to {site.value}')
    _replace(world, name, lambda: world.stage.move(name, site))


def hand_over(world: World, name: str) -> None:
    """Make as many new backends behind shut gates, open theirs, then shut those of the old ones, which stay."""
    stage = world.stage
    old = services.names(stage.ready_pods(name))
    world.veterans[name] = set(stage.known[name])
    stage.scale(name, 2 * len(old))
    new = stage.await_behind_gates(name, len(old))
    world.traffic.act(f"opens the gates of {', '.join(new)}")
    stage.set_gates(new, opened=True)
    stage.await_ready(name, 2 * len(old))
    world.traffic.act(f"shuts the gates of {', '.join(old)}")
    stage.changed[name] = old
    stage.set_gates(old, opened=False)
    watches = world.sandbox.watches()

    def look() -> Sighting[bool]:
        ready = services.names(stage.ready_pods(name))
        return Sighting(f"ready: {', '.join(ready)}", (ready == new) or None)

    await_state(f'the old backends of "{name}" behind their gates', look, _patience(world), watches.news)
    world.traffic.mark(CHANGED)


def _replace(world: World, name: str, deed: Callable[[], None]) -> None:
    stage = world.stage
    before = world.veterans[name] = set(stage.known[name])
    wanted = stage.backends[name].count
    deed()
    watches = world.sandbox.watches()

    def look() -> Sighting[bool]:
        ready = set(services.names(stage.ready_pods(name)))
        stage.known[name] |= ready
        return Sighting(f"{len(ready - before)} new ones ready", (len(ready) == wanted and not ready & before) or None)

    await_state(f'{wanted} new pods of "{name}"', look, _patience(world), watches.news)
    world.traffic.mark(CHANGED)


def become(world: World, name: str, kind: ServiceKind) -> None:
    """Change a Service's type; what the old one had and the new one has not is given up."""
    world.traffic.act(f'turns "{name}" into a {kind.value} Service')
    world.stage.kinds[name] = kind
    _patch(world, name, {"type": kind.type})


def change(world: World, name: str, to: ServiceChange | Setting) -> None:
    """Change one thing of a Service's spec."""
    world.traffic.act(f'changes "{name}" to {to.value if isinstance(to, Setting) else to}')
    if isinstance(to, Setting):
        _patch(world, name, to.spec)
        return
    if to.selector:
        _patch(world, name, {"selector": {"app": to.selector}})
        return
    ports: list[Object] = json.loads(json.dumps(world.stage.service(name)["spec"]["ports"]))
    if to.target:
        ports[0]["targetPort"] = to.target
    else:
        ports[0]["nodePort"] = _free_node_port(world)  # the API server would keep one that is left out
    _patch(world, name, {"ports": ports})


def _free_node_port(world: World) -> int:
    allowed = ranges.node_port_range(world.api, world.sandbox.namespace())
    return next(ranges.free_node_ports(allowed, world.api.list("Service")))


def make_anew(world: World, name: str) -> None:
    """Delete a Service and make it again under its name."""
    delete_service(world.stage, world.traffic, name)
    world.traffic.act(f'makes "{name}" anew')
    world.sandbox.create(services.service(name, world.stage.kinds[name]))
    world.traffic.mark(CHANGED)


def spare(world: World, name: str) -> None:
    """Declare that one backend at a time may be evicted."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": name}}}
    body = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}
    world.sandbox.create(body)

    def look() -> Sighting[bool]:
        allowed = world.api.get("PodDisruptionBudget", name, world.sandbox.namespace()).get("status", {})
        return Sighting(f"status {allowed}", (allowed.get("disruptionsAllowed", 0) > 0) or None)

    await_state(f'a disruption budget of "{name}" that allows one', look, _patience(world), Rounds(0.2))


def _patch(world: World, name: str, spec: Object) -> None:
    world.routing.remember(name)
    world.api.patch("Service", name, world.sandbox.namespace(), {"spec": spec})
    world.traffic.mark(CHANGED)


# -- traffic ----------------------------------------------------------------------------------------------------------


def stream(world: World, vantage: Vantage, frontend: Frontend, lanes: Lanes) -> None:
    """Let steady traffic flow; where nobody is there to answer, do not wait for answers."""
    world.let_slices_follow(frontend)
    if world.stage.endpoints(frontend.service):
        world.stream(vantage, frontend, lanes.lanes, limit=HANG)
        return
    world.flow(vantage, frontend, lanes.lanes, limit=HANG)
    world.traffic.mark(FLOWING)


def look_up_steadily(world: World, vantage: Vantage, name: str) -> None:
    """Ask cluster DNS for a Service's name, over and over, from now until the history is read."""
    for place in world.places(vantage):
        text = f"{name}.{world.sandbox.namespace()}.svc.{_domain(world, place)}"
        world.flowing.append(world.traffic.look_up_steadily(place, text))
    let_pass(1.0)
    world.traffic.mark(FLOWING)


def _domain(world: World, place: object) -> str:
    """Return the cluster's domain, as the pod's own resolver knows it."""
    ran = world.api.run(place.namespace, place.pod, place.container, ["cat", "/etc/resolv.conf"])  # type: ignore[attr-defined]
    found = re.search(r"\bsvc\.(\S+)", ran.out)
    if found is None:
        raise Inconclusive(f"the resolv.conf of a pod names no cluster domain: {ran.out.strip()}")
    return found.group(1)


# -- judging ----------------------------------------------------------------------------------------------------------


def only_ready_answer(world: World, name: str) -> Verdict:
    """Require that, from the convergence time on, new connections are answered, and by ready backends alone."""
    _await_listed(world, name)
    _mark_listed(world, "dropped", "gained")
    return _converged(world, LISTED, backends=services.names(world.stage.ready_pods(name)))


def every_connection(world: World, ending: Ending) -> Verdict:
    """Require that, from the convergence time on, every new connection is answered, or every one refused.

    Refusals are limited by the kernel of the node to one a second for each caller: steady traffic must come to go
    unanswered, and once it has stopped a few single connections must be refused.
    """
    for name in {flow.frontend.service for flow in world.flows.values()} & world.stage.backends.keys():
        world.stage.await_ready(name, world.stage.backends[name].count)
        _await_listed(world, name)
    if ending is Ending.ANSWERED:
        _mark_listed(world, "gained", "dropped")
        return _converged(world, LISTED)
    _await_nothing_listed(world)
    _mark_listed(world, "forgot", "dropped")
    silent = _converged(world, LISTED, wanted="unanswered")
    streams = _single_connections(world)
    refused = world.check("refused_not_lost", streams=streams, since=CONVERGED)
    return worst([silent, refused])


def reached_at(world: World, port: int) -> Verdict:
    """Require that, from the convergence time on, new connections are answered at this port of the backends.

    Where only flows that keep their connections or source ports are there, it is asked of them.
    """
    return _converged(world, CHANGED, port=port) if _streams(world) else bursts.flows_follow(world, port)


def answered_at(world: World, vantage: Vantage, frontend: Frontend) -> Verdict:
    """Require that, from the convergence time on, new connections from here to there are answered."""
    streams = world.flow(vantage, frontend, (Lane.NEW,), limit=HANG)
    if world.traffic.history().moment(CHANGED) is None:
        world.traffic.mark(CHANGED)
    return _converged(world, CHANGED, streams=streams)


def silent_at_former(world: World, door: Door, name: str) -> Verdict:
    """Require that, from the convergence time on, nobody answers where the Service answered before its change.

    Whoever the address was given to since may answer there.
    """
    history = world.traffic.history()
    since = history.moment(CHANGED)
    if since is None:
        raise Inconclusive(f'nothing was changed in "{name}"')
    old = {one.stream for one in history.exchanges if one.start < since}
    flows = {stream: world.flows[stream].frontend for stream in _streams(world) if stream in old}
    streams = [stream for stream, whither in flows.items() if whither.door is door and whither.service == name]
    own = world.former_backends(Frontend(name, door))
    return _converged(world, CHANGED, streams=streams, wanted="unanswered", backends=own)


def none_lost_at(world: World, frontend: Frontend) -> Verdict:
    """Require that no connection to this frontend was lost, whatever became of others."""
    streams = [name for name, flow in world.flows.items() if flow.frontend == frontend]
    return _none_lost(world, streams=streams, since=FLOWING)


def none_lost_afterwards(world: World) -> Verdict:
    """Require that no connection was lost that began after convergence; those that stood before end with their pod."""
    return _none_lost(world, since=CONVERGED, standing=False)


def every_caller_reaches(world: World, name: str) -> Verdict:
    """Require that each stream comes to reach each ready backend within the convergence time."""
    world.stage.await_ready(name, world.stage.backends[name].count)
    _await_listed(world, name)
    _mark_listed(world, "gained", "dropped")
    backends = services.names(world.stage.ready_pods(name))
    budget = world.settings.budget
    asked: dict[str, Any] = {"backends": backends, "after": LISTED, "budget": budget, "backend_count": len(backends)}
    law = "new_backends_answer_within"
    streams = _streams(world)
    _await_answers([Asked(law, (stream,), FLOWING, None, asked) for stream in streams], world)
    verdicts = [world.traffic.judge(law, streams=[stream], since=FLOWING, **asked) for stream in streams]
    return _say(world, law, worst(verdicts), "first_answer_ms", verdicts)


def names_stay(world: World) -> Verdict:
    """Require that no vantage goes without an answer of cluster DNS for longer than one retry of a resolver.

    Nor may any be told that there is no such name: that is an answer, and no resolver asks again after it.
    """
    world.check("name_never_denied", since=FLOWING)
    return world.check("unavailable_for_at_most", since=FLOWING, seconds=RESOLVER_RETRY)


# -- within -----------------------------------------------------------------------------------------------------------


def _converged(world: World, after: str, *, streams: Iterable[str] = (), **goal: object) -> Verdict:
    """Let traffic run until it can be told whether it converged in time; record, and require it."""
    chosen = tuple(streams) or tuple(_streams(world))
    arguments: dict[str, Any] = {
        "after": after,
        "budget": world.settings.budget,
        "quiet": QUIET,
        "unsent": UNSENT,
        **goal,
    }
    law = "converged_within"
    _await_answers([Asked(law, chosen, None, None, arguments)], world)
    verdict = world.traffic.judge(law, streams=chosen, **arguments)
    history = world.traffic.history()
    start = history.moment(after) or 0.0
    converged = start + float(verdict.figures.get("convergence_ms", 0.0)) / 1000 + JUST_AFTER
    if "wanted" not in goal:  # what is answered late, others that begin meanwhile may be refused
        converged = max(converged, settled(history, chosen, start, start + world.settings.budget))
    world.traffic.mark(CONVERGED, converged)
    return _say(world, law, verdict, "convergence_ms", [verdict])


def _none_lost(world: World, **asked: Any) -> Verdict:
    world.rest()
    verdict = world.traffic.judge("none_lost", unsent=UNSENT, **asked)
    return world.say("none_lost", _unless_backends_gave_up(world, verdict))


def _say(world: World, law: str, verdict: Verdict, figure: str, every: Iterable[Verdict]) -> Verdict:
    slowest = max((float(one.figures[figure]) for one in every if figure in one.figures), default=None)
    if slowest is not None:
        world.recorder.figure(figure.removesuffix("_ms").replace("_", " "), slowest, "ms")
    return world.say(law, _unless_backends_gave_up(world, verdict))


def _unless_backends_gave_up(world: World, verdict: Verdict) -> Verdict:
    history = world.traffic.history()
    return unless_backends_gave_up(verdict, history, world.stage.touched, since=history.moment(FLOWING) or 0.0)


def _await_answers(questions: list[Asked], world: World) -> None:
    """Let traffic run until every question has another answer than unknown, or time is over: the laws decide then.

    Where answers are wanted, nothing can be told while a connection hangs; where none are, hanging is what they do.
    """
    goals = [one for one in questions if one.arguments.get("wanted", "answered") == "answered"]
    answered = {name for one in goals for name in one.streams}

    def look() -> Sighting[bool]:
        history = world.traffic.history()
        if pending := under_way(history, answered):
            return Sighting(f"{pending} exchanges under way")
        unknown = [verdict for one in questions if (verdict := answer(history, one)).answer is Answer.UNKNOWN]
        return Sighting(unknown[0].because if unknown else "all told", None if unknown else True)

    within = Deadline(world.settings.budget + QUIET + LATER + LIMIT)
    try:
        await_state("what laws can tell", look, within, Rounds(0.5))
    except NotConverged:
        return  # the laws say what is missing


def under_way(history: History, streams: Collection[str]) -> int:
    """Count the exchanges of these streams that a later one has overtaken: nobody knows yet how they end."""
    numbers: dict[str, list[int]] = {}
    for exchange in history.exchanges:
        if exchange.stream in streams:
            numbers.setdefault(exchange.stream, []).append(exchange.number)
    return sum(max(every) - min(every) + 1 - len(every) for every in numbers.values())


def _streams(world: World) -> list[str]:
    """Return the streams of new connections that flow."""
    return [name for name in world.flowing if name in world.flows and world.flows[name].lane is Lane.NEW]


def _await_listed(world: World, name: str) -> None:
    """Wait until a Deployment has the pods it wants, and then for every Service that traffic flows to to list them.

    The pods are awaited with patience, the slices for the convergence time only: TooLate says what they list instead.
    """
    watches = world.sandbox.watches()
    concerned = sorted({flow.frontend.service for flow in world.flows.values()})

    def as_wanted() -> bool:
        # a Deployment whose pod lost its label still calls itself complete until its controller has looked
        enough = len(world.stage.staying_pods(name)) >= world.stage.backends[name].count
        return enough and _complete(watches.get("Deployment", name)) and not _coming(world, name)

    def pods_there() -> Sighting[bool]:
        ready = services.names(world.stage.ready_pods(name))
        return Sighting(f"ready: {', '.join(ready) or 'none'}", as_wanted() or None)

    def slices_follow() -> Sighting[bool]:
        wanted = set(services.names(world.stage.ready_pods(name)))
        listed = {
            one: {entry.pod or entry.address for entry in world.stage.endpoints(one) if entry.ready}
            for one in concerned
        }
        says = "; ".join(f"{one}: {', '.join(sorted(pods)) or 'none'}" for one, pods in listed.items())
        return Sighting(says, (as_wanted() and all(pods == wanted for pods in listed.values())) or None)

    await_state(f'as many ready pods of "{name}" as it wants', pods_there, _patience(world), watches.news)
    await_state(
        f'the ready pods of "{name}" listed, and nobody else',
        slices_follow,
        Deadline(world.settings.budget),
        watches.news,
        contract=True,
        catch_up=watches.catch_up,
    )


def _await_nothing_listed(world: World) -> None:
    """Wait until no Service that traffic flows to lists anybody: the last backends serve until they end."""
    concerned = sorted({flow.frontend.service for flow in world.flows.values()})

    def look() -> Sighting[bool]:
        left = [str(entry) for one in concerned for entry in world.stage.endpoints(one)]
        return Sighting(", ".join(left) or "none", None if left else True)

    await_state("no endpoints listed", look, _patience(world), world.sandbox.watches().news)


def _coming(world: World, name: str) -> list[str]:
    """Return the pods of a Deployment that are still to become ready: who answers next is not known before."""
    unready = [pod for pod in world.stage.staying_pods(name) if not services.is_ready(pod)]
    return sorted(set(services.names(unready)) - world.stage.touched)


def _complete(deployment: Object | None) -> bool:
    """Say whether a Deployment has made all the pods it was told to make, and given up all others."""
    if deployment is None:
        return False
    status, wanted = deployment.get("status", {}), deployment["spec"]["replicas"]
    seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    return bool(seen and status.get("replicas", 0) == status.get("updatedReplicas", 0) == wanted)


def _mark_listed(world: World, *says: str) -> None:
    """Set the mark at the last time that the EndpointSlices changed so: in the first of the ways that occurred."""
    concerned = {flow.frontend.service for flow in world.flows.values()}
    for word in says:
        found = [world.traffic.last(Kind.ENDPOINTS, name, word) for name in concerned]
        if moments := [event.at for event in found if event is not None]:
            world.traffic.mark(LISTED, max(moments))
            return
    raise Inconclusive(f"no EndpointSlice of {', '.join(sorted(concerned))} was seen to change")


def _single_connections(world: World) -> list[str]:
    """Open a connection now and then wherever steady traffic went, once that has stopped; return the streams' names."""
    world.rest()
    let_pass(2.0)
    begun: list[str] = []
    for vantage, frontend in dict.fromkeys((flow.vantage, flow.frontend) for flow in world.flows.values()):
        for place in world.places(vantage, frontend):
            begun += world.traffic.steady(place, world.targets(frontend), rate=REFUSALS, limit=LIMIT)
    let_pass(REFUSAL_SECONDS)
    world.traffic.stop(begun)
    return begun


def _patience(world: World) -> Deadline:
    return Deadline(world.settings.seconds(PATIENCE))
