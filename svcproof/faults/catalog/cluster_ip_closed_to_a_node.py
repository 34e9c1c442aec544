"""One node itself cannot reach cluster IPs."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_SERVICES, Chain, each_family
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    drop = each_family(ground.lab.plan, "{ip} daddr {services} drop")
    ground.rules([ground.victim], [Chain("output", BEFORE_SERVICES, drop)])


def in_effect(ground: Ground) -> Evidence:
    called = ground.trial.cluster_ip(ground.trial.service())
    return here_but_not_there(ground, {ground.victim: called}, {f"pod@{ground.victim}": called})


FAULT = Fault(
    name="cluster-ip-closed-to-a-node",
    stands_for="On one node, programs outside pods cannot reach cluster IPs; pods on it can.",
    layer=Layer.PROXY,
    breaks=frozenset({"cip-04"}),
    reason_says="{victim}",
    inject=inject,
    in_effect=in_effect,
)
