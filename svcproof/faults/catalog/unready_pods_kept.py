"""Pods that are not ready get connections all the same."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import ends, written_endpoints


def inject(ground: Ground) -> None:
    ground.lens({"lie": "all_ready"})


def in_effect(ground: Ground) -> Evidence:
    seen = written_endpoints(ground, {ground.victim: {"ready": False, "serving": False, "terminating": False}})
    return Evidence(
        any(one.answered for one in seen), f"20 connections to a Service with one unready endpoint: {ends(seen)}"
    )


FAULT = Fault(
    name="unready-pods-kept",
    stands_for="The proxy does not look at readiness: pods that are not ready get their share of connections.",
    layer=Layer.PROXY,
    breaks=frozenset({"ch-25", "te-11", "te-12", "cip-27"}),
    reason_says="answer",
    inject=inject,
    in_effect=in_effect,
)
