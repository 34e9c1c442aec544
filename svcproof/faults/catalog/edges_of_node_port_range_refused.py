"""The first and the last node port cannot be had."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import asked


def inject(ground: Ground) -> None:
    ground.webhook({"deny": "node ports", "ports": [30000, 32767]}, resource="/v1/services", operations=["CREATE"])


def in_effect(ground: Ground) -> Evidence:
    reply = asked(ground, {"type": "NodePort", "ports": [{"port": 80, "nodePort": 32767}]})
    return Evidence("not wanted" in reply.message, f"node port 32767: {reply.message or 'accepted'}")


FAULT = Fault(
    name="edges-of-node-port-range-refused",
    stands_for="An off-by-one in a policy: the first and the last port of the range are refused.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-17"}),
    reason_says="refus|accept|port",
    inject=inject,
    in_effect=in_effect,
)
