"""Services and what stands before and behind them: builders, and readers of frontends, backends and endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from svcproof.cluster.api import ClusterApi, Object
from svcproof.cluster.workloads import GATE, PORT, TLS_PORT
from svcproof.model.service import Application, ServiceKind
from svcproof.model.verdict import Inconclusive

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
ZONE_LABEL = "topology.kubernetes.io/zone"


@dataclass(frozen=True)
class Port:
    """One port of a Service; *target* is a number or the name of a container's port."""

    port: int = 80
    target: int | str = PORT
    name: str = ""
    protocol: str = "TCP"
    node_port: int = 0

    def spec(self) -> Object:
        """Return its entry in `spec.ports`."""
        entry: Object = {"port": self.port, "targetPort": self.target, "protocol": self.protocol}
        return (
            entry
            | ({"name": self.name} if self.name else {})
            | ({"nodePort": self.node_port} if self.node_port else {})
        )


def service(
    name: str, kind: ServiceKind, ports: Sequence[Port] = (Port(),), selector: Mapping[str, str] | None = None
) -> Object:
    """Return a Service that selects app=NAME; an empty *selector* selects nothing."""
    selected = {"app": name} if selector is None else dict(selector)
    spec: Object = {"type": kind.type, "ports": [port.spec() for port in ports]}
    spec.update({"selector": selected} if selected else {})
    spec.update({"clusterIP": "None"} if kind is ServiceKind.HEADLESS else {})
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def ports(application: Application) -> tuple[Port, ...]:
    """Return the ports of a Service before what its backends run."""
    if application is Application.NGINX_WITH_TLS:
        return Port(name="http"), Port(443, TLS_PORT, "https")
    return (Port(),)


def port_of(item: Object, name: str = "") -> Object:
    """Return the entry of `spec.ports` with this name; the only one, or the first, when no name is given."""
    ports: list[Object] = item["spec"].get("ports") or []
    for port in ports:
        if not name or port.get("name") == name:
            return port
    raise Inconclusive(
        f'Service "{item["metadata"]["name"]}" has no port {name!r}: {[port.get("name") for port in ports]}'
    )


@dataclass(frozen=True)
class NodeAddress:
    """A node and the address it is reached at."""

    node: str
    address: str


def node_addresses(nodes: Iterable[Object], families: Sequence[str] = ("IPv4",)) -> list[NodeAddress]:
    """Return the address of every node: its ExternalIP, or its InternalIP where it has none.

    Takes the first address of the first family asked for. A node that is not ready is left out: nobody promises that
    it forwards anything.
    """
    found: list[NodeAddress] = []
    for node in nodes:
        address = node_address(node, families)
        if address and is_ready(node):
            found.append(NodeAddress(node["metadata"]["name"], address))
    return found


def node_address(node: Object, families: Sequence[str] = ("IPv4",)) -> str:
    """Return one node's address, or "" where it has none of the families."""
    addresses = node.get("status", {}).get("addresses") or []
    for family in families:
        for wanted in ("ExternalIP", "InternalIP"):
            for entry in addresses:
                if entry["type"] == wanted and ip_address(entry["address"]).version == (6 if family == "IPv6" else 4):
                    return str(entry["address"])
    return ""


def zones(nodes: Iterable[Object]) -> dict[str, str]:
    """Return the zone of every node that tells one."""
    found = {node["metadata"]["name"]: (node["metadata"].get("labels") or {}).get(ZONE_LABEL, "") for node in nodes}
    return {node: zone for node, zone in found.items() if zone}


def is_ready(item: Object) -> bool:
    """Whether a pod or node says that it is ready, and is not on its way out."""
    conditions = item.get("status", {}).get("conditions") or []
    ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
    return ready and "deletionTimestamp" not in item["metadata"]


def is_behind_gate(pod: Object) -> bool:
    """Whether a pod's containers are ready and the pod is not: a readiness gate is shut."""
    conditions = pod.get("status", {}).get("conditions") or []
    return not is_ready(pod) and any(one["type"] == "ContainersReady" and one["status"] == "True" for one in conditions)


def gate_patch(conditions: Sequence[Object], *, opened: bool) -> list[Object]:
    """Return the JSON patch of a pod that opens or shuts its gate: it fails where the conditions have moved."""
    gate = {"type": GATE, "status": "True" if opened else "False"}
    for place, one in enumerate(conditions):
        if one["type"] == GATE:
            path = f"/status/conditions/{place}"
            return [
                {"op": "test", "path": f"{path}/type", "value": GATE},
                {"op": "replace", "path": f"{path}/status", "value": gate["status"]},
            ]
    return [{"op": "add", "path": "/status/conditions/-", "value": gate}]


@dataclass(frozen=True)
class Endpoint:
    """An entry of an EndpointSlice; *pod* is the name of the pod it stands for, or empty."""

    address: str
    pod: str
    node: str
    ready: bool
    serving: bool
    terminating: bool
    ports: tuple[tuple[str, int, str], ...] = ()

    def __str__(self) -> str:
        state = "terminating" if self.terminating else "ready" if self.ready else "not ready"
        return f"{self.pod or self.address} ({self.node}{', ' if self.node else ''}{state})"


def endpoints(slices: Iterable[Object], service_name: str) -> list[Endpoint]:
    """Return the endpoints that EndpointSlices list for a Service, each address once, by address.

    An absent `ready` condition counts as ready (discovery.k8s.io/v1: "unknown … should be interpreted as ready").
    """
    found: dict[str, Endpoint] = {}
    for item in slices:
        if item["metadata"].get("labels", {}).get(SERVICE_NAME_LABEL) != service_name:
            continue
        ports = tuple((port.get("name") or "", port.get("port") or 0, port.get("protocol") or "TCP")
                      for port in item.get("ports") or [])  # fmt: skip
        for entry in item.get("endpoints") or []:
            endpoint = _endpoint(entry, ports)
            found[endpoint.address] = endpoint
    return [found[address] for address in sorted(found)]


def is_slice_of(item: Object, service_name: str) -> bool:
    """Whether an EndpointSlice belongs to a Service."""
    return bool((item["metadata"].get("labels") or {}).get(SERVICE_NAME_LABEL) == service_name)


def _endpoint(entry: Object, ports: tuple[tuple[str, int, str], ...]) -> Endpoint:
    conditions = entry.get("conditions") or {}
    ready = conditions.get("ready")
    serving = conditions.get("serving")
    target = entry.get("targetRef") or {}
    return Endpoint(
        address=entry["addresses"][0],
        pod=target.get("name", "") if target.get("kind", "Pod") == "Pod" else "",
        node=entry.get("nodeName") or "",
        ready=ready is not False,
        serving=(ready is not False) if serving is None else bool(serving),
        terminating=bool(conditions.get("terminating")),
        ports=ports,
    )


def joined(address: str, port: int) -> str:
    """Return an address and port as people write them: "10.1.2.3:80", "[fd00::1]:80"."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def staying(pods: Iterable[Object]) -> list[Object]:
    """Return the pods that nobody has asked to go."""
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def pods_of(pods: Iterable[Object], selector: Mapping[str, str]) -> list[Object]:
    """Return the pods that carry every label of *selector*; none when it is empty."""
    wanted = selector.items()
    return [pod for pod in pods if wanted and wanted <= (pod["metadata"].get("labels") or {}).items()]


def restarts(pod: Object) -> int:
    """Return how often a pod's containers were restarted."""
    return sum(status.get("restartCount", 0) for status in pod.get("status", {}).get("containerStatuses") or [])


def names(items: Iterable[Object]) -> list[str]:
    """Return the objects' names, in order."""
    return sorted(item["metadata"]["name"] for item in items)


def schedulable_nodes(api: ClusterApi) -> list[Object]:
    """Return the ready nodes that ordinary pods may be put on, by name."""
    return [node for node in sorted(api.list("Node"), key=lambda node: node["metadata"]["name"]) if takes_pods(node)]


def takes_pods(node: Object) -> bool:
    """Whether a node is ready, and neither cordoned nor tainted against ordinary pods."""
    spec = node.get("spec", {})
    repelling = [taint for taint in spec.get("taints") or [] if taint["effect"] in ("NoSchedule", "NoExecute")]
    return is_ready(node) and not spec.get("unschedulable") and not repelling


@dataclass(frozen=True)
class Route:
    """One rule of an Ingress: a host name and a path that lead to a Service's port."""

    host: str
    path: str
    service: str
    port: int = 80


def ingress(name: str, ingress_class: str, routes: Sequence[Route], secrets: Mapping[str, str] | None = None) -> Object:
    """Return an Ingress of a class with these routes; *secrets* names the certificate of each host that has one."""
    rules: dict[str, list[Object]] = {}
    for route in routes:
        backend = {"service": {"name": route.service, "port": {"number": route.port}}}
        rules.setdefault(route.host, []).append({"path": route.path, "pathType": "Prefix", "backend": backend})
    spec: Object = {
        "ingressClassName": ingress_class,
        "rules": [{"host": host, "http": {"paths": paths}} for host, paths in rules.items()],
    }
    if secrets:
        spec["tls"] = [{"hosts": [host], "secretName": secret} for host, secret in secrets.items()]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}, "spec": spec}


def network_policy(name: str, selector: Mapping[str, str], rules: Mapping[str, Sequence[Object]]) -> Object:
    """Return a NetworkPolicy for the pods with these labels; *rules* by direction: "ingress", "egress", or both."""
    spec: Object = {
        "podSelector": {"matchLabels": dict(selector)},
        "policyTypes": [direction.capitalize() for direction in rules],
        **{direction: list(allowed) for direction, allowed in rules.items()},
    }
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}
