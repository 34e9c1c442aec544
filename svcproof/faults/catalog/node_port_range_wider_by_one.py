"""The ports just outside the node-port range are put right in silence, where they must be refused."""

from svcproof.cluster.api import Refused
from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground


def inject(ground: Ground) -> None:
    ground.webhook({"lie": "node_ports_beside_the_range_repaired"}, resource="/v1/services")


def in_effect(ground: Ground) -> Evidence:
    said = {port: _accepted(ground, port) for port in (29999, 32768)}
    says = ", ".join(f"{port} is {'accepted' if accepted else 'refused'}" for port, accepted in said.items())
    return Evidence(all(said.values()), says)


def _accepted(ground: Ground, node_port: int) -> bool:
    """Ask for a node port; a dry run does not tell, for it does not look at the range."""
    ports = [{"port": 80, "nodePort": node_port}]
    try:
        with ground.trial.fresh("Service", "v1", spec={"type": "NodePort", "ports": ports}):
            return True
    except Refused:
        return False


FAULT = Fault(
    name="node-port-range-wider-by-one",
    stands_for="An off-by-one in a policy: the ports just below and just above the range are accepted.",
    layer=Layer.CONTROL_PLANE,
    breaks=frozenset({"va-01-1.1", "va-01-1.2"}),
    reason_says="refus|accept|wanted|Invalid",
    inject=inject,
    in_effect=in_effect,
)
