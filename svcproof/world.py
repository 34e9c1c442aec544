"""What one scenario knows: its stage, its traffic, and what the laws said of its history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from svcproof.cluster import pages, services, workloads
from svcproof.cluster.api import ClusterApi, Object, Unreachable
from svcproof.cluster.chronicle import tell
from svcproof.cluster.listings import Listings, listed_at
from svcproof.cluster.node_control import NodeControl
from svcproof.cluster.routing import Routing
from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.settings import Settings
from svcproof.cluster.stage import API_SERVER, Stage
from svcproof.cluster.traffic import Target, Traffic
from svcproof.cluster.transitions import CHANGED
from svcproof.cluster.vantages import Place as Start
from svcproof.cluster.vantages import Vantages
from svcproof.cluster.waiting import Deadline, NotConverged, Rounds, Sighting, await_state, let_pass
from svcproof.model import answers, variables
from svcproof.model.assumptions import unless_backends_gave_up
from svcproof.model.capability import Capability
from svcproof.model.history import Exchange, Lane, Outcome
from svcproof.model.pages import Fetch, Route, Trust, page_shows
from svcproof.model.service import Door, Equipment, Frontend, Place, ServiceKind, Vantage, Which
from svcproof.model.verdict import Inconclusive, Verdict, met, unknown

HTTPS = "https"
"""The name of the port that speaks TLS."""

SETTLED = "settled"
"""The mark from which on a change is over, as far as the API server says."""

RATE = 60.0
UNSENT = 1 / 6
"""Steady traffic: so many connections a second from each vantage to each address, of which a prober on a busy machine
may leave this share unsent: 50 a second are promised.
"""

FLOWING = "flowing"
"""The mark from which on all steady traffic was answered: what came before is no part of the contract."""

KEPT_CONNECTIONS = 4
"""So many connections does a kept-alive stream go round: with one it would know one backend only."""

ANSWERED_IN_A_ROW = 20
"""So many good answers on each stream show that its traffic flows."""

PROBES = 5
"""So many connections that go as they should show that the data plane has followed."""

BURST_RATE = 100.0
REFUSAL_RATE = 2.0
"""How many connections a second are opened where answers, and where refusals are due: a node's kernel sends one caller
no more than six refusals at once and one a second from then on (Linux, icmp_ratelimit).
"""

REFUSAL_LIMIT = 4.0
"""How long a connection may take that is to be refused: where that limit held the refusal back the caller gets it when
it tries again, 1 s or 3 s after it began (RFC 6298). Silence is told by a prober that stood still for less than half
of it.
"""

FLOWS_BADLY = 10
"""So many good answers among the last twenty show that traffic flows, though some of it is lost all the time."""

FLOWING_SECONDS = 30.0
QUIET_SECONDS = 1.5
"""How long steady traffic runs on after a change has settled."""

TELLING_SECONDS = 3.0
"""How long traffic flows on after the budget, so that who is passed over then is passed over for a reason."""

LIMIT = 10.0
"""How long an exchange of steady traffic may last: a slow answer on a busy machine is no lost one (seconds)."""


class Recorder(Protocol):
    """Where verdicts, figures and evidence go (svcproof.run.recording.Recording)."""

    def attach(self, name: str, media_type: str, content: str | bytes) -> None: ...
    def verdict(self, law: str, verdict: Verdict) -> None: ...
    def figure(self, name: str, value: float | str, unit: str = "") -> None: ...


class FetchFromHere(Protocol):
    """Requests a page from this machine (svcproof.adapters.web)."""

    def __call__(self, url: str, limit: float, since: float, trust: Trust | None = None) -> Fetch: ...


class Answering(Protocol):
    """A port of this machine that answers until closed."""

    port: int

    def close(self) -> None: ...


@dataclass(frozen=True)
class Flow:
    """What a stream of steady traffic is: where it starts, where it goes, and over which kind of connections."""

    vantage: Vantage
    frontend: Frontend
    lane: Lane


@dataclass
class World:
    """One scenario's knowledge; made by the session before its first step, closed after its last."""

    settings: Settings
    api: ClusterApi
    sandbox: Sandbox
    traffic: Traffic
    vantages: Vantages
    recorder: Recorder
    fetch_from_here: FetchFromHere
    node_control: NodeControl | None = None
    capability: Callable[[str], Capability] | None = None
    """What was found out about the cluster: an Ingress class, a load balancer's address."""
    certify: Callable[[str], tuple[str, str]] | None = None
    """Makes a certificate for a host name, and its key, in PEM (svcproof.adapters.keys)."""
    describe: Callable[[str, str, str], str] | None = None
    """What kubectl describes of an object: its kind, name and namespace (svcproof.adapters.kubectl)."""
    address_towards: Callable[[str], str] = str
    """This machine's own address on the way to another."""
    answer_here: Callable[[str], Answering] | None = None
    """Answers at an address of this machine, as a backend does (svcproof.adapters.web)."""
    stage: Stage = field(init=False)
    routing: Routing = field(init=False)
    routes: list[Route] = field(default_factory=list)
    flowing: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    """The streams of the connections that the scenario's event opened; laws are about them where there are any."""
    flows: dict[str, Flow] = field(default_factory=dict)
    """Every stream of steady traffic there was, by name."""
    undoing: ExitStack = field(default_factory=ExitStack)
    """What the scenario did to what others share; undone before anything else ends."""
    deployed: dict[str, list[Object]] = field(default_factory=dict)
    """The objects of each sample as they were first stored, by the sample's name."""
    applied_again: dict[str, list[tuple[Object, Object]]] = field(default_factory=dict)
    """The objects of a sample before and after its second application, by the sample's name."""
    crowd: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Services by the hundred: each one's cluster IP, and when it was accepted, by its name."""
    kept: bool = False
    veterans: dict[str, set[str]] = field(default_factory=dict)
    """Each Deployment's backends from before its last change."""

    def __post_init__(self) -> None:
        self.stage = Stage(self.sandbox, self.settings, self.certify)
        self.routing = Routing(self.stage, self.vantages)

    def hear(self, kind: str, before: Object | None, after: Object | None) -> None:
        """Take a change in the sandbox into the history."""
        for telling in tell(kind, before, after):
            self.traffic.event(telling.kind, telling.subject, telling.says, telling.data)

    # changing

    def serve(self, name: str, kind: ServiceKind, equipment: Equipment) -> None:
        """Put a Service and its backends up; what a setting does has to be followed from then on."""
        self.stage.serve(name, kind, equipment.backends, equipment.setting)
        if equipment.setting is not None:
            self.traffic.mark(CHANGED)

    def join(self, name: str, kind: ServiceKind, equipment: Equipment) -> None:
        """Put a Service and its backends up as the event that is judged: it must list them within the budget."""
        self.stage.declare(name, kind, equipment.backends, equipment.setting)
        if equipment.setting is not None:
            self.traffic.mark(CHANGED)
        self.settle(name, equipment.backends.count)

    def scale(self, name: str, count: int) -> None:
        """Scale a Deployment, as an action of the history."""
        self.veterans[name] = set(self.stage.known[name])
        self.traffic.act(f'scales "{name}" to {count}')
        self.stage.scale(name, count)

    def apply(self, name: str, count: int) -> None:
        """Apply a Deployment's manifest with another number of pods, as an action of the history."""
        self.veterans[name] = set(self.stage.known[name])
        self.traffic.act(f'applies the manifest of "{name}" with {count} pods')
        self.stage.apply(name, count)

    def scale_first(self, name: str, count: int) -> None:
        """Scale a Deployment and await that it has exactly so many pods, all ready: its former pods are gone."""
        self.scale(name, count)
        self.stage.await_ready(name, count)
        self.stage.await_gone(name, count)

    def settle(self, name: str, count: int) -> Verdict:
        """Await that a Service's endpoints are exactly so many ready ones, and mark the moment."""
        found = self.stage.await_endpoints(name, count, contract=True)
        self.traffic.mark(SETTLED)
        said = met(f'Service "{name}" lists exactly: {", ".join(map(str, found)) or "nothing"}', endpoints=len(found))
        self.recorder.verdict("endpoints_are_the_ready_backends", said)
        return said

    # traffic

    def stream(
        self, vantage: Vantage, frontend: Frontend, lanes: Sequence[Lane] = (Lane.NEW,), *, limit: float = LIMIT
    ) -> None:
        """Let connections flow from a vantage to a frontend, from now until the history is read."""
        self.flow(vantage, frontend, lanes, limit=limit)
        rounds = Rounds(0.1)
        says = f"steady traffic from {vantage} to {frontend} answered {ANSWERED_IN_A_ROW} times in a row"
        try:
            await_state(says, self._look_at_flow, Deadline(self.settings.seconds(FLOWING_SECONDS)), rounds)
        except NotConverged:
            if min((sum(map(_answered, tail)) for tail in self._tails()), default=0) < FLOWS_BADLY:
                raise
            # it flows, and not well: what is lost from here on is the laws' to judge
        self.traffic.mark(FLOWING)

    def flow(self, vantage: Vantage, frontend: Frontend, lanes: Sequence[Lane], *, limit: float = LIMIT) -> list[str]:
        """Begin steady traffic, whatever becomes of it; return its streams' names.

        Where both kinds of connections flow they share the rate: what one kind does not see, the other may.
        """
        targets = self.targets(frontend)
        rate = RATE / len(lanes)
        begun: list[str] = []
        for place in self.places(vantage, frontend):
            for lane in lanes:
                connections = KEPT_CONNECTIONS if lane is Lane.KEPT else 1
                begun += (
                    names := self.traffic.steady(
                        place, targets, rate=rate, lanes=(lane,), limit=limit, connections=connections
                    )
                )
                self.flows |= dict.fromkeys(names, Flow(vantage, frontend, lane))
        self.flowing += begun
        return begun

    def _look_at_flow(self) -> Sighting[bool]:
        """See whether the last exchanges of every stream were answered."""
        tails = self._tails()
        good = [sum(map(_answered, tail)) for tail in tails]
        bad = next((one for tail in tails for one in tail if not _answered(one)), None)
        says = f"{good} of the last {ANSWERED_IN_A_ROW} answered" + (
            f" ({bad.outcome.value} {bad.detail})" if bad else ""
        )
        return Sighting(says, True if min(good, default=0) >= ANSWERED_IN_A_ROW else None)

    def _tails(self) -> list[list[Exchange]]:
        """Return the last exchanges of every stream that flows."""
        found: dict[str, list[Exchange]] = {name: [] for name in self.flowing}
        for exchange in self.traffic.history().exchanges:
            if exchange.stream in found:
                found[exchange.stream].append(exchange)
        return [every[-ANSWERED_IN_A_ROW:] for every in found.values()]

    def rest(self) -> None:
        """Let steady traffic go on for a while after the last change, then end it; once it has ended, do nothing."""
        if self.flowing:
            let_pass(QUIET_SECONDS)
            self._await_newcomers()
            self.traffic.stop(self.flowing)
            self.flowing = []

    def _await_newcomers(self) -> None:
        """Return once every backend that came with a change has answered, or so late that its silence is telling."""
        newcomers = {pod for name, before in self.veterans.items() for pod in self.stage.known[name] - before}
        within = Deadline(self.settings.budget + TELLING_SECONDS)
        rounds = Rounds(0.1)
        while not within.passed:
            seen = {one.backend for one in self.traffic.history().exchanges if one.stream in self.flowing}
            if newcomers <= seen:
                return
            rounds.wait(0, 0.1)

    def open(
        self,
        vantage: Vantage,
        frontend: Frontend,
        count: int,
        lane: Lane = Lane.NEW,
        *,
        rate: float = 0.0,
        limit: float = 0.0,
        size: int = 0,
        sends: bool = False,
    ) -> None:
        """Open so many connections from every place of a vantage to every address of a frontend.

        The data plane is first given time to follow what was declared before; what it does then is judged. *rate* and
        *limit* are as fast and as patient as answers, or refusals, allow unless said; see `Traffic.burst`.
        """
        targets = self.targets(frontend)
        places = self.places(vantage, frontend)
        answering = self._let_follow(places, frontend, targets)
        rate = rate or (BURST_RATE if answering else REFUSAL_RATE)
        limit = limit or (LIMIT if answering else REFUSAL_LIMIT)
        self.opened += self.traffic.burst(
            places, targets, count, lane=lane, rate=rate, limit=limit, size=size, sends=sends
        )

    def _let_follow(self, places: Sequence[Start], frontend: Frontend, targets: Sequence[Target]) -> bool:
        """Give the data plane time to follow what was declared before; whether answers are to be expected then."""
        if frontend.door in (Door.INGRESS, Door.API_SERVER):  # awaited when it was made; there before the scenario
            return True
        self.let_slices_follow(frontend)
        answering = any(endpoint.ready for endpoint in self.stage.endpoints(frontend.service))
        expected = self.routing.backends_in_turn(frontend) if answering else set()
        self._await_data_plane(places, targets, expected, answering=answering)
        return answering

    def let_slices_follow(self, frontend: Frontend) -> None:
        """Give the EndpointSlices behind a frontend time to list every ready pod; there is nothing to do for some."""
        if not frontend.door.former and frontend.door not in (Door.INGRESS, Door.API_SERVER):
            self.stage.let_slices_follow(frontend.service)

    def _await_data_plane(
        self, places: Sequence[Start], targets: Sequence[Target], expected: set[str], *, answering: bool
    ) -> None:
        """Return once each place is answered at each target by every expected backend, or by nobody if none is ready.

        When the budget is over it returns in any case: laws decide then.
        """
        within, rounds = Deadline(self.settings.budget), Rounds(0.1)
        met_at: list[set[str]] = [set() for _ in places for _ in targets]
        while not within.passed:
            tried = self.traffic.burst(places, targets, PROBES if answering else 1, limit=1.0)
            seen = [one for one in self.traffic.history().exchanges if one.stream in tried]
            answered = [one.outcome is Outcome.ANSWERED for one in seen]
            for one in seen:
                met_at[tried.index(one.stream)].add(one.backend)
            if all(answered) and all(expected <= met for met in met_at) if answering else not any(answered):
                return
            rounds.wait(0, 0.1)

    def check(self, law: str, *, streams: Sequence[str] = (), since: Any = None, **arguments: Any) -> Verdict:
        """Ask a law of the history once the traffic has come to rest, record its answer, and require it.

        By default it is asked of the connections that the scenario's event opened; where it opened none, of the steady
        traffic from the moment on when all of it flowed.
        """
        self.rest()
        if not streams:
            streams = self.opened
            since = FLOWING if since is None and not streams else since
        return self.say(law, self.traffic.judge(law, streams=streams, since=since, **arguments))

    def say(self, law: str, verdict: Verdict) -> Verdict:
        """Record what a law answered, and require it."""
        self.recorder.verdict(law, verdict)
        return verdict.require()

    def check_losses(self) -> Verdict:
        """Require that no connection of the steady traffic was lost while the backends did their part."""
        self.rest()
        verdict = self.traffic.judge("none_lost", since=FLOWING, unsent=UNSENT)
        history = self.traffic.history()
        since = history.moment(FLOWING) or 0.0
        return self.say("none_lost", unless_backends_gave_up(verdict, history, self.stage.touched, since=since))

    def check_strangers(self, which: Which, name: str) -> Verdict:
        """Require that nobody but these of a Deployment's pods answered."""
        return self.check("only_these_answered", backends=self._backends(which, name))

    def check_everyone(self, name: str) -> Verdict:
        """Require that each ready backend of a Service answered."""
        return self.check("every_backend_answered", backends=self._backends(Which.READY, name))

    def check_spread(self, name: str) -> Verdict:
        """Require that connections spread evenly over the ready backends of a Service."""
        return self.check("spread_over_backends", backends=self._backends(Which.READY, name))

    def check_loyalty(self) -> Verdict:
        """Require that each vantage was answered by one backend only."""
        known = sum(backends.count for backends in self.stage.backends.values())
        return self.check("same_backend_for_one_source", backend_count=max(2, known))

    def check_source(self, vantage: Vantage) -> Verdict:
        """Require that backends saw the vantage's own address."""
        return self.check("source_address_preserved", addresses=self.routing.own_addresses(self.places(vantage)))

    def _backends(self, which: Which, name: str) -> list[str]:
        ready = set(services.names(self.stage.ready_pods(name)))
        known = self.stage.known.get(name, set())
        return sorted(
            {
                Which.ANY: known | ready,
                Which.READY: ready,
                Which.NEW: known - self.veterans.get(name, set()),
                Which.OTHER: ready - set(self.stage.changed.get(name, ())),
            }[which]
        )

    def former_backends(self, frontend: Frontend) -> list[str] | None:
        """Return who is not to answer where a Service, or its pods, answered before; None where nobody is known."""
        if frontend.door is Door.FORMER_POD_IP:
            return services.names(self.routing.former_pods.get(frontend.service, [])) or None
        return self._backends(Which.ANY, frontend.service) or None

    def check_newcomers(self, name: str) -> Verdict:
        """Require that every backend that came with the last change answers within the convergence time."""
        new = sorted(self.stage.known[name] - self.veterans[name])
        budget = self.settings.budget
        return self.check("new_backends_answer_within", backends=new, after=SETTLED, budget=budget)

    def check_readiness(self, name: str) -> Verdict:
        """Require that no backend that came with the last change answered before it was ready."""
        backends = self._backends(Which.NEW, name)
        if not backends:
            raise Inconclusive(f'no backend of "{name}" is new, so none can have answered too early')
        return self.check("none_answered_before_ready", backends=backends)

    def check_description(self, name: str) -> Verdict:
        """Require that kubectl describes the endpoints of a Service as its EndpointSlices list them."""
        if self.describe is None:
            raise Inconclusive("nobody asks kubectl here")
        lists = Listings(self.stage)
        text = self.describe("service", name, self.sandbox.namespace())
        listed = [address for several in listed_at(lists.slices(name)).values() for address in several]
        return self.say("described_as_listed", answers.described_as_listed(text, listed))

    # single pages

    def fetch(self, vantage: Vantage, frontend: Frontend) -> None:
        """Ask for the page along every route from the vantage to the frontend."""
        self.routes = pages.walk(self._paths(vantage, frontend), self.settings.budget)

    def fetch_and_judge(self, vantage: Vantage, frontend: Frontend) -> Verdict:
        """Ask for the sample page along every route, and require that it shows."""
        self.fetch(vantage, frontend)
        return self.judge_pages()

    def judge_pages(self) -> Verdict:
        """Require that the sample page shows on every route that was walked."""
        verdict = page_shows(self.routes, budget=self.settings.budget)
        return self.say("page_shows", self._unless_cut_off(verdict))

    def _unless_cut_off(self, verdict: Verdict) -> Verdict:
        """Turn what was seen from here into unknown where this machine does not even reach the API server."""
        if verdict.answer.value != "violated" or not any(route.vantage == Place.OUTSIDE.value for route in self.routes):
            return verdict
        try:
            self.api.version()
        except Unreachable as trouble:
            return unknown(
                f"this machine may be cut off: {trouble}. What was seen: {verdict.because}", **verdict.figures
            )
        return verdict

    def _paths(self, vantage: Vantage, frontend: Frontend) -> list[pages.Path]:
        paths: list[pages.Path] = []
        for target in self.targets(frontend):
            trust = self.stage.trusted.get(frontend.service) if frontend.port == HTTPS else None
            scheme, usual = ("https", 443) if trust else ("http", 80)
            url = f"{scheme}://{_host(target.host)}{'' if target.port == usual else f':{target.port}'}/"
            for said, fetcher in self._fetchers(vantage, url, trust):
                paths.append(pages.Path(Route(said, str(frontend), url, target.node), fetcher))
        return paths

    def _fetchers(self, vantage: Vantage, url: str, trust: Trust | None) -> list[tuple[str, pages.Fetcher]]:
        namespace = self.sandbox.namespace()
        if vantage.place is Place.OUTSIDE:
            return [(str(vantage), lambda limit, since: self.fetch_from_here(url, limit, since, trust))]
        if trust is not None:
            raise Inconclusive("only a host outside the cluster looks at certificates")
        if vantage.place is Place.BUSYBOX:
            self.stage.put_up(workloads.busybox_pod("busybox", self.stage.images))
            return [(str(vantage), pages.from_pod(self.api, namespace, "busybox", workloads.SHELL, url))]
        names = services.names(self.stage.some_ready_pods(vantage.of))
        chosen = names if vantage.place is Place.EVERY_POD_OF else names[:1]
        return [(f"pod {pod}", pages.from_pod(self.api, namespace, pod, workloads.SHELL, url)) for pod in chosen]

    # environment

    def environments(self, name: str) -> list[variables.PodEnvironment]:
        """Return the environment of every ready pod of a Deployment, as `env` prints it there."""
        return [
            variables.PodEnvironment(pod["metadata"]["name"], self._environment(pod["metadata"]["name"]))
            for pod in self.stage.ready_pods(name)
        ]

    def _environment(self, pod: str) -> dict[str, str]:
        ran = self.api.run(self.sandbox.namespace(), pod, workloads.SHELL, ["env"])
        if ran.code != 0:
            raise Inconclusive(f"pod {pod}: env ended with {ran.code}: {ran.err.strip()}")
        return dict(line.split("=", 1) for line in ran.out.splitlines() if "=" in line)

    def judge_environments(self, deployment: str, service: str) -> Verdict:
        """Require that every pod of a Deployment has the variables of a Service."""
        spec = self.stage.service(service)["spec"]
        ports = [(port.get("name", ""), port["port"], port["protocol"]) for port in spec["ports"]]
        wanted = variables.variables_of(service, spec["clusterIP"], ports)
        return self.say("every_pod_has", variables.every_pod_has(self.environments(deployment), wanted))

    def judge_ignorance(self, deployment: str, service: str) -> Verdict:
        """Require that no pod of a Deployment has a variable of a Service; of any other namespace's for no name."""
        if not service:
            return self.judge_discretion(deployment)
        return self.say("no_pod_knows", variables.no_pod_knows(self.environments(deployment), service))

    def judge_discretion(self, deployment: str) -> Verdict:
        """Require that no pod of a Deployment has variables of Services outside its own namespace, but for one.

        The API server's Service is known everywhere.
        """
        known = [*services.names(self.api.list("Service", self.sandbox.namespace())), API_SERVER]
        return self.say("no_pod_knows_others", variables.no_pod_knows_others(self.environments(deployment), known))

    def judge_sameness(self, name: str) -> Verdict:
        """Require that a Deployment's pods are those it was born with, never restarted; otherwise nothing was shown."""
        born = self.stage.born[name]
        now = {pod["metadata"]["uid"]: services.restarts(pod) for pod in self.stage.pods(name)}
        if now == born and now:
            return self.say(
                "same_pods", met(f"the {len(now)} pods of {name} are the same, {sum(now.values())} restarts")
            )
        return self.say("same_pods", unknown(f"the pods of {name} changed meanwhile: {born} before, {now} now"))

    # where traffic starts and goes

    def places(self, vantage: Vantage, frontend: Frontend | None = None) -> list[Start]:
        """Return where probers run for a vantage; pods for them are put up when first asked for."""
        return self.routing.places(vantage, frontend)

    def targets(self, frontend: Frontend) -> list[Target]:
        """Return the addresses that a frontend stands for."""
        return self.routing.targets(frontend)

    # the end

    def close(self) -> None:
        """End traffic and watches and ask for the deletion of everything made; each part whatever the others do."""
        try:
            self.undoing.close()
        finally:
            try:
                self.traffic.end()
            finally:
                self.sandbox.delete()


def _answered(exchange: Exchange) -> bool:
    return exchange.outcome is Outcome.ANSWERED


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
