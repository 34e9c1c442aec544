"""EndpointSlices name the wrong node."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import admitted_slice


def inject(ground: Ground) -> None:
    nodes = list(ground.nodes)
    ground.webhook({"lie": "wrong_node", "nodes": nodes}, resource="discovery.k8s.io/v1/endpointslices")


def in_effect(ground: Ground) -> Evidence:
    stored = admitted_slice(ground, [{"addresses": ["192.0.2.1"], "nodeName": ground.bystander}])
    node = stored["endpoints"][0].get("nodeName")
    return Evidence(node != ground.bystander, f"an endpoint written for {ground.bystander} is stored for {node}")


FAULT = Fault(
    name="endpoints-on-wrong-node",
    stands_for="The controller mixes up nodes: each endpoint is listed on another node than its pod's.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"es-01", "tp-02", "tp-07", "tp-12"}),
    reason_says="node|answer|refused|lost|timed out",
    inject=inject,
    in_effect=in_effect,
)
