"""Pods cannot reach the API server at its Service."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.rules import BEFORE_SERVICES, Chain
from svcproof.faults.sights import here_but_not_there


def _asked(ground: Ground) -> dict[str, object]:
    return {"to": [str(ground.lab.plan.blocks[0].api_service), 443], "turns": 0}


def inject(ground: Ground) -> None:
    service = ground.lab.plan.blocks[0].api_service
    drop = f"ip daddr {service} tcp flags & (syn | ack) == syn drop"  # those who are connected stay so
    ground.rules(ground.nodes, [Chain("prerouting", BEFORE_SERVICES, [drop])])


def in_effect(ground: Ground) -> Evidence:
    return here_but_not_there(ground, {f"pod@{ground.bystander}": _asked(ground)}, {ground.bystander: _asked(ground)})


FAULT = Fault(
    name="api-service-cut-off",
    stands_for="A firewall keeps pods from the API server: the Service kubernetes does not answer them.",
    layer=Layer.NETWORK,
    breaks=frozenset({"cip-13"}),
    reason_says="timed out|lost|answered|unreachable",
    inject=inject,
    in_effect=in_effect,
)
