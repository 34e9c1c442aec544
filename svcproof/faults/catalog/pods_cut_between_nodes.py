"""Pods of different nodes cannot reach each other."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    drop = each_family(ground.lab.plan, 'iifname "eth0" {ip} saddr {pods} {ip} daddr {pods} drop')
    ground.rules(ground.nodes, [Chain("forward", BEFORE_FILTERS, drop)])


def in_effect(ground: Ground) -> Evidence:
    far, near = ground.trial.pod(ground.victim), ground.trial.pod(ground.bystander)
    return here_but_not_there(ground, {f"pod@{ground.bystander}": far}, {ground.bystander: near})


FAULT = Fault(
    name="pods-cut-between-nodes",
    stands_for="The overlay is down: pods reach pods of their own node, and no others.",
    layer=Layer.NETWORK,
    breaks=frozenset({"pn-04-2.1"}),
    reason_says="timed out|lost|unreachable|never|answered",
    inject=inject,
    in_effect=in_effect,
)
