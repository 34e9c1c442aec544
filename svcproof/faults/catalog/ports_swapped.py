"""Each port of a Service leads to the target of the next."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground


def inject(ground: Ground) -> None:
    ground.lens({"lie": "ports_swapped"})


def in_effect(ground: Ground) -> Evidence:
    (seen,) = ground.look(f"pod@{ground.bystander}", ground.trial.cluster_ip(ground.trial.service(), "second"))
    reached = seen.said.get("reached")
    return Evidence(reached == 8080, f"the port for 8081 reaches {reached or seen.end}")


FAULT = Fault(
    name="ports-swapped",
    stands_for="The proxy mixes up the ports of a Service with several: each leads to another one's target.",
    layer=Layer.PROXY,
    breaks=frozenset({"po-01", "np-03"}),
    reason_says="port|reached",
    inject=inject,
    in_effect=in_effect,
)
