"""Each update gives a Service other node ports."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import changed


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "node_ports_moved"}, resource="/v1/services", operations=["UPDATE"])


def in_effect(ground: Ground) -> Evidence:
    before = ground.trial.service()["spec"]["ports"][0]["nodePort"]
    reply = changed(ground, {"spec": {"sessionAffinity": "ClientIP"}})
    after = reply.body.get("spec", {}).get("ports", [{}])[0].get("nodePort")
    return Evidence(reply.accepted and after != before, f"an update moves node port {before} to {after}")


FAULT = Fault(
    name="node-ports-move",
    stands_for="A controller assigns node ports anew at each update of a Service.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"al-06", "ti-17"}),
    reason_says="node port|nodePort|port|keeps",
    inject=inject,
    in_effect=in_effect,
)
