"""One ready pod is in no EndpointSlice."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_slice


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "one_left_out"}, resource="discovery.k8s.io/v1/endpointslices")


def in_effect(ground: Ground) -> Evidence:
    stored = admitted_slice(ground, [{"addresses": ["192.0.2.1"]}, {"addresses": ["192.0.2.2"]}])
    found = len(stored["endpoints"])
    return Evidence(found == 1, f"of two endpoints written {found} are stored")


FAULT = Fault(
    name="endpoint-left-out-of-slices",
    stands_for="The controller drops one ready pod of each Service from its EndpointSlices.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"es-01", "src-05", "scale-04"}),
    reason_says="endpoint|never|listed|within|ready",
    inject=inject,
    in_effect=in_effect,
)
