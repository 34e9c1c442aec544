"""Finds out what a cluster offers by asking it; each answer keeps its evidence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

from svcproof.cluster import rehearsal
from svcproof.cluster.api import ClusterApi
from svcproof.cluster.node_control import NodeControl
from svcproof.cluster.services import names, node_addresses, schedulable_nodes, zones
from svcproof.model.capability import OFFERS, Capability
from svcproof.model.verdict import Inconclusive

KUBELET_PORT = 10250


class Knock(Protocol):
    """Tries a TCP connection from this machine; says what came of it (svcproof.adapters.web)."""

    def __call__(self, host: str, port: int, limit: float) -> tuple[bool, str]: ...


@dataclass(frozen=True)
class Detection:
    """What detectors may use; without *ground* those that put something up cannot tell."""

    api: ClusterApi
    knock: Knock
    node_control: NodeControl | None = None
    ground: rehearsal.Ground | None = None


Detector = Callable[[Detection], Capability]


AT_ONCE = 8
"""So many detectors run side by side."""


def detect(name: str, using: Detection) -> Capability:
    """Find out one capability; one that cannot be asked is taken for absent, with the reason."""
    if name not in OFFERS:
        return Capability(name, present=False, because=f"no capability is called {name}")
    try:
        if name in DETECTORS:
            return DETECTORS[name](using)
        if using.ground is None:
            return Capability(name, present=False, because="it cannot be told without putting something up")
        return rehearsal.DETECTORS[name](using.ground)
    except Inconclusive as trouble:
        return Capability(name, present=False, because=f"it cannot be told: {trouble}")


def detect_all(names: Iterable[str], using: Detection) -> list[Capability]:
    """Find out several capabilities side by side; as long as the slowest takes."""
    return sorted(detect_in_turn(names, using), key=lambda one: one.name)


def detect_in_turn(names: Iterable[str], using: Detection) -> Iterator[Capability]:
    """Find out several capabilities side by side, and yield each as it is found.

    Who stops asking, or ends the process, waits for none of them.
    """
    wanted = set(names)
    turn = threading.Semaphore(AT_ONCE)
    found: SimpleQueue[Capability | Exception] = SimpleQueue()

    def find(name: str) -> None:
        with turn:
            try:
                found.put(detect(name, using))
            except Exception as trouble:  # noqa: BLE001 - whoever asks is told
                found.put(trouble)

    for name in sorted(wanted):
        threading.Thread(target=find, args=(name,), name=f"detector of {name}", daemon=True).start()
    for _ in wanted:
        if isinstance(one := found.get(), Exception):
            raise one
        yield one


def _two_nodes(using: Detection) -> Capability:
    found = names(schedulable_nodes(using.api))
    because = f"{len(found)} schedulable nodes: {', '.join(found) or 'none'}"
    return Capability("two-nodes", present=len(found) >= 2, because=because)


def _two_zones(using: Detection) -> Capability:
    """What scenarios put on two nodes is on the first and the last: these two have to lie in different zones."""
    nodes = names(schedulable_nodes(using.api))
    known = zones(using.api.list("Node"))
    told = [f"{node} in {known.get(node, 'no zone')}" for node in dict.fromkeys((nodes[0], nodes[-1]))] if nodes else []
    ends = {known.get(node, "") for node in nodes[:1] + nodes[-1:]}
    return Capability("two-zones", present=len(ends) == 2 and "" not in ends, because=", ".join(told) or "no node")


def _node_addresses(using: Detection) -> Capability:
    """Reachable is a node whose kubelet port accepts or refuses: either way something there has answered."""
    tried = node_addresses(using.api.list("Node"), ("IPv4", "IPv6"))
    answers = {one: using.knock(one.address, KUBELET_PORT, 2.0) for one in tried}
    reached = [one for one, (answered, _) in answers.items() if answered]
    because = "; ".join(f"{one.node} ({one.address}): {said}" for one, (_, said) in answers.items())
    return Capability("node-addresses", present=bool(reached), because=because or "no ready node has an address")


def _exec(using: Detection) -> Capability:
    """Running a command needs `create` on pods/exec, and `get` as well since Kubernetes 1.35 (over WebSocket)."""
    lacking = [verb for verb in ("create", "get") if not _may(using.api, verb, "pods", "exec")]
    because = f"these credentials may not {' and '.join(lacking)} pods/exec" if lacking else "pods/exec is granted"
    return Capability("exec", present=not lacking, because=because)


def _node_control(using: Detection) -> Capability:
    control = using.node_control
    if control is None:
        return Capability("node-control", present=False, because="no node control was named")
    trouble = control.trouble()
    because = trouble or f"nodes are controlled by: {control.description}"
    return Capability("node-control", present=not trouble, because=because)


def _drain(using: Detection) -> Capability:
    wanted = (("patch", "nodes", ""), ("create", "pods", "eviction"))
    lacking = [f"{verb} {'/'.join(filter(None, what))}" for verb, *what in wanted if not _may(using.api, verb, *what)]
    granted = f"these credentials may not {' and '.join(lacking)}" if lacking else "nodes may be cordoned, pods evicted"
    return Capability("drain", present=not lacking, because=granted)


def _families(name: str) -> Detector:
    """Two families are there when the server would grant a Service that requires both; a dry run tells."""

    def asked(using: Detection) -> Capability:
        spec = {"ipFamilyPolicy": "RequireDualStack", "ports": [{"port": 80}]}
        body = {"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "svcproof-"}, "spec": spec}
        reply = using.api.ask("POST", "/api/v1/namespaces/default/services", body, query={"dryRun": "All"})
        single = any("ipFamilyPolicy" in cause.field for cause in reply.causes)
        present = reply.accepted if name == "dual-stack" else single
        # the causes, since the message has a name in it that is another each time
        said = "; ".join(f"{cause.field}: {cause.message}" for cause in reply.causes) or reply.message
        answer = "accepted" if reply.accepted else f"refused with {reply.status}, {said}"
        return Capability(name, present=present, because=f"a Service that requires two families is {answer}")

    return asked


def _may(api: ClusterApi, verb: str, resource: str, subresource: str = "") -> bool:
    attributes = {"verb": verb, "resource": resource, "subresource": subresource}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "metadata": {},
        "spec": {"resourceAttributes": attributes},
    }
    return bool(api.create(review)["status"].get("allowed"))


DETECTORS: Mapping[str, Detector] = {
    "two-nodes": _two_nodes,
    "two-zones": _two_zones,
    "node-addresses": _node_addresses,
    "exec": _exec,
    "node-control": _node_control,
    "drain": _drain,
    "dual-stack": _families("dual-stack"),
    "single-stack": _families("single-stack"),
}
