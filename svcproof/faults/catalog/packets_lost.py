"""One packet in twenty is lost between nodes."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_FILTERS, Chain, each_family
from svcproof.faults.sights import burst, ends


def inject(ground: Ground) -> None:
    lose = each_family(ground.lab.plan, 'iifname "eth0" {ip} daddr {pods} numgen random mod 100 < 5 drop')
    ground.rules(ground.nodes, [Chain("forward", BEFORE_FILTERS, lose)])


def in_effect(ground: Ground) -> Evidence:
    seen = burst(ground, f"pod@{ground.bystander}", ground.trial.pod(ground.victim, protocol="udp"), 100)
    lost = sum(one.end == "lost" for one in seen)
    return Evidence(lost > 0, f"100 datagrams from pod to pod across nodes: {ends(seen)}")


FAULT = Fault(
    name="packets-lost",
    stands_for="A bad cable: one packet in twenty between nodes is lost.",
    layer=Layer.NETWORK,
    breaks=frozenset({"pr-01"}),
    may_break=dict.fromkeys(("src-05", "cip-02"), "TCP repeats what is lost: few connections take too long for it"),
    reason_says="timed out|lost|late",
    inject=inject,
    in_effect=in_effect,
)
