"""The ports just outside the node-port range are put right in silence, where they must be refused."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import asked


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "node_ports_beside_the_range_repaired"}, resource="/v1/services")


def in_effect(ground: Ground) -> Evidence:
    said = {port: asked(ground, _with(port)).accepted for port in (29998, 29999, 32768, 32769)}
    says = ", ".join(f"{port} is {'accepted' if accepted else 'refused'}" for port, accepted in said.items())
    return Evidence(said[29999] and said[32768], says)


def _with(node_port: int) -> dict[str, object]:
    return {"type": "NodePort", "ports": [{"port": 80, "nodePort": node_port}]}


FAULT = Fault(
    name="node-port-range-wider-by-one",
    stands_for="An off-by-one in a policy: the ports just below and just above the range are accepted.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"va-01-1.1", "va-01-1.2"}),
    reason_says="refus|accept|wanted|Invalid",
    inject=inject,
    in_effect=in_effect,
)
