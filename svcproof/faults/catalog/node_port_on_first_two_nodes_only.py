"""Node ports are open on two nodes, and on no other."""

from svcproof.faults.fault import Evidence, Fault, Layer, Needs
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_SERVICES, NODE_PORTS, Chain
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    refuse = f"fib daddr type local tcp dport {NODE_PORTS} reject with tcp reset"
    ground.rules(ground.nodes[2:], [Chain("prerouting", BEFORE_SERVICES, [refuse])])


def in_effect(ground: Ground) -> Evidence:
    service = ground.trial.service()
    bad, good = (ground.trial.node_port(service, node) for node in (ground.victim, ground.nodes[1]))
    return here_but_not_there(ground, {"outside": bad}, {"outside": good})


FAULT = Fault(
    name="node-port-on-first-two-nodes-only",
    stands_for="Nodes that joined later were set up without node ports: only the first two have them.",
    layer=Layer.PROXY,
    breaks=frozenset({"src-01", "np-01"}),
    reason_says="{victim}",
    inject=inject,
    in_effect=in_effect,
    needs=Needs(nodes=3),
    link="https://github.com/kubernetes/kubernetes/pull/97249",
)
