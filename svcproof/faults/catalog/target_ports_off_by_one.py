"""The proxies forward to the port after the target port."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground


def inject(ground: Ground) -> None:
    ground.lens({"lie": "target_port_off", "by": 1})


def in_effect(ground: Ground) -> Evidence:
    (seen,) = ground.look(f"pod@{ground.bystander}", ground.trial.cluster_ip(ground.trial.service(), "first"))
    reached = seen.said.get("reached")
    return Evidence(reached == 8081, f"the port for 8080 reaches {reached or seen.end}")


FAULT = Fault(
    name="target-ports-off-by-one",
    stands_for="The proxy forwards to another port than the target port, where the same program listens, too.",
    layer=Layer.PROXY,
    breaks=frozenset({"cip-06", "es-19"}),
    reason_says="8081|port",
    inject=inject,
    in_effect=in_effect,
)
