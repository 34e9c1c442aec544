"""Nodes have no address in the API."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground


def inject(ground: Ground) -> None:
    for node in ground.nodes:  # first, so that it is put back last: once the webhook is gone
        ground.status("Node", node, {"addresses": []})
    ground.webhook({"lie": "addresses_unsaid"}, resource="/v1/nodes/status", operations=["UPDATE"])
    for node in ground.nodes:  # a kubelet may have said it again before there was a webhook
        ground.api.patch("Node", node, "", {"status": {"addresses": []}}, subresource="status")


def in_effect(ground: Ground) -> Evidence:
    told = {node: ground.api.get("Node", node)["status"].get("addresses") or [] for node in ground.nodes}
    says = ", ".join(f"{node} {len(addresses)}" for node, addresses in told.items())
    return Evidence(not any(told.values()), f"addresses that the nodes tell: {says}")


FAULT = Fault(
    name="nodes-tell-no-address",
    stands_for="The cloud's controller does not run: nodes are there and tell no address.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-32"}),
    reason_says="address",
    inject=inject,
    in_effect=in_effect,
)
