"""The proxies forward TCP only."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import here_but_not_there


def inject(ground: Ground) -> None:
    ground.lens({"lie": "without_udp"})


def in_effect(ground: Ground) -> Evidence:
    service = ground.trial.service()
    udp, tcp = (ground.trial.cluster_ip(service, port) for port in ("datagram", "first"))
    return here_but_not_there(ground, {f"pod@{ground.bystander}": udp}, {f"pod@{ground.victim}": tcp})


FAULT = Fault(
    name="udp-not-forwarded",
    stands_for="The proxy forwards TCP and leaves UDP ports out.",
    layer=Layer.PROXY,
    breaks=frozenset({"pr-01"}),
    reason_says="udp|timed out|lost|refused|answered",
    inject=inject,
    in_effect=in_effect,
)
