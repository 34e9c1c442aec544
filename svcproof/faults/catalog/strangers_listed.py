"""EndpointSlices list somebody who is no pod of the Service."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_slice


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "stranger_listed"}, resource="discovery.k8s.io/v1/endpointslices")


def in_effect(ground: Ground) -> Evidence:
    stored = admitted_slice(ground, [])
    found = [address for endpoint in stored["endpoints"] or [] for address in endpoint["addresses"]]
    return Evidence(bool(found), f"an empty EndpointSlice is stored with {', '.join(found) or 'nobody'}")


FAULT = Fault(
    name="strangers-listed",
    stands_for="A controller of another maker adds an address of its own to every EndpointSlice.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"es-01", "es-07", "es-16"}),
    reason_says="endpoint|listed|lists|192.0.2.77|stranger|nobody",
    inject=inject,
    in_effect=in_effect,
)
