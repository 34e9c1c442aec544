"""A NodePort Service becomes a ClusterIP Service."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import given


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "made_cluster_ip"}, resource="/v1/services")


def in_effect(ground: Ground) -> Evidence:
    kind = given(ground, type="NodePort")["type"]
    return Evidence(kind == "ClusterIP", f"a NodePort Service is stored as {kind}")


FAULT = Fault(
    name="node-ports-forbidden",
    stands_for="An admission policy takes the node ports off every Service, in silence.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-04-1.2", "al-04-1.3", "al-05-1.1", "al-05-1.2", "al-05-1.3", "al-16"}),
    reason_says="type|NodePort|node port|port",
    inject=inject,
    in_effect=in_effect,
)
