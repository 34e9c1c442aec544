"""Bad addresses are put right in silence, where they must be refused."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import asked


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "bad_addresses_repaired"}, resource="/v1/services")


def in_effect(ground: Ground) -> Evidence:
    reply = asked(ground, {"clusterIP": "headless", "ports": [{"port": 80}]})
    return Evidence(
        reply.accepted, f"a Service with the cluster IP 'headless' is {'accepted' if reply.accepted else 'refused'}"
    )


FAULT = Fault(
    name="bad-addresses-accepted",
    stands_for="A webhook drops addresses that are none: they are accepted, where they must be refused.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"va-15", "va-17", "va-24"}),
    reason_says="refus|accept|wanted|Invalid",
    inject=inject,
    in_effect=in_effect,
)
