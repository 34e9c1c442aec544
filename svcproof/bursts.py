"""Bursts of connections: one now and then, to every port, or until nobody answers any more; and what backends saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from svcproof import policies
from svcproof.cluster import services
from svcproof.cluster.listings import Listings, listed_at
from svcproof.cluster.routing import target_number
from svcproof.cluster.waiting import Deadline, let_pass
from svcproof.model.history import Exchange, Outcome
from svcproof.model.judging import Asked, answer
from svcproof.model.service import Frontend, Meeting, Silence, Vantage, Which
from svcproof.model.verdict import Answer, Inconclusive, Verdict
from svcproof.world import REFUSAL_LIMIT, World

LOOKS, GLANCES = 10, 3
"""So many connections at a time are to go unanswered; where the prober cannot tell, so many times."""

REFUSALS, REFUSAL_RATE = 4, 0.8
"""So many refusals, so many a second: Linux sends one a second to each caller (icmp(7), icmp_ratelimit)."""

FOLLOWED, HELD = "followed", 1.0
"""The mark from which on flows that keep their source port are to be answered, and how long in vain means one is held.

Nobody promises that each datagram arrives (RFC 768), and kube-proxy (1.36) clears a caller's tracked flow to another
node's node port whenever the endpoints of any UDP Service change: answers on their way back are lost then. A flow that
is held to a backend that is gone is not answered at all.
"""

JUST_NOW, IN_A_ROW = 1.0, 10

AFTERWARDS = 0.2
"""So long do we wait after connections that nobody answers: the control stream has to be heard after the last, too."""

BODIES = 5

NEAR = {Meeting.OWN_NODE: Which.OWN_NODE, Meeting.OWN_ZONE: Which.OWN_ZONE}
"""The meetings that depend on where the caller is, each with the backends that it means."""

MEETINGS = 40
"""How many connections tell whether a caller has a choice: with two backends luck hides it once in 5e11 times."""


def open_apart(here: World, vantage: Vantage, frontend: Frontend, count: int, pause: float) -> None:
    """Open so many connections, one every *pause* seconds, from every place of a vantage."""
    here.open(vantage, frontend, count, rate=1 / pause, limit=REFUSAL_LIMIT)


def ask_for_bytes(here: World, vantage: Vantage, frontend: Frontend, size: int, *, sends: bool) -> None:
    """Ask for a body of so many bytes, a few times, from every place of a vantage; *sends* it first, to be echoed."""
    here.open(vantage, frontend, BODIES, rate=4.0, limit=10.0, size=size, sends=sends)


def falls_silent(here: World, vantage: Vantage, frontend: Frontend, silence: Silence) -> Verdict:
    """Require that within the convergence time connections from here to there come to be refused, or not answered.

    A few at a time are tried until the law holds for them or the budget is over; the last ones are judged. The prober's
    control stream bears witness meanwhile: where it cannot tell, a few more are looked at. Whoever was given a former
    address since may answer there.
    """
    places, targets = here.places(vantage, frontend), here.targets(frontend)
    refused = silence is Silence.REFUSED
    count, rate = (REFUSALS, REFUSAL_RATE) if refused else (LOOKS, 20.0)
    law = "refused_not_lost" if refused else "no_exchange_answered"
    theirs = {"backends": here.former_backends(frontend)} if frontend.door.former and not refused else {}
    within, glances = Deadline(here.settings.budget), 0
    while True:
        spent, last = within.spent, within.passed
        begun = here.traffic.burst(places, targets, count, rate=rate, limit=REFUSAL_LIMIT)
        let_pass(AFTERWARDS)
        said = answer(here.traffic.history(), Asked(law, tuple(begun), arguments=theirs)).answer
        glances += said is Answer.UNKNOWN
        if said is Answer.MET or glances == GLANCES or (last and said is Answer.VIOLATED):
            break
        if refused:
            let_pass(1 / REFUSAL_RATE)
    here.recorder.figure("fell silent after", round(spent * 1000), "ms")
    return here.check(law, streams=begun, **theirs)


def comes_to_meet(here: World, vantage: Vantage, frontend: Frontend, meeting: Meeting) -> Verdict:
    """Require that within the convergence time a caller comes to meet so many backends, or those near it only."""
    places, targets = here.places(vantage, frontend), here.targets(frontend)
    within = Deadline(here.settings.budget)
    while not within.passed:
        tried = here.traffic.burst(places, targets, MEETINGS)
        found = [end for end in here.traffic.history().exchanges if end.stream in tried]
        if all(end.outcome is Outcome.ANSWERED for end in found) and _is_meant(here, frontend, meeting, found):
            break
    here.recorder.figure("settled after", round(within.spent * 1000), "ms")
    here.opened = here.traffic.burst(places, targets, MEETINGS)
    if meeting in NEAR:
        return policies.check_strangers(here, NEAR[meeting], frontend.service)
    return check_meeting(here, meeting)


def _is_meant(here: World, frontend: Frontend, meeting: Meeting, found: Sequence[Exchange]) -> bool:
    """Whether these answers are what a caller is to meet."""
    if meeting in NEAR:
        near = policies.own_backends(here, NEAR[meeting], frontend.service)
        return all(end.backend in near(end.stream) for end in found)
    return (len({end.backend for end in found}) == 1) == (meeting is Meeting.ONE)


def flows_follow(here: World, port: int = 0) -> Verdict:
    """Require that within the convergence time steady traffic that keeps its source port is answered, and stays so.

    What is lost now and then is let off: no flow may go without an answer for a second. With *port* it is asked, too,
    that it arrives at this port of the backends.
    """
    within = Deadline(here.settings.budget)
    while not within.passed and not _all_flows_answered(here, f":{port}" if port else ""):
        let_pass(0.2)
    here.recorder.figure("flows followed after", round(within.spent * 1000), "ms")
    here.traffic.mark(FOLLOWED)
    streams = list(here.flowing)
    verdict = here.check("unavailable_for_at_most", streams=streams, since=FOLLOWED, seconds=HELD)
    if not port:
        return verdict
    called = {here.flows[one].frontend.service for one in streams}
    found = {
        pod["metadata"]["name"]: [services.joined(entry["ip"], port) for entry in pod["status"].get("podIPs") or []]
        for service in called
        for pod in here.stage.pods(service)
    }
    return here.check("reached_at_own_address", streams=streams, since=FOLLOWED, addresses=found)


def _all_flows_answered(here: World, reached: str) -> bool:
    """Whether each stream was answered several times in a row just now, where it was to arrive, by who is ready now.

    What waits for an answer is not known yet; and a pod that was deleted by force may answer for seconds.
    """
    recent = here.traffic.clock.now() - JUST_NOW
    called = {here.flows[name].frontend.service for name in here.flowing}
    pods = [pod for service in called for pod in here.stage.selected(service)]
    ready = services.names([pod for pod in pods if services.is_ready(pod)])
    answered = Counter(
        one.stream
        for one in here.traffic.history().exchanges
        if one.start > recent
        and one.outcome is Outcome.ANSWERED
        and one.reached.endswith(reached)
        and one.backend in ready
    )
    return all(answered[name] >= IN_A_ROW for name in here.flowing)


def check_reached(here: World, frontend: Frontend) -> Verdict:
    """Require that each backend saw itself reached at an address of its own, at the target port that was meant."""
    port = services.port_of(here.stage.service(frontend.service), frontend.port)
    found = {
        pod["metadata"]["name"]: sorted(
            services.joined(entry["ip"], target_number(pod, port["targetPort"]))
            for entry in pod["status"].get("podIPs") or []
        )
        for pod in here.stage.selected(frontend.service)
    }
    return here.check("reached_at_own_address", addresses=found)


def check_listed(here: World, name: str) -> Verdict:
    """Require that each backend saw itself reached at an address and port that the Service's slices list for it."""
    return here.check("reached_at_own_address", addresses=listed_at(Listings(here.stage).slices(name)))


def check_meeting(here: World, meeting: Meeting) -> Verdict:
    """Require that each vantage was answered by one backend only, or by more than one; "near" is unknown here."""
    if meeting is Meeting.ONE:
        return here.check_loyalty()
    if meeting in NEAR:
        raise Inconclusive(f'say which: “only {NEAR[meeting].value} of "NAME" answer”')
    known = sum(backends.count for backends in here.stage.backends.values())
    return here.check("not_the_same_backend_for_ever", backend_count=max(2, known))


def only_pod(here: World, pod: str) -> Verdict:
    """Require that nobody but this one pod answered."""
    return here.check("only_these_answered", backends=[pod])
