"""Pods can be reached through Services, and not at their own addresses."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    drop = "{ip} saddr {pods} {ip} daddr {pods} ct state new ct status and dnat == 0 drop"
    ground.rules(ground.nodes, [Chain("forward", BEFORE_FILTERS, each_family(ground.lab.plan, drop))])


def in_effect(ground: Ground) -> Evidence:
    caller = f"pod@{ground.bystander}"
    direct, through = ground.trial.pod(ground.victim), ground.trial.cluster_ip(ground.trial.service())
    return here_but_not_there(ground, {caller: direct}, {caller: through})


FAULT = Fault(
    name="pods-reached-by-services-only",
    stands_for="A firewall between pods lets through what a Service forwarded, and nothing that is for a pod itself.",
    layer=Layer.NETWORK,
    breaks=frozenset({"pn-02", "pn-03", "pn-04"}),
    reason_says="timed out|lost|unreachable|never|answered",
    inject=inject,
    in_effect=in_effect,
)
