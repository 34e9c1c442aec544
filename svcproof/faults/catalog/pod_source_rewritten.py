"""Traffic from pod to pod across nodes carries the node's address."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import Chain, each_family


def inject(ground: Ground) -> None:
    rewrite = each_family(ground.lab.plan, "{ip} saddr {pods} {ip} daddr {pods} oifname eth0 masquerade")
    ground.rules(ground.nodes, [Chain("postrouting", 90, rewrite, "nat")])


def in_effect(ground: Ground) -> Evidence:
    caller = ground.trial.pod_address(ground.bystander)
    (seen,) = ground.look(f"pod@{ground.bystander}", ground.trial.pod(ground.victim))
    return Evidence(seen.answered and seen.source != caller, f"pod {caller} is seen as {seen.source or seen.end}")


FAULT = Fault(
    name="pod-source-rewritten",
    stands_for="The network rewrites the source of pod traffic between nodes: the receiver sees a node's address.",
    layer=Layer.NETWORK,
    breaks=frozenset({"pn-02", "cip-17"}),
    reason_says="address|source|saw|seen",
    inject=inject,
    in_effect=in_effect,
)
