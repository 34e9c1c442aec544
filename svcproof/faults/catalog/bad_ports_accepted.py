"""Bad input is put right in silence, where it must be refused."""

from svcproof.cluster.api import Refused
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import fresh_service


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "bad_ports_repaired"}, resource="/v1/services")


def in_effect(ground: Ground) -> Evidence:
    try:
        with fresh_service(ground, ports=[{"port": 80}, {"port": 81}]):
            accepted = True
    except Refused:
        accepted = False
    return Evidence(accepted, f"a Service with two ports without names is {'accepted' if accepted else 'refused'}")


FAULT = Fault(
    name="bad-ports-accepted",
    stands_for="A webhook puts bad ports right in silence: they are accepted, where they must be refused.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset(
        {
            "va-01-1.3",
            "va-01-1.4",
            "va-01-1.5",
            "va-03",
            "va-04",
            "va-05",
            "va-06",
            "va-07",
            "va-08",
            "va-09",
            "va-10",
            "va-43",
        }
    ),
    reason_says="refus|accept|wanted|Invalid",
    inject=inject,
    in_effect=in_effect,
)
