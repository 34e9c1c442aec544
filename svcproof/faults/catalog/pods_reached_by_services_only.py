"""Pods can be reached through Services, and not at their own addresses."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import answered_by, between_pods, burst, ends, shares


def inject(ground: Ground) -> None:
    # only the caller's node knows what a Service forwarded: to the pod's own node it is a packet like any other
    drop = 'iifname != "eth0" {ip} saddr {pods} {ip} daddr {pods} ct state new ct status and dnat == 0 drop'
    ground.rules(ground.nodes, [Chain("forward", BEFORE_FILTERS, each_family(ground.lab.plan, drop))])


def in_effect(ground: Ground) -> Evidence:
    direct = between_pods(ground)
    through = burst(ground, f"pod@{ground.bystander}", ground.trial.cluster_ip(ground.trial.service()), 40)
    says = f"a pod of another node: {direct.end}; through its Service: {ends(through)}, from {shares(through)}"
    everywhere = set(answered_by(through)) == set(ground.nodes)
    return Evidence(not direct.answered and everywhere and all(one.answered for one in through), says)


FAULT = Fault(
    name="pods-reached-by-services-only",
    stands_for="A firewall between pods lets through what a Service forwarded, and nothing that is for a pod itself.",
    layer=Layer.NETWORK,
    breaks=frozenset({"pn-02", "pn-03", "pn-04"}),
    reason_says="timed out|lost|unreachable|never|answered",
    inject=inject,
    in_effect=in_effect,
)
