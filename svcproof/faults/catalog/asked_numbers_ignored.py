"""A Service gets any address and port, and not those it asks for."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import fresh_service

ASKED = 32123


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "asked_numbers_ignored"}, resource="/v1/services", operations=["CREATE"])


def in_effect(ground: Ground) -> Evidence:
    ports = [{"name": "first", "port": 80, "targetPort": 8080, "nodePort": ASKED}]
    with fresh_service(ground, ports=ports) as made:
        given = made["spec"]["ports"][0]["nodePort"]
    return Evidence(given != ASKED, f"a Service that asks for node port {ASKED} is given {given}")


FAULT = Fault(
    name="asked-numbers-ignored",
    stands_for="An admission webhook strips the address and the node port that a Service asks for.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"np-04", "np-13", "cip-10", "cip-25", "va-02", "va-12", "va-13", "va-14", "al-30", "al-31"}),
    reason_says="port|address|refus|accept|wanted|clusterIP|nodePort",
    inject=inject,
    in_effect=in_effect,
)
