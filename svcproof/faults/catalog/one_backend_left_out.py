"""The proxies never choose one of the backends."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, burst, shares


def inject(ground: Ground) -> None:
    ground.lens({"lie": "one_left_out"})


def in_effect(ground: Ground) -> Evidence:
    seen = burst(ground, f"pod@{ground.bystander}", ground.trial.cluster_ip(ground.trial.service()), 60)
    holds = len(answered_by(seen)) == len(ground.nodes) - 1
    return Evidence(holds, f"60 connections to {len(ground.nodes)} backends: {shares(seen)}")


FAULT = Fault(
    name="one-backend-left-out",
    stands_for="The proxy forgets one ready endpoint of each Service: that backend is never chosen.",
    layer=Layer.PROXY,
    breaks=frozenset({"cip-02", "np-02", "lb-01", "cip-32", "scale-03"}),
    reason_says="never answered|never came|passed over|did not answer|not answer|silent",
    may_break={"src-05": "while a Service grows, the backend that is left out may be its only ready one"},
    inject=inject,
    in_effect=in_effect,
)
