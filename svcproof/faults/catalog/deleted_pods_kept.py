"""A pod that leaves keeps getting connections for fifteen seconds."""

from svcproof.faults.fault import Evidence, Fault, Layer
from svcproof.faults.ground import Ground
from svcproof.faults.sights import answered_by, past_an_unready_pod, shares

SECONDS = 15


def inject(ground: Ground) -> None:
    ground.lens(timing={"EndpointSlice": {"kept": SECONDS}})


def in_effect(ground: Ground) -> Evidence:
    node, seen = past_an_unready_pod(ground, ground.trial.cluster_ip(ground.trial.service()))
    return Evidence(answered_by(seen)[node] > 0, f"1 s after the pod of {node} left, 40 connections: {shares(seen)}")


FAULT = Fault(
    name="deleted-pods-kept",
    stands_for="The proxy is slow to let go: a pod that was deleted keeps getting new connections for fifteen seconds.",
    layer=Layer.PROXY,
    breaks=frozenset({"te-02", "ch-02", "ch-05", "ch-04"}),
    reason_says="after|terminat|refused|lost|timed out|answered",
    inject=inject,
    in_effect=in_effect,
    link="https://github.com/kubernetes/kubernetes/issues/43576",
)
