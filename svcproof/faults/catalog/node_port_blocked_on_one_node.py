"""One node drops what comes to its node ports."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_SERVICES, NODE_PORTS, Chain
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    drop = f"fib daddr type local meta l4proto {{ tcp, udp }} th dport {NODE_PORTS} drop"
    ground.rules([ground.bystander], [Chain("prerouting", BEFORE_SERVICES, [drop])])


def in_effect(ground: Ground) -> Evidence:
    service = ground.trial.service()
    bad, good = (ground.trial.node_port(service, node) for node in (ground.bystander, ground.victim))
    return here_but_not_there(ground, {"outside": bad}, {"outside": good})


FAULT = Fault(
    name="node-port-blocked-on-one-node",
    stands_for="The firewall of one node drops what comes to its node ports, while the other nodes forward them.",
    layer=Layer.PROXY,
    breaks=frozenset({"src-01", "np-01"}),
    reason_says="{bystander}",
    inject=inject,
    in_effect=in_effect,
    link="https://github.com/kubernetes/kubernetes/issues/95339",
)
