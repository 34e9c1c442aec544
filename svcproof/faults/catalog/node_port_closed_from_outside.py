"""Node ports answer inside the cluster only."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_SERVICES, Chain, each_family
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    drop = each_family(ground.lab.plan, "{ip} saddr {host} {ip} daddr {nodes} tcp dport {port_range} drop")
    ground.rules(ground.nodes, [Chain("prerouting", BEFORE_SERVICES, drop)])


def in_effect(ground: Ground) -> Evidence:
    called = ground.trial.node_port(ground.trial.service(), ground.victim)
    return here_but_not_there(ground, {"outside": called}, {f"pod@{ground.bystander}": called})


FAULT = Fault(
    name="node-port-closed-from-outside",
    stands_for="A security group lets node ports through between the nodes, and not from outside.",
    layer=Layer.PROXY,
    breaks=frozenset({"src-01", "np-01", "np-04", "np-12"}),
    reason_says="timed out|lost|never|not answer|answered|no connection",
    inject=inject,
    in_effect=in_effect,
)
