"""The same Service is stored otherwise each time."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import given


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "target_port_moved"}, resource="/v1/services", operations=["CREATE"])


def in_effect(ground: Ground) -> Evidence:
    targets = [given(ground)["ports"][0]["targetPort"] for _ in range(2)]
    return Evidence(8080 not in targets, f"target port 8080 is stored as {targets[0]} and as {targets[1]}")


FAULT = Fault(
    name="services-stored-unalike",
    stands_for="A webhook depends on chance: the same manifest gives another Service each time.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-09"}),
    reason_says="alike|differ|target|port",
    inject=inject,
    in_effect=in_effect,
)
