"""Every Service with an address becomes a NodePort Service."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import given


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "made_node_port"}, resource="/v1/services")


def in_effect(ground: Ground) -> Evidence:
    kind = given(ground)["type"]
    return Evidence(kind == "NodePort", f"a Service without a type is stored as {kind}")


FAULT = Fault(
    name="services-made-node-ports",
    stands_for="A default set by an admission policy makes every Service a NodePort Service.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-01", "al-04-1.1", "al-05-1.4", "al-05-1.5"}),
    reason_says="type|NodePort|node port",
    inject=inject,
    in_effect=in_effect,
)
