"""Look-ups: names are asked for until the DNS has followed, then a few times more; those last answers are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address
from typing import Any

from svcproof.cluster import services, standing
from svcproof.cluster.api import NotFound, Object
from svcproof.cluster.routing import target_number
from svcproof.cluster.vantages import InPod
from svcproof.cluster.vantages import Place as Start
from svcproof.cluster.waiting import Deadline, Rounds
from svcproof.gherkin import Context, parameter, world
from svcproof.model import resolver
from svcproof.model.history import Exchange, Outcome
from svcproof.model.laws.names import resolved, resolves_otherwise
from svcproof.model.service import Answers, Door, Frontend, ServiceKind, Vantage
from svcproof.model.verdict import Inconclusive, Verdict, worst
from svcproof.world import World

AGAIN = 5
"""How often a name is asked for once the DNS has followed: those answers are judged."""

ADDRESS, OTHER_ADDRESS = "address", "other family's address"
"""The records of a Service's own first family, and of the one it has not: which is which the cluster says."""

NO_NAME = ("NXDOMAIN", "EAI_NONAME")
NO_RECORD = ("NOERROR",)


class Habit(Enum):
    """What a resolver is set up to do."""

    ASKS = "asks cluster DNS, a Service with ready pods behind it"
    SEARCHES = "searches its own namespace, then all Services, then the cluster's domain"
    AS_GIVEN = "has what the pod's own DNS configuration says"


@parameter("Habit", "|".join(habit.value for habit in Habit))
def read_habit(text: str) -> Habit:
    """Read what a resolver is set up to do."""
    return Habit(text)


_NOTHING = {"no such name": NO_NAME, "the name, but no such record": NO_RECORD}


@parameter("Nothing", "|".join(_NOTHING))
def read_nothing(text: str) -> Sequence[str]:
    """Read what a look-up does not find: a name, or a record of it."""
    return _NOTHING[text]


@dataclass(frozen=True)
class Question:
    """One query as it is sent from one place."""

    place: Start
    name: str
    type: str
    transport: str = "udp"
    resolver: bool = False


@dataclass
class Lookups:
    """The look-ups of one scenario; *questions* are those of its event."""

    here: World
    questions: list[Question] = field(default_factory=list)
    resolvers: list[tuple[InPod, resolver.Resolver]] = field(default_factory=list)
    """Every pod that was looked into, and its resolver."""

    # asking

    def alias_standing(self, name: str) -> None:
        """Make a Service that is an alias of the standing Service, which lives in another namespace."""
        here = self.here
        other = standing.standing(here.vantages, here.settings)
        target = f"{other.name}.{other.stage.sandbox.namespace()}.svc.{here.routing.domain}"
        body = services.service(name, ServiceKind.EXTERNAL_NAME, [services.Port()], {})
        body["spec"]["externalName"] = target
        here.sandbox.create(body)

    def ask(self, vantage: Vantage, frontend: Frontend, record: str, transport: str = "") -> None:
        """Look a name up once, from every place of a vantage; without *transport* as programs do where they would."""
        self.questions = self._questions(vantage, frontend, record, transport)
        self._send(self.questions, 1)

    def read_configuration(self, vantage: Vantage) -> None:
        """Read how the resolver of a pod is set up."""
        for place in self.here.places(vantage):
            if not isinstance(place, InPod):
                raise Inconclusive("only the resolver of a pod is the cluster's to set up")
            ran = self.here.api.run(place.namespace, place.pod, place.container, ["cat", "/etc/resolv.conf"])
            self.resolvers.append((place, resolver.read(ran.out)))

    def _questions(self, vantage: Vantage, frontend: Frontend, record: str, transport: str = "") -> list[Question]:
        kind = self._type(frontend, record)
        plain = kind in ("A", "AAAA") and frontend.door in (Door.NAME, Door.HALF_NAME) and not transport
        name = self.here.routing.name(frontend) if plain else self._full(frontend, kind)
        places = self.here.places(vantage, frontend)
        return [Question(place, name, kind, transport or "udp", plain) for place in places]

    def _type(self, frontend: Frontend, record: str) -> str:
        if record not in (ADDRESS, OTHER_ADDRESS):
            return record
        known = self._families(frontend)
        return "AAAA" if (known[0] == "IPv6") == (record == ADDRESS) else "A"

    def _families(self, frontend: Frontend) -> Sequence[str]:
        """Return the families of a Service; where it has none, those of the API server's own."""
        api = self.here.api
        try:
            namespace, name = self.here.sandbox.namespace(), frontend.service
            found: Sequence[str] = api.get("Service", name, namespace)["spec"].get("ipFamilies") or ()
        except NotFound:
            found = ()
        return found or api.get("Service", "kubernetes", "default")["spec"].get("ipFamilies") or ("IPv4",)

    def _full(self, frontend: Frontend, kind: str) -> str:
        """Return the name that a query by hand asks for: nobody completes it."""
        if kind == "PTR":
            return ip_address(self._spec(frontend)["clusterIP"]).reverse_pointer + "."
        if frontend.door is Door.API_SERVER:
            return self.here.routing.name(frontend)
        name = self.here.routing.name(Frontend(frontend.service, Door.FULL_NAME, pod=frontend.pod))
        if kind != "SRV":
            return name
        ports = self._spec(frontend)["ports"]
        chosen = next(port for port in ports if not frontend.port or port.get("name") == frontend.port)
        return f"_{chosen['name']}._{chosen['protocol'].lower()}.{name}"

    def _spec(self, frontend: Frontend) -> Any:
        return self.here.stage.service(frontend.service)["spec"]

    def _send(self, questions: Sequence[Question], count: int) -> list[str]:
        return [
            self.here.traffic.look_up(
                one.place, one.name, one.type, transport=one.transport, resolver=one.resolver, count=count, rate=20.0
            )
            for one in questions
        ]

    def _settle(self, questions: Sequence[Question], right: Callable[[Exchange], bool]) -> list[str]:
        """Ask until every answer is right, or the convergence time is over; then a few times more, to be judged."""
        within, rounds = Deadline(self.here.settings.budget), Rounds(0.2)
        while not within.passed:
            tried = self._send(questions, 1)
            seen = [one for one in self.here.traffic.history().exchanges if one.stream in tried]
            if len(seen) == len(tried) and all(right(one) for one in seen):
                break
            rounds.wait(0, min(0.2, within.left))
        self.here.recorder.figure("names followed after", round(within.spent * 1000, 1), "ms")
        return self._send(questions, AGAIN)

    # judging

    def answers_exactly(self, answers: Answers, name: str, questions: Sequence[Question] = ()) -> Verdict:
        """Require that every look-up comes to give exactly what belongs to a Service."""
        asked = questions or self.questions
        if not asked:
            raise Inconclusive("nothing was looked up")
        if answers in (Answers.PORT, Answers.PORTS_OF_PODS):
            targets = self._targets(answers, name)
            wanted = set(targets)
            right = lambda one: {answer.split(" ", 3)[3] for answer in resolved(one, "SRV")} == wanted  # noqa: E731 - shown where it is used
            self.here.opened = self._settle(asked, right)
            return self.here.check("points_to_exactly", targets=targets)
        kind = asked[0].type
        records = self._records(answers, name, kind)
        self.here.opened = self._settle(asked, lambda one: not resolves_otherwise(one, records, kind))
        return self.here.check("resolves_to_exactly", records=records, type=kind)

    def finds(self, vantage: Vantage, frontend: Frontend, answers: Answers, name: str) -> Verdict:
        """Require that, within the convergence time, a name gives exactly what belongs to a Service."""
        record = "CNAME" if answers is Answers.ALIAS else ADDRESS
        return self.answers_exactly(answers, name, self._questions(vantage, frontend, record))

    def finds_nothing(self, vantage: Vantage, frontend: Frontend) -> Verdict:
        """Require that, within the convergence time, there is no such name."""
        self.questions = self._questions(vantage, frontend, ADDRESS)
        return self.no_such(NO_NAME)

    def no_such(self, codes: Sequence[str]) -> Verdict:
        """Require that every look-up is told that there is no such name, or no such record, while others are found."""
        if not self.questions:
            raise Inconclusive("nothing was looked up")
        self._witness(self.questions)
        self.here.opened = self._settle(self.questions, lambda one: one.detail.startswith(tuple(codes)))
        return self.here.check("no_such_name", codes=list(codes))

    def has_found(self, vantage: Vantage, frontend: Frontend) -> None:
        """Look a name up until it resolves; raise Inconclusive when it does not: what follows would show nothing."""
        asked = self._questions(vantage, frontend, ADDRESS)
        streams = self._settle(asked, lambda one: one.outcome is Outcome.ANSWERED)
        self._found(streams, f"{frontend} does not resolve yet")

    def does(self, habit: Habit) -> Verdict:
        """Require that the resolvers that were read are set up so."""
        laws = {Habit.ASKS: self.asks_cluster_dns, Habit.SEARCHES: self.searches, Habit.AS_GIVEN: self.are_as_given}
        return laws[habit]()

    def asks_cluster_dns(self) -> Verdict:
        """Require that the pod's resolver asks cluster DNS, whose Service has both ports and ready pods behind it."""
        api = self.here.api
        spec = api.get("Service", "kube-dns", "kube-system")["spec"]
        slices = api.list("EndpointSlice", "kube-system", labels=f"{services.SERVICE_NAME_LABEL}=kube-dns")
        ready = [one.pod for one in services.endpoints(slices, "kube-dns") if one.ready]
        offers = {f"{port['port']}/{port['protocol']}" for port in spec["ports"]}
        verdicts = [
            *(resolver.asks_cluster_dns(found, spec["clusterIPs"]) for _, found in self._read()),
            resolver.is_a_dns_service(offers, ready),
        ]
        return self.here.say("asks_cluster_dns", worst(verdicts))

    def searches(self) -> Verdict:
        """Require that the pod's resolver completes names as the Kubernetes documentation says."""
        read = self._read()
        verdicts = [resolver.searches(found, place.namespace) for place, found in read]
        verdicts.append(resolver.one_domain({f"{place.pod} on {place.node}": found for place, found in read}))
        return self.here.say("searches", worst(verdicts))

    def are_as_given(self) -> Verdict:
        """Require that the pod's resolver has what the pod's own DNS configuration says."""
        verdicts = []
        for place, found in self._read():
            spec = self.here.api.get("Pod", place.pod, place.namespace)["spec"]
            given, alone = spec.get("dnsConfig") or {}, spec["dnsPolicy"] == "None"
            if not given:
                raise Inconclusive(f"pod {place.pod} has no DNS configuration of its own")
            servers, search = given.get("nameservers") or [], given.get("searches") or []
            verdicts.append(resolver.is_as_given(found, servers, search, alone=alone))
        return self.here.say("resolver_is_as_given", worst(verdicts))

    def _read(self) -> list[tuple[InPod, resolver.Resolver]]:
        if not self.resolvers:
            raise Inconclusive("no resolver's configuration was read")
        return self.resolvers

    def _witness(self, questions: Sequence[Question]) -> None:
        """Require that from each place another name resolves: who finds nothing at all has shown nothing."""
        other = Frontend("kubernetes", Door.API_SERVER)
        kind = self._type(other, ADDRESS)
        asked = [Question(one.place, self.here.routing.name(other), kind) for one in questions]
        streams = self._settle(asked, lambda one: one.outcome is Outcome.ANSWERED)
        self._found(streams, "no other name resolves either")

    def _found(self, streams: Sequence[str], otherwise: str) -> None:
        ends = [one for one in self.here.traffic.history().exchanges if one.stream in streams]
        silent = [one for one in ends if one.outcome is not Outcome.ANSWERED]
        if silent or not ends:
            raise Inconclusive(f"{otherwise}: {silent[0].detail if silent else 'nothing was sent'}")

    def _records(self, answers: Answers, name: str, kind: str) -> list[str]:
        if answers is Answers.NAME:
            return [self.here.routing.name(Frontend(name, Door.FULL_NAME))]
        if answers is Answers.POD:
            pod = self.here.api.get("Pod", name, self.here.sandbox.namespace())
            return _of_family([pod], kind)
        spec = self.here.stage.service(name)["spec"]
        if answers is Answers.ALIAS:
            return [spec["externalName"].rstrip(".") + "."]
        if answers is Answers.CLUSTER_IP:
            return sorted(one for one in spec["clusterIPs"] if _is_of(one, kind))
        stage = self.here.stage
        return _of_family(stage.ready_pods(name) if answers is Answers.READY_PODS else stage.pods(name), kind)

    def _targets(self, answers: Answers, name: str) -> list[str]:
        port = self.here.stage.service(name)["spec"]["ports"][0]
        full = self.here.routing.name(Frontend(name, Door.FULL_NAME))
        if answers is Answers.PORT:
            return [f"{port['port']} {full}"]
        ready = self.here.stage.ready_pods(name)
        return sorted(f"{target_number(pod, port['targetPort'])} {pod['metadata']['name']}.{full}" for pod in ready)


def _is_of(address: str, kind: str) -> bool:
    """Whether an address belongs into a record of this type."""
    return (ip_address(address).version == 6) == (kind == "AAAA")


def _of_family(pods: Sequence[Object], kind: str) -> list[str]:
    every = [entry["ip"] for pod in pods for entry in pod["status"].get("podIPs") or []]
    return sorted(one for one in every if _is_of(one, kind))


def lookups(context: Context) -> Lookups:
    """Return the look-ups of the scenario under way."""
    if "lookups" not in context:
        context.lookups = Lookups(world(context))
    found: Lookups = context.lookups
    return found
