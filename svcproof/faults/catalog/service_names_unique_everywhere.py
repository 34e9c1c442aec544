"""A name that one namespace has is taken in every other."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import asked


def inject(ground: Ground) -> None:
    ground.webhook(
        {"deny": "name in use", "upstream": ground.upstream()}, resource="/v1/services", operations=["CREATE"]
    )


def in_effect(ground: Ground) -> Evidence:
    reply = asked(ground, {"ports": [{"port": 80}]}, name="kube-dns")
    return Evidence(not reply.accepted, f"a Service kube-dns beside that of kube-system: {reply.message or 'accepted'}")


FAULT = Fault(
    name="service-names-unique-everywhere",
    stands_for="A policy wants the names of Services unique in the whole cluster.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-10", "va-28"}),
    reason_says="refus|accept|name",
    inject=inject,
    in_effect=in_effect,
)
