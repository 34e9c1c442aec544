"""A Service may not ask for a load balancer's address."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import asked


def inject(ground: Ground) -> None:
    ground.webhook({"deny": "field", "field": "loadBalancerIP"}, resource="/v1/services", operations=["CREATE"])


def in_effect(ground: Ground) -> Evidence:
    spec = {"type": "LoadBalancer", "loadBalancerIP": "192.0.2.9", "ports": [{"port": 80}]}
    reply = asked(ground, spec)
    return Evidence("not wanted" in reply.message, f"a Service that asks for 192.0.2.9: {reply.message or 'accepted'}")


FAULT = Fault(
    name="load-balancer-address-refused",
    stands_for="A policy refuses what it should ignore: a Service that asks for a load balancer's address.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-27"}),
    reason_says="refus|accept|loadBalancerIP",
    inject=inject,
    in_effect=in_effect,
)
