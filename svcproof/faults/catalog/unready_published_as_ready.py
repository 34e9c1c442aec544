"""EndpointSlices say that every pod is ready."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_slice


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "all_ready"}, resource="discovery.k8s.io/v1/endpointslices")


def in_effect(ground: Ground) -> Evidence:
    stored = admitted_slice(ground, [{"addresses": ["192.0.2.1"], "conditions": {"ready": False}}])
    ready = stored["endpoints"][0]["conditions"].get("ready")
    return Evidence(ready is True, f"an endpoint written as not ready is stored as ready: {ready}")


FAULT = Fault(
    name="unready-published-as-ready",
    stands_for="A controller of another maker publishes every pod as ready, whatever its probe says.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"es-09", "ch-25", "hl-06", "cip-34"}),
    reason_says="ready|answer",
    inject=inject,
    in_effect=in_effect,
)
