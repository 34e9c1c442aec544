"""Detectors that do the thing itself, once, on a Service and a pod of their own: an address, an answer, a cut."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from svcproof.cluster import services, workloads
from svcproof.cluster.api import ApiTrouble, NotFound, Object
from svcproof.cluster.sandbox import Sandbox
from svcproof.cluster.settings import Settings
from svcproof.cluster.stage import Stage
from svcproof.cluster.vantages import InPod, Vantages
from svcproof.cluster.waiting import Deadline, NotConverged, Rounds, Sighting, await_state
from svcproof.model.capability import Capability
from svcproof.model.service import Backends, ServiceKind

PROVIDED_SECONDS = 30.0
"""How long we look for a load balancer's address, or an Ingress's answer: providers on a machine need a few seconds."""

CUT_SECONDS = 8.0
"""How long we look for a policy to cut a pod off."""

POD_SECONDS = 60.0
HOST = "svcproof-detects.example"
NAME = "detect"

_KNOCK = """
import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
try:
    socket.create_connection((host, port), 1.0).close()
except OSError as trouble:
    sys.exit(f"{trouble}")
"""
_RESOLVE = """
import socket
print(sorted({found[4][0] for found in socket.getaddrinfo("kubernetes.default.svc", 443)}))
"""
_SCTP = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132) as one, \\
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132) as other:
    one.bind(("127.0.0.1", 0))
    one.listen(1)
    other.connect(one.getsockname())
"""


class OwnHost(Protocol):
    """What this machine can do beside asking the cluster (svcproof.adapters.web)."""

    def knock(self, host: str, port: int, limit: float) -> tuple[bool, str]:
        """Try a TCP connection: whether anything there answered, and what came of it."""

    def status(self, url: str, host: str, limit: float) -> tuple[int, str]:
        """Request a page under a host name: its status (0 where none came), and who answered or what came of it."""

    def owns(self, address: str) -> bool:
        """Whether an address is this machine's own."""

    def address_towards(self, host: str) -> str:
        """This machine's own address on the way to another; empty where there is no way."""

    def listening(self, address: str) -> Listening:
        """Accept connections on a free port of an address until closed."""

    def kubectl(self) -> tuple[bool, str]:
        """Whether kubectl can be run here, and its version or what came of it."""


class Listening(Protocol):
    """A port of this machine that accepts connections."""

    port: int

    def close(self) -> None:
        """Close it."""


@dataclass
class Ground:
    """What the detectors of one process put up, each piece when it is first asked for; `close` ends it all.

    Pods to start from are the run's shared vantages: scenarios use them again.
    """

    sandbox: Sandbox
    settings: Settings
    vantages: Vantages
    machine: OwnHost
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _asking: threading.Lock = field(default_factory=threading.Lock)
    """For the load balancer, which takes long to refuse: who wants the backend only does not wait for that."""

    @cached_property
    def stage(self) -> Stage:
        """Where the Service and its pod are put up."""
        return Stage(self.sandbox, replace(self.settings, patience=self.settings.patience * POD_SECONDS / 90.0))

    def backend(self) -> Object:
        """Return a pod that answers, behind Services of the label app=detect."""
        with self._turn:
            if NAME not in self.stage.backends:
                self.stage.deploy(NAME, Backends(1))
            return self.stage.some_ready_pods(NAME)[0]

    def caller(self) -> InPod:
        """Return a pod to call from."""
        return self.vantages.in_pod()

    def run(self, place: InPod, program: str, *words: str) -> tuple[bool, str]:
        """Run a few lines of Python in a pod: whether they came to their end, and what they said."""
        argv = ["python3", "-IS", "-c", program, *words]
        ran = self.sandbox.api.run(place.namespace, place.pod, place.container, argv)
        said = (ran.out if ran.code == 0 else ran.err).strip()
        return ran.code == 0, said.splitlines()[-1] if said else f"exit code {ran.code}"

    def reach(self, place: InPod, host: str, port: int) -> tuple[bool, str]:
        """Try a TCP connection from a pod: whether it stood, and what came of it."""
        return self.run(place, _KNOCK, host, str(port))

    def within(self, seconds: float) -> Deadline:
        """Return a deadline, scaled by the run's patience."""
        return Deadline(self.settings.seconds(seconds))

    @cached_property
    def balanced(self) -> Balanced:
        """What came of asking for a load balancer, once."""
        return _ask_for_load_balancer(self)

    def load_balancer(self) -> Balanced:
        """Return what came of asking for a load balancer; the first caller asks."""
        with self._asking:
            return self.balanced

    def close(self) -> None:
        """Ask for the end of everything put up here, save the vantages, which are the run's."""
        self.sandbox.delete()


@dataclass(frozen=True)
class Balanced:
    """What came of asking for a load balancer: its address (empty for none), whether it answers, and what was seen."""

    address: str
    answers: bool
    says: str


Detector = Callable[[Ground], Capability]


def _ask_for_load_balancer(ground: Ground) -> Balanced:
    ground.backend()
    body = services.service("detect-balanced", ServiceKind.LOAD_BALANCER, selector={"app": NAME})
    ground.sandbox.create(body)
    api, namespace = ground.sandbox.api, ground.sandbox.namespace()

    def given() -> Sighting[str]:
        status = api.get("Service", "detect-balanced", namespace).get("status", {})
        entries = (status.get("loadBalancer") or {}).get("ingress") or []
        return Sighting("no address", (entries[0].get("ip") or entries[0].get("hostname")) if entries else None)

    within = ground.within(PROVIDED_SECONDS)
    began = time.monotonic()
    try:
        address = await_state("a load balancer's address", given, within, Rounds(0.3))
    except NotConverged:
        return Balanced("", answers=False, says=f"a LoadBalancer Service had no address after {within.seconds:g} s")
    took = time.monotonic() - began
    said = [""]

    def answered() -> Sighting[bool]:
        status, said[0] = ground.machine.status(f"http://{_bracketed(address)}/", HOST, 2.0)
        if status == 0:
            reached, inside = ground.reach(ground.caller(), address, 80)
            said[0] = f"from here {said[0]}; from a pod {'it answers' if reached else inside}"
            return Sighting(said[0], reached or None)
        return Sighting(f"status {status}", value=True)

    told = f"a LoadBalancer Service was given {address} after {took:.1f} s"
    try:
        await_state(f"an answer at {address}", answered, ground.within(PROVIDED_SECONDS / 2), Rounds(0.5))
    except NotConverged:
        return Balanced(address, answers=False, says=f"{told}, and nobody answers there: {said[0]}")
    return Balanced(address, answers=True, says=f"{told}, and it answers")


def load_balancer(ground: Ground) -> Capability:
    """An address is given, and answers."""
    found = ground.load_balancer()
    return Capability("load-balancer", present=found.answers, because=found.says, figures={"address": found.address})


def no_load_balancer(ground: Ground) -> Capability:
    """No address is given while we look: providers that take longer are told by a larger patience."""
    found = ground.load_balancer()
    return Capability("no-load-balancer", present=not found.address, because=found.says)


def ingress(ground: Ground) -> Capability:
    """A class is served when an Ingress of it leads a host name of ours to a pod of ours; the default class first."""
    classes = sorted(ground.sandbox.api.list("IngressClass"), key=lambda one: (not _default(one), _name(one)))
    if not classes:
        return Capability("ingress", present=False, because="the cluster has no IngressClass")
    ground.backend()
    ground.sandbox.create(services.service("detect-ingress", ServiceKind.CLUSTER_IP, selector={"app": NAME}))
    seen = []
    for one in classes:
        address, says = _ask_by_class(ground, _name(one))
        if address:
            figures = {"class": _name(one), "address": address}
            return Capability("ingress", present=True, because=says, figures=figures)
        seen.append(says)
    return Capability("ingress", present=False, because="; ".join(seen))


def _ask_by_class(ground: Ground, name: str) -> tuple[str, str]:
    """Return where an Ingress of this class answers, and what was seen."""
    host = f"{name.replace('.', '-')}.{HOST}"
    ground.sandbox.create(services.ingress(f"detect-{name}"[:63], name, [services.Route(host, "/", "detect-ingress")]))
    api, namespace = ground.sandbox.api, ground.sandbox.namespace()

    def look() -> Sighting[str]:
        status = api.get("Ingress", f"detect-{name}"[:63], namespace).get("status", {})
        entries = (status.get("loadBalancer") or {}).get("ingress") or []
        told = [entry.get("ip") or entry.get("hostname") for entry in entries]
        tried = [*told, *(one.address for one in services.node_addresses(api.list("Node"), ("IPv4", "IPv6")))]
        said = ""
        for address in dict.fromkeys(tried):
            code, who = ground.machine.status(f"http://{_bracketed(address)}/", host, 2.0)
            said = said or f"{address} answers {code or who}"
            if code == 200 and who.startswith(NAME):
                return Sighting(f"{address} answers", address)
        return Sighting(f"its status tells {', '.join(told) or 'no address'}; {said}")

    within = ground.within(PROVIDED_SECONDS)
    try:
        address = await_state(f"an answer by Ingress class {name}", look, within, Rounds(0.5))
    except NotConverged as trouble:
        return "", f"class {name}: {trouble}"
    return address, f"an Ingress of class {name} answers at {address}"


def network_policy(ground: Ground) -> Capability:
    """Policies are enforced when one that denies everything is seen to cut a pod off, and its end to restore it."""
    pod, caller = ground.backend(), ground.caller()
    address = pod["status"]["podIP"]
    reached, said = ground.reach(caller, address, workloads.PORT)
    if not reached:
        return Capability("network-policy", present=False, because=f"a pod is not reached without a policy: {said}")
    ground.sandbox.create(services.network_policy("detect", {"app": NAME}, {"ingress": []}))
    cut = _comes_to(ground, caller, address, reached=False)
    ground.sandbox.api.delete("NetworkPolicy", "detect", ground.sandbox.namespace())
    if not cut:
        because = f"a policy that denies everything did not cut a pod off within {CUT_SECONDS:g} s"
        return Capability("network-policy", present=False, because=because)
    back = _comes_to(ground, caller, address, reached=True)
    because = (
        f"a policy that denies everything cut a pod off, and its end {'restored' if back else 'did not restore'} it"
    )
    return Capability("network-policy", present=back, because=because)


def _comes_to(ground: Ground, caller: InPod, address: str, *, reached: bool) -> bool:
    def look() -> Sighting[bool]:
        stood, said = ground.reach(caller, address, workloads.PORT)
        return Sighting(said, True if stood == reached else None)

    try:
        return await_state("what a policy does", look, ground.within(CUT_SECONDS), Rounds(0.2))
    except NotConverged:
        return False


def host_network(ground: Ground) -> Capability:
    """A pod on its node's network runs, and has its node's address."""
    try:
        node = services.names(services.schedulable_nodes(ground.sandbox.api))[0]
        place = ground.vantages.on_nodes([node], host_network=True)[0]
    except (ApiTrouble, NotConverged, IndexError) as trouble:
        return Capability("host-network", present=False, because=f"no pod runs on its node's network: {trouble}")
    status = ground.sandbox.api.get("Pod", place.pod, place.namespace)["status"]
    same = status.get("podIP") == status.get("hostIP")
    because = f"a pod on {place.node} has the address {status.get('podIP')}, its node {status.get('hostIP')}"
    return Capability("host-network", present=same, because=because)


def dns(ground: Ground) -> Capability:
    """A pod resolves the name of the API server's Service."""
    found, said = ground.run(ground.caller(), _RESOLVE)
    because = f"in a pod kubernetes.default.svc {'resolves to' if found else 'does not resolve:'} {said}"
    return Capability("dns", present=found, because=because)


def sctp(ground: Ground) -> Capability:
    """A pod's kernel opens an SCTP association with itself, and so does this machine's."""
    place = ground.caller()
    found, said = ground.run(place, _SCTP)
    because = f"{place.description}: {'an SCTP association stood' if found else said}"
    return Capability("sctp", present=found, because=because)


def outside(ground: Ground) -> Capability:
    """Outside is who has no node's and no pod's address, and no way to the API server's cluster IP."""
    api, machine = ground.sandbox.api, ground.machine
    nodes = services.node_addresses(api.list("Node"), ("IPv4", "IPv6"))
    if own := [one for one in nodes if machine.owns(one.address)]:
        return Capability("outside", present=False, because=f"this machine is the node {own[0].node}")
    try:
        spec = api.get("Service", "kubernetes", "default")["spec"]
    except NotFound as trouble:
        return Capability("outside", present=False, because=f"it cannot be told: {trouble}")
    answered, said = machine.knock(spec["clusterIP"], spec["ports"][0]["port"], 1.5)
    because = f"at the API server's cluster IP {spec['clusterIP']}, {said}"
    return Capability("outside", present=not answered, because=because)


def off_cluster_backend(ground: Ground) -> Capability:
    """A pod opens a connection to a port of this machine."""
    nodes = services.node_addresses(ground.sandbox.api.list("Node"), ("IPv4", "IPv6"))
    own = ground.machine.address_towards(nodes[0].address) if nodes else ""
    if not own:
        return Capability("off-cluster-backend", present=False, because="this machine has no way to a node")
    port = ground.machine.listening(own)
    try:
        reached, said = ground.reach(ground.caller(), own, port.port)
    finally:
        port.close()
    because = (
        f"a pod {'reaches' if reached else 'does not reach'} this machine at {own}{'' if reached else f': {said}'}"
    )
    return Capability("off-cluster-backend", present=reached, because=because, figures={"address": own})


def kubectl(ground: Ground) -> Capability:
    """The program is there and runs."""
    found, said = ground.machine.kubectl()
    return Capability("kubectl", present=found, because=said)


DETECTORS: dict[str, Detector] = {
    "load-balancer": load_balancer,
    "no-load-balancer": no_load_balancer,
    "ingress": ingress,
    "network-policy": network_policy,
    "host-network": host_network,
    "dns": dns,
    "sctp": sctp,
    "outside": outside,
    "off-cluster-backend": off_cluster_backend,
    "kubectl": kubectl,
}


def _default(ingress_class: Object) -> bool:
    notes = ingress_class["metadata"].get("annotations") or {}
    return notes.get("ingressclass.kubernetes.io/is-default-class") == "true"


def _name(item: Object) -> str:
    return str(item["metadata"]["name"])


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
