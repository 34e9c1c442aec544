"""A pod cannot reach itself through its own Service."""

from ipaddress import ip_network

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain
from svcproof.faults.sights import answered_by, burst, ends, shares


def inject(ground: Ground) -> None:
    for node in ground.lab.plan.node_plans:
        pairs = ", ".join(f"{address} . {address}" for address in ip_network(str(node.pod_ranges[0])).hosts())
        same = f"set same {{ type ipv4_addr . ipv4_addr; elements = {{ {pairs} }}; }}"
        ground.rules([node.name], [Chain("forward", BEFORE_FILTERS, ["ip saddr . ip daddr @same drop"])], same)


def in_effect(ground: Ground) -> Evidence:
    node = ground.bystander
    seen = burst(ground, f"pod@{node}", ground.trial.cluster_ip(ground.trial.service()), 40)
    holds = not answered_by(seen)[node] and any(one.end == "lost" for one in seen)
    return Evidence(holds, f"the pod of {node} called its own Service 40 times: {ends(seen)}; answers: {shares(seen)}")


FAULT = Fault(
    name="hairpin-broken",
    stands_for="The network plug-in's bridge has no hairpin mode: a pod cannot reach itself through its Service.",
    layer=Layer.PROXY,
    breaks=frozenset({"cip-15"}),
    reason_says="timed out|lost|never|itself|not answer|answered",
    inject=inject,
    in_effect=in_effect,
)
