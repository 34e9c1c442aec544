"""Looks again, from every node, at what a scenario found wrong, while its objects still stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address

from svcproof.cluster import services
from svcproof.cluster.api import ApiTrouble, Forbidden, Object
from svcproof.cluster.layers import Glance, Scene
from svcproof.cluster.node_control import NodeControl
from svcproof.cluster.services import Endpoint
from svcproof.cluster.stage import Stage
from svcproof.cluster.traffic import Clock, Target, Traffic
from svcproof.cluster.vantages import InPod, Place, Vantages
from svcproof.cluster.waiting import Deadline
from svcproof.model.history import Exchange, History, Outcome
from svcproof.model.layers import Layer
from svcproof.model.verdict import Inconclusive

SECONDS = 15.0
"""No new look begins later than this after the first: evidence is wanted soon, and another scenario waits."""

CHOICES = 60
"""So many connections to a Service show whether its proxy passes a backend over."""

KNOCKS = 4
LOOK_UPS = 3
RATE = 200.0
LIMIT = 1.0

MOST_SERVICES, MOST_NODES, MOST_PODS = 3, 4, 4
"""Beyond so many of each nobody reads on."""

DNS_LABEL = "k8s-app=kube-dns"
"""What cluster DNS is labelled with, whatever program it is (Kubernetes' own add-on manifests, CoreDNS's chart)."""

CANNOT = (Inconclusive, ApiTrouble)
NO_TIME = "no time was left for the rest"
KINDS = ("Service", "EndpointSlice", "Deployment", "Pod", "NetworkPolicy")


@dataclass
class _Glances:
    services: list[Glance] = field(default_factory=list)
    pods: list[Glance] = field(default_factory=list)
    nodes: list[Glance] = field(default_factory=list)
    balancers: list[Glance] = field(default_factory=list)
    names: list[Glance] = field(default_factory=list)
    resolvers: list[Glance] = field(default_factory=list)


@dataclass
class SecondLook:
    """One scenario's objects, looked at anew; *by_name* where its traffic went by names: DNS had a part in it then."""

    stage: Stage
    vantages: Vantages
    history: History
    concerned: Sequence[Layer] = tuple(Layer)
    """The layers that the broken promise goes through: others are not looked at."""
    control: NodeControl | None = None
    by_name: bool = False
    within: Deadline = field(default_factory=lambda: Deadline(SECONDS))
    unseen: list[str] = field(default_factory=list)
    rules_text: dict[str, str] = field(default_factory=dict)
    """What the proxy rules of a node say of the scenario's Services: evidence."""
    _traffic: Traffic = field(init=False)

    def __post_init__(self) -> None:
        self._traffic = Traffic(self.stage.api, Clock())

    def scene(self) -> Scene:
        """Return what there is to see; what cannot be seen is said in `unseen` and left out.

        Costs one burst of connections for each Service, pod and node, and a vantage pod on each node that has none.
        """
        namespace = self.stage.sandbox.namespace()
        try:
            return self._scene(namespace)
        finally:
            with suppress(*CANNOT):
                self._traffic.end()

    def _scene(self, namespace: str) -> Scene:
        listed = {kind: self._listed(kind, namespace) for kind in (*KINDS, "Node")}
        chosen = self._concerned(listed["Service"])
        glances = _Glances()
        for node in self._nodes(listed["Node"]):
            self._try(lambda: self._from(node, chosen, listed["EndpointSlice"], glances))  # noqa: B023 - called at once
        if Layer.PROXY in self.concerned:
            self._try(lambda: self._from_outside(chosen, listed["Node"], glances))
        return Scene(
            services=listed["Service"],
            slices=listed["EndpointSlice"],
            deployments=listed["Deployment"],
            pods=listed["Pod"],
            nodes=listed["Node"],
            fences=services.names(listed["NetworkPolicy"]),
            history=self.history,
            wanted={name: backends.count for name, backends in self.stage.backends.items()},
            budget=self.stage.settings.budget,
            at_services=glances.services,
            at_pods=glances.pods,
            at_nodes=glances.nodes,
            at_balancers=glances.balancers,
            at_names=glances.names,
            at_resolvers=glances.resolvers,
            rules=self._rules(namespace, chosen) if Layer.PROXY in self.concerned else {},
        )

    def _nodes(self, known: Sequence[Object]) -> list[str]:
        """Return the nodes that take pods and are ready now; none where nothing is to be seen from them."""
        if not {Layer.PROXY, Layer.DNS} & set(self.concerned):
            return []
        ready = {item["metadata"]["name"] for item in known if services.is_ready(item)}
        return [node for node in self.stage.nodes if node in ready][:MOST_NODES]

    def _from(self, node: str, chosen: Sequence[Object], slices: Sequence[Object], glances: _Glances) -> None:
        """Look from a pod on one node; the first trouble ends it, so that a node that is gone costs one wait."""
        place = self.vantages.on_node(node)
        for item in chosen:
            endpoints = services.endpoints(slices, item["metadata"]["name"])
            if Layer.PROXY in self.concerned:
                glances.services += self._at_service(node, place, item)
                glances.pods += self._at_pods(node, place, item, endpoints)
            if self.by_name:
                found = self._at_name(node, place, item, endpoints)
                glances.names += found
                if not glances.resolvers and any(not one.answered for one in found):
                    glances.resolvers += self._at_resolvers(node, place)

    def _from_outside(self, chosen: Sequence[Object], nodes: Sequence[Object], glances: _Glances) -> None:
        for item in chosen:
            if item["spec"].get("type") in ("NodePort", "LoadBalancer"):
                glances.nodes += self._at_nodes(item, nodes)
                glances.balancers += self._at_balancers(item)

    def _listed(self, kind: str, namespace: str) -> list[Object]:
        try:
            return self.stage.api.list(kind, "" if kind == "Node" else namespace)
        except Forbidden as trouble:  # the scenario itself did not need it
            self.unseen.append(str(trouble))
            return []

    def _concerned(self, known: Sequence[Object]) -> list[Object]:
        """Return the Services that the scenario's traffic went to, else the first there are."""
        said = " ".join(f"{stream.frontend} {stream.address}" for stream in self.history.streams.values())
        named = [item for item in known if f'"{item["metadata"]["name"]}"' in said]
        real = [item for item in named or known if item["spec"].get("type") != "ExternalName"]
        return real[:MOST_SERVICES]

    def _try(self, look: Callable[[], None]) -> None:
        """Look; where there is nothing to be seen, or no time, say why."""
        if self.within.passed:
            self.unseen = [*(one for one in self.unseen if one != NO_TIME), NO_TIME]
            return
        try:
            look()
        except CANNOT as trouble:
            self.unseen.append(str(trouble))

    # looking

    def _burst(self, place: Place, target: Target, count: int) -> list[Exchange]:
        names = self._traffic.burst(place, [target], count, rate=RATE, limit=LIMIT)
        return [one for one in self._traffic.history().exchanges if one.stream in names]

    def _at_service(self, node: str, place: Place, item: Object) -> list[Glance]:
        name, address = item["metadata"]["name"], item["spec"].get("clusterIP")
        ports = item["spec"].get("ports") or []
        if address in (None, "", "None") or not ports:
            return []
        target = Target(f'the cluster IP of "{name}"', address, ports[0]["port"], protocol=_protocol(ports[0]))
        found = self._burst(place, target, CHOICES)
        return [Glance(node, name, target.address, found)]

    def _at_pods(self, node: str, place: Place, item: Object, endpoints: Sequence[Endpoint]) -> list[Glance]:
        name, ports = item["metadata"]["name"], item["spec"].get("ports") or []
        glances = []
        for endpoint in [one for one in endpoints if one.ready and one.pod and one.ports][:MOST_PODS]:
            first = ports[0] if ports else {}
            number = next((port for said, port, _ in endpoint.ports if said == first.get("name", "")), 0)
            if number:
                target = Target(f"pod {endpoint.pod}", endpoint.address, number, protocol=_protocol(first))
                glances.append(
                    Glance(node, name, target.address, self._burst(place, target, KNOCKS), subject=endpoint.pod)
                )
        return glances

    def _at_nodes(self, item: Object, nodes: Sequence[Object]) -> list[Glance]:
        name, port = item["metadata"]["name"], item["spec"]["ports"][0]
        glances = []
        for node in services.node_addresses(nodes)[:MOST_NODES]:
            if port.get("nodePort"):
                target = Target(
                    f'the node port of "{name}"',
                    node.address,
                    port["nodePort"],
                    protocol=_protocol(port),
                    node=node.node,
                )
                found = self._burst(self.vantages.outside(), target, KNOCKS * 2)
                glances.append(Glance("", name, target.address, found, subject=node.node))
        return glances

    def _at_balancers(self, item: Object) -> list[Glance]:
        name, port = item["metadata"]["name"], item["spec"]["ports"][0]
        given = item.get("status", {}).get("loadBalancer", {}).get("ingress") or []
        glances = []
        for address in [entry.get("ip") or entry.get("hostname", "") for entry in given][:1]:
            target = Target(f'the load-balancer address of "{name}"', address, port["port"], protocol=_protocol(port))
            found = self._burst(self.vantages.outside(), target, KNOCKS * 2)
            glances.append(Glance("", name, target.address, found))
        return glances

    def _at_name(self, node: str, place: InPod, item: Object, endpoints: Sequence[Endpoint]) -> list[Glance]:
        name, spec = item["metadata"]["name"], item["spec"]
        wanted = _resolved(spec, endpoints)
        if not wanted:
            return []
        full = f"{name}.{self.stage.sandbox.namespace()}.svc.{self._domain(place)}."
        stream = self._traffic.look_up(place, full, count=LOOK_UPS, limit=LIMIT)
        found = [one for one in self._traffic.history().exchanges if one.stream == stream]
        return [Glance(node, name, full, found, wanted=wanted)]

    def _domain(self, place: InPod) -> str:
        ran = self.stage.api.run(place.namespace, place.pod, place.container, ["cat", "/etc/resolv.conf"])
        found = re.search(r"\bsvc\.(\S+)", ran.out)
        return found.group(1) if found else "cluster.local"

    def _at_resolvers(self, node: str, place: InPod) -> list[Glance]:
        """Ask each pod of cluster DNS at its own address: past its Service's proxy."""
        glances = []
        for pod in self.stage.api.list("Pod", "kube-system", labels=DNS_LABEL)[:MOST_PODS]:
            address = pod.get("status", {}).get("podIP", "")
            if address:
                name = f"kubernetes.default.svc.{self._domain(place)}."
                stream = self._traffic.look_up(place, name, server=address, count=LOOK_UPS, limit=LIMIT)
                found = [one for one in self._traffic.history().exchanges if one.stream == stream]
                glances.append(Glance(node, "kube-dns", address, found, subject=pod["metadata"]["name"]))
        return glances

    # rules

    def _rules(self, namespace: str, chosen: Sequence[Object]) -> Mapping[str, Mapping[str, int]]:
        """Return how many rules of each node's proxy speak of each Service, where nodes may be looked into."""
        found: dict[str, dict[str, int]] = {}
        if self.control is None or self.control.trouble():
            return found
        for node in self.stage.nodes[:MOST_NODES]:
            try:
                lines = self.control.proxy_rules(node).splitlines()
            except CANNOT as trouble:
                self.unseen.append(str(trouble))
                continue
            mine = {
                item["metadata"]["name"]: [line.strip() for line in lines if _speaks_of(line, namespace, item)]
                for item in chosen
            }
            found[node] = {name: len(kept) for name, kept in mine.items()}
            every = dict.fromkeys(line for kept in mine.values() for line in kept)
            self.rules_text[node] = "\n".join(every) or "no rule speaks of these Services"
        return found


def _speaks_of(line: str, namespace: str, item: Object) -> bool:
    address = item["spec"].get("clusterIP") or ""
    named = f"{namespace}/{item['metadata']['name']}"
    return bool(
        re.search(rf"{re.escape(named)}(?![\w-])", line)
        or (address not in ("", "None") and re.search(rf"(?<![\w.:]){re.escape(address)}(?![\w.])", line))
    )


def _protocol(port: Object) -> str:
    return "udp" if port.get("protocol") == "UDP" else "tcp" if port.get("name") == "tcp" else "http"


def _resolved(spec: Object, endpoints: Sequence[Endpoint]) -> frozenset[str]:
    """Return the IPv4 addresses that a Service's name is to resolve to."""
    if spec.get("clusterIP") == "None":
        every = bool(spec.get("publishNotReadyAddresses"))
        return frozenset(one.address for one in endpoints if (one.ready or every) and _is_v4(one.address))
    return frozenset(address for address in spec.get("clusterIPs") or [spec.get("clusterIP", "")] if _is_v4(address))


def _is_v4(address: str) -> bool:
    try:
        return ip_address(address).version == 4
    except ValueError:
        return False


def went_by_name(history: History) -> bool:
    """Whether names had a part in a history's traffic: look-ups, or addresses that are none."""
    for stream in history.streams.values():
        host = stream.address.rpartition(":")[0].strip("[]")
        if not stream.control and (stream.protocol == "dns" or (host and not _is_address(host))):
            return True
    return any(one.outcome is Outcome.NO_NAME for one in history.exchanges)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
