"""Bad endpoints are dropped in silence, where they must be refused."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import slice_accepted


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "bad_endpoints_repaired"}, resource="discovery.k8s.io/v1/endpointslices")


def in_effect(ground: Ground) -> Evidence:
    accepted = slice_accepted(ground, [{"addresses": ["127.0.0.1"]}])
    return Evidence(accepted, f"an endpoint at 127.0.0.1 is {'accepted' if accepted else 'refused'}")


FAULT = Fault(
    name="bad-endpoints-accepted",
    stands_for="A webhook drops endpoints that nobody may have: they are accepted, where they must be refused.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"va-33", "va-35", "va-37", "va-38"}),
    reason_says="refus|accept|wanted|Invalid",
    inject=inject,
    in_effect=in_effect,
)
