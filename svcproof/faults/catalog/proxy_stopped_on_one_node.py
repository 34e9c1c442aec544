"""The service proxy of one node is gone; its last rules stay."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import unaware


def inject(ground: Ground) -> None:
    ground.component(ground.victim, "kube-proxy", lambda proxy: proxy.stop())


def in_effect(ground: Ground) -> Evidence:
    return unaware(ground, [ground.victim])


FAULT = Fault(
    name="proxy-stopped-on-one-node",
    stands_for="The service proxy of one node has crashed and does not come back; the rules it left grow old.",
    layer=Layer.PROXY,
    breaks=frozenset({"src-01", "np-01", "cip-01-1.1"}),
    reason_says="{victim}",
    inject=inject,
    in_effect=in_effect,
)
