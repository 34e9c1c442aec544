"""Nine of ten connections go to one backend."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, burst, shares
from svcproof.providers.lab.plan import CONTROL_PLANE


def inject(ground: Ground) -> None:
    ground.rules(ground.nodes, [])
    namespaces = [str(ground.lab.node(node).namespace) for node in ground.nodes]
    ground.start(
        "favour", {"upstream": ground.upstream(), "table": ground.table, "namespaces": namespaces}, CONTROL_PLANE
    )


def in_effect(ground: Ground) -> Evidence:
    seen = burst(ground, f"pod@{ground.victim}", ground.trial.cluster_ip(ground.trial.service()), 60)
    most = max(answered_by(seen).values(), default=0)
    return Evidence(most > 45, f"60 connections to {len(ground.nodes)} backends: {shares(seen)}")


FAULT = Fault(
    name="one-backend-favoured",
    stands_for="The proxy's odds are wrong: one backend of each Service gets nine of ten connections.",
    layer=Layer.PROXY,
    breaks=frozenset({"cip-03"}),
    reason_says="spread|even|share|p =|chi",
    inject=inject,
    in_effect=in_effect,
    link="https://github.com/kubernetes/kubernetes/issues/37932",
)
