"""Pods of one node cannot reach each other; pods of other nodes can."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import between_pods, burst, ends


def inject(ground: Ground) -> None:
    near = 'iifname != "eth0" oifname != "eth0" {ip} saddr {pods} {ip} daddr {pods} drop'
    ground.rules(ground.nodes, [Chain("forward", BEFORE_FILTERS, each_family(ground.lab.plan, near))])


def in_effect(ground: Ground) -> Evidence:
    node = ground.bystander
    seen = burst(ground, f"pod@{node}", ground.trial.cluster_ip(ground.trial.service()), 40)
    far = between_pods(ground)
    near = any(one.node == node for one in seen)
    says = f"the pod of {node} calls its Service: {ends(seen)}; a pod of another node: {far.end}"
    return Evidence(far.answered and any(one.answered for one in seen) and not near, says)


FAULT = Fault(
    name="pods-cut-on-their-node",
    stands_for="A bridge isolates its ports: pods of one node cannot reach each other, those of other nodes they can.",
    layer=Layer.NETWORK,
    breaks=frozenset({"pn-04-1.1"}),
    reason_says="timed out|lost|unreachable|answered",
    inject=inject,
    in_effect=in_effect,
)
