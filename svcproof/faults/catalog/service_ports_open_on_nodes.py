"""Nodes forward the Service's port and its target port at their own addresses."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import quick
from svcproof.providers.lab.plan import CONTROL_PLANE


def inject(ground: Ground) -> None:
    ground.rules(ground.nodes, [])
    values = {
        "upstream": ground.upstream(),
        "table": ground.table,
        "namespaces": [str(ground.lab.node(node).namespace) for node in ground.nodes],
        "exposed_at": [ground.address(node) for node in ground.nodes],
    }
    ground.start("favour", values, CONTROL_PLANE)


def in_effect(ground: Ground) -> Evidence:
    ground.trial.service()
    seen = [ground.look("outside", quick({"to": [ground.address(node), 80]}))[0] for node in ground.nodes]
    says = ", ".join(f"{node}: {one.end}" for node, one in zip(ground.nodes, seen, strict=True))
    return Evidence(all(one.answered for one in seen), f"port 80 of the nodes, called from outside: {says}")


FAULT = Fault(
    name="service-ports-open-on-nodes",
    stands_for="A load balancer of the nodes opens the ports of every Service at their own addresses.",
    layer=Layer.PROXY,
    breaks=frozenset({"np-11"}),
    reason_says="answer",
    inject=inject,
    in_effect=in_effect,
)
