"""Where traffic starts and where it goes: the places behind a vantage, the addresses behind a frontend."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from svcproof.cluster import services, workloads
from svcproof.cluster.api import Object
from svcproof.cluster.rehearsal import PROVIDED_SECONDS
from svcproof.cluster.stage import API_SERVER, Stage
from svcproof.cluster.traffic import Target
from svcproof.cluster.vantages import InPod, Vantages
from svcproof.cluster.vantages import Place as Start
from svcproof.cluster.waiting import Deadline, Rounds, Sighting, await_state
from svcproof.model.service import Door, Frontend, Nodes, Place, Vantage
from svcproof.model.verdict import Inconclusive, Violation

FEW = 6
"""So many backends can be waited for until each has answered once: their turns are over after some dozens of calls."""

_SHARED = (
    Door.NAME,
    Door.HALF_NAME,
    Door.FULL_NAME,
    Door.CLUSTER_IP,
    Door.CLUSTER_IPS,
    Door.NODE_PORT,
    Door.LOAD_BALANCER,
    Door.EXTERNAL_IP,
)
"""The doors behind which a proxy chooses among all backends."""

_EVEN: dict[str, tuple[str, ...]] = {
    "sessionAffinity": ("None",),
    "externalTrafficPolicy": ("Cluster",),
    "internalTrafficPolicy": ("Cluster",),
    "trafficDistribution": (),
}
"""The fields of a Service that bind a caller to some of its backends, each with the values that do not."""

NOBODY = "192.0.2.53"
"""A resolver that is not there (RFC 5737)."""


@dataclass
class Routing:
    """The routes of one scenario; pods to start from are put up when they are first asked for."""

    stage: Stage
    vantages: Vantages
    remembered: dict[str, Object] = field(default_factory=dict)
    """Each Service as it was before its last change, by name: its former addresses."""

    ingress_address: str = ""
    """Where Ingresses answer."""
    former_pods: dict[str, list[Object]] = field(default_factory=dict)
    """Each Deployment's ready pods as they were before its last change, by its name."""

    def places(self, vantage: Vantage, frontend: Frontend | None = None) -> list[Start]:
        """Return where probers run for a vantage; *frontend* decides what "the same node" and a short name mean."""
        place = vantage.place
        if place is Place.OUTSIDE:
            return [self.vantages.outside()]
        if place in (Place.POD_OF, Place.EVERY_POD_OF):
            return self._backends(vantage)
        if place in (Place.OWN_DNS, Place.LONG_SEARCH, Place.WITHOUT_DNS):
            return [self._pod_with_resolver(place)]
        if place in (Place.NODE, Place.EVERY_NODE):
            return [*self.vantages.on_nodes(self._nodes(place, frontend), host_network=True)]
        if place in (Place.ONE_NODE, Place.EACH_NODE, Place.SAME_NODE, Place.OTHER_NODE):
            return [*self.vantages.on_nodes(self._nodes(place, frontend))]
        elsewhere = place is Place.OTHER_NAMESPACE or (frontend and frontend.door not in (Door.NAME, Door.HALF_NAME))
        return [self.vantages.in_pod() if elsewhere else self._own_pod]  # shared pods live in a namespace of their own

    @cached_property
    def _own_pod(self) -> InPod:
        """A pod of the scenario's own namespace."""
        return self.vantages.in_sandbox(self.stage.sandbox)

    def _pod_with_resolver(self, place: Place) -> InPod:
        """Return a pod of the scenario's own namespace whose resolver is not set up as others' are."""
        stage = self.stage
        if place is Place.OWN_DNS:
            servers = stage.api.get("Service", "kube-dns", "kube-system")["spec"]["clusterIPs"]
            name, setting = "own-dns", workloads.own_dns(servers, self.domain)
        elif place is Place.LONG_SEARCH:
            name, setting = "long-search", workloads.long_search()
        else:
            name, setting = "without-dns", {"dnsPolicy": "None", "dnsConfig": {"nameservers": [NOBODY]}}
        pod = workloads.prober_pod(name, stage.images)
        pod["spec"] |= setting
        stage.configure(workloads.agent_configuration())
        return self._start_in(stage.put_up(pod), "prober")

    @cached_property
    def domain(self) -> str:
        """The cluster's domain, as a pod's own resolver knows it; raises Inconclusive where it knows none."""
        place = self.vantages.in_pod()
        ran = self.stage.api.run(place.namespace, place.pod, place.container, ["cat", "/etc/resolv.conf"])
        found = re.search(r"\bsvc\.(\S+)", ran.out)
        if found is None:
            raise Inconclusive(f"the resolv.conf of pod {place.pod} names no cluster domain: {ran.out.strip()}")
        return found.group(1)

    def targets(self, frontend: Frontend) -> list[Target]:
        """Return the addresses that a frontend stands for; raise Inconclusive where it has none."""
        if frontend.door is Door.API_SERVER:
            spec = self.stage.service(API_SERVER)["spec"]
            return [Target(str(frontend), spec["clusterIP"], spec["ports"][0]["port"], protocol="connect")]
        if frontend.door is Door.INGRESS:
            return [self._ingress(frontend)]
        service = self._service(frontend)
        port = _port(service, frontend.port)
        if frontend.door.on_nodes:
            checks = frontend.door is Door.HEALTH
            return self._health_checks(frontend, service) if checks else self._node_ports(frontend, service, port)
        if frontend.door in (Door.POD_IP, Door.POD_IPS, Door.FORMER_POD_IP):
            return self._pods(frontend, port)
        if frontend.door is Door.VARIABLES:
            return [self._target(frontend, *self._told(frontend.service), port)]
        return [self._target(frontend, host, used, port) for host, used in self._hosts(frontend, service, port)]

    def _pods(self, frontend: Frontend, port: Object) -> list[Target]:
        """Return the addresses of a Service's ready pods, or of those that were ready before they changed."""
        former = frontend.door is Door.FORMER_POD_IP
        pods = self.former_pods.get(frontend.service, []) if former else self.stage.some_ready_pods(frontend.service)
        if not pods:
            raise Inconclusive(f'no pod of "{frontend.service}" was ready before, so none can be called')
        return [
            self._target(frontend, address, target_number(pod, port["targetPort"]), port, node=_node(pod))
            for pod in pods
            for address in (_addresses(pod) if frontend.door is Door.POD_IPS else [pod["status"]["podIP"]])
        ]

    def _hosts(self, frontend: Frontend, service: Object, port: Object) -> list[tuple[str, int]]:
        """Return the addresses, or the name, of a Service itself, each with the port to call."""
        number = int(port["port"])
        if frontend.door is Door.LOAD_BALANCER:
            return [(address, number) for address in self._await_balanced(frontend.service)]
        if frontend.door is Door.EXTERNAL_IP:
            return [(address, number) for address in service["spec"].get("externalIPs") or []]
        if frontend.door is Door.FORMER_LOAD_BALANCER:
            return [(address, number) for address in _balanced(service)]
        if frontend.door is Door.CLUSTER_IPS:
            return [(address, number) for address in service["spec"].get("clusterIPs") or []]
        if frontend.door in (Door.CLUSTER_IP, Door.FORMER_CLUSTER_IP):
            address = service["spec"].get("clusterIP", "")
            if address in ("", "None"):
                raise Inconclusive(f'Service "{frontend.service}" has no cluster IP')
            return [(address, number)]
        headless = service["spec"].get("clusterIP") == "None" and not frontend.port.isdigit()
        # nobody translates the port of a headless Service
        return [(self.name(frontend), _target_number(port) if headless else number)]

    def name(self, frontend: Frontend) -> str:
        """Return the DNS name of a Service in the form that the frontend says; a full name ends in a dot."""
        namespace = self.stage.sandbox.namespace()
        if frontend.door is Door.API_SERVER:
            return f"kubernetes.default.svc.{self.domain}."
        name = f"{frontend.pod}.{frontend.service}" if frontend.pod else frontend.service
        if frontend.door is Door.FULL_NAME:
            return f"{name}.{namespace}.svc.{self.domain}."
        return f"{name}.{namespace}" if frontend.door is Door.HALF_NAME else name

    def own_addresses(self, places: list[Start]) -> dict[str, list[str]]:
        """Return the addresses that each of these pods calls its own, by the vantage's name."""
        found: dict[str, list[str]] = {}
        for place in places:
            if not isinstance(place, InPod):
                raise Inconclusive("the address of a host outside the cluster is not known here")
            pod = self.stage.api.get("Pod", place.pod, place.namespace)
            found[place.description] = [entry["ip"] for entry in pod["status"].get("podIPs") or []]
        return found

    def remember_pods(self, name: str) -> None:
        """Keep the ready pods of a Deployment as they are now, so that their addresses can be asked later."""
        self.former_pods[name] = self.stage.ready_pods(name)

    def remember(self, name: str) -> None:
        """Keep a Service as it is now, so that its addresses can be asked when it has them no more."""
        self.remembered[name] = self.stage.service(name)

    def backends_in_turn(self, frontend: Frontend) -> set[str]:
        """Return the pods whose turn comes sooner or later at a frontend, whoever calls: nobody, where it depends.

        It depends on the caller with session affinity, a Local traffic policy or a traffic distribution, on the
        resolver with headless Services; and with more than a few pods their turns would take long.
        """
        if frontend.door not in _SHARED or frontend.pod:
            return set()
        spec = self.stage.service(frontend.service)["spec"]
        if spec.get("clusterIP") == "None" or any(spec.get(key) not in (None, *usual) for key, usual in _EVEN.items()):
            return set()
        found = {one.pod for one in self.stage.endpoints(frontend.service) if one.ready}
        return found if len(found) <= FEW and "" not in found else set()

    def _service(self, frontend: Frontend) -> Object:
        if frontend.door in (Door.FORMER_CLUSTER_IP, Door.FORMER_NODE_PORT, Door.FORMER_LOAD_BALANCER):
            if frontend.service not in self.remembered:
                raise Inconclusive(f'nobody has noted the addresses of "{frontend.service}" before they changed')
            return self.remembered[frontend.service]
        return self.stage.service(frontend.service)

    def _await_balanced(self, name: str) -> list[str]:
        """Return the load-balancer addresses of a Service once it has been given one; raise Inconclusive."""

        def look() -> Sighting[list[str]]:
            service = self.stage.service(name)
            given = service.get("status", {}).get("loadBalancer", {}).get("ingress")
            return Sighting("none", _balanced(service) if given else None)

        within = Deadline(self.stage.settings.seconds(PROVIDED_SECONDS))
        return await_state(f'a load-balancer address of Service "{name}"', look, within, Rounds(0.3))

    def _told(self, name: str) -> tuple[str, int]:
        """Return the address and port of a Service as the variables in its first ready pod tell them."""
        pods = self.stage.some_ready_pods(name)
        meta = pods[0]["metadata"]
        container = pods[0]["spec"]["containers"][0]["name"]
        ran = self.stage.api.run(meta["namespace"], meta["name"], container, ["env"])
        found = dict(line.split("=", 1) for line in ran.out.splitlines() if "=" in line)
        prefix = name.upper().replace("-", "_") + "_SERVICE_"
        host, port = found.get(f"{prefix}HOST", ""), found.get(f"{prefix}PORT", "")
        if not host or not port.isdigit():
            raise Violation(
                f"pod {meta['name']} has {prefix}HOST={host!r} and {prefix}PORT={port!r}: no address to call"
            )
        return host, int(port)

    def _node_ports(self, frontend: Frontend, service: Object, port: Object) -> list[Target]:
        number = port["port"] if frontend.door is Door.NODE_ADDRESS else port.get("nodePort", 0)
        if not number:
            raise Inconclusive(f'Service "{frontend.service}" has no node port')
        having = {_node(pod) for pod in self.stage.ready_pods(frontend.service)}
        chosen = [
            one
            for family in service["spec"].get("ipFamilies") or ["IPv4"]
            for one in self.stage.node_addresses((family,))
            if frontend.nodes in (Nodes.EVERY, Nodes.ONE)
            or (one.node in having) == (frontend.nodes is Nodes.WITH_BACKEND)
        ]
        if not chosen:
            raise Inconclusive(f"there is no such node: {frontend.nodes.value}")
        if frontend.nodes is not Nodes.EVERY:
            chosen = [one for one in chosen if one.node == self.stage.nodes[0]] or chosen[:1]
        return [self._target(frontend, one.address, number, port, node=one.node) for one in chosen]

    def _ingress(self, frontend: Frontend) -> Target:
        """Return where the Ingress answers, asked under a host name that no other scenario uses."""
        if not self.ingress_address:
            raise Inconclusive("nobody has found out where an Ingress answers")
        host = self.ingress_host(frontend.service)
        number = 443 if frontend.port else 80
        return Target(str(frontend), self.ingress_address, number, path=frontend.path, host_header=host)

    def ingress_host(self, name: str) -> str:
        """Return the host name that a feature calls so: its own in each scenario, for all share one controller."""
        return f"{name}.{self.stage.sandbox.namespace()}.example"

    def _health_checks(self, frontend: Frontend, service: Object) -> list[Target]:
        """Return every node's health check port, each to answer 200 where a ready backend runs, 503 elsewhere."""
        number = service["spec"].get("healthCheckNodePort", 0)
        if not number:
            raise Inconclusive(f'Service "{frontend.service}" has no health check port')
        having = {_node(pod) for pod in self.stage.ready_pods(frontend.service)}
        return [
            Target(str(frontend), one.address, number, node=one.node, status=200 if one.node in having else 503)
            for one in self.stage.node_addresses(tuple(service["spec"].get("ipFamilies") or ("IPv4",)))
        ]

    @staticmethod
    def _target(frontend: Frontend, host: str, number: int, port: Object, *, node: str = "") -> Target:
        protocol = "udp" if port.get("protocol") == "UDP" else "tcp" if port.get("name") == "tcp" else "http"
        return Target(str(frontend), host, number, protocol=protocol, node=node)

    def _backends(self, vantage: Vantage) -> list[Start]:
        pods = self.stage.some_ready_pods(vantage.of)
        chosen = pods if vantage.place is Place.EVERY_POD_OF else pods[:1]
        return [self._start_in(pod, "witness") for pod in chosen]

    @staticmethod
    def _start_in(pod: Object, container: str) -> InPod:
        meta = pod["metadata"]
        return InPod(meta["namespace"], meta["name"], container, _node(pod), f"pod {meta['name']} on {_node(pod)}")

    def _nodes(self, place: Place, frontend: Frontend | None) -> list[str]:
        if place in (Place.SAME_NODE, Place.OTHER_NODE):
            return [self._node_beside(frontend, same=place is Place.SAME_NODE)]
        return self.stage.nodes[:1] if place in (Place.NODE, Place.ONE_NODE) else self.stage.nodes

    def _node_beside(self, frontend: Frontend | None, *, same: bool) -> str:
        """Return a node with, or without, a backend of the Service that is called."""
        having = {_node(pod) for pod in self.stage.ready_pods(frontend.service)} if frontend else set()
        for node in self.stage.nodes:
            if (node in having) == same:
                return node
        raise Inconclusive(f"every schedulable node has {'no' if same else 'a'} backend: {', '.join(self.stage.nodes)}")


def _port(service: Object, name: str) -> Object:
    """Return a port by its name; by its number also one that the Service does not declare."""
    if not name.isdigit():
        return services.port_of(service, name)
    declared = [port for port in service["spec"].get("ports") or [] if port["port"] == int(name)]
    return declared[0] if declared else {"port": int(name), "targetPort": int(name), "protocol": "TCP"}


def _addresses(pod: Object) -> list[str]:
    return [entry["ip"] for entry in pod["status"].get("podIPs") or []]


def _node(pod: Object) -> str:
    return str(pod["spec"].get("nodeName", ""))


def _target_number(port: Object) -> int:
    target = port.get("targetPort", port["port"])
    return target if isinstance(target, int) else int(port["port"])


def target_number(pod: Object, target: int | str) -> int:
    """Return the number of a target port in one pod: a name is looked up among its containers' ports."""
    if isinstance(target, int):
        return target
    for container in [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]:
        for port in container.get("ports") or []:
            if port.get("name") == target:
                return int(port["containerPort"])
    raise Inconclusive(f"pod {pod['metadata']['name']} names no port {target!r}")


def _balanced(service: Object) -> list[str]:
    given = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    if not given:
        raise Inconclusive(f'Service "{service["metadata"]["name"]}" has no load-balancer address')
    return [entry.get("ip") or entry["hostname"] for entry in given]
