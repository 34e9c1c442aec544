"""Of several ports only the first is forwarded."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    ground.lens({"lie": "only_first_port"})


def in_effect(ground: Ground) -> Evidence:
    service = ground.trial.service()
    second, first = (ground.trial.cluster_ip(service, port) for port in ("second", "first"))
    return here_but_not_there(ground, {f"pod@{ground.bystander}": second}, {f"pod@{ground.victim}": first})


FAULT = Fault(
    name="only-first-port-forwarded",
    stands_for="The proxy forwards the first port of a Service and forgets the others.",
    layer=Layer.PROXY,
    breaks=frozenset({"po-01", "np-03-1.2", "po-05", "po-11"}),
    reason_says="refused|timed out|lost|port|answered",
    inject=inject,
    in_effect=in_effect,
)
