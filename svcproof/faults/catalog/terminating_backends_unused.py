"""The last backends are not used while they terminate."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import ends, written_endpoints


def inject(ground: Ground) -> None:
    ground.lens({"lie": "terminating_unseen"})


def in_effect(ground: Ground) -> Evidence:
    seen = written_endpoints(ground, {ground.victim: {"ready": False, "serving": True, "terminating": True}})
    says = f"20 connections to a Service with one terminating, serving endpoint: {ends(seen)}"
    return Evidence(not any(one.answered for one in seen), says)


FAULT = Fault(
    name="terminating-backends-unused",
    stands_for="The proxy drops terminating endpoints at once: when all backends terminate, connections fail.",
    layer=Layer.PROXY,
    breaks=frozenset({"te-03", "te-04", "tp-11"}),
    reason_says="refused|lost|timed out|answered",
    inject=inject,
    in_effect=in_effect,
    link="https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/1669-proxy-terminating-endpoints",
)
