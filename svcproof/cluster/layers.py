"""Reads what stands between a caller and a backend, layer by layer, and says what each one looks like."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from svcproof.cluster import services, workloads
from svcproof.cluster.api import Object
from svcproof.cluster.services import Endpoint
from svcproof.model import telling
from svcproof.model.history import Event, Exchange, History, Kind, Outcome, Stream
from svcproof.model.layers import Finding, Layer

OURS = "svcproof"
"""How the API server calls us among those who wrote an object."""

_TELLING_FIELDS = (
    "selector", "ports", "type", "clusterIP", "clusterIPs", "externalName", "sessionAffinity", "internalTrafficPolicy",
    "externalTrafficPolicy", "publishNotReadyAddresses", "loadBalancerClass",
)  # fmt: skip
"""What of a Service's spec decides who is reached."""

REACHED = (Outcome.ANSWERED, Outcome.WRONG)
"""The ends of an exchange that reached somebody, whatever he serves."""

LUCK = 1e-4
"""A backend that is passed over by chance more often than this is not called passed over."""


@dataclass(frozen=True)
class Glance:
    """A few exchanges made just now, from a node's pods ("" is outside) to one address of a Service.

    *subject* is whose address it is: a pod, a node (node ports), or nobody's in particular; *wanted* is what a name
    is to resolve to.
    """

    node: str
    service: str
    address: str
    exchanges: Sequence[Exchange]
    subject: str = ""
    wanted: frozenset[str] = frozenset()

    @property
    def answered(self) -> int:
        """How many were answered."""
        return sum(one.outcome in REACHED for one in self.exchanges)

    @property
    def whole(self) -> bool:
        """Whether every one was answered, and there were any."""
        return 0 < self.answered == len(self.exchanges)

    @property
    def ends(self) -> str:
        """Say how they ended: "3 of 20 answered (17 timed out)"."""
        others = Counter(telling.how_it_ended(one) for one in self.exchanges if one.outcome not in REACHED)
        said = ", ".join(f"{number} {way}" for way, number in others.most_common(3))
        return f"{self.answered} of {len(self.exchanges)} answered{f' ({said})' if said else ''}"

    @property
    def start(self) -> str:
        """Where they started, for people."""
        return f"a pod on {self.node}" if self.node else "outside"


@dataclass(frozen=True)
class Scene:
    """What was seen of a scenario's objects and traffic when it went wrong; *wanted* counts each Service's backends.

    *rules* says for each node whose proxy may be looked into how many of its rules speak of a Service: by node, by
    name. *fences* names the network policies that stand: it may be wanted then that pods are not reached.
    """

    services: Sequence[Object] = ()
    slices: Sequence[Object] = ()
    deployments: Sequence[Object] = ()
    pods: Sequence[Object] = ()
    nodes: Sequence[Object] = ()
    history: History = field(default_factory=History)
    wanted: Mapping[str, int] = field(default_factory=dict)
    budget: float = 10.0
    at_services: Sequence[Glance] = ()
    at_pods: Sequence[Glance] = ()
    at_nodes: Sequence[Glance] = ()
    at_balancers: Sequence[Glance] = ()
    at_names: Sequence[Glance] = ()
    at_resolvers: Sequence[Glance] = ()
    rules: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    fences: Sequence[str] = ()

    def endpoints(self, service: str) -> list[Endpoint]:
        """Return what the EndpointSlices list for a Service."""
        return services.endpoints(self.slices, service)

    def ready(self, service: str) -> list[Endpoint]:
        """Return the endpoints that new connections may go to."""
        return [one for one in self.endpoints(service) if one.ready]

    def known(self, service: str) -> Object | None:
        """Return a Service as it is now, or None."""
        return next((one for one in self.services if one["metadata"]["name"] == service), None)


def read(scene: Scene) -> list[Finding]:
    """Return what is found at every layer."""
    readers = (
        _services, _slices, _deployments, _nodes, _pods, _proxies, _node_ports, _balancers, _names, _probers, _traffic,
    )  # fmt: skip
    return [finding for reader in readers for finding in reader(scene)]


# -- the Service object


def _services(scene: Scene) -> Iterator[Finding]:
    for item in scene.services:
        name, spec = item["metadata"]["name"], item["spec"]
        if spec.get("type") == "ExternalName":
            yield Finding(Layer.SERVICE, f'"{name}" is an alias of {spec.get("externalName")}', well=True)
            continue
        said = f'"{name}" has {spec.get("clusterIP") or "no cluster IP"}'
        selector = spec.get("selector") or {}
        if selector:
            labels = ",".join(f"{key}={value}" for key, value in selector.items())
            chosen = services.pods_of(scene.pods, selector)
            if not chosen and _workers(scene.pods) and (expected := scene.wanted.get(name, 0)):
                there = telling.count(len(_workers(scene.pods)), "pod")
                yield Finding(
                    Layer.SERVICE,
                    f'the selector {labels} of "{name}" matches none of the namespace\'s {there}, '
                    f"{telling.count(expected, 'backend')} wanted{_foreign(item)}",
                )
                continue
            said += f", selects {labels}: {telling.count(len(chosen), 'pod')}"
        if foreign := _foreign(item):
            yield Finding(Layer.SERVICE, f'"{name}" is not as the scenario made it{foreign}')
            continue
        if spec.get("type") == "LoadBalancer" and not item.get("status", {}).get("loadBalancer", {}).get("ingress"):
            yield Finding(Layer.SERVICE, f'"{name}" has been given no load-balancer address', weak=True)
            continue
        yield Finding(Layer.SERVICE, said, well=True)


def _workers(pods: Iterable[Object]) -> list[Object]:
    """Return the pods that may be backends: probers are not."""
    return [pod for pod in pods if (pod["metadata"].get("labels") or {}).get("app")]


def _foreign(item: Object) -> str:
    """Say who else has written what decides whom a Service reaches, ready to append."""
    for entry in item["metadata"].get("managedFields") or []:
        if entry.get("manager") == OURS or entry.get("subresource"):
            continue
        spec = (entry.get("fieldsV1") or {}).get("f:spec") or {}
        if written := [name for name in _TELLING_FIELDS if f"f:{name}" in spec]:
            return f"; {entry.get('manager')!r} has written its {telling.names(written)} at {entry.get('time', '?')}"
    return ""


# -- EndpointSlices


def _slices(scene: Scene) -> Iterator[Finding]:
    for item in scene.services:
        name, spec = item["metadata"]["name"], item["spec"]
        if not spec.get("selector") or spec.get("type") == "ExternalName":
            continue
        pods = services.pods_of(scene.pods, spec["selector"])
        ready = {pod["metadata"]["name"] for pod in pods if services.is_ready(pod)}
        listed = {one.pod for one in scene.ready(name)}
        published = bool(spec.get("publishNotReadyAddresses"))
        if missing := ready - listed:
            yield Finding(
                Layer.SLICES,
                f'of the {telling.count(len(ready), "ready pod")} that "{name}" selects, {len(ready & listed)} '
                f"{'is' if len(ready & listed) == 1 else 'are'} listed as ready; missing: {telling.names(missing)}",
            )
        elif (wrong := listed - ready) and not published:
            why = telling.names([_state(scene.pods, pod) for pod in wrong])
            yield Finding(Layer.SLICES, f'"{name}" lists as ready what is not: {why}')
        else:
            count = telling.count(len(listed), "ready endpoint")
            yield Finding(Layer.SLICES, f'"{name}" lists {count}: {telling.names(listed)}', well=True)
    yield from _late(scene)


def _state(pods: Iterable[Object], name: str) -> str:
    found = next((pod for pod in pods if pod["metadata"]["name"] == name), None)
    return f"{name} ({workloads.why_not_ready(found) if found else 'no such pod'})"


_NEWS = {"gained": ("is ready",), "dropped": ("is terminating", "is not ready", "is gone")}
"""What a slice says of an endpoint, and what its pod had said before."""


def _late(scene: Scene) -> Iterator[Finding]:
    """Say where slices followed a pod later than the budget allows: by now they may be right."""
    worst: tuple[float, Event] | None = None
    listed: dict[str, float] = {}  # since when anything was said of a Service's endpoints
    for event in (one for one in scene.history.events if one.kind is Kind.ENDPOINTS):
        known = listed.setdefault(event.subject, event.at)
        pod, word = str(event.data.get("pod", "")), event.says.partition(" ")[0]
        told = [one for one in scene.history.events if one.kind is Kind.POD and one.subject == pod]
        before = [one.at for one in told if one.says in _NEWS.get(word, ()) and known <= one.at <= event.at]
        lag = event.at - max(before) if before else 0.0
        if lag > scene.budget / 2 and (worst is None or lag > worst[0]):
            worst = (lag, event)
    if worst:
        says = f'"{worst[1].subject}" {worst[1].says} {telling.seconds(worst[0])} after the pod had said so'
        yield Finding(Layer.SLICES, says, weak=True)  # the Service may have come to select the pod later


# -- pods


def _deployments(scene: Scene) -> Iterator[Finding]:
    for item in scene.deployments:
        for condition in item.get("status", {}).get("conditions") or []:
            if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
                says = f'Deployment "{item["metadata"]["name"]}" cannot make its pods: {condition.get("message")}'
                yield Finding(Layer.POD, says)


def _nodes(scene: Scene) -> Iterator[Finding]:
    for node in scene.nodes:
        if not services.is_ready(node):
            on_it = [pod for pod in scene.pods if pod["spec"].get("nodeName") == node["metadata"]["name"]]
            if on_it:
                whose = telling.count(len(on_it), "pod")
                yield Finding(Layer.POD, f"the node {node['metadata']['name']} of {whose} is not ready")


def _pods(scene: Scene) -> Iterator[Finding]:
    for pod in _workers(scene.pods):
        name, node = pod["metadata"]["name"], pod["spec"].get("nodeName", "no node")
        if "deletionTimestamp" in pod["metadata"]:
            continue
        if not services.is_ready(pod):
            why = _trouble(pod)
            weak = why.endswith("and is not ready")  # a scenario may have wanted it so
            yield Finding(Layer.POD, f"{name} on {node} is not ready: {why}", weak=weak)
    seen: dict[str, list[Glance]] = {}
    for glance in scene.at_pods:
        seen.setdefault(glance.subject, []).append(glance)
    for pod_name, glances in seen.items():
        found = _reached(pod_name, _node_of(scene.pods, pod_name), glances)
        yield replace(found, well=None) if scene.fences and not found.well else found
    if scene.fences:
        stand = f"{telling.names(scene.fences)} {'stands' if len(scene.fences) == 1 else 'stand'}"
        yield Finding(Layer.POLICY, f"{stand} between callers and pods", weak=True)


def _trouble(pod: Object) -> str:
    """Say why a pod is not ready; one that was evicted says so itself."""
    status = pod.get("status", {})
    if status.get("phase") == "Failed" and status.get("reason"):
        return f"{status['reason']}: {status.get('message', 'no message')}"
    return workloads.why_not_ready(pod)


def _reached(pod: str, node: str, glances: Sequence[Glance]) -> Finding:
    good = [one for one in glances if one.whole]
    bad = [one for one in glances if not one.whole]
    address = glances[0].address
    said = f"{pod} on {node} answers at {address} itself, asked from {telling.names({one.start for one in good})}"
    if not bad:
        return Finding(Layer.POD, said, well=True)
    ends = "; ".join(f"from {one.start} {one.ends}" for one in bad)
    if not good:
        return Finding(Layer.POD, f"{pod} on {node} is ready and does not answer at its own address {address}: {ends}")
    return Finding(
        Layer.POD,
        f"{pod} on {node} is not reached at its own address {address} from everywhere: {ends}; from "
        f"{telling.names({one.start for one in good})} it is: the network between them",
    )


def _node_of(pods: Iterable[Object], name: str) -> str:
    found = next((pod for pod in pods if pod["metadata"]["name"] == name), None)
    return str(found["spec"].get("nodeName", "no node")) if found else "no node"


# -- the proxy of each node


def _proxies(scene: Scene) -> Iterator[Finding]:
    for glance in scene.at_services:
        service = scene.known(glance.service)
        if service is not None:
            yield _proxy(scene, glance, service)
    for node, rules in scene.rules.items():
        unknown = [name for name, count in rules.items() if not count and _has_rules(scene, name)]
        if unknown:
            yield Finding(Layer.PROXY, f"its rules do not speak of {telling.names(unknown)}", node=node)


def _has_rules(scene: Scene, name: str) -> bool:
    """Whether a proxy has to have rules for a Service: with a cluster IP and somebody to lead to."""
    service = scene.known(name)
    return bool(service and service["spec"].get("clusterIP") not in (None, "", "None") and scene.ready(name))


def _proxy(scene: Scene, glance: Glance, service: Object) -> Finding:
    """Judge what the proxy of a node made of a few connections to a cluster IP."""
    name, spec = glance.service, service["spec"]
    fenced = None if scene.fences else False
    local = spec.get("internalTrafficPolicy") == "Local"
    ready = [one for one in scene.ready(name) if not local or one.node == glance.node]
    known = _knows(scene, glance.node, name)
    at = f'{glance.address} ("{name}")'
    if not ready:
        if glance.answered:
            says = f"{at} answers, though no endpoint is ready{known}"
            return Finding(Layer.PROXY, says, node=glance.node)
        return Finding(Layer.PROXY, f"{at} has no ready endpoint: {glance.ends}", well=True, node=glance.node)
    if not glance.whole:
        direct = [one for one in scene.at_pods if one.node == glance.node and one.service == name]
        though = ", though each of its pods is reached from there at its own address" if _all_whole(direct) else ""
        return Finding(Layer.PROXY, f"at {at} {glance.ends}{though}{known}", node=glance.node, well=fenced)
    fair = spec.get("sessionAffinity") != "ClientIP" and not _prefers(scene, service)
    return _choice(glance, ready, f"at {at}", fair=fair, known=known)


def _prefers(scene: Scene, service: Object) -> bool:
    """Whether callers may be led to near backends only: by the Service's wish, or by hints."""
    hinted = any(
        entry.get("hints")
        for item in scene.slices
        if services.is_slice_of(item, service["metadata"]["name"])
        for entry in item.get("endpoints") or []
    )
    return hinted or bool(service["spec"].get("trafficDistribution"))


def _choice(glance: Glance, ready: Sequence[Endpoint], at: str, *, fair: bool, known: str) -> Finding:
    """Judge who answered."""
    answers = Counter(one.backend for one in glance.exchanges if one.backend)
    wanted = {one.pod for one in ready if one.pod}
    if strangers := answers.keys() - wanted:
        says = f"{at} {telling.names(strangers)} answers, and is no ready endpoint{known}"
        return Finding(Layer.PROXY, says, node=glance.node)
    silent = wanted - answers.keys()
    total, number = answers.total(), len(wanted)
    if silent and fair and total and number * math.exp(total * math.log1p(-1 / number)) < LUCK:
        says = f"{at} it never chooses {telling.names(silent)}: {telling.shares(answers)}"
        return Finding(Layer.PROXY, says, node=glance.node)
    by = f" by {telling.shares(answers)}" if answers else ""
    return Finding(Layer.PROXY, f"{at} {glance.ends}{by}", well=True, node=glance.node)


def _knows(scene: Scene, node: str, service: str) -> str:
    """Say what a node's rules speak of, ready to append."""
    if service not in scene.rules.get(node, {}):
        return ""
    count = scene.rules[node][service]
    return f"; {count} of its rules speak of it" if count else "; none of its rules speaks of it"


def _all_whole(glances: Sequence[Glance]) -> bool:
    return bool(glances) and all(one.whole for one in glances)


def _node_ports(scene: Scene) -> Iterator[Finding]:
    for glance in scene.at_nodes:
        service = scene.known(glance.service)
        if service is None:
            continue
        local = service["spec"].get("externalTrafficPolicy") == "Local"
        ready = [one for one in scene.ready(glance.service) if not local or one.node == glance.subject]
        said = f'at its node port {glance.address} of "{glance.service}", asked from outside, {glance.ends}'
        if ready and not glance.whole:
            known = _knows(scene, glance.subject, glance.service)
            yield Finding(Layer.PROXY, f"{said}{known}", node=glance.subject)
        elif ready:
            yield Finding(Layer.PROXY, said, well=True, node=glance.subject)


def _balancers(scene: Scene) -> Iterator[Finding]:
    for glance in scene.at_balancers:
        said = f'{glance.address} of "{glance.service}", asked from outside: {glance.ends}'
        if scene.ready(glance.service) and not glance.whole:
            yield Finding(Layer.BALANCER, said)
        else:
            yield Finding(Layer.BALANCER, said, well=True)


# -- DNS


def _names(scene: Scene) -> Iterator[Finding]:
    resolvers = "; ".join(_resolver(one) for one in scene.at_resolvers)
    for glance in scene.at_names:
        found = {answer.partition(" ")[2] for one in glance.exchanges for answer in one.answers}
        if not any(one.outcome is Outcome.TIMED_OUT for one in glance.exchanges) and found == glance.wanted:
            said = f"{glance.address} is {telling.names(found)}, asked from {glance.start}"
            yield Finding(Layer.DNS, said, well=True)
        elif silent := [one for one in glance.exchanges if not one.answers and one.outcome is Outcome.TIMED_OUT]:
            says = f"{len(silent)} of {len(glance.exchanges)} questions for {glance.address} from {glance.start} were "
            yield Finding(Layer.DNS, f"{says}never answered{f'; {resolvers}' if resolvers else ''}")
        else:
            code = next((one.detail for one in glance.exchanges if one.detail), "")
            says = f"{glance.address} is {telling.names(found) if found else code or 'nothing'}, asked from "
            yield Finding(Layer.DNS, f"{says}{glance.start}; the Service says {telling.names(glance.wanted)}")


def _resolver(glance: Glance) -> str:
    return f"its pod {glance.subject}, asked at {glance.address} from {glance.start}: {glance.ends}"


# -- the prober, and the traffic of the scenario itself


def _probers(scene: Scene) -> Iterator[Finding]:
    for event in scene.history.events:
        if event.kind is Kind.PROBER and event.data.get("what") == "lost":
            yield Finding(Layer.PROBER, f"{event.subject} {event.says}")
    controls = {name for name, stream in scene.history.streams.items() if stream.control}
    silent = [one for one in scene.history.exchanges if one.stream in controls and one.outcome is not Outcome.ANSWERED]
    for name in sorted({one.stream for one in silent}):
        mine = [one for one in silent if one.stream == name]
        stream = scene.history.streams[name]
        said = f"{stream.vantage} was not answered by {stream.frontend}, which is none of the cluster's doing, "
        yield Finding(Layer.PROBER, f"{said}{len(mine)} times, first at {telling.seconds(mine[0].start)}", weak=True)
    if controls and not silent:
        whose = telling.names({scene.history.streams[name].vantage for name in controls}, most=3)
        yield Finding(Layer.PROBER, f"the control traffic of {whose} was answered throughout", well=True)


def _traffic(scene: Scene) -> Iterator[Finding]:
    """Say whose way the scenario's own lost connections have in common: a hint, where nothing is wrong any more."""
    lost: dict[str, list[Exchange]] = {}
    every: Counter[str] = Counter()
    for exchange in scene.history.exchanges:
        stream = scene.history.of(exchange)
        if stream.control or stream.protocol == "dns" or exchange.outcome is Outcome.NOT_SENT:
            continue
        every[_way(stream)] += 1
        if exchange.outcome is not Outcome.ANSWERED:
            lost.setdefault(_way(stream), []).append(exchange)
    for node, exchanges in sorted(lost.items()):
        ways = Counter(telling.how_it_ended(one) for one in exchanges)
        ends = ", ".join(f"{number} {way}" for way, number in ways.most_common(3))
        begun = min(one.start for one in exchanges)
        after = telling.after_what(scene.history, begun)
        says = f"of {every[node]:,} connections through it {ends}, first at {telling.seconds(begun)}{after}"
        yield Finding(Layer.PROXY, says, node=node, weak=True)


def _way(stream: Stream) -> str:
    """Return the node whose proxy a stream meets: a node port's own, else the caller's."""
    return stream.node or stream.vantage_node
