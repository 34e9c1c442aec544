"""For 100 ms at each endpoint change, connections are refused."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_SERVICES, Chain, each_family
from svcproof.faults.sights import during_a_change, ends, schedule

MILLISECONDS = 100


def inject(ground: Ground) -> None:
    refuse = each_family(
        ground.lab.plan,
        "{ip} daddr {services} meta l4proto @moment ct state new reject with tcp reset",
        "{ip} daddr {nodes} tcp dport {port_range} meta l4proto @moment ct state new reject with tcp reset",
    )
    chains = [Chain(hook, BEFORE_SERVICES, refuse) for hook in ("prerouting", "output")]
    ground.rules_at_each_change(chains, MILLISECONDS)


def in_effect(ground: Ground) -> Evidence:
    asked = schedule(ground.trial.cluster_ip(ground.trial.service()), 150, 0.01)
    seen = during_a_change(ground, f"pod@{ground.bystander}", asked)
    refused = sum(one.end == "refused" for one in seen)
    return Evidence(refused > 0, f"while endpoints changed: {ends(seen)}")


FAULT = Fault(
    name="refused-at-each-change",
    stands_for="The proxy flushes its rules at each endpoint change: for 100 ms connections are refused.",
    layer=Layer.PROXY,
    breaks=frozenset(
        {"src-05", "src-06", "ch-01", "ch-02", "ch-04", "ch-21", "ch-28", "cip-16", "ti-11", "ti-21", "ch-32", "ch-35"}
    ),
    reason_says="refused|reset",
    inject=inject,
    in_effect=in_effect,
    link="https://github.com/kubernetes/kubernetes/issues/76376",
)
