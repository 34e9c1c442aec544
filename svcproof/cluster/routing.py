"""Where traffic starts and where it goes: the places behind a vantage, the addresses behind a frontend."""

from __future__ import annotations

from dataclasses import dataclass, field

from svcproof.cluster import services
from svcproof.cluster.api import Object
from svcproof.cluster.stage import Stage
from svcproof.cluster.traffic import Target
from svcproof.cluster.vantages import InPod, Vantages
from svcproof.cluster.vantages import Place as Start
from svcproof.model.service import Door, Frontend, Nodes, Place, ServiceKind, Vantage
from svcproof.model.verdict import Inconclusive

CLUSTER_DOMAIN = "cluster.local"


@dataclass
class Routing:
    """The routes of one scenario; pods to start from are put up when they are first asked for."""

    stage: Stage
    vantages: Vantages
    _remembered: dict[str, Object] = field(default_factory=dict)
    """Each Service as it was when it was first asked for: its former addresses."""

    def places(self, vantage: Vantage, frontend: Frontend | None = None) -> list[Start]:
        """Return where probers run for a vantage; *frontend* decides what "the same node" and a short name mean."""
        place = vantage.place
        if place is Place.OUTSIDE:
            return [self.vantages.outside()]
        if place in (Place.POD_OF, Place.EVERY_POD_OF):
            return self._backends(vantage)
        if place in (Place.NODE, Place.EVERY_NODE):
            return [self.vantages.host_network(node) for node in self._nodes(place, frontend)]
        if place in (Place.ONE_NODE, Place.EACH_NODE, Place.SAME_NODE, Place.OTHER_NODE):
            return [self.vantages.on_node(node) for node in self._nodes(place, frontend)]
        if place is Place.OTHER_NAMESPACE or (frontend and frontend.door not in (Door.NAME, Door.HALF_NAME)):
            return [self.vantages.in_pod()]  # shared pods live in a namespace of their own
        return [self.vantages.in_sandbox(self.stage.sandbox)]

    def targets(self, frontend: Frontend) -> list[Target]:
        """Return the addresses that a frontend stands for; raise Inconclusive where it has none."""
        service = self._service(frontend)
        port = services.port_of(service, frontend.port)
        number = port["port"]
        if frontend.door in (Door.NODE_PORT, Door.FORMER_NODE_PORT):
            return self._node_ports(frontend, service, port)
        if frontend.door is Door.POD_IP:
            return [
                self._target(frontend, pod["status"]["podIP"], _number(pod, port["targetPort"]), port, node=_node(pod))
                for pod in self.stage.ready_pods(frontend.service)
            ]
        if frontend.door is Door.LOAD_BALANCER:
            return [self._target(frontend, address, number, port) for address in _balanced(service)]
        if frontend.door in (Door.CLUSTER_IP, Door.FORMER_CLUSTER_IP):
            address = service["spec"].get("clusterIP", "")
            if address in ("", "None"):
                raise Inconclusive(f'Service "{frontend.service}" has no cluster IP')
            return [self._target(frontend, address, number, port)]
        headless = self.stage.kinds.get(frontend.service) is ServiceKind.HEADLESS
        used = _target_number(port) if headless else number  # nobody translates the port of a headless Service
        return [self._target(frontend, self.name(frontend), used, port)]

    def name(self, frontend: Frontend) -> str:
        """Return the DNS name of a Service in the form that the frontend says; a full name ends in a dot."""
        namespace = self.stage.sandbox.namespace()
        return {
            Door.HALF_NAME: f"{frontend.service}.{namespace}",
            Door.FULL_NAME: f"{frontend.service}.{namespace}.svc.{CLUSTER_DOMAIN}.",
        }.get(frontend.door, frontend.service)

    def own_addresses(self, places: list[Start]) -> dict[str, list[str]]:
        """Return the addresses that each of these pods calls its own, by the vantage's name."""
        found: dict[str, list[str]] = {}
        for place in places:
            if not isinstance(place, InPod):
                raise Inconclusive("the address of a host outside the cluster is not known here")
            pod = self.stage.api.get("Pod", place.pod, place.namespace)
            found[place.description] = [entry["ip"] for entry in pod["status"].get("podIPs") or []]
        return found

    def remember(self, name: str) -> None:
        """Keep a Service as it is now, so that its addresses can be asked when it has them no more."""
        self._remembered.setdefault(name, self.stage.service(name))

    def _service(self, frontend: Frontend) -> Object:
        if frontend.door in (Door.FORMER_CLUSTER_IP, Door.FORMER_NODE_PORT):
            if frontend.service not in self._remembered:
                raise Inconclusive(f'nobody has noted the addresses of "{frontend.service}" before they changed')
            return self._remembered[frontend.service]
        return self.stage.service(frontend.service)

    def _node_ports(self, frontend: Frontend, service: Object, port: Object) -> list[Target]:
        number = port.get("nodePort", 0)
        if not number:
            raise Inconclusive(f'Service "{frontend.service}" has no node port')
        families = tuple(service["spec"].get("ipFamilies") or ("IPv4",))
        having = {_node(pod) for pod in self.stage.ready_pods(frontend.service)}
        chosen = [
            one
            for one in self.stage.node_addresses(families)
            if frontend.nodes in (Nodes.EVERY, Nodes.ONE)
            or (one.node in having) == (frontend.nodes is Nodes.WITH_BACKEND)
        ]
        if not chosen:
            raise Inconclusive(f"there is no such node: {frontend.nodes.value}")
        if frontend.nodes is not Nodes.EVERY:
            chosen = [one for one in chosen if one.node == self.stage.nodes[0]] or chosen[:1]
        return [self._target(frontend, one.address, number, port, node=one.node) for one in chosen]

    @staticmethod
    def _target(frontend: Frontend, host: str, number: int, port: Object, *, node: str = "") -> Target:
        protocol = "udp" if port.get("protocol") == "UDP" else "tcp" if port.get("name") == "tcp" else "http"
        return Target(str(frontend), host, number, protocol=protocol, node=node)

    def _backends(self, vantage: Vantage) -> list[Start]:
        pods = self.stage.ready_pods(vantage.of)
        if not pods:
            raise Inconclusive(f'"{vantage.of}" has no ready pod to start from')
        chosen = pods if vantage.place is Place.EVERY_POD_OF else pods[:1]
        return [self._in_witness(pod) for pod in chosen]

    @staticmethod
    def _in_witness(pod: Object) -> InPod:
        meta = pod["metadata"]
        return InPod(meta["namespace"], meta["name"], "witness", _node(pod), f"pod {meta['name']} on {_node(pod)}")

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


def _node(pod: Object) -> str:
    return str(pod["spec"].get("nodeName", ""))


def _target_number(port: Object) -> int:
    target = port.get("targetPort", port["port"])
    return target if isinstance(target, int) else int(port["port"])


def _number(pod: Object, target: int | str) -> int:
    """Return the number of a target port in one pod: a name is looked up among its containers' ports."""
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            if port.get("name") == target:
                return int(port["containerPort"])
    raise Inconclusive(f"pod {pod['metadata']['name']} names no port {target!r}")


def _balanced(service: Object) -> list[str]:
    given = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    if not given:
        raise Inconclusive(f'Service "{service["metadata"]["name"]}" has no load-balancer address')
    return [entry.get("ip") or entry["hostname"] for entry in given]
