"""A Service lists every pod of its namespace."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_slice


def inject(ground: Ground) -> None:
    lie = {"lie": "neighbours_listed", "upstream": ground.upstream()}
    ground.webhook(lie, resource="discovery.k8s.io/v1/endpointslices")


def in_effect(ground: Ground) -> Evidence:
    stored = admitted_slice(ground, [])
    found = [address for endpoint in stored["endpoints"] or [] for address in endpoint["addresses"]]
    there = all(ground.trial.pod_address(node) in found for node in ground.nodes)
    return Evidence(there, f"an empty EndpointSlice is stored with {', '.join(found) or 'nobody'}")


FAULT = Fault(
    name="selectors-ignored",
    stands_for="A controller of another maker does not look at labels: a Service lists every pod of its namespace.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"cip-08", "cip-09"}),
    reason_says="listed|answer",
    inject=inject,
    in_effect=in_effect,
)
