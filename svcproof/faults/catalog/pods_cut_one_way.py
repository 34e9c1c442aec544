"""The pods of one node can call, and cannot be called from other nodes."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    drop = each_family(ground.lab.plan, 'iifname "eth0" {ip} saddr {pods} {ip} daddr {pods} ct state new drop')
    ground.rules([ground.victim], [Chain("forward", BEFORE_FILTERS, drop)])


def in_effect(ground: Ground) -> Evidence:
    there, back = ground.trial.pod(ground.victim), ground.trial.pod(ground.bystander)
    return here_but_not_there(ground, {f"pod@{ground.bystander}": there}, {f"pod@{ground.victim}": back})


FAULT = Fault(
    name="pods-cut-one-way",
    stands_for="A firewall of one node is one-way: its pods can call others, and cannot be called.",
    layer=Layer.NETWORK,
    breaks=frozenset({"pn-04-2.1"}),
    reason_says="timed out|lost|unreachable|never|answered",
    inject=inject,
    in_effect=in_effect,
)
